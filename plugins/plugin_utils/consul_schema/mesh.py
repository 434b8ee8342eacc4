# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proxies and gateways of the service mesh as Consul 1.22 reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.definitions import Definition
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema import rules
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, shown

#: Where a definition has its sidecar.
SIDECAR = "connect.sidecar_service"
MESH_GATEWAY: rules.Rules = {"mode": rules.one_of("", "none", "local", "remote")}
UPSTREAMS = rules.list_of(
    rules.object_of(
        {
            "destination_type": rules.one_of("service", "prepared_query"),
            "destination_namespace": rules.string,
            "destination_partition": rules.string,
            "destination_peer": rules.string,
            "destination_name": rules.filled,
            "datacenter": rules.string,
            "local_bind_address": rules.string,
            "local_bind_port": rules.port,
            "local_bind_socket_path": rules.filled,
            "local_bind_socket_mode": rules.string,
            "config": rules.opaque,
            "mesh_gateway": rules.object_of(MESH_GATEWAY),
        },
        destination_name="",
    )
)
EXPOSED_PATHS = rules.list_of(
    rules.object_of(
        {
            "listener_port": rules.port,
            "path": rules.filled,
            "protocol": rules.one_of("http", "http2"),
            "local_path_port": rules.port,
        },
        path="",
        listener_port="",
    )
)


@rules.converts(rules.like(UPSTREAMS))
def _upstreams(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from UPSTREAMS(path, value, loose)
    bound: dict[str, int] = {}
    for index, upstream in enumerate(value if isinstance(value, (list, tuple)) else ()):
        if not isinstance(upstream, Mapping):
            continue
        here = f"{path}[{index}]"
        if upstream.get("destination_name") == "*":
            yield f"{here}.destination_name", "must not be a wildcard"
        mode = upstream.get("local_bind_socket_mode")
        if isinstance(mode, str) and not re.fullmatch(r"[0-7]{1,10}", mode):
            yield f"{here}.local_bind_socket_mode", f"{shown(mode)} is no mode in octal digits, such as 0600"
        port, socket = upstream.get("local_bind_port"), upstream.get("local_bind_socket_path")
        if (port is None) == (socket is None):
            yield here, "needs local_bind_port or local_bind_socket_path, and not both"
        place = f"{upstream.get('local_bind_address') or '127.0.0.1'}:{port}" if socket is None else str(socket)
        if bound.setdefault(place, index) != index:
            yield here, f"listens where {path}[{bound[place]}] does"
        if upstream.get("destination_peer") and upstream.get("datacenter"):
            yield f"{here}.datacenter", "does not go with destination_peer"


@rules.converts(rules.like(EXPOSED_PATHS))
def _exposed_paths(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from EXPOSED_PATHS(path, value, loose)
    ports: list[Any] = []
    for index, exposed in enumerate(value if isinstance(value, (list, tuple)) else ()):
        if isinstance(exposed, Mapping):
            port = exposed.get("listener_port")
            if port is not None and port in ports:
                yield f"{path}[{index}].listener_port", f"{shown(port)} is the port of another path too"
            ports.append(port)


PROXY: rules.Rules = {
    "destination_service_name": rules.filled,
    "destination_service_id": rules.string,
    "local_service_address": rules.string,
    "local_service_port": rules.port,
    "local_service_socket_path": rules.string,
    "transparent_proxy": rules.object_of({"outbound_listener_port": rules.port, "dialed_directly": rules.boolean}),
    "mode": rules.one_of("", "direct", "transparent"),
    "config": rules.opaque,
    "upstreams": _upstreams,
    "mesh_gateway": rules.object_of(MESH_GATEWAY),
    "expose": rules.object_of({"checks": rules.boolean, "port": rules.port, "paths": _exposed_paths}),
}


GATEWAYS = ("mesh-gateway", "terminating-gateway", "ingress-gateway", "api-gateway")
#: Gateways that need no port of their own.
WITHOUT_PORT = ("ingress-gateway", "api-gateway")
OF_PROXIES_ONLY = (
    "destination_service_name",
    "destination_service_id",
    "local_service_address",
    "local_service_port",
    "local_service_socket_path",
    "upstreams",
)


def mesh_findings(path: str, service: Definition, sidecar: bool) -> Iterator[InputError]:
    """What the catalog refuses of proxies and gateways, although the agent accepts it."""
    kind = service.get("kind")
    proxy, connect = (
        found if isinstance(found, Mapping) else {} for found in (service.get("proxy"), service.get("connect"))
    )
    unreachable = "port" not in service and "socket_path" not in service
    if connect.get("native") is True and unreachable:
        yield f"{path}.port", "is missing: a service with connect.native needs it, or socket_path"
    if kind == "connect-proxy":
        name = proxy.get("destination_service_name")
        if name == "*" or (name is None and not sidecar):
            yield f"{path}.proxy.destination_service_name", "must be the name of the service behind the proxy"
        if connect.get("native") is True:
            yield f"{path}.connect.native", "is of services, and this is a proxy"
        if unreachable and not sidecar:
            yield f"{path}.port", "is missing: a proxy needs it, or socket_path"
    if kind in GATEWAYS:
        if "port" not in service and kind not in WITHOUT_PORT:
            yield f"{path}.port", f"is missing: a {kind} needs it"
        if "sidecar_service" in connect:
            yield f"{path}.{SIDECAR}", "is of services, and this is a gateway"
        for key in OF_PROXIES_ONLY:
            if proxy.get(key):
                yield f"{path}.proxy.{key}", "is of proxies, and this is a gateway"
    if service.get("ports") and kind in ("connect-proxy", *GATEWAYS):
        yield f"{path}.ports", f"is of services, and this is a {kind}: give it one port"
