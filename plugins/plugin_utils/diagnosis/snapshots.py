# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the snapshots that servers take by a timer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot_timer import (
    SERVICE_UNIT,
    TIMER_UNIT,
    Taken,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Diagnosis, Row

#: The leader takes them, and each server has a timer of its own: after another election one may come this late.
LATEST = 2  # intervals


def snapshot_findings(rows: Sequence[Row], nodes: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Find runs that failed, timers that do not run, and datacenters whose newest snapshot is too old.

    :arg nodes: the node of each host of the inventory, outside of the run as well
    """
    datacenters: dict[str, list[tuple[Row, Taken]]] = {}
    for row in rows:
        taken = row.result.get("host", {}).get("snapshots")
        if not taken:
            continue
        datacenters.setdefault(taken["datacenter"], []).append((row, taken))
        if taken["failure"]:
            text = f"the last run of {SERVICE_UNIT} failed: {taken['failure']}"
            yield Diagnosis("warning", [row.host], "snapshot", text, f"journalctl -u {SERVICE_UNIT}")
        if taken["timer"] != "active":
            text = f"{TIMER_UNIT}, which takes snapshots, is {taken['timer']}"
            yield Diagnosis("warning", [row.host], "snapshot", text, f"systemctl enable --now {TIMER_UNIT}")
    for datacenter, servers in datacenters.items():
        # A server that was not asked may have a newer one.
        if not _servers_outside(rows, nodes):
            yield from _too_old(datacenter, servers)


def _servers_outside(rows: Sequence[Row], nodes: Mapping[str, str]) -> set[str]:
    """Servers of the inventory that are no rows."""
    outside = {node for host, node in nodes.items() if host not in {row.host for row in rows}}
    servers = {member["name"] for row in rows for member in row.agent.get("members", ()) if member["server"]}
    return outside & servers


def _too_old(datacenter: str, servers: Sequence[tuple[Row, Taken]]) -> Iterator[Diagnosis]:
    interval = max(taken["interval"] for _row, taken in servers)
    # By the clock of the host that took it. A timer that is new has had no time yet.
    waited = min(row.result["host"]["clock"] - max(taken["newest"], taken["since"]) for row, taken in servers)
    if waited <= LATEST * interval:
        return
    ages = [row.result["host"]["clock"] - taken["newest"] for row, taken in servers if taken["newest"]]
    found = (
        f"the newest snapshot of {datacenter} is {duration(min(ages))} old" if ages else f"{datacenter} has no snapshot"
    )
    text = f"{found}, and one is to be taken every {duration(interval)}"
    next_step = f"journalctl -u {SERVICE_UNIT} on the server that leads"
    yield Diagnosis("warning", [row.host for row, _taken in servers], "snapshot", text, next_step)


def duration(seconds: float) -> str:
    """Write a time as one reads it, in its largest whole unit."""
    for unit, length in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g} {unit}"
    return f"{seconds:.0f} s"
