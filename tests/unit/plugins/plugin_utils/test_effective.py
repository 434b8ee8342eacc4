# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What applies to a host, by its variables, the groups, and what was found on hosts."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from plays import ROOT

from ansible_collections.servicedns.consul.plugins.modules.effective_values import RETURN
from ansible_collections.servicedns.consul.plugins.plugin_utils import effective
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import all_options, read_specs


def of(variables: dict[str, Any], servers: dict[str, dict[str, Any]] | None = None) -> dict[str, Any]:
    """What applies to a client that has these variables, or to a server of that name."""
    hosts = {"me": variables, **(servers or {})}
    return effective.effective_values("me", [*(servers or {})], hosts)


def test_defaults_are_those_of_the_roles() -> None:
    defaults: dict[str, Any] = {name: option.get("default") for name, option in all_options(read_specs()).items()}
    assert defaults["consul_agent_client_address"] == effective.CLIENT_ADDRESS
    assert defaults["consul_agent_domain"] == defaults["dnsmasq_forwarding_domain"] == effective.DOMAIN
    assert tuple(defaults["dnsmasq_forwarding_listen_addresses"]) == effective.LISTEN_ADDRESSES
    assert set(effective.OF_HOST) - {"ansible_host"} <= set(defaults)


def preflight(**found: Any) -> dict[str, Any]:
    """Variables of a host on which the preflight of this run found something."""
    return {"__consul_agent_preflight": {"changed": False, "ansible_facts": {"consul_agent": found}}}


def cached(**found: Any) -> dict[str, Any]:
    """Variables of a host on which some run found something, as a fact cache has it."""
    return {"ansible_facts": {"consul_agent": found}, "consul_agent": found}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"consul_agent_address": "192.168.100.4"}, "192.168.100.4"),
        (preflight(address="192.168.100.5"), "192.168.100.5"),
        ({"consul_agent_address": ""} | preflight(address="192.168.100.5"), "192.168.100.5"),
        ({"consul_agent_address": "192.168.100.4"} | preflight(address="10.0.0.1"), "192.168.100.4"),
        (cached(address="10.0.0.1") | preflight(address="192.168.100.5"), "192.168.100.5"),
        (
            {"consul_agent_network": "192.168.100.0/24", "ansible_host": "192.168.100.4"} | cached(address="10.0.0.1"),
            "192.168.100.4",
        ),
        ({"consul_agent_network": "192.168.100.0/24", "ansible_host": "192.168.100.4"}, "192.168.100.4"),
    ],
)
def test_agent_address(variables: dict[str, Any], expected: str) -> None:
    assert effective.agent_address(variables) == expected


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"ansible_facts": {}},
        preflight(),
        {"__consul_agent_preflight": {"failed": True, "msg": "no", "ansible_facts": {"discovered_interpreter": "x"}}},
        {"__consul_agent_preflight": {"unreachable": True}},
        # It may be of another run.
        cached(address="192.168.100.4"),
        # It may be another network's, or one that is translated.
        {"ansible_host": "192.168.100.4"},
        {"ansible_host": "node1", "consul_agent_network": "192.168.100.0/24"},
        {"ansible_host": "10.0.0.4", "consul_agent_network": "192.168.100.0/24"},
    ],
)
def test_agent_address_unknown(variables: dict[str, Any]) -> None:
    assert effective.agent_address(variables) == ""


PRIVATE = {"consul_agent_address": "192.168.100.4", "consul_agent_network": "192.168.100.0/24"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (PRIVATE, "192.168.100.4#8600"),
        (PRIVATE | {"consul_agent_dns_at_address": "yes"}, "192.168.100.4#8600"),
        (PRIVATE | {"consul_agent_dns_at_address": False}, ""),
        (PRIVATE | {"consul_agent_network": ""}, ""),
        (PRIVATE | {"consul_agent_network": "", "consul_agent_dns_at_address": True}, "192.168.100.4#8600"),
        (PRIVATE | {"dnsmasq_forwarding_network_address": "192.168.100.4#5353"}, "192.168.100.4#5353"),
        (PRIVATE | {"dnsmasq_forwarding_network_address": ""}, ""),
        # A public network is more than the datacenter.
        ({"consul_agent_address": "8.8.8.8", "consul_agent_network": "8.8.8.0/24"}, ""),
        ({"consul_agent_address": "8.8.8.8", "consul_agent_client_address": "127.0.0.1 8.8.8.8"}, "8.8.8.8#8600"),
        ({"consul_agent_address": "8.8.8.8", "consul_agent_client_address": "0.0.0.0"}, "8.8.8.8#8600"),
        ({"consul_agent_address": "fd00::4", "consul_agent_network": "fd00::/64"}, "fd00::4#8600"),
    ],
)
def test_agent_dns(variables: dict[str, Any], expected: str) -> None:
    assert effective.agent_dns(variables, variables["consul_agent_address"]) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (PRIVATE, False),
        (PRIVATE | {"consul_agent_dns_at_address": "yes"}, True),
        (PRIVATE | {"consul_agent_client_address": "127.0.0.1 192.168.100.4"}, True),
        (PRIVATE | {"consul_agent_client_address": "::"}, True),
        (PRIVATE | {"consul_agent_client_address": "127.0.0.1 172.17.0.1"}, False),
    ],
)
def test_agent_answers_others(variables: dict[str, Any], expected: bool) -> None:
    assert effective.agent_answers_others(variables, variables["consul_agent_address"]) is expected


def joins(*addresses: str) -> dict[str, Any]:
    """Variables of a host whose agent runs, and joins these now."""
    return preflight(address="10.0.0.9", retry_join=list(addresses))


S1, S2, S3 = ({"consul_agent_address": f"10.0.0.{number}"} for number in (1, 2, 3))
AWAY: dict[str, Any] = {}


@pytest.mark.parametrize(
    ("servers", "host", "expected"),
    [
        ({"s1": S1, "s2": S2}, AWAY, {"s1": "10.0.0.1", "s2": "10.0.0.2"}),
        ({"s1": S1, "s2": S2}, joins("10.0.0.2"), {"s1": "10.0.0.1", "s2": "10.0.0.2"}),
        # What the agent has stays as it is, in its order.
        ({"s1": AWAY, "s2": S2}, joins("10.0.0.1", "10.0.0.2"), {"s1": "10.0.0.1", "s2": "10.0.0.2"}),
        (
            {"s1": AWAY, "s2": S2, "s3": AWAY},
            joins("10.0.0.1", "10.0.0.2", "10.0.0.3"),
            {"s1": "10.0.0.1", "s2": "10.0.0.2", "s3": "10.0.0.3"},
        ),
        ({"s1": AWAY}, joins("10.0.0.1"), {"s1": "10.0.0.1"}),
        # A new one beside one that is away; and what is no address.
        ({"s1": AWAY, "s2": S2}, joins("10.0.0.1"), {"s1": "10.0.0.1", "s2": "10.0.0.2"}),
        ({"s1": AWAY, "s2": S2}, joins("provider=aws tag_key=a", "10.0.0.2"), {"s2": "10.0.0.2"}),
        ({"s1": AWAY, "s2": S2}, AWAY, {"s2": "10.0.0.2"}),
        ({"s1": AWAY}, AWAY, {}),
        # What a cache has of any host may be of another run.
        ({"s1": cached(address="10.0.0.7")}, joins("10.0.0.1"), {"s1": "10.0.0.1"}),
        ({"s1": AWAY}, cached(address="10.0.0.9", retry_join=["10.0.0.7"]), {}),
    ],
)
def test_server_addresses(servers: dict[str, Any], host: dict[str, Any], expected: dict[str, str]) -> None:
    found = effective.server_addresses("me", [*servers], {**servers, "me": host})
    assert (found, list(found)) == (expected, list(expected))


def test_a_server_does_not_join_itself() -> None:
    assert effective.server_addresses("s1", ["s1", "s2"], {"s1": joins("10.0.0.2"), "s2": AWAY}) == {"s2": "10.0.0.2"}


def test_servers_stand_in_for_an_agent() -> None:
    """One is where it was while it is away."""
    open_to_all = {"consul_agent_client_address": "0.0.0.0"}
    servers = {"s1": AWAY | open_to_all, "s2": S2 | open_to_all, "s3": S3}
    found = of(joins("10.0.0.1", "10.0.0.2", "10.0.0.3"), servers)
    assert found["fallback_servers"] == ["10.0.0.1#8600", "10.0.0.2#8600"]
    assert of(joins() | {"dnsmasq_forwarding_fallback_servers": []}, servers)["fallback_servers"] == []


def test_nothing_set() -> None:
    assert of({}) == {
        "address": "",
        "domain": "consul",
        "alt_domain": "",
        "services_agent_url": "http://127.0.0.1:8500",
        "bootstrap_expect": 0,
        "retry_join": [],
        "recursors": ["127.0.0.2:8653"],
        "server": "127.0.0.1#8600",
        "server_required": True,
        "fallback_servers": [],
        "network_address": "",
        "unknown_servers": [],
    }


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"consul_agent_domain": "lan"}, {"domain": "lan"}),
        ({"consul_agent_domain": "lan", "dnsmasq_forwarding_domain": "x.lan"}, {"domain": "x.lan"}),
        ({"consul_agent_alt_domain": "lan"}, {"alt_domain": "lan"}),
        ({"consul_agent_alt_domain": "lan", "dnsmasq_forwarding_alt_domain": ""}, {"alt_domain": ""}),
        (
            {"consul_agent_client_address": "10.0.0.9"},
            {"services_agent_url": "http://10.0.0.9:8500", "server": "10.0.0.9#8600", "recursors": []},
        ),
        ({"consul_agent_client_address": "10.0.0.9 ::1"}, {"server": "::1#8600", "recursors": []}),
        ({"consul_agent_client_address": "::1"}, {"server": "::1#8600", "recursors": ["127.0.0.2:8653"]}),
        ({"consul_agent_dns_at_address": True}, {"recursors": []}),
        ({"dnsmasq_forwarding_listen_addresses": ["fd00::2", "127.0.0.2"]}, {"recursors": ["[fd00::2]:8653"]}),
        ({"consul_services_agent_url": "http://10.0.0.9:8500"}, {"services_agent_url": "http://10.0.0.9:8500"}),
        ({"consul_server_bootstrap_expect": 3}, {"bootstrap_expect": 3}),
        ({"consul_agent_retry_join": ["10.0.0.1"]}, {"retry_join": ["10.0.0.1"]}),
        # It may have a key.
        ({"consul_agent_retry_join": ["provider=aws secret_access_key=x"]}, {"retry_join": ["provider=..."]}),
        ({"consul_agent_recursors": ["10.0.0.1"]}, {"recursors": ["10.0.0.1"]}),
        (
            {"dnsmasq_forwarding_server": "10.0.0.1#53", "dnsmasq_forwarding_server_required": False},
            {"server": "10.0.0.1#53", "server_required": False},
        ),
        # Made of facts of a host that the run does not reach.
        (dict.fromkeys(effective.OF_HOST), {"address": "", "domain": "consul", "retry_join": []}),
    ],
)
def test_what_follows_from_variables(variables: dict[str, Any], expected: dict[str, Any]) -> None:
    assert of(variables).items() >= expected.items()


OPEN = {"consul_agent_dns_at_address": True}


@pytest.mark.parametrize(
    ("variables", "is_server", "expected"),
    [
        (PRIVATE, True, "192.168.100.4#8600"),
        (PRIVATE, False, ""),
        # The agent answers there itself, or was told not to.
        (PRIVATE | OPEN, True, ""),
        (PRIVATE | {"consul_agent_dns_at_address": False}, True, ""),
        (PRIVATE | {"consul_agent_dns_at_address": None}, True, ""),
        (PRIVATE | {"consul_agent_client_address": "0.0.0.0"}, True, ""),
        (PRIVATE | {"consul_agent_network": "8.8.8.0/24"}, True, ""),
        (PRIVATE | {"dnsmasq_forwarding_network_address": "192.168.100.4#5353"}, False, "192.168.100.4#5353"),
        (PRIVATE | OPEN | {"dnsmasq_forwarding_network_address": "10.0.0.4#5353"}, True, "10.0.0.4#5353"),
        ({"consul_agent_network": "192.168.100.0/24"}, True, ""),
    ],
)
def test_where_dnsmasq_answers_other_hosts(variables: dict[str, Any], is_server: bool, expected: str) -> None:
    servers = ["me"] if is_server else []
    assert effective.effective_values("me", servers, {"me": variables})["network_address"] == expected


def test_servers_that_must_be_asked() -> None:
    servers = {"s1": S1, "s2": {"consul_agent_network": "10.0.0.0/24"}, "s3": {"consul_agent_client_address": "::1"}}
    found = of(AWAY, servers)
    assert found["retry_join"] == ["10.0.0.1"]
    assert found["unknown_servers"] == [
        {"name": "s2", "network": "10.0.0.0/24", "client_address": "127.0.0.1"},
        {"name": "s3", "network": "", "client_address": "::1"},
    ]
    assert of(joins("10.0.0.1", "10.0.0.2", "10.0.0.3"), servers)["unknown_servers"] == []


def test_all_that_is_returned_is_documented_and_all_that_is_taken_is_returned() -> None:
    files = [*ROOT.glob("playbooks/*.yml"), *ROOT.glob("roles/**/*.yml")]
    texts = [file.read_text(encoding="utf-8") for file in files]
    taken = {name for text in texts for name in re.findall(r"__servicedns_effective\.(\w+)", text)}
    assert set(yaml.safe_load(RETURN)) == set(of({}))
    assert taken - {"address"} < set(of({})) and len(taken) > 9
    set_by_playbooks = {name for text in texts for name in re.findall(r"set_fact:\n +(\w+):", text)}
    assert {name for name in set_by_playbooks if not name.startswith("__")} == set()
