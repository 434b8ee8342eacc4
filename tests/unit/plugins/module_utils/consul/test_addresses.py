# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters, each by way of what a template calls."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import given
from hypothesis import strategies as st
from plays import run_tasks

from ansible_collections.servicedns.consul.plugins.filter import (
    agent_address,
    agent_arguments,
    agent_dns,
    agent_url,
    node_name,
)
from ansible_collections.servicedns.consul.plugins.module_utils.agent import LABEL

name_of = node_name.FilterModule().filters()["node_name"]
arguments_of = agent_arguments.FilterModule().filters()["agent_arguments"]
address_of = agent_address.FilterModule().filters()["agent_address"]
url_of = agent_url.FilterModule().filters()["agent_url"]
dns_of = agent_dns.FilterModule().filters()["agent_dns"]


@pytest.mark.parametrize(
    ("inventory_hostname", "expected"),
    [
        ("node1", "node1"),
        ("Web01.example.com", "web01"),
        ("web_1", "web-1"),
        ("_web_", "web"),
        ("a b/c", "a-b-c"),
        ("192.168.100.4", "192-168-100-4"),
        ("fd00::4", "fd00--4"),
        ("::1", "1"),
        ("192.168.100", "192"),
        ("n" * 70, "n" * 63),
        ("n" * 62 + "_x", "n" * 62),
        ("zürich", "z-rich"),
        (7, "7"),
    ],
)
def test_node_name(inventory_hostname: Any, expected: str) -> None:
    assert name_of(inventory_hostname) == expected


@pytest.mark.parametrize("inventory_hostname", ["", "___", ".example.com", "日本", "::"])
def test_node_name_of_nothing(inventory_hostname: str) -> None:
    message = f"node_name: {inventory_hostname!r} has no letter or digit before its first dot to make a node name of"
    with pytest.raises(AnsibleFilterError, match=f"^{re.escape(message)}$"):
        name_of(inventory_hostname)


@given(st.text())
def test_node_name_is_a_label_in_lower_case_or_an_error(inventory_hostname: str) -> None:
    try:
        name = name_of(inventory_hostname)
    except AnsibleFilterError:
        return
    assert LABEL.fullmatch(name)
    assert name == name.lower()
    assert name_of(name) == name


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (
            {"server": True, "node": "n1", "ui": False, "retry-join": ["a", "b"]},
            ["-server", "-node=n1", "-retry-join=a", "-retry-join=b"],
        ),
        ({"bootstrap-expect": 3, "raft-multiplier": 1.5}, ["-bootstrap-expect=3", "-raft-multiplier=1.5"]),
        ({"log-level": None, "retry-join": []}, []),
        ({"node-meta": "rack: r1, two words"}, ["-node-meta=rack: r1, two words"]),
        ({"datacenter": ""}, ["-datacenter="]),
        ({}, []),
    ],
)
def test_agent_arguments(flags: dict[str, Any], expected: list[str]) -> None:
    assert arguments_of(flags) == expected


WRONG_NAME = "agent_arguments: {!r} is no name of a flag: write it without its hyphen, such as log-level"
WRONG_VALUE = "agent_arguments: {}: its value is no string, number, boolean, or list of strings and numbers"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"-server": True}, WRONG_NAME.format("-server")),
        ({"": True}, WRONG_NAME.format("")),
        ({"node=n1": True}, WRONG_NAME.format("node=n1")),
        ({"log level": "debug"}, WRONG_NAME.format("log level")),
        ({1: "x"}, WRONG_NAME.format(1)),
        ({"node-meta": {"key": "hunter2"}}, WRONG_VALUE.format("node-meta")),
        ({"retry-join": ["a", True]}, WRONG_VALUE.format("retry-join")),
        ({"retry-join": [["hunter2"]]}, WRONG_VALUE.format("retry-join")),
        (["server"], "agent_arguments: needs a mapping of flags, not a list"),
    ],
)
def test_agent_arguments_refused(flags: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"^{re.escape(message)}$"):
        arguments_of(flags)


texts = st.text(max_size=9)
names = st.from_regex(r"[a-z][a-z-]{0,8}", fullmatch=True)
values = st.one_of(texts, st.integers(), st.booleans(), st.none(), st.lists(texts))


@given(st.dictionaries(names, values))
def test_agent_arguments_keep_every_value_in_order(flags: dict[str, Any]) -> None:
    pairs = []
    for argument in arguments_of(flags):
        name, equals, value = argument.removeprefix("-").partition("=")
        pairs.append((name, value if equals else True))
    expected = []
    for name, value in flags.items():
        for item in value if isinstance(value, list) else [value]:
            if item is not None and item is not False:
                expected.append((name, item if item is True else str(item)))
    assert pairs == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"consul_agent_address": "192.168.100.4"}, "192.168.100.4"),
        ({"ansible_facts": {"consul_agent": {"address": "192.168.100.5"}}}, "192.168.100.5"),
        (
            {"consul_agent_address": "", "ansible_facts": {"consul_agent": {"address": "192.168.100.5"}}},
            "192.168.100.5",
        ),
        (
            {"consul_agent_address": "192.168.100.4", "ansible_facts": {"consul_agent": {"address": "10.0.0.1"}}},
            "192.168.100.4",
        ),
    ],
)
def test_agent_address(variables: dict[str, Any], expected: str) -> None:
    assert address_of(variables) == expected


@pytest.mark.parametrize(
    "variables",
    [{}, {"ansible_facts": {}}, {"ansible_facts": {"consul_agent": {}}}, {"consul_agent": {"address": "x"}}],
)
def test_agent_address_unknown(variables: dict[str, Any]) -> None:
    message = (
        "agent_address: the address of the agent of node1 is not known in this run: set consul_agent_address for it"
    )
    with pytest.raises(AnsibleFilterError, match=f"^{re.escape(message)}$"):
        address_of({"inventory_hostname": "node1", **variables})


def test_agent_address_of_no_variables() -> None:
    with pytest.raises(AnsibleFilterError, match="^agent_address: needs the variables of a host, not a str$"):
        address_of("node1")


PRIVATE = {"consul_agent_address": "192.168.100.4", "consul_agent_network": "192.168.100.0/24"}


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (PRIVATE, "192.168.100.4#8600"),
        (PRIVATE | {"consul_agent_dns_at_address": "yes"}, "192.168.100.4#8600"),
        (PRIVATE | {"consul_agent_dns_at_address": False}, ""),
        (PRIVATE | {"consul_agent_network": ""}, ""),
        (PRIVATE | {"consul_agent_network": "", "consul_agent_dns_at_address": True}, "192.168.100.4#8600"),
        # A public network is more than the datacentre.
        ({"consul_agent_address": "8.8.8.8", "consul_agent_network": "8.8.8.0/24"}, ""),
        ({"consul_agent_address": "8.8.8.8", "consul_agent_client_address": "127.0.0.1 8.8.8.8"}, "8.8.8.8#8600"),
        ({"consul_agent_address": "8.8.8.8", "consul_agent_client_address": "0.0.0.0"}, "8.8.8.8#8600"),
        ({"consul_agent_address": "fd00::4", "consul_agent_network": "fd00::/64"}, "fd00::4#8600"),
    ],
)
def test_agent_dns(variables: dict[str, Any], expected: str) -> None:
    assert dns_of(variables) == expected


def test_agent_dns_unknown() -> None:
    with pytest.raises(AnsibleFilterError, match="^agent_dns: the address of the agent of node1 is not known"):
        dns_of({"inventory_hostname": "node1"})
    with pytest.raises(AnsibleFilterError, match="^agent_dns: needs the variables of a host, not a str$"):
        dns_of("node1")


def test_filters_in_a_playbook(tmp_path: Path) -> None:
    """hostvars is no plain mapping, and its values are templates."""
    hosts = {"web_1.example.com": {"address": "192.168.100.4", "consul_agent_address": "{{ address }}"}, "node2": {}}
    template = (
        "{{ inventory_hostname | servicedns.consul.node_name }}"
        " {{ {'server': true, 'ui': false} | servicedns.consul.agent_arguments }}"
        " {{ hostvars[inventory_hostname] | servicedns.consul.agent_address }}"
    )
    result = run_tasks(tmp_path, [{"ansible.builtin.debug": {"msg": template}}], {"all": {"hosts": hosts}})
    assert "web-1 ['-server'] 192.168.100.4" in result.stdout
    assert "the address of the agent of node2 is not known in this run" in result.stdout + result.stderr


@pytest.mark.parametrize(
    ("client_address", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8500"),
        ("192.168.100.4 127.0.0.1", "http://127.0.0.1:8500"),
        ("0.0.0.0", "http://127.0.0.1:8500"),
        ("::", "http://[::1]:8500"),
        ("192.168.100.4", "http://192.168.100.4:8500"),
    ],
)
def test_agent_url(client_address: str, expected: str) -> None:
    assert url_of(client_address) == expected


@pytest.mark.parametrize("client_address", ["", " ", None, ["127.0.0.1"]])
def test_agent_url_of_nothing(client_address: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="^agent_url: needs IP addresses with spaces between them"):
        url_of(client_address)
