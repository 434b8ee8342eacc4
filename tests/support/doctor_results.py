# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor tells of hosts, as tests of the diagnosis ask for it."""

from __future__ import annotations

import copy
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import HOPS
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import rows_of

NODES = {"host1": "node1", "host2": "node2"}
MEMBERS = [
    {"name": name, "address": f"192.0.2.{number}", "status": "alive", "version": "1.22.7", "server": number == 1}
    for number, name in enumerate(NODES.values(), 1)
]
GIB = 1024**3
MIB = 1024**2


def result(**changes: Any) -> dict[str, Any]:
    """What a healthy host tells, with changes at paths that are written with two underscores."""
    told: dict[str, Any] = copy.deepcopy(
        {
            "broken": "",
            "hops": [
                {
                    "hop": hop,
                    "state": "ok",
                    "cause": "",
                    "next_step": "",
                    "replies": [{"milliseconds": [3.0, 1.04, 9.0]}],
                }
                for hop in HOPS
            ],
            "names": {"web.service.consul": {"addresses": ["192.0.2.5"]}},
            "agent": {
                "members": MEMBERS,
                "nodes": [{"node": node, "address": "192.0.2.9", "meta": {}} for node in NODES.values()],
                "critical": [],
                "image": {"running": "consul:1", "declared": "consul:1", "same": True},
            },
            "host": {"skew": 0.0, "disk": {"path": "/data", "free": 50 * GIB, "size": 100 * GIB}},
        }
    )
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = told
        for part in parts:
            place = place[part]
        place[last] = value
    return told


def with_hop(hop: str, state: str, **changes: Any) -> dict[str, Any]:
    told = result(broken=hop if state == "broken" else "", **changes)
    for found in told["hops"]:
        if found["hop"] == hop:
            found.update(state=state, cause="the cause", next_step="the next step", replies=[])
    return told


def member(name: str, **changes: Any) -> list[dict[str, Any]]:
    return [item | (changes if item["name"] == name else {}) for item in MEMBERS]


def found(*results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = rows_of(dict(zip(NODES, results, strict=False)))
    return [(item.severity, ",".join(item.hosts), item.what, item.text) for item in findings(rows, NODES)]
