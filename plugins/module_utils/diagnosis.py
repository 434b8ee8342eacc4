# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to be said of all hosts together: one table, and a sentence for each thing that is wrong."""

from __future__ import annotations

import os
import re
import statistics
from typing import Any, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.servicedns.consul.plugins.module_utils import lookup_path as path
from ansible_collections.servicedns.consul.plugins.module_utils.agent import LABEL

#: A variable with services of a host, or one that adds to it.
SERVICES = re.compile(r"consul_services_definitions(_.+)?")
SKEW = 2.0  # seconds between two clocks that are worth a word
FREE_SHARE, FREE_BYTES = 0.05, 512 * 1024**2  # of the disk with Raft's data
LONGEST_TRACE = 600  # seconds


class Finding(NamedTuple):
    """Something that is wrong: broken, when names do not resolve for it, or will not; else a warning."""

    severity: str
    hosts: list[str]
    what: str
    text: str
    next_step: str


class Row(NamedTuple):
    """What one host told, or why it told nothing."""

    host: str
    result: Mapping[str, Any]
    lost: str = ""

    @property
    def hops(self) -> dict[str, Mapping[str, Any]]:
        """What is to be said of each hop, by hop."""
        return {hop["hop"]: hop for hop in self.result.get("hops", [])}

    @property
    def agent(self) -> Mapping[str, Any]:
        """What the host's agent told."""
        found: Mapping[str, Any] = self.result.get("agent", {})
        return found

    def is_state(self, hop: str, *states: str) -> bool:
        """Whether a hop is in one of the states."""
        return self.hops.get(hop, {}).get("state") in states


def row(host: str, result: Mapping[str, Any]) -> Row:
    """The row of a host, from the result of the task that walked its path."""
    if "hops" in result:
        return Row(host, result)
    kind = "cannot be reached" if result.get("unreachable") else "could not be asked"
    reason = " ".join(str(result.get("msg", "no reason is given")).split())
    return Row(host, {}, f"{kind}: {reason}")


# What was asked for


def trace_faults(name: Any, seconds: Any) -> Iterator[str]:
    """What is wrong with the wish for a trace."""
    text = str(name)
    labels = text.rstrip(".").split(".")
    # Names of DNS, not of hosts: an underscore leads those of SRV records.
    if len(text) > 253 or not all(
        re.fullmatch(r"_?[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", part) for part in labels
    ):
        yield f"dns_trace_name: {text[:80]!r} is no DNS name, such as flapp1.service.consul"
    if not re.fullmatch(r"[0-9]{1,9}", str(seconds)) or not 1 <= int(seconds) <= LONGEST_TRACE:
        yield f"dns_trace_seconds: {str(seconds)[:80]!r} must be a number from 1 to {LONGEST_TRACE}"


def output_fault(variable: str, file: str) -> str:
    """Why a file of the control node cannot be written. Nothing when it can."""
    directory = os.path.dirname(file) or "."
    if os.path.isdir(file):
        return f"{variable}: {file} is a directory, and must be a file"
    if not os.path.isdir(directory):
        return f"{variable}: there is no directory {directory} on the control node"
    if not os.access(file if os.path.exists(file) else directory, os.W_OK):
        return f"{variable}: {file} cannot be written by the user who runs the playbook"
    return ""


def directory_fault(variable: str, directory: str) -> str:
    """Why a directory of the control node cannot be made or written to. Nothing when it can."""
    if os.path.exists(directory) and not os.path.isdir(directory):
        return f"{variable}: {directory} is no directory"
    existing = directory
    while not os.path.exists(existing):
        existing = os.path.dirname(existing) or "."
    if not os.path.isdir(existing) or not os.access(existing, os.W_OK):
        return f"{variable}: {directory} cannot be written by the user who runs the playbook"
    return ""


# What the inventory declares


def declared(variables: Mapping[str, Any]) -> list[dict[str, str]]:
    """Id and name of each service of a host, and nothing else of it, since a definition may hold a secret."""
    found = []
    for variable in sorted(name for name in variables if SERVICES.fullmatch(name)):
        definitions = variables[variable]
        for definition in definitions if isinstance(definitions, (list, tuple)) else []:
            if isinstance(definition, Mapping) and definition.get("name"):
                name = str(definition["name"])
                found.append({"id": str(definition.get("id") or name), "name": name})
    return found


def names_of(services: Iterable[Mapping[str, str]], domain: str) -> list[str]:
    """The names of services that DNS can carry."""
    labels = {service["name"] for service in services if LABEL.fullmatch(service["name"])}
    return sorted(f"{label}.service.{domain}" for label in labels)


def skew(before: float, clock: float, after: float) -> float:
    """How far a clock is off at least, when it was read between two moments of ours; positive when it is ahead."""
    return min(0.0, clock - before) + max(0.0, clock - after)


# What is wrong


def findings(rows: Sequence[Row], nodes: Mapping[str, str]) -> list[Finding]:
    """All that is wrong. ``nodes`` has the node of each host of the inventory, outside of the run as well."""
    found: list[Finding] = []
    for host_row in rows:
        found += _path(host_row)
    found += _names(rows)
    views = [
        row.agent for row in rows if row.is_state("servers", path.OK) and row.is_state("agent", path.OK, path.BROKEN)
    ]
    found += _members(rows, nodes, views)
    found += _critical(rows, nodes, views)
    found += _versions(views)
    for host_row in rows:
        found += _host(host_row)
    return sorted(found, key=lambda finding: finding.severity != path.BROKEN)


def _path(row: Row) -> Iterator[Finding]:
    if row.lost:
        yield Finding(path.BROKEN, [row.host], "host", row.lost, "start the host, or see why Ansible does not reach it")
    for hop in row.hops.values():
        if hop["state"] == path.BROKEN:
            yield Finding(path.BROKEN, [row.host], hop["hop"], hop["cause"], hop["next_step"])


def _names(rows: Sequence[Row]) -> Iterator[Finding]:
    """Names that are missing although the path is good."""
    missing: dict[str, list[str]] = {}
    for row in rows:
        for name, found in row.result.get("names", {}).items():
            if not found["addresses"] and row.is_state("application", path.OK):
                missing.setdefault(name, []).append(row.host)
    for name, hosts in missing.items():
        yield Finding(
            path.BROKEN,
            hosts,
            "name",
            f"{name} does not resolve: the catalogue has no healthy instance of it",
            "see the services of the hosts that declare it; DNS leaves out those whose checks are critical",
        )


def _members(rows: Sequence[Row], nodes: Mapping[str, str], views: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    if not views:
        return
    members = {member["name"]: member for view in views for member in view["members"]}
    for view in views:
        members.update({member["name"]: member for member in view["members"] if member["status"] == "alive"})
    catalogue = {node["node"]: node for view in views for node in view["nodes"]}
    # What is wrong with these is said already.
    told = {
        row.host
        for row in rows
        if row.lost or row.is_state("agent", path.BROKEN) or row.is_state("servers", path.BROKEN)
    }
    for host, node in nodes.items():
        status = members[node]["status"] if node in members else "no member"
        if status != "alive" and host not in told:
            yield Finding(
                path.BROKEN,
                [host],
                "member",
                f"the inventory has this host, and its node {node} is {status} in the datacentre",
                "look at its agent; where it is gone for good, remove it from the inventory, and consul force-leave it",
            )
        elif status == "alive" and catalogue and node not in catalogue:
            yield Finding(
                path.BROKEN,
                [host],
                "member",
                f"{node} is a member, and the catalogue does not have it",
                "docker logs consul on a server",
            )
    ours = set(nodes.values())
    for name, member in members.items():
        if name not in ours and member["status"] != "left":
            yield Finding(
                "warning",
                [name],
                "member",
                f"the datacentre has the member {name} ({member['address']}, {member['status']}), and the inventory does not",
                "add it to the inventory, or consul force-leave it where it is gone",
            )
    for name, node in catalogue.items():
        if name not in members and name not in ours and node["meta"].get("external-node") != "true":
            yield Finding(
                "warning",
                [name],
                "member",
                f"the catalogue has the node {name} ({node['address']}), which is no member",
                "deregister it where it is gone (PUT /v1/catalog/deregister)",
            )


def _critical(rows: Sequence[Row], nodes: Mapping[str, str], views: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    """Critical checks of nodes that are no row, which is where their own are told."""
    told = {nodes.get(row.host) for row in rows if row.is_state("services", path.BROKEN)}
    checks = {(check["node"], check["id"]): check for view in views for check in view["critical"]}
    for (node, identifier), check in checks.items():
        # What serf says of a node is told of the member.
        if node not in told and identifier != "serfHealth":
            yield Finding(
                path.BROKEN,
                [node],
                "check",
                f"DNS leaves out {path.check_text(check)}",
                "bring back what the check looks at, or correct the check",
            )


def _versions(views: Sequence[Mapping[str, Any]]) -> Iterator[Finding]:
    versions: dict[str, set[str]] = {}
    for member in (member for view in views for member in view["members"] if member["status"] == "alive"):
        versions.setdefault(member["version"], set()).add(member["name"])
    if len(versions) > 1:
        each = "; ".join(f"{version}: {', '.join(sorted(names))}" for version, names in sorted(versions.items()))
        yield Finding(
            "warning",
            sorted(set().union(*versions.values())),
            "version",
            f"the agents are of different versions ({each})",
            "set consul_agent_image to one for all, servers first, and run site.yml",
        )


def _host(row: Row) -> Iterator[Finding]:
    image = row.agent.get("image", {})
    running, wanted = image.get("running"), image.get("declared")
    if running and wanted and running != wanted:
        text = f"the agent runs {running}, and consul_agent_image is {wanted}"
        yield Finding("warning", [row.host], "image", text, "run site.yml")
    elif running and not image.get("same", True):
        text = f"the agent runs an older image than the one that is {wanted} now"
        yield Finding("warning", [row.host], "image", text, "run site.yml, which makes its container anew")
    about = row.result.get("host", {})
    if abs(about.get("skew", 0.0)) > SKEW:
        direction = "ahead of" if about["skew"] > 0 else "behind"
        text = f"its clock is {abs(about['skew']):.0f} s {direction} the control node's"
        yield Finding("warning", [row.host], "clock", text, "let chrony or systemd-timesyncd set it")
    disk = about.get("disk")
    if (
        disk
        and disk["free"] < min(FREE_BYTES, disk["size"] * FREE_SHARE)
        or disk
        and disk["free"] < disk["size"] * FREE_SHARE
    ):
        text = f"{size(disk['free'])} of {size(disk['size'])} are free for {disk['path']}"
        yield Finding("warning", [row.host], "disk", text, "make room: an agent that cannot write its data stops")


def size(number: float) -> str:
    """A number of bytes as one reads it."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if number < 1024:
            return f"{number:.0f} {unit}"
        number /= 1024
    return f"{number:.1f} TiB"


# As text


CELLS = {path.OK: "ok", path.BROKEN: "BROKEN", path.FAILS: "fails", path.ABSENT: "-", path.UNKNOWN: "?"}
FIRST = "=> BROKEN"


def milliseconds(hop: Mapping[str, Any]) -> float | None:
    """The median of what the hop took, by its first way of asking."""
    times = hop["replies"][0]["milliseconds"] if hop["replies"] else []
    return statistics.median(times) if times else None


def cell(row: Row, hop: str) -> str:
    """What the table has of a hop."""
    if row.lost:
        return "?"
    found = row.hops[hop]
    if found["state"] == path.BROKEN and row.result["broken"] == hop:
        return FIRST
    took = milliseconds(found)
    text = CELLS[found["state"]]
    return f"{text} {took:.1f} ms" if found["state"] == path.OK and took is not None else text


def table(rows: Sequence[Row]) -> list[str]:
    """Hosts by hops."""
    lines = [["host", *path.HOPS]]
    lines += [[row.host, *(cell(row, hop) for hop in path.HOPS)] for row in rows]
    widths = [max(map(len, column)) for column in zip(*lines)]
    return ["  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip() for line in lines]


def sentences(found: Sequence[Finding], most: int = 4) -> list[str]:
    """Each finding in two lines: what is wrong, and what to do."""
    lines = []
    for finding in found:
        hosts = ", ".join(finding.hosts[:most])
        hosts += f" and {len(finding.hosts) - most} more" if len(finding.hosts) > most else ""
        mark = "" if finding.severity == path.BROKEN else "warning: "
        lines += [f"{hosts}: {mark}{finding.what}: {finding.text}", f"    -> {finding.next_step}"]
    return lines


def summary(rows: Sequence[Row], found: Sequence[Finding]) -> str:
    """The whole in one line."""
    broken = [finding for finding in found if finding.severity == path.BROKEN]
    warnings = len(found) - len(broken)
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
