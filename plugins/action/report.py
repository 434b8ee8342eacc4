# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, report
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction

TEMPLATES = Path(__file__).resolve().parents[2] / "playbooks" / "templates"


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


class ActionModule(ControlNodeAction):
    """Writes one HTML file about all hosts."""

    ARGUMENTS = {
        "results": {"type": "dict", "required": True},
        "nodes": {"type": "dict", "required": True},
        "output": {"type": "path", "required": True},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """The action."""
        rows = [diagnosis.row(host, found) for host, found in sorted(args["results"].items())]
        found = diagnosis.findings(rows, args["nodes"])
        generated = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
        file = self.file(args["output"])
        file.write_text(render(report.view(rows, found, args["nodes"], generated)), encoding="utf-8")
        return {"msg": f"{diagnosis.summary(rows, found)}; the report is {file}"}
