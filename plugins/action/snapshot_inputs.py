# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import (
    ControlNodeAction,
    found_file,
    output_file,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.snapshots import restore_faults, save_faults


class ActionModule(ControlNodeAction):
    """Checks what a playbook of snapshots was asked for."""

    ARGUMENTS = {
        "directory": {"type": "path", "default": "consul-snapshots"},
        "count": {"type": "raw", "default": 14},
        "stale": {"type": "raw", "default": False},
        "restore": {
            "type": "dict",
            "options": {"snapshot": {"type": "raw"}, "confirm": {"type": "raw"}, "origin": {"type": "raw"}},
        },
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        errors = list(save_faults(str(output_file(args["directory"])), args["count"], args["stale"]))
        if args["restore"]:
            errors += restore_faults(args["restore"], lambda path: found_file(self._loader, path))
        if errors:
            return {"failed": True, "msg": "\n".join(errors)}
        return {name: args[name] for name in ("directory", "count", "stale")}
