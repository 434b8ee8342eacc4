# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report shows, worked out so that its template only writes it down."""

from __future__ import annotations

import math
import statistics
from typing import Any, Iterable, Mapping, Sequence

from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, lookup_path
from ansible_collections.servicedns.consul.plugins.module_utils.diagnosis import Finding, Row

# Sizes in units of the picture.
CARD_WIDTH, CARD_HEAD, PILL_HEIGHT, GAP_X, GAP_Y, MARGIN = 230, 62, 24, 28, 56, 16
COLUMNS = 4
CHARACTER = 7.6  # the width of one, about
MOST_PILLS = 8
PLOT_WIDTH, PLOT_HEIGHT = 170, 26
#: What a plot reaches from and to, in milliseconds, by powers of ten.
FROM, TO = -1, 3
#: Hops that are asked, and so have times.
TIMED = ("application", "resolver", "dnsmasq", "agent")
ORDER = ("passing", "warning", "critical")


def worst(checks: Iterable[Mapping[str, Any]]) -> str:
    """The status of what some checks look at."""
    return max((str(check["status"]) for check in checks), key=_rank, default="passing")


def _rank(status: str) -> int:
    return ORDER.index(status) if status in ORDER else len(ORDER)


def shortened(text: str, most: int) -> str:
    """A text that has room."""
    return text if len(text) <= most else text[: most - 1] + "\u2026"


# The picture


def pills(services: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], float]:
    """Where the services of a card are, and the height that they take."""
    placed: list[dict[str, Any]] = []
    x, y = 12.0, float(CARD_HEAD)
    shown = list(services[:MOST_PILLS])
    if len(services) > MOST_PILLS:
        rest = services[MOST_PILLS:]
        status = max((service["status"] for service in rest), key=_rank)
        shown.append({"label": f"and {len(rest)} more", "title": "", "status": status})
    for service in shown:
        label = shortened(service["label"], 28)
        width = len(label) * CHARACTER + 16
        if x > 12 and x + width > CARD_WIDTH - 12:
            x, y = 12.0, y + PILL_HEIGHT
        placed.append({**service, "label": label, "x": x, "y": y, "width": width})
        x += width + 6
    return placed, y + PILL_HEIGHT + 8 - CARD_HEAD if placed else 0.0


def picture(nodes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Servers above, clients below, and a line from each client to the leader."""
    cards: list[dict[str, Any]] = []
    y = float(MARGIN)
    groups = [[node for node in nodes if node["server"]], [node for node in nodes if not node["server"]]]
    columns = min(COLUMNS, max([len(group) for group in groups] + [1]))
    width = columns * CARD_WIDTH + (columns - 1) * GAP_X + 2 * MARGIN
    for group in groups:
        for start in range(0, len(group), COLUMNS):
            line = group[start : start + COLUMNS]
            taken = len(line) * CARD_WIDTH + (len(line) - 1) * GAP_X
            tallest = 0.0
            for number, node in enumerate(line):
                placed, more = pills(node["services"])
                height = CARD_HEAD + more
                tallest = max(tallest, height)
                x = (width - taken) / 2 + number * (CARD_WIDTH + GAP_X)
                cards.append({**node, "x": x, "y": y, "width": CARD_WIDTH, "height": height, "pills": placed})
            y += tallest + GAP_Y
    leader = next((card for card in cards if card["leader"]), None)
    links = [
        {
            "x1": leader["x"] + CARD_WIDTH / 2,
            "y1": leader["y"] + leader["height"],
            "x2": card["x"] + CARD_WIDTH / 2,
            "y2": card["y"],
            "status": card["status"],
        }
        for card in cards
        if leader and card is not leader and card["y"] > leader["y"]
    ]
    return {"width": width, "height": y - GAP_Y + MARGIN, "cards": cards, "links": links}


def nodes_of(rows: Sequence[Row], nodes: Mapping[str, str], catalogue: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Each node that the inventory or the datacentre has, with its services and how it is."""
    members = {member["name"]: member for row in rows for member in row.agent.get("members", [])}
    leader = next((row.agent["leader"].rpartition(":")[0] for row in rows if row.agent.get("leader")), "")
    broken = {nodes.get(row.host, row.host) for row in rows if row.lost or row.result.get("broken")}
    servers = {nodes.get(row.host, row.host) for row in rows if row.agent.get("server")}
    services: dict[str, list[dict[str, Any]]] = {}
    for name, instances in catalogue.get("services", {}).items():
        for instance in instances:
            port = f":{instance['port']}" if instance["port"] else ""
            meta = ", ".join(f"{key}={value}" for key, value in sorted(instance["meta"].items()))
            told = [f"{instance['id']} at {instance['address']}{port}", *instance["tags"], meta]
            services.setdefault(instance["node"], []).append(
                {
                    "label": f"{name}{port}",
                    "title": " \u00b7 ".join(part for part in told if part),
                    "status": worst(instance["checks"]),
                }
            )
    external = {node["node"]: node for node in catalogue.get("nodes", []) if node["node"] not in members}
    found = []
    for name in dict.fromkeys([*nodes.values(), *members, *external]):
        member = members.get(name)
        address = member["address"] if member else external.get(name, {}).get("address", "")
        if name in broken:
            status = "critical"
        elif member:
            status = {"alive": "passing", "failed": "critical"}.get(member["status"], "gone")
        else:
            status = "gone" if name in nodes.values() else "external"
        found.append(
            {
                "name": shortened(name, 26),
                "address": address or "unknown",
                "server": bool(member and member["server"]) or name in servers,
                "leader": bool(leader) and address == leader,
                "status": status,
                "member": member["status"] if member else "no member",
                "services": sorted(services.get(name, []), key=lambda item: (-_rank(item["status"]), item["label"])),
            }
        )
    return sorted(found, key=lambda node: (not node["leader"], node["name"]))


# Names


def names(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Each name with what each host resolves it to; those on which hosts disagree first, then those that are missing."""
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
    """Where a time is in a plot, whose scale is logarithmic."""
    exponent = math.log10(max(milliseconds, 10**FROM))
    share = (min(max(exponent, FROM), TO) - FROM) / (TO - FROM)
    return round(4 + share * (PLOT_WIDTH - 8), 1)


def plot(hop: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The times of one hop on one host; None where there are none."""
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
    """The lines of a plot, one for each power of ten."""
    return [{"x": position(10.0**exponent), "label": f"{10.0**exponent:g}"} for exponent in range(FROM, TO + 1)]


# All of it


def view(
    rows: Sequence[Row],
    found: Sequence[Finding],
    nodes: Mapping[str, str],
    generated: str,
) -> dict[str, Any]:
    """What the template writes down."""
    catalogue: Mapping[str, Any] = next(
        (row.result["catalogue"] for row in rows if row.result.get("catalogue", {}).get("nodes")), {}
    )
    severities = {finding.severity for finding in found}
    verdict = "critical" if lookup_path.BROKEN in severities else "warning" if severities else "passing"
    return {
        "datacentre": next((row.agent["datacenter"] for row in rows if row.agent.get("datacenter")), "unknown"),
        "generated": generated,
        "verdict": verdict,
        "summary": diagnosis.summary(rows, found),
        "findings": [finding._asdict() for finding in found],
        "hosts": [row.host for row in rows],
        "picture": picture(nodes_of(rows, nodes, catalogue)),
        "names": names(rows),
        "hops": list(lookup_path.HOPS),
        "path": [
            {
                "host": row.host,
                "lost": row.lost,
                "cells": [
                    {"text": diagnosis.cell(row, hop), "state": row.hops[hop]["state"], "title": row.hops[hop]["cause"]}
                    for hop in lookup_path.HOPS
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
        "disk": f"{diagnosis.size(disk['free'])} of {diagnosis.size(disk['size'])} free",
        "skew": f"{row.result['host'].get('skew', 0.0):+.1f} s",
        "ports": [{"process": process, "places": places} for process, places in sorted(ports.items())],
    }
