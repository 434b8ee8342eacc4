# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What hosts tell of a catalog in which anything may be, as tests of the report ask for it."""

from __future__ import annotations

from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import HOPS
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Row, rows_of

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&\u2028{{ 7 * 7 }}"


def told(names: dict[str, list[str]], **catalog: Any) -> dict[str, Any]:
    """What a host tells, as far as the report needs it."""
    return {
        "broken": "",
        "hops": [
            {"hop": hop, "state": "ok", "cause": EVIL, "next_step": "", "replies": [{"milliseconds": [0.5, 2.0, 90.0]}]}
            for hop in HOPS
        ],
        "names": {name: {"addresses": addresses} for name, addresses in names.items()},
        "agent": {
            "leader": "192.0.2.1:8300",
            "datacenter": EVIL,
            "members": [
                {"name": "node1", "address": "192.0.2.1", "status": "alive", "version": "1", "server": True},
                {"name": EVIL, "address": "192.0.2.2", "status": "failed", "version": "1", "server": False},
            ],
            "nodes": [],
            "critical": [],
        },
        "host": {"disk": {"path": "/", "free": 9, "size": 10}, "ports": [["consul", "tcp", "::1", 8500]], "skew": 0.0},
        "catalog": catalog,
    }


def instance(node: str, status: str, name: str = "web") -> dict[str, Any]:
    checks = [{"status": "passing"}, {"status": status}]
    return {
        "node": node,
        "id": name,
        "address": EVIL,
        "port": 80,
        "tags": [EVIL],
        "meta": {EVIL: EVIL},
        "checks": checks,
    }


def rows(*results: dict[str, Any]) -> list[Row]:
    return rows_of({f"host{number}": result for number, result in enumerate(results, 1)})


CATALOG: dict[str, Any] = {
    "nodes": [{"node": "node1", "address": "192.0.2.1", "meta": {}}, {"node": "external", "address": EVIL, "meta": {}}],
    "services": {"web": [instance("node1", "critical")], EVIL: [instance("node1", EVIL)]},
}
