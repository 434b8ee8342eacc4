# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTTP API calls keys."""

from __future__ import annotations

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.api_names import api_form, api_name


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("id", "ID"),
        ("dns", "DNS"),
        ("ttl", "TTL"),
        ("nearest_n", "NearestN"),
        ("ignore_check_ids", "IgnoreCheckIDs"),
        ("only_passing", "OnlyPassing"),
        ("enable_tag_override", "EnableTagOverride"),
    ],
)
def test_api_name(key: str, expected: str) -> None:
    assert api_name(key) == expected


def test_api_form_keeps_the_keys_of_users() -> None:
    declared = {"service": {"node_meta": {"my_key": "a"}, "failover": {"targets": [{"peer": "east"}]}}}
    expected = {"Service": {"NodeMeta": {"my_key": "a"}, "Failover": {"Targets": [{"Peer": "east"}]}}}
    assert api_form(declared) == expected
