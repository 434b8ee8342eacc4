# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of all hosts together, and the exact line that it gives."""

from __future__ import annotations

from typing import Any

import pytest
from variable_checks import errors

from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.inventory import OF_THE_DATACENTER

BOTH = "the host is in consul_servers and in consul_clients, and can run one agent only"
NO_SERVERS = (
    "consul_servers is missing or empty: add a server, or name servers that run elsewhere in consul_agent_retry_join"
)


def test_groups() -> None:
    assert errors({}, servers=["node1"], clients=["node1", "node2"]) == [f"node1: groups: {BOTH}"]
    assert errors({}, servers=[], clients=["node2", "node3"]) == [f"node2, node3: groups: {NO_SERVERS}"]
    elsewhere = {"consul_agent_retry_join": ["10.0.0.1"]}
    assert errors({"node2": elsewhere}, servers=[]) == [f"node3: groups: {NO_SERVERS}"]
    assert errors({"node2": elsewhere, "node3": elsewhere}, servers=[]) == []
    assert errors({}, servers=[], clients=[]) == [
        "inventory: groups: consul_servers and consul_clients are both missing or empty: there is nothing to set up"
    ]


SAME = "is the same on these hosts, and each agent needs its own"
SAME_NODE = "is the same on these hosts, and each node needs its own (by default the host's name up to its first dot)"


def test_addresses_are_unique() -> None:
    same = {"consul_agent_address": "192.168.100.4"}
    assert errors({"node1": same, "node3": same}) == [f"node1, node3: consul_agent_address: '192.168.100.4' {SAME}"]
    long, short = {"consul_agent_address": "fd00:0::4"}, {"consul_agent_address": "fd00::4"}
    assert errors({"node1": long, "node2": short}) == [f"node1, node2: consul_agent_address: 'fd00::4' {SAME}"]


def test_addresses_that_were_found_count_more() -> None:
    same = {"node1": "192.168.100.4", "node2": "192.168.100.4"}
    assert errors({}, addresses=same) == [f"node1, node2: consul_agent_address: '192.168.100.4' {SAME}"]
    set_too = {"node3": {"consul_agent_address": "192.168.100.4"}}
    assert errors(set_too, addresses={"node1": "192.168.100.4", "node3": "192.168.100.6"}) == []
    assert errors(set_too, addresses={"node1": "192.168.100.4"}) == [
        f"node1, node3: consul_agent_address: '192.168.100.4' {SAME}"
    ]


@pytest.mark.parametrize(
    ("clients", "variables", "expected"),
    [
        (["web.a", "web.b"], {}, f"web.a, web.b: consul_agent_node_name: 'web' {SAME_NODE}"),
        (["web_1", "web-1"], {}, f"web_1, web-1: consul_agent_node_name: 'web-1' {SAME_NODE}"),
        (["web.a", "web.b"], {"web.b": {"consul_agent_node_name": "web2"}}, None),
        (
            ["a", "b"],
            {"a": {"consul_agent_node_name": "Web"}, "b": {"consul_agent_node_name": "web"}},
            f"a, b: consul_agent_node_name: 'web' {SAME_NODE}",
        ),
        (["10.0.0.1", "10.0.0.2"], {}, None),
        (
            ["___"],
            {},
            "___: consul_agent_node_name: '___' has no letter or digit before its first dot to make a node name of: set it",
        ),
    ],
)
def test_node_names_are_unique(clients: list[str], variables: dict[str, Any], expected: str | None) -> None:
    assert errors(variables, clients=clients) == ([expected] if expected else [])


EXPECT = "consul_server_bootstrap_expect"
ELSEWHERE = {"consul_agent_retry_join": ["10.0.0.1"]}
SPLIT = (
    "2 servers, and the inventory has 3 (s1, s2, s3): every 2 of them could elect a leader of their own, and the "
    "datacenter would be split; remove the variable, and the number of servers is taken"
)
NEVER = (
    "3 servers, and the inventory has 2 (s1, s2): they would wait for the others and elect no leader; remove the "
    "variable, add servers, or name those that run elsewhere in consul_agent_retry_join"
)


@pytest.mark.parametrize(
    ("numbers", "others", "expected"),
    [
        ([None, None], {}, []),
        ([3, 3, 3], {}, []),
        (["3", 3, 3], {}, []),
        ([None, 3, None], {}, []),
        ([2, 2, 2], {}, [f"s1, s2, s3: {EXPECT}: {SPLIT}"]),
        ([3, 3], {}, [f"s1, s2: {EXPECT}: {NEVER}"]),
        ([3, 3], ELSEWHERE, []),
        ([3, 1, 3], {}, [f"s1, s2, s3: {EXPECT}: must be one number for all servers, and they have: s1 3, s2 1, s3 3"]),
        ([1, None], {}, [f"s1: {EXPECT}: must be one number for all servers, and they have: s1 1, s2 2"]),
        ([0, 2], {}, [f"s1: {EXPECT}: 0 must be 1 or more: the number of servers that the datacenter starts with"]),
    ],
)
def test_bootstrap_expect(numbers: list[Any], others: dict[str, Any], expected: list[str]) -> None:
    servers = [f"s{number}" for number in range(1, len(numbers) + 1)]
    variables = {
        server: {"consul_agent_even_number_of_servers": True, **others, **({} if number is None else {EXPECT: number})}
        for server, number in zip(servers, numbers, strict=True)
    }
    assert errors(variables, servers=servers, clients=[]) == expected


BATCH = "consul_agent_client_batch"
CLIENTS = ("node2", "node3")
EVEN = (
    "groups: {} servers survive no more failures than {} would: take {} or {}, or, to have it so, set "
    "consul_agent_even_number_of_servers for all servers"
)


@pytest.mark.parametrize(
    ("count", "variables", "expected"),
    [
        (1, {}, []),
        (2, {}, ["s1, s2: " + EVEN.format(2, 1, 1, 3)]),
        (3, {}, []),
        (4, {}, ["s1, s2, s3, s4: " + EVEN.format(4, 3, 3, 5)]),
        (2, {"consul_agent_even_number_of_servers": True}, []),
        (2, {"consul_agent_even_number_of_servers": False}, ["s1, s2: " + EVEN.format(2, 1, 1, 3)]),
        (2, ELSEWHERE, []),
    ],
)
def test_even_numbers_of_servers(count: int, variables: dict[str, Any], expected: list[str]) -> None:
    servers = [f"s{number}" for number in range(1, count + 1)]
    assert errors(dict.fromkeys(servers, variables), servers=servers, clients=[]) == expected


def test_a_pair_is_wanted_by_all_of_it() -> None:
    one = {"s1": {"consul_agent_even_number_of_servers": True}}
    assert errors(one, servers=["s1", "s2"], clients=[]) == ["s1, s2: " + EVEN.format(2, 1, 1, 3)]


def test_clients_are_restarted_in_batches_of_one_size() -> None:
    few = {BATCH: 2}
    assert errors({"node2": few, "node3": few}) == []
    assert errors({"node1": few}) == [], "no server is in a batch"
    assert errors({"node2": few}) == [f"node3: {BATCH}: is another than that of node2: set it for all clients"]


@pytest.mark.parametrize("value", [1, "10", "1%", "25%", "100%"])
def test_good_batches(value: Any) -> None:
    assert errors(dict.fromkeys(CLIENTS, {BATCH: value})) == []


@pytest.mark.parametrize("value", [0, -1, "", "0%", "101%", "25.5%", "half", "1, 5"])
def test_bad_batches(value: Any) -> None:
    said = f"{str(value)!r} must be a number, 1 or more, or a part from 1% to 100%, such as 25%"
    assert errors(dict.fromkeys(CLIENTS, {BATCH: value})) == [f"node2, node3: {BATCH}: {said}"]


def test_bootstrap_expect_of_a_client_counts_for_nothing() -> None:
    assert errors({"node2": {EXPECT: 3}}) == []


DB = [{"name": "db", "address": "10.0.0.9"}]
OF_ALL = "is another list than that of node1: it is for the whole datacenter, so set it for all hosts"


@pytest.mark.parametrize("name", OF_THE_DATACENTER)
def test_what_belongs_to_the_datacenter_is_the_same_on_all_hosts(name: str) -> None:
    value = DB if name == "consul_services_external" else [{"name": "db", "service": {"service": "db"}}]
    everyone = ("node1", "node2", "node3")
    assert errors({host: {name: value} for host in everyone}) == []
    assert errors({host: {name: value} for host in everyone[:2]}) == [f"node3: {name}: {OF_ALL}"]
    assert errors({"node1": {name: value}}) == [f"node2, node3: {name}: {OF_ALL}"]
    assert errors({host: {name: [*value, {"name": "-a"}]} for host in everyone})[0].startswith(
        f"node1, node2, node3: {name}[1].name: '-a' is no DNS label: "
    )
