# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a server may be taken away, and when it is back, from what its datacenter says."""

from __future__ import annotations

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import Server


def nodes_of(servers: t.Iterable[Server]) -> str:
    """The nodes of servers, for people."""
    return ", ".join(sorted(server["node"] for server in servers))


def needed(voters: int) -> int:
    """How many voters elect a leader."""
    return voters // 2 + 1


def is_alone(servers: t.Sequence[Server], node_id: str) -> bool:
    """Whether there is no voter but this one, so that nothing is lost but what must be."""
    return [server["id"] for server in servers if server["voter"]] == [node_id]


def away(servers: t.Iterable[Server], node_id: str) -> list[Server]:
    """The other servers that gossip does not see."""
    return [server for server in servers if server["id"] != node_id and not server["alive"]]


def why_not_to_stop(servers: t.Sequence[Server], node_id: str, pair: bool = False) -> str:
    """Why a server may not be taken away; empty when it may.

    :arg pair: whether one of two servers may be, which leaves the datacenter without a leader until it is back
    """
    others = [server for server in servers if server["id"] != node_id]
    if gone := away(servers, node_id):
        return f"{nodes_of(gone)} is away"
    if ill := [server for server in others if not server["healthy"]]:
        return f"autopilot does not find {nodes_of(ill)} healthy"
    voters = [server for server in servers if server["voter"]]
    staying = [server for server in voters if server["id"] != node_id]
    if len(staying) < needed(len(voters)) and not (pair and len(voters) == 2):
        return f"of {len(voters)} voters ({nodes_of(voters)}) {needed(len(voters))} must stay, for a leader"
    return ""


def why_not_back(servers: t.Sequence[Server], node_id: str, voters: t.Collection[str], applied: int) -> str:
    """What is still missing of a server that was started; empty when nothing is.

    :arg voters: the ids of those that were healthy voters before
    :arg applied: the index of the last entry of its log that it has applied
    """
    mine = next((server for server in servers if server["id"] == node_id), None)
    if not mine:
        return "the Raft configuration does not have it"
    if not mine["voter"]:
        return "it has no vote yet"
    present = {server["id"] for server in servers if server["healthy"] and server["voter"]}
    if node_id not in present:
        return "autopilot does not find it healthy yet"
    if lost := set(voters) - present:
        known = {server["id"]: server["node"] for server in servers}
        nodes = ", ".join(sorted(known.get(each, each) for each in lost))
        return f"{nodes} was a healthy voter before, and is none now"
    last = max((server["last_index"] for server in servers if server["leads"]), default=0)
    if applied < last:
        return f"it has applied {applied} of {last} entries of the Raft log"
    return ""
