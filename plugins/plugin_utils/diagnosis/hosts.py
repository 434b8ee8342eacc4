# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong, on each host and with all of them together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import BROKEN, OK
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.members import member_findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Diagnosis, Row
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.snapshots import snapshot_findings

SKEW = 2.0  # seconds between two clocks that are worth a word
FREE_SHARE = 0.05  # of the disk with Raft's data that is worth a word when less is free
LEAST_FREE, AMPLE_FREE = 512 * 1024**2, 5 * 1024**3  # bytes that are too few on any disk, and enough on any


def skew(before: float, clock: float, after: float) -> float:
    """Work out how far a clock is off at least, when it was read between two moments of ours; positive when ahead."""
    return min(0.0, clock - before) + max(0.0, clock - after)


def findings(rows: Sequence[Row], nodes: Mapping[str, str]) -> list[Diagnosis]:
    """Find all that is wrong, what is broken first.

    :arg nodes: the node of each host of the inventory, outside of the run as well
    """
    diagnoses = [finding for row in rows for finding in _path(row)]
    diagnoses += _names(rows)
    diagnoses += member_findings(rows, nodes)
    diagnoses += (finding for row in rows for finding in _host(row))
    diagnoses += snapshot_findings(rows, nodes)
    return sorted(diagnoses, key=lambda finding: finding.severity != BROKEN)


def _path(row: Row) -> Iterator[Diagnosis]:
    if row.lost:
        yield Diagnosis(BROKEN, [row.host], "host", row.lost, "start the host, or see why Ansible does not reach it")
    for hop in row.hops.values():
        if hop["state"] == BROKEN:
            yield Diagnosis(BROKEN, [row.host], hop["hop"], hop["cause"], hop["next_step"])


def _names(rows: Sequence[Row]) -> Iterator[Diagnosis]:
    """Names that are missing although the path is good."""
    missing: dict[str, list[str]] = {}
    for row in rows:
        for name, found in row.result.get("names", {}).items():
            if not found["addresses"] and row.is_state("application", OK):
                missing.setdefault(name, []).append(row.host)
    for name, hosts in missing.items():
        yield Diagnosis(
            BROKEN,
            hosts,
            "name",
            f"{name} does not resolve: the catalog has no healthy instance of it",
            "see the services of the hosts that declare it; DNS leaves out those whose checks are critical",
        )


def _host(row: Row) -> Iterator[Diagnosis]:
    image = row.agent.get("image", {})
    running, wanted = image.get("running"), image.get("declared")
    if running and wanted and not image["same"]:
        text = f"the agent runs {running}, and consul_agent_image is {wanted}"
        if running == wanted:
            text = f"the agent runs an older image than the one that is {wanted} now"
        yield Diagnosis("warning", [row.host], "image", text, "run site.yml, which makes its container anew")
    about = row.result.get("host", {})
    if abs(about.get("skew", 0.0)) > SKEW:
        direction = "ahead of" if about["skew"] > 0 else "behind"
        text = f"its clock is {abs(about['skew']):.0f} s {direction} the control node's"
        yield Diagnosis("warning", [row.host], "clock", text, "let chrony or systemd-timesyncd set it")
    disk = about.get("disk")
    if disk and disk["free"] < max(LEAST_FREE, min(disk["size"] * FREE_SHARE, AMPLE_FREE)):
        text = f"{size(disk['free'])} of {size(disk['size'])} are free for {disk['path']}"
        yield Diagnosis("warning", [row.host], "disk", text, "make room: an agent that cannot write its data stops")
    for reason in about.get("unseen", []):
        text = f"the doctor cannot look at all of this host: {reason}"
        yield Diagnosis(
            "warning", [row.host], "doctor", text, "install or repair it (on Debian: apt install iproute2 systemd)"
        )


def size(number: float) -> str:
    """Write a number of bytes as one reads it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"
