# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, report

TEMPLATES = Path(__file__).resolve().parents[2] / "playbooks" / "templates"

ARGUMENTS: dict[str, dict[str, Any]] = {
    "results": {"type": "dict", "required": True},
    "nodes": {"type": "dict", "required": True},
    "output": {"type": "path", "required": True},
}


def render(view: dict[str, Any], templates: Path = TEMPLATES) -> str:
    """The report. All values are text, whatever they hold."""
    environment = Environment(
        loader=FileSystemLoader(templates),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(view)


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Writes one HTML file about all hosts."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(ARGUMENTS)
        rows = [diagnosis.row(host, found) for host, found in sorted(args["results"].items())]
        found = diagnosis.findings(rows, args["nodes"])
        generated = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        file = Path(self._loader.path_dwim(args["output"]))
        file.write_text(render(report.view(rows, found, args["nodes"], generated)), encoding="utf-8")
        result.update(changed=False, msg=f"{diagnosis.summary(rows, found)}; the report is {file}")
        return result
