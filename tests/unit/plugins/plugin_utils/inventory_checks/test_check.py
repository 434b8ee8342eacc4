# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All checks of all hosts in one."""

from __future__ import annotations

from variable_checks import SPECS, checked, errors, errors_of_node2

from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.check import check
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.types import Unknown


def test_nothing_set_is_fine() -> None:
    assert errors({}) == []


def test_what_needs_facts_of_a_host_outside_of_the_run_is_not_missed() -> None:
    unknown = Unknown()
    facts = {
        "consul_agent_retry_join": unknown,
        "consul_agent_config": unknown,
        "consul_agent_address": unknown,
        "consul_agent_script_checks": "remote",
        "consul_services_external": unknown,
    }
    external = {
        "consul_agent_retry_join": ["10.0.0.1"],
        "consul_services_external": [{"name": "db", "address": "10.0.0.9"}],
    }
    everyone = {"node1": {}, "node2": facts, "node3": external}
    assert checked(everyone, servers=[], clients=["node2", "node3"]) == ([], [])


def test_hosts_that_the_inventory_lacks() -> None:
    assert check(["node1"], [], {}, SPECS).errors == ["node1: groups: is no host of the inventory"]


def test_variables_of_others_are_not_looked_at() -> None:
    assert errors_of_node2("consul_version", "x") == errors_of_node2("ansible_host", None) == []


def test_hosts_with_the_same_fault_share_a_line() -> None:
    names = [f"n{number}" for number in range(12)]
    found = errors({name: {"consul_agent_network": "abc"} for name in names}, clients=names)
    assert found == [
        "n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more: consul_agent_network: 'abc' is not a CIDR, such as 192.168.100.0/24"
    ]
