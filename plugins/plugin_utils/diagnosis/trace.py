# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a lookup on a host, as text."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any


def clock(time: float) -> str:
    """Write a moment as one reads it, in UTC."""
    return datetime.fromtimestamp(time, timezone.utc).strftime("%H:%M:%S.%f")


def host_lines(host: str, begun: dict[str, Any], seen: dict[str, Any]) -> list[str]:
    """Write what was seen on a host."""
    lookup = begun["lookup"]
    took = (lookup["ended"] - lookup["begun"]) * 1000
    found = ", ".join(lookup["addresses"]) or f"nothing ({lookup['text']})"
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
