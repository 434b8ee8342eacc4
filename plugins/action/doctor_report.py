# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.entry import visible
from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import BROKEN
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import (
    ControlNodeAction,
    output_file,
    show,
    write_private,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import rows_of
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.table import sentences, summary, table


class ActionModule(ControlNodeAction):
    """Prints one table of all hosts, and fails when something is broken."""

    ARGUMENTS = {
        "results": {"type": "dict", "required": True},
        "nodes": {"type": "dict", "required": True},
        "output": {"type": "path", "default": ""},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        rows = rows_of(args["results"])
        found = findings(rows, args["nodes"])
        broken = any(finding.severity == BROKEN for finding in found)
        text = summary(rows, found)
        told = {
            "broken": broken,
            "summary": text,
            "findings": [finding._asdict() for finding in found],
            "hosts": {row.host: {**row.result, "lost": row.lost} for row in rows},
        }
        show([*table(rows), "", *sentences(found)])
        message = visible(text)
        if args["output"]:
            file = output_file(args["output"])
            write_private(file, json.dumps(told, indent=2, sort_keys=True, default=str) + "\n")
            message += f"; all that was found is in {file}"
            show([message])
        return {"failed": broken, "msg": message}
