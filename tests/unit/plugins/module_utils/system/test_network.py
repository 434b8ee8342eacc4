# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The addresses of a host, and which of them is the agent's."""

from __future__ import annotations

import ipaddress
import json
import re

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import network


def test_parse_addresses() -> None:
    output = [
        {"ifname": "lo", "addr_info": [{"local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
        {
            "ifname": "eth0",
            "addr_info": [
                {"local": "10.0.0.4", "prefixlen": 24, "scope": "global"},
                {"local": "fd00::4", "prefixlen": 64, "scope": "global"},
                {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
            ],
        },
        {"ifname": "tunnel0"},
    ]
    assert [(name, str(address)) for name, address in network.parse_addresses(json.dumps(output))] == [
        ("eth0", "10.0.0.4/24"),
        ("eth0", "fd00::4/64"),
    ]


HAS = [
    ("eth0", ipaddress.ip_interface("172.16.0.4/24")),
    ("eth1", ipaddress.ip_interface("192.168.100.4/24")),
    ("eth2", ipaddress.ip_interface("192.168.100.9/24")),
    ("eth3", ipaddress.ip_interface("fd00::4/64")),
]
LIST = "eth0 172.16.0.4/24, eth1 192.168.100.4/24, eth2 192.168.100.9/24, eth3 fd00::4/64"


@pytest.mark.parametrize(
    ("cidr", "address", "expected"),
    [
        ("", "", "172.16.0.4"),
        ("172.16.0.0/16", "", "172.16.0.4"),
        ("192.168.100.0/29", "", "192.168.100.4"),
        ("fd00::/8", "", "fd00::4"),
        ("192.168.100.0/24", "192.168.100.9", "192.168.100.9"),
        ("", "fd00:0::4", "fd00:0::4"),
    ],
)
def test_choose_address(cidr: str, address: str, expected: str) -> None:
    assert network.choose_address(HAS, "eth0", cidr, address) == expected


@pytest.mark.parametrize(
    ("cidr", "address", "message"),
    [
        ("", "10.9.9.9", f"O(address): '10.9.9.9' is no address of this host; it has {LIST}"),
        ("10.0.0.0/8", "", f"O(network): '10.0.0.0/8': no interface of this host is in it; it has {LIST}"),
        (
            "192.168.100.0/24",
            "",
            "O(network): '192.168.100.0/24': 192.168.100.4 and 192.168.100.9 of this host are in it; "
            f"set O(address), or a network with one of {LIST}",
        ),
    ],
)
def test_choose_address_refuses(cidr: str, address: str, message: str) -> None:
    with pytest.raises(HostError, match=f"^{re.escape(message)}$"):
        network.choose_address(HAS, "eth0", cidr, address)


@pytest.mark.parametrize(
    "moving",
    [
        {"local": "192.168.100.50", "prefixlen": 32, "scope": "global"},
        {"local": "192.168.100.50", "prefixlen": 24, "scope": "global", "secondary": True},
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_an_address_that_moves_between_hosts_is_not_chosen(moving: dict[str, object], first: bool) -> None:
    own = {"local": "192.168.100.4", "prefixlen": 24, "scope": "global"}
    output = json.dumps([{"ifname": "eth1", "addr_info": [moving, own] if first else [own, moving]}])
    chosen = network.choose_address(
        network.parse_addresses(output), "eth0", "192.168.100.0/24", secondary=network.secondary_addresses(output)
    )
    assert chosen == "192.168.100.4"


def test_the_only_address_may_have_no_network() -> None:
    assert network.choose_address([("eth0", ipaddress.ip_interface("10.0.0.4/32"))], "", "10.0.0.0/24") == "10.0.0.4"


@pytest.mark.parametrize("interface", ["", "eth9"])
def test_choose_address_without_default_route(interface: str) -> None:
    with pytest.raises(HostError, match=r"^O\(network\): this host has no default route"):
        network.choose_address(HAS, interface)
