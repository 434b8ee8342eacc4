# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction, output_file
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.inputs import (
    declared_host,
    directory_fault,
    output_fault,
    trace_faults,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import SERVICE_LISTS, all_options, read_specs


class ActionModule(ControlNodeAction):
    """Checks what a playbook of diagnosis was asked for, and reads what the inventory declares."""

    ARGUMENTS = {
        "trace": {"type": "dict", "options": {"name": {"type": "raw"}, "seconds": {"type": "raw"}}},
        "files": {"type": "dict", "default": {}},
        "directories": {"type": "dict", "default": {}},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        errors = list(self._faults(args))
        if errors:
            return {"failed": True, "msg": "\n".join(errors)}
        groups = variables["groups"]
        inventory = dict.fromkeys([*groups.get("consul_servers", []), *groups.get("consul_clients", [])])
        defaults = {name: option.get("default") for name, option in all_options(read_specs()).items()}
        hosts = {
            host: declared_host(host, self._variables(variables["hostvars"], host, defaults), defaults)
            for host in inventory
        }
        return {"hosts": hosts, "nodes": {host: about["node"] for host, about in hosts.items()}}

    def _faults(self, args: Mapping[str, Any]) -> Iterator[str]:
        if args["trace"]:
            yield from trace_faults(args["trace"]["name"], args["trace"]["seconds"])
        for paths, fault in ((args["files"], output_fault), (args["directories"], directory_fault)):
            for variable, path in paths.items():
                if path and fault(variable, str(output_file(path))):
                    yield fault(variable, str(output_file(path)))

    def _variables(self, hostvars: Any, host: str, known: Collection[str]) -> dict[str, Any]:
        """The variables of a host that count here. One that needs facts of a host out of reach is left out."""
        written = self.host_variables(hostvars, host)
        names = [name for name in written if name in known or SERVICE_LISTS.fullmatch(name)]
        return {name: value for name, value in self.values_of(hostvars, written, names).items() if value is not None}
