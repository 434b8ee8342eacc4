# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, lookup_path

ARGUMENTS: dict[str, dict[str, Any]] = {
    "results": {"type": "dict", "required": True},
    "nodes": {"type": "dict", "required": True},
    "output": {"type": "path", "default": ""},
}


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Prints one table of all hosts, and fails when something is broken."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(ARGUMENTS)
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
            Path(self._loader.path_dwim(args["output"])).write_text(text + "\n", encoding="utf-8")
        result.update(changed=False, failed=broken, msg=told["summary"])
        return result
