# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order the agents of a run are started and restarted, from what was found on its hosts and what the datacenter says.

This is the order. What keeps a datacenter whatever the order is, is the step of each server (L(step)).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_state import RUNNING
from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import Datacenter, Server
from ansible_collections.servicedns.consul.plugins.module_utils.consul.quorum import (
    away,
    is_alone,
    why_not_to_stop,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.rollout import versions

BOOTSTRAP, START, ROLL = "bootstrap", "start", "roll"


class Host(NamedTuple):
    """A host of the run."""

    name: str
    node: str
    address: str
    server: bool
    #: As L(agent_state) has it.
    container: str
    #: Whether its container has to be made, or made anew.
    restart: bool
    #: Of Consul, in its image, where that is another than its container has; empty otherwise.
    version: str
    #: Whether its data is that of a server which has been in a datacenter.
    raft: bool
    node_id: str
    #: Address of the leader that its agent knows.
    leader: str
    datacenter: Datacenter | None

    @property
    def runs(self) -> bool:
        """Whether it has an agent now."""
        return self.container == RUNNING


class Plan(NamedTuple):
    """The hosts of each play, by name."""

    mode: str
    #: Together, with nobody to miss them.
    start: list[str]
    #: Servers that are new, one after the other.
    join: list[str]
    #: Servers, one after the other.
    servers: list[str]
    #: Clients, in batches.
    clients: list[str]
    #: Servers without data, which are left as they are until there is a leader.
    waiting: list[str]
    #: The same for people.
    text: list[str]


class Refused(ValueError):
    """The run would harm a datacenter, or nobody can tell."""


def plan(hosts: Sequence[Host], servers: Sequence[str], pair: bool = False) -> Plan:
    """Work out the order.

    :arg hosts: those of the run, in the order of the inventory
    :arg servers: the names of all servers of the inventory
    :arg pair: whether one of two servers may be restarted
    :raises Refused: with all that speaks against it
    """
    seen = next((host.datacenter for host in hosts if host.datacenter), None)
    faults = list(_faults(hosts, servers, seen, pair))
    if faults:
        raise Refused("; ".join(faults))
    mode = _mode(hosts)
    ours = [host for host in hosts if host.server]
    changed = [host for host in ours if host.restart or not host.runs]
    if mode == ROLL:
        start = [host for host in changed if not host.runs and host.raft]
        join = [host for host in changed if not host.runs and not host.raft]
        roll = _leader_last([host for host in changed if host.runs], seen)
    else:
        # No leader is there to lose. A server without data waits until there is one.
        start = [host for host in changed if mode == BOOTSTRAP or host.raft or host.runs]
        join, roll = [], []
    waiting = [host for host in changed if host not in start + join + roll]
    clients = [host for host in hosts if not host.server and (host.restart or not host.runs)]
    if not join and not roll:
        # Nor are clients that do not run, and no server is older than they are.
        start += [host for host in clients if not host.runs]
        clients = [host for host in clients if host.runs]
    text = list(_text(mode, start, join, roll, clients, waiting, _leader(seen)))
    parts = [[host.name for host in part] for part in (start, join, roll, clients, waiting)]
    return Plan(mode, parts[0], parts[1], parts[2], parts[3], parts[4], text)


def _mode(hosts: Iterable[Host]) -> str:
    """What there is: a leader, or servers that had one, or nothing."""
    if any(host.leader for host in hosts):
        return ROLL
    servers = [host for host in hosts if host.server]
    return BOOTSTRAP if servers and not any(host.raft for host in servers) else START


def _leader(seen: Datacenter | None) -> str:
    """The id of the server that leads."""
    return next((server["id"] for server in seen["servers"] if server["leads"]), "") if seen else ""


def _leader_last(hosts: list[Host], seen: Datacenter | None) -> list[Host]:
    return sorted(hosts, key=lambda host: bool(host.node_id) and host.node_id == _leader(seen))


def _faults(hosts: Sequence[Host], servers: Sequence[str], seen: Datacenter | None, pair: bool) -> Iterator[str]:
    changes = [versions.Change(host.name, host.node_id, host.server, host.version) for host in hosts]
    yield from versions.faults(changes, seen["members"] if seen else ())
    yield from _unknown_past(hosts, servers)
    yield from _two_datacenters(hosts)
    if seen:
        yield from _foreign_data(hosts, seen)
        yield from _taken_names(hosts, seen)
        yield from _cannot_be_missed(hosts, seen, pair)


def _unknown_past(hosts: Sequence[Host], servers: Sequence[str]) -> Iterator[str]:
    """A server without data, where nobody can tell whether there is a datacenter that it belongs to."""
    absent = [name for name in servers if name not in {host.name for host in hosts}]
    new = [host.name for host in hosts if host.server and not host.runs]
    if absent and new and _mode(hosts) == BOOTSTRAP:
        yield (
            f"no agent of this run knows a leader, no server of it has data, and {_names(absent)} {_is(absent)} not in it: "
            f"nobody can tell whether there is a datacenter already, and {_names(new)} might begin another. Run it on all "
            "servers, or on a host as well whose agent has joined"
        )


def _two_datacenters(hosts: Sequence[Host]) -> Iterator[str]:
    """Agents that know other servers than the first one does."""
    views: dict[frozenset[str], list[str]] = {}
    nodes: dict[frozenset[str], str] = {}
    for host in hosts:
        if host.datacenter:
            ids = frozenset(server["id"] for server in host.datacenter["servers"])
            views.setdefault(ids, []).append(host.name)
            nodes[ids] = _names(sorted(server["node"] for server in host.datacenter["servers"]))
    if any(one.isdisjoint(other) for one in views for other in views):
        told = "; ".join(f"{_names(names)}: {nodes[ids]}" for ids, names in views.items())
        yield (
            f"there are two datacenters, by the servers that agents have ({told}): decide which one stays, and take the "
            "others' servers away with their data"
        )


def _foreign_data(hosts: Sequence[Host], seen: Datacenter) -> Iterator[str]:
    """Data of a server that the datacenter does not know. One that autopilot removed is still a member, or was one."""
    known = {server["id"] for server in seen["servers"]} | {member["id"] for member in seen["members"]}
    for host in hosts:
        if host.server and host.raft and host.node_id not in known:
            yield (
                f"{host.name} has the data of a server {host.node_id or 'without an id'} that the datacenter of "
                f"{_names(sorted(server['node'] for server in seen['servers']))} does not know: move its data directory away, "
                "and the server joins as a new one"
            )


def _taken_names(hosts: Sequence[Host], seen: Datacenter) -> Iterator[str]:
    """Nodes that would come with a name which an agent elsewhere has."""
    members = {member["node"]: member for member in seen["members"] if member["alive"]}
    for host in hosts:
        member = members.get(host.node)
        if member and not host.runs and member["address"] != host.address and member["id"] != host.node_id:
            yield (
                f"{host.name}: the node name {host.node} is that of an agent at {member['address']}: set another "
                "consul_agent_node_name, or stop that agent"
            )


def _cannot_be_missed(hosts: Sequence[Host], seen: Datacenter, pair: bool) -> Iterator[str]:
    """Servers that would be restarted while others are away. Those that this run starts are back by then.

    What passes is left to the step, which waits for it: that autopilot does not find a server healthy yet.
    """
    back = {host.node_id for host in hosts if host.server and host.raft and not host.runs}
    comes = any(host.server and not host.raft and not host.runs for host in hosts)
    expected: list[Server] = [
        {**server, "alive": server["alive"] or server["id"] in back, "healthy": True} for server in seen["servers"]
    ]
    reasons: dict[str, list[str]] = {}
    for host in hosts:
        if not (host.server and host.runs and host.restart) or is_alone(expected, host.node_id):
            continue
        reason = why_not_to_stop(expected, host.node_id, pair)
        # With a server more there will be enough of them.
        if reason and (away(expected, host.node_id) or not comes):
            reasons.setdefault(reason, []).append(host.name)
    for reason, names in reasons.items():
        yield f"{_names(names)} {_is(names)} to be restarted, and cannot be missed: {reason}"


def _text(
    mode: str,
    start: Sequence[Host],
    join: Sequence[Host],
    roll: Sequence[Host],
    clients: Sequence[Host],
    waiting: Sequence[Host],
    leader: str,
) -> Iterator[str]:
    """The plan for people, a line each."""
    if start:
        why = {
            BOOTSTRAP: "there is no datacenter yet",
            START: "no agent of this run knows a leader",
            ROLL: "they are away",
        }[mode]
        yield f"start together ({why}): {_names(host.name for host in start)}"
    if waiting:
        yield f"leave until there is a leader, since without data: {_names(host.name for host in waiting)}"
    if join:
        yield f"start as new servers, one after the other: {_names(host.name for host in join)}"
    if roll:
        leads = f", which leads{' now' if roll[1:] else ''}" if roll[-1].node_id == leader and leader else ""
        yield f"restart one after the other: {_names(host.name for host in roll)}{leads}"
    if clients:
        yield f"then the clients, in batches: {_names(host.name for host in clients)}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(names)


def _is(names: Sequence[str]) -> str:
    return "is" if len(names) == 1 else "are"
