# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the catalog has otherwise than declared."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.modules import external_services

DB = {"name": "db", "address": "10.0.0.9"}

NODE: dict[str, Any] = {"ID": "", "Node": "db", "Address": "10.0.0.9", "Meta": {"external-node": "true"}}
SERVICE: dict[str, Any] = {
    "ID": "db",
    "Service": "db",
    "Tags": [],
    "Address": "10.0.0.9",
    "Meta": None,
    "Port": 0,
    "Weights": {"Passing": 1, "Warning": 1},
    "EnableTagOverride": False,
    "Proxy": {"Mode": "", "MeshGateway": {}, "Expose": {}},
}


@pytest.mark.parametrize(
    ("declared", "node", "service", "expected"),
    [
        ({}, {}, {}, []),
        ({"tags": [], "meta": {}, "weights": {}}, {}, {"Weights": None, "Tags": None}, []),
        ({"weights": {"passing": 2}}, {}, {"Weights": {"Passing": 2, "Warning": 1}}, []),
        ({"weights": {"passing": 2}}, {}, {}, ["weights"]),
        ({}, {}, {"TaggedAddresses": {"lan": {"Address": "10.0.0.9", "Port": 0}}}, []),
        ({}, {}, {"TaggedAddresses": {"wan": {"Address": "203.0.113.9", "Port": 0}}}, ["tagged_addresses"]),
        ({"port": 80, "tags": ["a"]}, {}, {"Port": 81, "Tags": ["b"]}, ["port", "tags"]),
        ({"name": "postgres", "id": "db"}, {}, {}, ["name"]),
        ({"id": "DB"}, {}, {}, ["id"]),
        ({}, {"Address": "10.0.0.8"}, {}, ["address"]),
        ({}, {"Meta": None}, {}, ["node_meta"]),
        ({"node_meta": {"a": "b"}}, {"Meta": {"external-node": "true", "a": "b"}}, {}, []),
        ({"enable_tag_override": True}, {}, {}, ["enable_tag_override"]),
    ],
)
def test_differences_of_services(
    declared: dict[str, Any], node: dict[str, Any], service: dict[str, Any], expected: list[str]
) -> None:
    (body,) = external_services.registrations([DB | declared]).values()
    assert external_services.differences(body, NODE | node, SERVICE | service) == expected


def test_services_of_one_node_share_its_address_and_meta() -> None:
    found = external_services.registrations(
        [
            DB | {"node": "appliance"},
            {"name": "ui", "address": "10.0.0.10", "node": "Appliance", "node_meta": {"external-probe": "true"}},
        ]
    )
    assert list(found) == ["appliance/db", "appliance/ui"]
    for body in found.values():
        assert (body["Node"], body["Address"]) == ("appliance", "10.0.0.9")
        assert body["NodeMeta"] == {"external-node": "true", "external-probe": "true"}
    assert found["appliance/ui"]["Service"]["Address"] == "10.0.0.10"
