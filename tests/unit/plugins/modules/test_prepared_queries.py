# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Consul has otherwise than declared."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.api_names import api_form
from ansible_collections.servicedns.consul.plugins.modules import prepared_queries

WEB = {"name": "web-anywhere", "service": {"service": "web"}}


def query(**service: Any) -> dict[str, Any]:
    return WEB | {"service": {"service": "web"} | service}


STORED: dict[str, Any] = {
    "ID": "8d6e3492",
    "Name": "web-anywhere",
    "Session": "",
    "Token": "",
    "Template": {"Type": "", "Regexp": "", "RemoveEmptyTags": False},
    "Service": {
        "Service": "web",
        "SamenessGroup": "",
        "Failover": {"NearestN": 0, "Datacenters": None, "Targets": None},
        "OnlyPassing": False,
        "IgnoreCheckIDs": None,
        "Near": "",
        "Tags": None,
        "NodeMeta": None,
        "ServiceMeta": None,
        "Connect": False,
        "Peer": "",
    },
    "DNS": {"TTL": ""},
    "CreateIndex": 19,
    "ModifyIndex": 19,
}


@pytest.mark.parametrize(
    ("declared", "stored", "expected"),
    [
        (WEB, STORED, []),
        (query(tags=[], failover={"nearest_n": 0}, only_passing=False), STORED, []),
        (WEB | {"dns": {"ttl": "1m"}}, STORED | {"DNS": {"TTL": "60s"}}, []),
        (WEB | {"dns": {"ttl": "1m"}}, STORED, ["dns.ttl"]),
        (WEB | {"name": "Web-Anywhere"}, STORED, ["name"]),
        (WEB | {"token": "secret"}, STORED | {"Token": "<hidden>"}, []),
        (WEB, STORED | {"Token": "<hidden>"}, ["token"]),
        (query(tags=["a"], failover={"nearest_n": 1}), STORED, ["service.failover.nearest_n", "service.tags"]),
        (
            query(failover={"targets": [{"peer": "east"}]}),
            STORED | {"Service": {"Service": "web", "Failover": {"Targets": [{"Peer": "east", "Datacenter": ""}]}}},
            [],
        ),
    ],
)
def test_differences_of_queries(declared: dict[str, Any], stored: dict[str, Any], expected: list[str]) -> None:
    assert prepared_queries.differences(api_form(declared), stored) == expected
