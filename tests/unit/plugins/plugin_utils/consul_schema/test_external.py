# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""External services: those that are taken, and those that are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from junk import JUNK
from service_lines import LABEL

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.external import external_findings

DB = {"name": "db", "address": "10.0.0.9"}


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], []),
        ([DB], []),
        (
            [
                DB
                | {
                    "id": "db1",
                    "node": "appliance",
                    "port": 5432,
                    "tags": ["primary"],
                    "meta": {"version": "16"},
                    "tagged_addresses": {"wan": {"address": "203.0.113.9", "port": 5433}},
                    "weights": {"passing": 2, "warning": 0},
                    "enable_tag_override": True,
                    "node_meta": {"external-probe": "true"},
                }
            ],
            [],
        ),
        ([DB | {"address": "db.example.com"}, DB | {"id": "db-2", "address": "fd00::9"}], []),
        (["db"], ["v[0]: a string is not a mapping"]),
        (
            [{}],
            [
                "v[0].name: is missing: a service needs a name, such as db",
                "v[0].address: is missing: a service without an agent needs an address, such as 10.0.0.9 or db.example.com",
            ],
        ),
        (
            [DB | {"a\nb": 1}],
            [
                "v[0]['a\\nb']: unknown key; allowed are address, enable_tag_override, id, meta, name, node, node_meta, "
                "port, tagged_addresses, tags, weights"
            ],
        ),
        ([DB | {"prot": 1}], ["v[0].prot: unknown key, did you mean port?"]),
        ([{"name": "db", "adress": "10.0.0.9"}], ["v[0].adress: unknown key, did you mean address?"]),
        (
            [DB | {"check": {}}],
            [
                "v[0].check: unknown key; allowed are address, enable_tag_override, id, meta, name, node, node_meta, "
                "port, tagged_addresses, tags, weights"
            ],
        ),
        (
            [DB | {"name": "my_db", "id": "db"}],
            [
                "v[0].name: 'my_db' has an underscore: it resolves, but is no host name, and TLS certificates and programs "
                "that are strict about names in URLs refuse it; 'my-db' works everywhere",
            ],
        ),
        ([DB | {"id": True}], ["v[0].id: true must be a string, and not empty"]),
        ([DB | {"id": 7, "port": "5432", "meta": {"version": 7, "new": True}, "tags": [7]}], []),
        (
            [DB | {"id": "db.1"}],
            [
                "v[0].id: is the name of the node too, unless there is a node: 'db.1' is no DNS label: "
                f"names with dots are not reachable over DNS; {LABEL}"
            ],
        ),
        ([DB | {"id": "db.1", "node": "appliance"}], []),
        ([DB | {"node": ""}], [f"v[0].node: '' is no DNS label: {LABEL}"]),
        (
            [DB | {"address": "10.0.0.300"}, DB | {"id": "b", "address": "db."}, DB | {"id": "c", "address": None}],
            [
                f"v[{index}].address: {value} is neither an IP address nor a DNS name without dots around it, such as "
                "10.0.0.9 or db.example.com"
                for index, value in enumerate(["'10.0.0.300'", "'db.'", "an empty value"])
            ],
        ),
        (
            [DB | {"address": "127.0.0.1"}],
            ["v[0].address: '127.0.0.1' is no address that every host can reach the service at"],
        ),
        (
            [DB | {"port": "http"}],
            ["v[0].port: 'http' must be a number from 1 to 65535; leave it out for a service without port"],
        ),
        ([DB | {"tags": ["a", ""]}], ["v[0].tags[1]: '' must be a string, and not empty"]),
        ([DB | {"meta": {"secret": [1234]}}], ["v[0].meta.secret: a list is not a string"]),
        (
            [DB | {"node_meta": {"a b": "secret"}}],
            ["v[0].node_meta['a b']: a key of meta has 1 to 128 letters, digits, hyphens and underscores"],
        ),
        ([DB | {"tagged_addresses": {"wan": {"port": 1}}}], ["v[0].tagged_addresses.wan.address: is missing"]),
        (
            [DB | {"weights": {"passing": 0}}],
            ["v[0].weights.passing: 0 must be a number from 1 to 65535"],
        ),
        (
            [DB, DB | {"name": "other", "id": "DB"}],
            ["v[1]: v[0] has the same node and id too: give one of them an id of its own"],
        ),
        (
            [DB | {"node": "n", "node_meta": {"a": "b"}}, DB | {"id": "b", "node": "n", "node_meta": {}}],
            ["v[1].node_meta: differs from that of v[0], which is on the same node"],
        ),
        ([DB | {"node": "n", "node_meta": {"a": "b"}}, DB | {"id": "b", "node": "n"}], []),
    ],
)
def test_external_findings(services: list[Any], expected: list[str]) -> None:
    assert [f"{path}: {text}" for path, text in external_findings("v", services)] == expected


@given(st.lists(JUNK, max_size=3))
def test_anything_is_told_and_nothing_raises(items: list[Any]) -> None:
    assert all(path.startswith("v[") and text for path, text in external_findings("v", items))


@given(st.text(min_size=20, alphabet="sekret"))
def test_secrets_are_not_shown(secret: str) -> None:
    item = DB | {"token": [secret], "meta": {"a": [secret]}, "node_meta": {"a": [secret]}, "address": "10.0.0.9"}
    found = list(external_findings("v", [item]))
    assert found and not any(secret in text for _path, text in found)
