# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.action.validate import read_specs
from ansible_collections.servicedns.consul.plugins.module_utils import agent, diagnosis
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction


class ActionModule(ControlNodeAction):
    """Checks what a playbook of diagnosis was asked for, and reads what the inventory declares."""

    ARGUMENTS = {
        "trace": {"type": "dict", "options": {"name": {"type": "raw"}, "seconds": {"type": "raw"}}},
        "files": {"type": "dict", "default": {}},
        "directories": {"type": "dict", "default": {}},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """The action."""
        errors = list(self._faults(args))
        if errors:
            return {"failed": True, "msg": "\n".join(errors)}
        groups = variables["groups"]
        inventory = dict.fromkeys([*groups.get("consul_servers", []), *groups.get("consul_clients", [])])
        defaults = {name: option.get("default") for role in read_specs().values() for name, option in role.items()}
        hosts = {host: self._host(host, variables["hostvars"][host], defaults) for host in inventory}
        return {"hosts": hosts, "nodes": {host: about["node"] for host, about in hosts.items()}}

    def _faults(self, args: Mapping[str, Any]) -> Iterator[str]:
        if args["trace"]:
            yield from diagnosis.trace_faults(args["trace"]["name"], args["trace"]["seconds"])
        for paths, fault in ((args["files"], diagnosis.output_fault), (args["directories"], diagnosis.directory_fault)):
            for variable, path in paths.items():
                if path and fault(variable, str(self.file(path))):
                    yield fault(variable, str(self.file(path)))

    @staticmethod
    def _host(host: str, variables: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
        """What the inventory says of a host, with the roles' defaults."""

        def value(name: str) -> Any:
            return variables.get(name, defaults[name])

        services = diagnosis.declared(
            {name: variables[name] for name in variables if diagnosis.SERVICES.fullmatch(name)}
        )
        domain = variables.get("dnsmasq_forwarding_domain", value("consul_agent_domain"))
        return {
            "node": variables.get("consul_agent_node_name") or agent.node_name(host),
            "domain": domain,
            "client_address": value("consul_agent_client_address"),
            "image": value("consul_agent_image"),
            "data_directory": value("consul_agent_data_directory"),
            "services": [service["id"] for service in services],
            "names": diagnosis.names_of(services, domain),
        }
