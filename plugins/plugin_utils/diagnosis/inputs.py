# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook of diagnosis was asked for, and what the inventory declares."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import NAME
from ansible_collections.servicedns.consul.plugins.module_utils.system.paths import existing
from ansible_collections.servicedns.consul.plugins.plugin_utils import effective
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import SERVICE_LISTS

LONGEST_TRACE = 600  # seconds


def trace_faults(name: Any, seconds: Any) -> Iterator[str]:
    """Find what is wrong with the wish for a trace."""
    text = str(name)
    labels = text.rstrip(".").split(".")
    # Names of DNS, not of hosts: an underscore leads those of SRV records.
    if len(text) > 253 or not all(
        re.fullmatch(r"_?[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", part) for part in labels
    ):
        yield f"dns_trace_name: {text[:80]!r} is no DNS name, such as flapp1.service.consul"
    if not re.fullmatch(r"[0-9]{1,9}", str(seconds)) or not 1 <= int(seconds) <= LONGEST_TRACE:
        yield f"dns_trace_seconds: {str(seconds)[:80]!r} must be a number from 1 to {LONGEST_TRACE}"


def output_fault(variable: str, file: str) -> str:
    """Tell why a file of the control node cannot be written. Nothing when it can."""
    directory = os.path.dirname(file) or "."
    if os.path.isdir(file):
        return f"{variable}: {file} is a directory, and must be a file"
    if not os.path.isdir(directory):
        return f"{variable}: there is no directory {directory} on the control node"
    # A file is replaced by another. What is none, such as /dev/stdout, is written to.
    if not os.access(file if os.path.exists(file) and not os.path.isfile(file) else directory, os.W_OK):
        return f"{variable}: {file} cannot be written by the user who runs the playbook"
    return ""


def directory_fault(variable: str, directory: str) -> str:
    """Tell why a directory of the control node cannot be made or written to. Nothing when it can."""
    if os.path.exists(directory) and not os.path.isdir(directory):
        return f"{variable}: {directory} is no directory"
    parent = existing(directory)
    if not os.path.isdir(parent) or not os.access(parent, os.W_OK):
        return f"{variable}: {directory} cannot be written by the user who runs the playbook"
    return ""


def declared_host(host: str, variables: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """Tell what the inventory says of a host, with the roles' defaults."""
    services, domain = declared(variables), effective.domain(variables)
    return {
        "node": effective.node(host, variables),
        "domain": domain,
        **{
            name: variables.get(f"consul_agent_{name}", defaults[f"consul_agent_{name}"])
            for name in ("client_address", "image", "data_directory")
        },
        "services": [service["id"] for service in services],
        "names": names_of(services, domain),
    }


def declared(variables: Mapping[str, Any]) -> list[dict[str, str]]:
    """Take id and name of each service of a host, and nothing else of it, since a definition may hold a secret."""
    services = []
    for variable in sorted(name for name in variables if SERVICE_LISTS.fullmatch(name)):
        definitions = variables[variable]
        for definition in definitions if isinstance(definitions, (list, tuple)) else []:
            if isinstance(definition, Mapping) and definition.get("name"):
                name = str(definition["name"])
                services.append({"id": str(definition.get("id") or name), "name": name})
    return services


def names_of(services: Iterable[Mapping[str, str]], domain: str) -> list[str]:
    """Name the services that DNS can carry."""
    labels = {service["name"] for service in services if NAME.fullmatch(service["name"])}
    return sorted(f"{label}.service.{domain}" for label in labels)
