# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is looked up to check a change, and which zones are routed."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from name_servers import name_server

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    forwarding,
    lookups,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


@pytest.mark.parametrize(
    ("network", "zones"),
    [
        ("10.0.0.0/8", ["10.in-addr.arpa"]),
        ("192.168.100.0/24", ["100.168.192.in-addr.arpa"]),
        ("172.16.0.0/15", ["16.172.in-addr.arpa", "17.172.in-addr.arpa"]),
        ("10.0.16.0/22", [f"{number}.0.10.in-addr.arpa" for number in range(16, 20)]),
        # The names of its neighbours come with it, and dnsmasq knows better.
        ("10.0.0.128/25", ["0.0.10.in-addr.arpa"]),
        ("10.0.0.1/32", ["0.0.10.in-addr.arpa"]),
        ("fd00::/8", ["d.f.ip6.arpa"]),
        ("fd00::/11", ["0.d.f.ip6.arpa", "1.d.f.ip6.arpa"]),
    ],
)
def test_reverse_zones(network: str, zones: list[str]) -> None:
    assert forwarding.reverse_zones(network) == zones


@given(st.ip_addresses(), st.integers(1, 128))
def test_every_address_is_in_one_reverse_zone(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network(f"{address}/{min(length, address.max_prefixlen)}", strict=False)
    zones = forwarding.reverse_zones(str(network))
    assert len(zones) <= 128
    assert len([zone for zone in zones if address.reverse_pointer.endswith(f".{zone}")]) == 1


def test_consul_that_answers_is_looked_up() -> None:
    with name_server(["A 192.0.2.1"]) as port:
        found = forwarding.consul_names(f"127.0.0.1#{port}", "consul", required=True)
    assert found == (["consul.service.consul"], [])


def test_consul_that_is_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error where its agent was just run, else a warning: never a change without a word."""
    monkeypatch.setattr(lookups, "PATIENCE", 0)
    silent = "Consul's DNS at 127.0.0.1#9 does not answer for consul.service.example"
    names, (warning,) = forwarding.consul_names("127.0.0.1#9", "example", required=False)
    assert names == []
    assert warning.startswith(silent)
    with pytest.raises(HostError, match=f"^{silent}, and nothing was changed"):
        forwarding.consul_names("127.0.0.1#9", "example", required=True)
