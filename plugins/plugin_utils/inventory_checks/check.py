# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the variables of all hosts, before any of them is touched.

Three layers, from the narrow to the wide: one value (its type from the roles' argument specs, then
C(VALUE_CHECKS)), one host (C(HOST_CHECKS)), and all hosts together (C(INVENTORY_CHECKS)). Each check yields what it
finds and never stops the others, so that one run reports everything.

No message shows a value that may hold a secret: mappings and lists are never shown, only texts and numbers of
variables that this file checks by name.
"""

from __future__ import annotations

import os.path
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, Remark, shown
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.host import (
    HOST_CHECKS,
    contributed,
    unknown_variables,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.inventory import (
    INVENTORY_CHECKS,
    Inventory,
    InventoryError,
    names_of,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.types import Unknown, typed
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.values import VALUE_CHECKS, nothing
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import Options, all_options


class Checked(NamedTuple):
    """What a check found, one line each."""

    errors: list[str]
    #: What the run may go on with.
    warnings: list[str]


def check(
    servers: Sequence[str],
    clients: Sequence[str],
    variables: Mapping[str, Mapping[str, Any]],
    specs: Mapping[str, Options],
    addresses: Mapping[str, str] | None = None,
    file_exists: Callable[[str], bool] = os.path.isfile,
) -> Checked:
    """Find all faults in the variables of all hosts; none when all is well.

    :arg servers: hosts that run a server
    :arg clients: hosts that run a client
    :arg variables: for each host of the inventory the variables that are set for it, without roles' defaults
    :arg specs: for each role the options of its argument specs
    :arg addresses: addresses that were found on hosts, which count more than what variables say
    :arg file_exists: whether a path is a file on the control node
    """
    options = all_options(specs)
    prefixes = tuple(f"{role}_" for role in specs)
    faults: list[InventoryError] = []
    values: dict[str, dict[str, Any]] = {}
    unknown: dict[str, set[str]] = {}
    for host in dict.fromkeys([*servers, *clients]):
        if host not in variables:
            faults.append(InventoryError((host,), "groups", "is no host of the inventory"))
        ours = {name: value for name, value in variables.get(host, {}).items() if name.startswith(prefixes)}
        unknown[host] = {name for name, value in ours.items() if isinstance(value, Unknown)}
        known = {**options, **contributed(ours, options)}
        findings = list(unknown_variables(ours, known))
        values[host] = {}
        for name, option in known.items():
            if name not in ours or name in unknown[host]:
                continue
            value, wrong = typed(name, ours[name], option)
            if value is not None:
                values[host][name] = value
                wrong += VALUE_CHECKS.get(name, nothing)(name, value)
                if name == "consul_agent_image_archive" and value and not file_exists(value):
                    text = "is no file on the control node, as seen from the playbook or from where it was started"
                    wrong.append((name, f"{shown(value)} {text}"))
            findings += wrong
        # With a part of the variables they would find what is none.
        for host_check in () if unknown[host] else HOST_CHECKS:
            findings += host_check(values[host], options)
        # An item that is no mapping is found by its type, and again among the services.
        faults += [InventoryError((host,), *finding) for finding in dict.fromkeys(findings)]
    inventory = Inventory(servers, clients, values, addresses or {}, unknown)
    for inventory_check in INVENTORY_CHECKS:
        faults += inventory_check(inventory)
    errors = (fault for fault in faults if not isinstance(fault.text, Remark))
    return Checked(lines(errors), lines(fault for fault in faults if isinstance(fault.text, Remark)))


def lines(faults: Iterable[InventoryError]) -> list[str]:
    """Write one line a fault; hosts that have the same one share a line."""
    hosts: dict[InputError, list[str]] = {}
    for fault in faults:
        hosts.setdefault((fault.path, fault.text), []).extend(fault.hosts)
    return [f"{names_of(names)}: {path}: {text}" for (path, text), names in hosts.items()]
