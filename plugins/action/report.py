# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.entry import visible
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import (
    ControlNodeAction,
    output_file,
    show,
    write_private,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import rows_of
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.table import summary
from ansible_collections.servicedns.consul.plugins.plugin_utils.report.page import render
from ansible_collections.servicedns.consul.plugins.plugin_utils.report.view import view


class ActionModule(ControlNodeAction):
    """Writes one HTML file about all hosts."""

    ARGUMENTS = {
        "results": {"type": "dict", "required": True},
        "nodes": {"type": "dict", "required": True},
        "output": {"type": "path", "required": True},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        rows = rows_of(args["results"])
        found = findings(rows, args["nodes"])
        generated = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        file = output_file(args["output"])
        write_private(file, render(view(rows, found, args["nodes"], generated)))
        message = f"{visible(summary(rows, found))}; the report is {file}"
        show([message])
        return {"msg": message}
