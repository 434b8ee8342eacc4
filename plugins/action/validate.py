# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleError, AnsibleUndefinedVariable
from ansible.plugins.action import ActionBase
from ansible.template import Templar

from ansible_collections.servicedns.consul.plugins.module_utils.validation import Undefined, check

ROLES = Path(__file__).resolve().parents[2] / "roles"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "servers": {"type": "list", "elements": "str", "required": True},
    "clients": {"type": "list", "elements": "str", "required": True},
    "addresses": {"type": "dict", "default": {}},
}


def read_specs(roles: Path = ROLES) -> dict[str, dict[str, Any]]:
    """The options of all entry points of each role, by role."""
    specs: dict[str, dict[str, Any]] = {}
    for file in sorted(roles.glob("*/meta/argument_specs.yml")):
        points = yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"].values()
        specs[file.parts[-3]] = {name: option for point in points for name, option in point.get("options", {}).items()}
    return specs


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Checks the variables of all hosts on the control node."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action: fails once, with every fault of every host."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(ARGUMENTS)
        specs = read_specs()
        prefixes = tuple(f"{role}_" for role in specs)
        hostvars = (task_vars or {})["hostvars"]
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
            file_exists=lambda path: Path(self._loader.path_dwim(path)).is_file(),
        )
        result.update(changed=False, errors=errors)
        if errors:
            found = "1 error" if len(errors) == 1 else f"{len(errors)} errors"
            # One line each in the output of an older ansible-core too, which shows a result and no message of its own.
            result.update(
                failed=True,
                _ansible_verbose_always=True,
                msg="\n".join([f"{found} in the variables of the inventory:", *errors]),
            )
        return result

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
