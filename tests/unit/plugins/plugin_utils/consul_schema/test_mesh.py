# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies and gateways: those that Consul takes, and those that it refuses."""

from __future__ import annotations

from typing import Any

import pytest
from service_lines import of_service


@pytest.mark.parametrize(
    "keys",
    [
        {"kind": "mesh-gateway", "port": 443, "meta": {"consul-wan-federation": "1"}},
        {"kind": "ingress-gateway"},
        {"kind": "connect-proxy", "port": 1, "proxy": {"destination_service_name": "db", "config": {"a": [1]}}},
        {"connect": {"native": True}, "port": 1},
        {"connect": {"sidecar_service": {}}},
        {"connect": {"sidecar_service": {"port": 1, "check": {"ttl": "1h"}, "proxy": {"upstreams": []}}}},
    ],
)
def test_good_proxies_and_gateways(keys: dict[str, Any]) -> None:
    assert of_service(**keys) == []


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"kind": "mesh-gateway"}, "port: is missing: a mesh-gateway needs it"),
        (
            {"kind": "api-gateway", "proxy": {"upstreams": [{"destination_name": "a", "local_bind_port": 1}]}},
            "proxy.upstreams: is of proxies, and this is a gateway",
        ),
        (
            {"kind": "connect-proxy", "port": 1},
            "proxy.destination_service_name: must be the name of the service behind the proxy",
        ),
        (
            {"proxy": {"upstreams": [{"destination_name": "a"}]}},
            "proxy.upstreams[0]: needs local_bind_port or local_bind_socket_path, and not both",
        ),
        ({"proxy": {"mode": "x"}}, "proxy.mode: 'x' is not one of , direct, transparent"),
        (
            {"connect": {"native": True}},
            "port: is missing: a service with connect.native needs it, or socket_path",
        ),
        (
            {"connect": {"sidecar_service": {"id": "x"}}},
            "connect.sidecar_service.id: is not allowed here: Consul makes it of the service's id",
        ),
        (
            {"connect": {"sidecar_service": {"connect": {"sidecar_service": {}}}}},
            "connect.sidecar_service.connect.sidecar_service: is not allowed here: a sidecar has no sidecar",
        ),
    ],
)
def test_bad_proxies_and_gateways(keys: dict[str, Any], line: str) -> None:
    assert of_service(**keys) == [f"X[0].{line}"]
