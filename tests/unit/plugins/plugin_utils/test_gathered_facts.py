# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are made of facts."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.plugin_utils.gathered_facts import are_gathered, mentions_facts

OTHERS = {"mine": ["{{ ansible_facts.x }}"], "named": "ansible_default_ipv4", "loop": "{{ loop }}", "ansible_mine": "x"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("ansible_default_ipv4", False),
        ("{{ ansible_default_ipv4.address }}", True),
        ({"key": ["{% if ansible_facts.x %}x{% endif %}"]}, True),
        ("{{ mine }}", True),
        ("{{ loop }} {{ named }} {{ ansible_mine }}", False),
        ("{{ ansible_host }} {{ ansible_ssh_common_args }} {{ ansible_become_user }}", False),
        (5, False),
    ],
)
def test_mentions_facts(value: Any, expected: bool) -> None:
    assert mentions_facts({**OTHERS, "asked": value}, ["asked"]) is expected


def test_are_gathered() -> None:
    assert are_gathered({"ansible_facts": {"all_ipv4_addresses": []}})
    assert not are_gathered({"ansible_facts": {"consul_agent": {}}})
    assert not are_gathered({})
