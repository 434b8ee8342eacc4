# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When two configurations are the same."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.modules import agent_config


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, True),
        ({"a": 5}, {"a": "5"}, True),
        ({"a": [-1, 0]}, {"a": ["-1", "0"]}, True),
        ({"a": True}, {"a": "True"}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": "05"}, {"a": 5}, False),
        ({"a": "5s"}, {"a": "5"}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": 1, "b": None}, False),
    ],
)
def test_what_is_the_same_configuration(one: Any, other: Any, same: bool) -> None:
    assert (agent_config.digest(one) == agent_config.digest(other)) is same
