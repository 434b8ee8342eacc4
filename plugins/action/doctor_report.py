# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible.utils.display import Display

from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, lookup_path
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction


class ActionModule(ControlNodeAction):
    """Prints one table of all hosts, and fails when something is broken."""

    ARGUMENTS = {
        "results": {"type": "dict", "required": True},
        "nodes": {"type": "dict", "required": True},
        "output": {"type": "path", "default": ""},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """The action."""
        rows = [diagnosis.row(host, found) for host, found in sorted(args["results"].items())]
        found = diagnosis.findings(rows, args["nodes"])
        broken = any(finding.severity == lookup_path.BROKEN for finding in found)
        Display().display("\n".join(["", *diagnosis.table(rows), "", *diagnosis.sentences(found)]))
        told = {
            "broken": broken,
            "summary": diagnosis.summary(rows, found),
            "findings": [finding._asdict() for finding in found],
            "hosts": {row.host: {**row.result, "lost": row.lost} for row in rows},
        }
        if args["output"]:
            text = json.dumps(told, indent=2, sort_keys=True, default=str)
            self.file(args["output"]).write_text(text + "\n", encoding="utf-8")
        return {"failed": broken, "msg": told["summary"]}
