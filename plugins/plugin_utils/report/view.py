# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report shows, worked out so that its template only writes it down."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import BROKEN, HOPS
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import size
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Diagnosis, Row
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.table import cell, summary
from ansible_collections.servicedns.consul.plugins.plugin_utils.report.picture import nodes_of, picture

PLOT_WIDTH, PLOT_HEIGHT = 170, 26
#: What a plot reaches from and to, in milliseconds, by powers of ten.
FROM, TO = -1, 3
#: Hops that are asked, and so have times.
TIMED = ("application", "resolver", "dnsmasq", "agent")


# Names


def names(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """List each name with what each host resolves it to; those on which hosts disagree first, then those that are missing."""
    asked = [row for row in rows if not row.lost]
    found = []
    for name in sorted({name for row in asked for name in row.result.get("names", {})}):
        answers = {row.host: list(row.result["names"][name]["addresses"]) for row in asked}
        differs = len({tuple(addresses) for addresses in answers.values()}) > 1
        missing = not all(answers.values())
        cells = [
            {"text": ", ".join(answers.get(row.host, [])) or "nothing", "good": bool(answers.get(row.host))}
            for row in rows
        ]
        found.append({"name": name, "differs": differs, "missing": missing, "cells": cells})
    return sorted(found, key=lambda item: (not item["differs"], not item["missing"]))


# Times


def position(milliseconds: float) -> float:
    """Tell where a time is in a plot, whose scale is logarithmic."""
    exponent = math.log10(max(milliseconds, 10**FROM))
    share = (min(max(exponent, FROM), TO) - FROM) / (TO - FROM)
    return round(4 + share * (PLOT_WIDTH - 8), 1)


def plot(hop: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Plot the times of one hop on one host; None where there are none."""
    times = [value for reply in (hop or {}).get("replies", [])[:1] for value in reply["milliseconds"]]
    if not times:
        return None
    median = statistics.median(times)
    return {
        "dots": [position(value) for value in times],
        "median_at": position(median),
        "median": f"{median:.1f} ms" if median < 100 else f"{median:.0f} ms",
        "title": f"{len(times)} lookups: {min(times):.2f} to {max(times):.2f} ms, median {median:.2f} ms",
    }


def grid() -> list[dict[str, Any]]:
    """Draw the lines of a plot, one for each power of ten."""
    return [{"x": position(10.0**exponent), "label": f"{10.0**exponent:g}"} for exponent in range(FROM, TO + 1)]


# All of it


def view(
    rows: Sequence[Row],
    findings: Sequence[Diagnosis],
    nodes: Mapping[str, str],
    generated: str,
) -> dict[str, Any]:
    """Work out what the template writes down."""
    catalog: Mapping[str, Any] = next(
        (row.result["catalog"] for row in rows if row.result.get("catalog", {}).get("nodes")), {}
    )
    severities = {finding.severity for finding in findings}
    verdict = "critical" if BROKEN in severities else "warning" if severities else "passing"
    return {
        "datacenter": next((row.agent["datacenter"] for row in rows if row.agent.get("datacenter")), "unknown"),
        "generated": generated,
        "verdict": verdict,
        "summary": summary(rows, findings),
        "findings": [finding._asdict() for finding in findings],
        "hosts": [row.host for row in rows],
        "picture": picture(nodes_of(rows, nodes, catalog)),
        "names": names(rows),
        "hops": list(HOPS),
        "path": [
            {
                "host": row.host,
                "lost": row.lost,
                "cells": [
                    {"text": cell(row, hop), "state": row.hops[hop]["state"], "title": row.hops[hop]["cause"]}
                    for hop in HOPS
                ]
                if not row.lost
                else [],
            }
            for row in rows
        ],
        "timed": list(TIMED),
        "grid": grid(),
        "plot": {"width": PLOT_WIDTH, "height": PLOT_HEIGHT},
        "plots": [
            {"host": row.host, "cells": [plot(row.hops.get(hop)) for hop in TIMED]} for row in rows if not row.lost
        ],
        "about": [_about(row) for row in rows if not row.lost],
    }


def _about(row: Row) -> dict[str, Any]:
    """The facts of a host."""
    disk = row.result["host"]["disk"]
    ports: dict[str, list[str]] = {}
    for process, protocol, address, port in row.result["host"]["ports"]:
        place = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        ports.setdefault(process, []).append(f"{place}/{protocol}")
    return {
        "host": row.host,
        "node": row.agent.get("node") or "unknown",
        "address": row.agent.get("address") or "unknown",
        "version": row.agent.get("version") or "unknown",
        "image": row.agent.get("image", {}).get("running") or "none",
        "disk": f"{size(disk['free'])} of {size(disk['size'])} free",
        "skew": f"{row.result['host'].get('skew', 0.0):+.1f} s",
        "ports": [{"process": process, "places": places} for process, places in sorted(ports.items())],
    }
