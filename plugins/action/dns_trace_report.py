# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.entry import visible
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import (
    ControlNodeAction,
    output_file,
    show,
    write_private,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.trace import host_lines


class ActionModule(ControlNodeAction):
    """Prints the time lines of all hosts, and leaves them in a file."""

    ARGUMENTS = {
        "begun": {"type": "dict", "required": True},
        "seen": {"type": "dict", "required": True},
        "output": {"type": "path", "required": True},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        lines: list[str] = []
        for host in sorted(args["seen"]):
            lines += [*host_lines(host, args["begun"][host], args["seen"][host]), ""]
        show(lines)
        file = output_file(args["output"])
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(file, "\n".join(map(visible, lines)) + "\n")
        message = f"the captures and these time lines are in {file.parent}"
        show([message])
        return {"msg": message}
