# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.utils.display import Display

from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction


def clock(time: float) -> str:
    """A moment as one reads it, in UTC."""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%H:%M:%S.%f")


def host_lines(host: str, begun: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """What was seen on a host."""
    lookup = begun["lookup"]
    took = (lookup["ended"] - lookup["begun"]) * 1000
    found = ", ".join(lookup["addresses"]) or "nothing"
    lines = [
        f"{host}: before: {begun['resolver']}",
        f"{host}: after: {'the same' if seen['resolver'] == begun['resolver'] else seen['resolver']}",
        f"{host}: a program asked at {clock(lookup['begun'])} UTC, and got {found} in {took:.1f} ms",
    ]
    for line in seen["lines"]:
        start = line["events"][0]["time"]
        lines.append(f"{host}: {line['kind']} at {clock(start)} UTC")
        lines += [f"  {(event['time'] - start) * 1000:+9.1f} ms  {event['text']}" for event in line["events"]]
    if not seen["lines"]:
        lines.append(f"{host}: no packet of the name was seen: what answered has it in its cache, or in /etc/hosts")
    return lines


class ActionModule(ControlNodeAction):
    """Prints the time lines of all hosts, and leaves them in a file."""

    ARGUMENTS = {
        "begun": {"type": "dict", "required": True},
        "seen": {"type": "dict", "required": True},
        "output": {"type": "path", "required": True},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """The action."""
        lines: list[str] = []
        for host in sorted(args["seen"]):
            lines += [*host_lines(host, args["begun"][host], args["seen"][host]), ""]
        text = "\n".join(lines)
        Display().display(f"\n{text}")
        file = self.file(args["output"])
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return {"msg": f"the captures and these time lines are in {file.parent}"}
