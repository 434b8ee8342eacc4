# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of services as Consul 1.22 reads them.

No message shows the value of a token, header, body, argument, meta key or URL, which may hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul import converters
from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import ip
from ansible_collections.servicedns.consul.plugins.module_utils.consul.definitions import Definition
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema import rules
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, kind_of, shown

#: A port by number or by the name that Go's resolver looks up.
HOST_PORT = re.compile(r"(?:\[([^\[\]\s/@]+)\]|([^\s:/@\[\]?#]*)):([0-9]{1,5}|[a-z][a-z0-9-]*)", re.IGNORECASE)
URL = re.compile(
    r"https?://(?:[^\s/?#@]*@)?(?:\[([^\[\]\s/@]+)\]|([^\s:/@\[\]?#]+))(?::([0-9]{0,5}))?(?:[/?#][^\x00-\x1f\x7f]*(?<! ))?",
    re.IGNORECASE,
)


def _is_endpoint(match: re.Match[str] | None) -> bool:
    """Whether what is in brackets is an IPv6 address, and a port in digits is one."""
    if not match:
        return False
    bracketed, _host, port = match.groups()
    if bracketed is not None and (":" not in bracketed or ip(bracketed.partition("%")[0]) is None):
        return False
    return not (port or "").isdigit() or 1 <= int(port) <= 65535


def _url(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str) or not _is_endpoint(URL.fullmatch(value)):
        yield path, "must be a URL with http:// or https:// and a host, such as http://localhost:8080/health"


def _host_port(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str) or not _is_endpoint(HOST_PORT.fullmatch(value)):
        # Whatever else was pasted here may be a URL with a password.
        plain = not isinstance(value, str) or re.fullmatch(r"[\w.:\[\]-]*", value)
        seen = f"{shown(value)} must" if plain else "must"
        yield path, f"{seen} be host:port, such as localhost:5432 or [::1]:5432"


def _grpc(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str) or not _is_endpoint(HOST_PORT.fullmatch(value.partition("/")[0])):
        yield path, "must be host:port or host:port/service, such as localhost:50051/my.service"


@rules.converts(converters.text)
def _header(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if isinstance(value, (list, tuple)):
        yield path, "a list of strings is not a string"
    else:
        yield from rules.secret(path, value, loose)


@rules.converts(converters.each(converters.text))
def _args(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, (list, tuple)) or not value:
        yield path, f"{kind_of(value)} must be a list of strings, and not empty: the program and its arguments"
        return
    for index, item in enumerate(value):
        if not isinstance(item, str) or (index == 0 and not item):
            yield f"{path}[{index}]", f"{kind_of(item)} must be a string" + ("" if index else ", and not empty")


@rules.converts(converters.text)
def _check_id(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str) or not value:
        yield path, f"{shown(value)} must be a string, and not empty; without id it is made of the service's"
    elif value.lower() == "serfhealth":
        yield path, f"{shown(value)} is the id of Consul's own check of every node"


#: Keys that say what is checked. A check has one of them, or one line of them.
KINDS: tuple[tuple[str, ...], ...] = (
    ("http",),
    ("tcp",),
    ("udp",),
    ("grpc",),
    ("h2ping",),
    ("ttl",),
    ("args", "docker_container_id"),
    ("alias_service", "alias_node"),
    ("os_service",),
)
WITHOUT_INTERVAL = {
    "ttl": "the service reports by itself, within that time",
    "alias_service": "Consul sees each change of the other service at once",
    "alias_node": "Consul sees each change of the other node at once",
}

CHECK: dict[str, rules.Rule] = {
    "id": _check_id,
    "name": rules.string,
    "notes": rules.string,
    "service_id": rules.not_allowed("a check in a service is a check of that service"),
    "token": rules.secret,
    "status": rules.one_of("passing", "warning", "critical"),
    "args": _args,
    "http": _url,
    "header": rules.mapping_of(rules.list_of(rules.secret)),
    "method": rules.string,
    "body": rules.secret,
    "disable_redirects": rules.boolean,
    "output_max_size": rules.count,
    "tcp": _host_port,
    "tcp_use_tls": rules.boolean,
    "udp": _host_port,
    "interval": rules.duration,
    "docker_container_id": rules.filled,
    "shell": rules.string,
    "grpc": _grpc,
    "grpc_use_tls": rules.boolean,
    "tls_server_name": rules.string,
    "tls_skip_verify": rules.boolean,
    "alias_node": rules.filled,
    "alias_service": rules.filled,
    "timeout": rules.duration,
    "ttl": rules.duration,
    "h2ping": _host_port,
    "h2ping_use_tls": rules.boolean,
    "os_service": rules.not_allowed("Consul has it on Windows only, and an agent on Linux refuses the whole file"),
    "success_before_passing": rules.count,
    "failures_before_warning": rules.count,
    "failures_before_critical": rules.count,
    "deregister_critical_service_after": rules.duration,
}


@rules.converts(rules.by_key(CHECK))
def service_check(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from rules.fields(path, value, CHECK, loose)
    if not isinstance(value, Mapping):
        return
    kinds = [[key for key in keys if key in value] for keys in KINDS]
    present = [keys for keys in kinds if keys]
    if len(present) > 1:
        names = ", ".join(key for keys in present for key in keys)
        yield path, f"has {names}: a check is of one kind, so write several checks"
    elif not present and all(key in CHECK for key in value):
        known = "http, tcp, udp, grpc, h2ping, ttl, args, alias_service or alias_node"
        yield path, f"does not say what is checked: it needs {known}"
    elif present:
        yield from _interval(path, value, present[0][0])
    if "docker_container_id" in value and rules.missing(value, "args", CHECK):
        yield f"{path}.args", "is missing: the program that docker_container_id runs, and its arguments"
    warning, critical = value.get("failures_before_warning", 0), value.get("failures_before_critical", 0)
    if rules.is_whole(warning, 0, 2**31 - 1) and rules.is_whole(critical, 0, 2**31 - 1) and warning > critical:
        yield f"{path}.failures_before_warning", f"{warning} is more than failures_before_critical, {critical}"


def _interval(path: str, check: Definition, kind: str) -> Iterator[InputError]:
    if kind in WITHOUT_INTERVAL:
        if "interval" in check:
            yield f"{path}.interval", f"does not go with {kind}: {WITHOUT_INTERVAL[kind]}"
    elif rules.missing(check, "interval", CHECK):
        yield f"{path}.interval", "is missing: how often the check runs, such as 10s"
