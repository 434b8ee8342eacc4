# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepared queries: those that are taken, and those that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junk import JUNK
from service_lines import LABEL

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.prepared_query import query_findings

WEB = {"name": "web-anywhere", "service": {"service": "web"}}


def query(**service: Any) -> dict[str, Any]:
    return WEB | {"service": {"service": "web"} | service}


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        ([], []),
        ([WEB, {"name": "web.anywhere", "service": {"service": "web"}}], []),
        (
            [
                query(
                    only_passing=True,
                    near="_agent",
                    tags=["primary", "!experimental"],
                    node_meta={"type": "large"},
                    service_meta={"a": "b"},
                    ignore_check_ids=["memory"],
                    connect=True,
                    peer="east",
                    namespace="a",
                    partition="b",
                    failover={"targets": [{"datacenter": "dc2"}, {"peer": "east", "namespace": "a", "partition": "b"}]},
                )
                | {"token": "secret", "session": "adf4238a-882b-9ddc-4a9d-5b6758e4159e", "dns": {"ttl": "1m30s"}}
            ],
            [],
        ),
        ([query(failover={"nearest_n": 2, "datacenters": ["dc2"]})], []),
        (
            [
                {"name": name, "template": {"type": "name_prefix_match"}, "service": {"service": "${name.suffix}"}}
                for name in ("geo-", "")
            ],
            [],
        ),
        (
            [{}],
            [
                "v[0].name: is missing: a query needs a name, such as flapp1-anywhere",
                "v[0].service: is missing: a query asks for a service, such as {service: flapp1}",
            ],
        ),
        ([WEB | {"service": {}}], ["v[0].service.service: is missing: a query asks for a service, such as flapp1"]),
        ([WEB | {"service": "web"}], ["v[0].service: a string is not a mapping"]),
        ([query(OnlyPassing=True)], ["v[0].service.OnlyPassing: unknown key, did you mean only_passing?"]),
        ([query(only_passing="yes")], ["v[0].service.only_passing: 'yes' is not true or false"]),
        ([WEB | {"DNS": {}}], ["v[0].DNS: unknown key, did you mean dns?"]),
        (
            [WEB | {"name": "web_x"}],
            [
                "v[0].name: 'web_x' has an underscore: it resolves, but is no host name, and TLS certificates and programs "
                "that are strict about names in URLs refuse it; 'web-x' works everywhere"
            ],
        ),
        ([WEB | {"name": "a..b"}], [f"v[0].name: 'a..b': '' is no DNS label: {LABEL}"]),
        ([WEB | {"name": ""}], [f"v[0].name: '' is no DNS label: {LABEL}"]),
        ([WEB | {"token": 1234}], ["v[0].token: must be a string, and not empty"]),
        (
            [WEB | {"token": "<hidden>"}],
            ["v[0].token: is what Consul shows in place of a token, and not the token"],
        ),
        (
            [WEB | {"template": {"regexp": "^x"}}],
            ["v[0].template.type: is missing: the only type is name_prefix_match"],
        ),
        (
            [WEB | {"name": "geo_", "template": {"type": "prefix"}}],
            [
                "v[0].name: 'geo_' must be what the names begin with that the template answers: letters, digits, "
                "hyphens and dots, such as geo-, or an empty string for every name",
                "v[0].template.type: 'prefix' is not one of name_prefix_match",
            ],
        ),
        (
            [WEB | {"dns": {"ttl": 10}}],
            ["v[0].dns.ttl: 10 has no unit: write 10s"],
        ),
        ([WEB | {"dns": {"ttl": "-1s"}}], ["v[0].dns.ttl: '-1s' must be more than 0: write 10s or 1m30s, for example"]),
        (
            [query(failover={"nearest_n": -1})],
            ["v[0].service.failover.nearest_n: -1 must be a whole number, 0 or more"],
        ),
        (
            [query(failover={"nearest_n": 1, "targets": [{"peer": "east"}]})],
            ["v[0].service.failover: Consul takes either targets, or nearest_n and datacenters"],
        ),
        (
            [query(failover={"targets": [{}, {"peers": "a"}]})],
            [
                "v[0].service.failover.targets[0]: is empty: name a datacenter or a peer",
                "v[0].service.failover.targets[1].peers: unknown key, did you mean peer?",
            ],
        ),
        (
            [query(sameness_group="a", failover={"nearest_n": 1})],
            ["v[0].service: Consul takes either sameness_group or failover"],
        ),
        ([query(tags="primary")], ["v[0].service.tags: 'primary' is not a list of strings"]),
        ([query(near="")], ["v[0].service.near: '' must be a string, and not empty"]),
        ([WEB, WEB | {"name": "WEB-anywhere"}], ["v[1].name: 'WEB-anywhere' is the name of v[0] too"]),
    ],
)
def test_query_findings(queries: list[Any], expected: list[str]) -> None:
    assert [f"{path}: {text}" for path, text in query_findings("v", queries)] == expected


@given(st.lists(JUNK, max_size=3))
def test_anything_is_told_and_nothing_raises(items: list[Any]) -> None:
    assert all(path.startswith("v[") and text for path, text in query_findings("v", items))


@given(st.text(min_size=20, alphabet="sekret"))
def test_secrets_are_not_shown(secret: str) -> None:
    item = WEB | {"token": [secret], "meta": {"a": [secret]}, "node_meta": {"a": [secret]}, "address": "10.0.0.9"}
    found = list(query_findings("v", [item]))
    assert found and not any(secret in text for _path, text in found)
