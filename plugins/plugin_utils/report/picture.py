# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the report: each node of the datacenter with its services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Row

# Sizes in units of the picture.
CARD_WIDTH, CARD_HEAD, PILL_HEIGHT, GAP_X, GAP_Y, MARGIN = 230, 62, 24, 28, 56, 16
COLUMNS = 4
CHARACTER = 7.6  # the width of one, about
MOST_PILLS = 8
ORDER = ("passing", "warning", "critical")


def worst(checks: Iterable[Mapping[str, Any]]) -> str:
    """Tell the status of what some checks look at."""
    return max((str(check["status"]) for check in checks), key=_rank, default="passing")


def _rank(status: str) -> int:
    return ORDER.index(status) if status in ORDER else len(ORDER)


def shortened(text: str, most: int) -> str:
    """Cut a text to what has room."""
    return text if len(text) <= most else text[: most - 1] + "\u2026"


def pills(services: Sequence[Mapping[str, Any]]) -> tuple[list[dict[str, Any]], float]:
    """Place the services of a card, and tell the height that they take."""
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
    """Draw servers above, clients below, and a line from each client to the leader."""
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


def nodes_of(rows: Sequence[Row], nodes: Mapping[str, str], catalog: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Describe each node that the inventory or the datacenter has, with its services and how it is."""
    members = {member["name"]: member for row in rows for member in row.agent.get("members", [])}
    leader = next((row.agent["leader"].rpartition(":")[0] for row in rows if row.agent.get("leader")), "")
    broken = {nodes.get(row.host, row.host) for row in rows if row.lost or row.result.get("broken")}
    servers = {nodes.get(row.host, row.host) for row in rows if row.agent.get("server")}
    services: dict[str, list[dict[str, Any]]] = {}
    for name, instances in catalog.get("services", {}).items():
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
    external = {node["node"]: node for node in catalog.get("nodes", []) if node["node"] not in members}
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
