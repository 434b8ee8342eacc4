# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found, as text: one table of hosts by hops, and a sentence for each thing that is wrong."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import (
    ABSENT,
    BROKEN,
    FAILS,
    HOPS,
    OK,
    UNKNOWN,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Diagnosis, Row

CELLS = {OK: "ok", BROKEN: "BROKEN", FAILS: "fails", ABSENT: "-", UNKNOWN: "?"}
FIRST = "=> BROKEN"


def milliseconds(hop: Mapping[str, Any]) -> float | None:
    """Work out the median of what the hop took, by its first way of asking."""
    times = hop["replies"][0]["milliseconds"] if hop["replies"] else []
    return statistics.median(times) if times else None


def cell(row: Row, hop: str) -> str:
    """Write what the table has of a hop."""
    if row.lost:
        return "?"
    found = row.hops[hop]
    if found["state"] == BROKEN and row.result["broken"] == hop:
        return FIRST
    took = milliseconds(found)
    text = CELLS[found["state"]]
    return f"{text} {took:.1f} ms" if found["state"] == OK and took is not None else text


def table(rows: Sequence[Row]) -> list[str]:
    """Write hosts by hops."""
    lines = [["host", *HOPS]]
    lines += [[row.host, *(cell(row, hop) for hop in HOPS)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in lines]


def sentences(findings: Sequence[Diagnosis], most: int = 4) -> list[str]:
    """Write each finding in two lines: what is wrong, and what to do."""
    lines = []
    for finding in findings:
        hosts = ", ".join(finding.hosts[:most])
        hosts += f" and {len(finding.hosts) - most} more" if len(finding.hosts) > most else ""
        mark = "" if finding.severity == BROKEN else "warning: "
        lines += [f"{hosts}: {mark}{finding.what}: {finding.text}", f"    -> {finding.next_step}"]
    return lines


def summary(rows: Sequence[Row], findings: Sequence[Diagnosis]) -> str:
    """Write the whole in one line."""
    broken = [finding for finding in findings if finding.severity == BROKEN]
    warnings = len(findings) - len(broken)
    extra = f", and {warnings} warning{'' if warnings == 1 else 's'}" if warnings else ""
    hosts = f"{len(rows)} host{'' if len(rows) == 1 else 's'} asked"
    if not broken:
        return f"{hosts}: nothing is broken{extra}"
    affected = {host for finding in broken for host in finding.hosts}
    first = broken[0]
    return (
        f"{hosts}: {len(broken)} thing{'' if len(broken) == 1 else 's'} broken on {', '.join(sorted(affected))}{extra}; "
        f"first: {first.hosts[0]}: {first.what}: {first.text}"
    )
