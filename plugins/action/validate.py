# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.template import Templar

from ansible_collections.servicedns.consul.plugins.module_utils.validation import Undefined, check
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction

ROLES = Path(__file__).resolve().parents[2] / "roles"


def read_specs(roles: Path = ROLES) -> dict[str, dict[str, Any]]:
    """The options of all entry points of each role, by role."""
    specs: dict[str, dict[str, Any]] = {}
    for file in sorted(roles.glob("*/meta/argument_specs.yml")):
        points = yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"].values()
        specs[file.parts[-3]] = {name: option for point in points for name, option in point.get("options", {}).items()}
    return specs


class ActionModule(ControlNodeAction):
    """Checks the variables of all hosts on the control node."""

    ARGUMENTS = {
        "servers": {"type": "list", "elements": "str", "required": True},
        "clients": {"type": "list", "elements": "str", "required": True},
        "addresses": {"type": "dict", "default": {}},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """The action."""
        specs = read_specs()
        prefixes = tuple(f"{role}_" for role in specs)
        hostvars = variables["hostvars"]
        errors = check(
            servers=args["servers"],
            clients=args["clients"],
            variables={
                host: self._variables(hostvars, host, prefixes)
                for host in args["servers"] + args["clients"]
                if host in hostvars
            },
            specs=specs,
            addresses=args["addresses"],
            file_exists=lambda path: self.file(path).is_file(),
        )
        if not errors:
            return {"errors": []}
        found = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
        return {
            "errors": errors,
            "failed": True,
            # One line each in the output of an older ansible-core too, which shows a result and no message of its own.
            "_ansible_verbose_always": True,
            "msg": "\n".join([f"{found} in the variables of the inventory:", *errors]),
        }

    def _variables(self, hostvars: Any, host: str, prefixes: Any) -> dict[str, Any]:
        """The variables of a host with one of the prefixes, evaluated as that host would."""
        raw: Mapping[str, Any] = hostvars.raw_get(host)
        templar = Templar(loader=self._loader, variables={**raw, "hostvars": hostvars})
        values: dict[str, Any] = {}
        for name in raw:
            if name.startswith(prefixes):
                try:
                    values[name] = templar.template(raw[name])
                except AnsibleError as error:
                    values[name] = Undefined(str(error), missing=isinstance(error, AnsibleUndefinedVariable))
        return values
