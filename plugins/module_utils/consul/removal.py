# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A node goes for good: what comes before its agent leaves, and after it, asked of the agent of another node."""

from __future__ import annotations

import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import quorum, rollout_lock
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentRefused, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import (
    ELECTION,
    FORBIDDEN,
    Datacenter,
    keep_servers,
    leader_of,
    servers_and_members,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.step import PAUSE, Beginning, Begun, Own, own
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


class Found(t.NamedTuple):
    """Where a datacenter has a node."""

    #: In gossip.
    alive: bool
    member: bool
    #: The id that Raft has for it; empty where it is no server.
    raft_id: str
    catalog: bool

    @property
    def anywhere(self) -> bool:
        return self.member or bool(self.raft_id) or self.catalog


def find(client: ConsulClient, node: str, seen: Datacenter) -> Found:
    """Look for a node. A server that gossip has forgotten has no name in Raft any more, and its id in the catalog."""
    entry = (client.get("catalog", "node-services", node) or {}).get("Node") or {}
    members = [member for member in seen["members"] if member["node"] == node]
    ids = {entry.get("ID"), *(member["id"] for member in members)}
    raft_id = next((server["id"] for server in seen["servers"] if server["node"] == node or server["id"] in ids), "")
    return Found(any(member["alive"] for member in members), bool(members), raft_id, bool(entry))


def begin(client: ConsulClient, node: str, run: str, patience: float, check_mode: bool) -> Begun:
    """Make sure that a datacenter can do without a node. Where that is a server, the lock is taken, and another one leads.

    :raises HostError: it cannot, or nobody can tell
    """
    if own(client).node == node:
        raise HostError(f"{node} is to be removed, and is the node that is asked: ask another one")
    if not leader_of(client, ELECTION):
        raise HostError(f"{node} was left as it is: the datacenter has no leader, who alone can remove it")
    seen = servers_and_members(client)
    found = find(client, node, seen)
    if not found.raft_id:
        return Begun()
    if quorum.is_alone(seen["servers"], found.raft_id):
        raise HostError(f"{node} is the only server, with all that the datacenter has: it was left as it is")
    # Of two servers one may go, as there is a leader with one when it has gone.
    step = Beginning(client, run, True, patience, Own(node, found.raft_id, server=True))
    if check_mode:
        step.others_suffice()
        return Begun()
    return step.take_away(for_good=True)


def end(client: ConsulClient, node: str, session: str, patience: float) -> bool:
    """Take what is left of a node out of gossip, Raft and catalog, and give the lock back; tell whether there was anything.

    :raises HostError: something stays; the lock does so until its session has lapsed
    """
    end, changed = time.monotonic() + patience, False
    while True:
        try:
            seen = servers_and_members(client)
            found = find(client, node, seen)
            if not found.anywhere:
                break
            changed = True
            left = _take_out(client, node, found)
        except AgentRefused as error:
            if error.status == FORBIDDEN:
                raise
            left = str(error)
        if time.monotonic() > end:
            raise HostError(f"{node} is not gone {patience:g} s after it was to leave: {left}")
        if session:
            rollout_lock.renew(client, session)
        time.sleep(PAUSE)
    if session:
        keep_servers(client, sum(server["voter"] for server in seen["servers"]))
        rollout_lock.release(client, session)
    return changed


def _take_out(client: ConsulClient, node: str, found: Found) -> str:
    """Take the next step, and tell what there was. Gossip comes first: the leader writes what it says of nodes into Raft and catalog."""
    if found.alive:
        return "its agent is still there, and would come back"
    if found.member:
        client.put("agent", "force-leave", node, prune="")
        return "gossip still has it"
    if found.raft_id:
        client.delete("operator", "raft", "peer", id=found.raft_id)
        return "Raft still has it"
    client.put("catalog", "deregister", body={"Node": node})
    return "the catalog still has it"
