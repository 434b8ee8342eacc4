# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which version of Consul may come after which (U(https://developer.hashicorp.com/consul/docs/upgrade/instructions))."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import Member

#: Versions that nobody should run, and why.
REFUSED = {
    "1.19.0": "answers SRV questions with one host for all instances, and ignores tags: take 1.19.2 or later",
    "1.19.1": "answers SRV questions with one host for all instances, and ignores tags: take 1.19.2 or later",
    "1.22.4": "was withdrawn by HashiCorp: take 1.22.7",
}
#: The last minor version of the first major one: 2.0 follows it.
LAST_OF_ONE = 22
#: "Each upgrade should jump at most 2 major versions", of which 1.21 and 1.22 are two.
JUMP = 2


class Version(NamedTuple):
    """A version of Consul, without what its edition adds."""

    major: int
    minor: int
    patch: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def number(self) -> int:
        """Counts the versions that HashiCorp calls major."""
        return self.minor + (self.major - 1) * (LAST_OF_ONE + 1)


def parse(text: str) -> Version | None:
    """Read a version, such as C(1.22.7+ent); None where there is none."""
    found = re.match(r"v?(\d+)\.(\d+)\.(\d+)", text)
    return Version(*map(int, found.groups())) if found else None


class Change(NamedTuple):
    """An agent that is started, with the version of its image."""

    host: str
    node_id: str
    server: bool
    #: Empty where the image does not change.
    version: str


def faults(changes: Sequence[Change], members: Sequence[Member]) -> Iterator[str]:
    """Why versions may not come after those of the members; changes of other agents in the run count as done."""
    found: dict[str, list[str]] = {}
    running = {member["id"]: parse(member["version"]) for member in members}
    wanted = {change.node_id: parse(change.version) for change in changes if change.node_id and change.version}
    servers = [member for member in members if member["server"] and member["alive"]]
    newest = max(filter(None, (running[server["id"]] for server in servers)), default=None)
    then = {server["node"]: wanted.get(server["id"]) or running[server["id"]] for server in servers}
    for change in changes:
        version = parse(change.version)
        if version:
            now = running.get(change.node_id) or (newest if change.server else None)
            reason = _why_not(version, now, change.server, then)
            if reason:
                found.setdefault(f"consul_agent_image is Consul {version}, {reason}", []).append(change.host)
    yield from (f"{', '.join(hosts)}: {reason}" for reason, hosts in found.items())


def _why_not(version: Version, running: Version | None, server: bool, servers: Mapping[str, Version | None]) -> str:
    """Why an agent may not have a version.

    :arg running: what it has now, or the servers have that it joins
    :arg servers: what the servers have after the run, by their nodes
    """
    if str(version) in REFUSED:
        return f"which {REFUSED[str(version)]}"
    if running and server and version < running:
        return (
            f"and {running} runs: Consul has no way back but to restore a snapshot that was taken before the upgrade, into "
            "new data directories"
        )
    if running and version.number - running.number > JUMP:
        return f"and {running} runs: at most {JUMP} versions are leapt at a time, so go to {_name(running.number + JUMP)} first"
    older = [f"{node} has {has}" for node, has in servers.items() if has and has.number < version.number]
    if not server and older:
        return f"and a client must not be newer than its servers: {', '.join(older)}"
    return ""


def _name(number: int) -> str:
    """What L(Version.number) counts, as HashiCorp writes it."""
    major, minor = divmod(number, LAST_OF_ONE + 1)
    return f"{major + 1}.{minor}"
