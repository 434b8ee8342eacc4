# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of variables, as tests of the checks ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.check import Checked, check
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import read_specs

SPECS = read_specs()


def errors(
    variables: Mapping[str, Mapping[str, Any]],
    servers: Sequence[str] = ("node1",),
    clients: Sequence[str] = ("node2", "node3"),
    addresses: Mapping[str, str] | None = None,
) -> list[str]:
    everyone = {host: variables.get(host, {}) for host in (*servers, *clients)}
    return checked(everyone, servers, clients, addresses).errors


def checked(
    everyone: Mapping[str, Mapping[str, Any]],
    servers: Sequence[str] = ("node1",),
    clients: Sequence[str] = ("node2", "node3"),
    addresses: Mapping[str, str] | None = None,
) -> Checked:
    return check(servers, clients, everyone, SPECS, addresses, file_exists=lambda path: path == "/image.tar")


def warnings_of_node2(name: str, value: Any) -> list[str]:
    found = checked({"node1": {}, "node2": {name: value}, "node3": {}})
    assert found.errors == []
    return found.warnings


def errors_of_node2(name: str, value: Any) -> list[str]:
    return errors({"node2": {name: value}})
