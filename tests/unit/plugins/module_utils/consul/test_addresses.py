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

from ansible_collections.servicedns.consul.plugins.filter import agent_arguments, node_name
from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import (
    LABEL,
    agent_url,
    reachable_address,
)

name_of = node_name.FilterModule().filters()["node_name"]
arguments_of = agent_arguments.FilterModule().filters()["agent_arguments"]


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


WRONG_NAME = "agent_arguments: {!r} is no name of a flag: write it without its hyphen and value, such as log-level"
WRONG_VALUE = "agent_arguments: {}: its value is no string, number, boolean, or list of strings and numbers"


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"-server": True}, WRONG_NAME.format("-server")),
        ({"": True}, WRONG_NAME.format("")),
        ({"node=n1": True}, WRONG_NAME.format("node")),
        ({"log level": "debug"}, WRONG_NAME.format("log")),
        ({1: "x"}, WRONG_NAME.format("1")),
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


def test_no_client_address_is_said() -> None:
    with pytest.raises(ValueError, match=r"^O\(client_address\): must have one IP address at least"):
        reachable_address(" ")


def test_filters_in_a_playbook(tmp_path: Path) -> None:
    template = (
        "{{ inventory_hostname | servicedns.consul.node_name }}"
        " {{ {'server': true, 'ui': false} | servicedns.consul.agent_arguments }}"
    )
    result = run_tasks(
        tmp_path, [{"ansible.builtin.debug": {"msg": template}}], {"all": {"hosts": {"web_1.example.com": {}}}}
    )
    assert "web-1 ['-server']" in result.stdout


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
    assert agent_url(client_address) == expected
