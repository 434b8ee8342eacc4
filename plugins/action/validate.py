# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleError, AnsibleUndefinedVariable

from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction, found_file
from ansible_collections.servicedns.consul.plugins.plugin_utils.gathered_facts import (
    facts_are_kept,
    mentions_facts,
    needs_facts,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.check import check
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.types import Undefined, Unknown
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import read_specs


class ActionModule(ControlNodeAction):
    """Checks the variables of all hosts on the control node."""

    ARGUMENTS = {
        "servers": {"type": "list", "elements": "str", "required": True},
        "clients": {"type": "list", "elements": "str", "required": True},
        "addresses": {"type": "dict", "default": {}},
        "before_facts": {"type": "bool", "default": False},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        specs = read_specs()
        prefixes = tuple(f"{role}_" for role in specs)
        hostvars = variables["hostvars"]
        hosts = [host for host in dict.fromkeys(args["servers"] + args["clients"]) if host in hostvars]
        written = {host: self.host_variables(hostvars, host) for host in hosts}
        ours = {host: [name for name in written[host] if name.startswith(prefixes)] for host in hosts}
        if args["before_facts"] and any(mentions_facts(written[host], ours[host]) for host in hosts):
            return {"errors": [], "facts_of": hosts}
        values = {host: self._values(hostvars, written[host], ours[host]) for host in hosts}
        checked = check(
            servers=args["servers"],
            clients=args["clients"],
            variables=values,
            specs=specs,
            addresses=args["addresses"],
            file_exists=lambda path: found_file(self._loader, path).is_file(),
        )
        result = {"errors": checked.errors, "warnings": checked.warnings}
        if not checked.errors:
            return result | {"facts_of": []}
        found = "1 error" if len(checked.errors) == 1 else f"{len(checked.errors)} errors"
        return result | {
            "failed": True,
            # One line each in the output of an older ansible-core too, which shows a result and no message of its own.
            "_ansible_verbose_always": True,
            "msg": "\n".join([f"{found} in the variables of the inventory:", *checked.errors]),
        }

    def _values(self, hostvars: Any, written: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
        """Variables of a host, evaluated as that host would."""
        values: dict[str, Any] = {}
        for name in names:
            if facts_are_kept() and needs_facts(written, name):
                values[name] = Unknown()
                continue
            try:
                values[name] = self.evaluated(hostvars, written, name)
            except AnsibleError as error:
                values[name] = Undefined(str(error), missing=isinstance(error, AnsibleUndefinedVariable))
                if needs_facts(written, name):
                    values[name] = Unknown()
        return values
