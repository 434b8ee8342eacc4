# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a datacenter says of its servers and members, through any agent of it that knows the leader."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import json
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    AgentRefused,
    AgentSilent,
    ConsulClient,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

ALIVE = 1  # of the states of a member in Serf
#: Seconds that an election takes, with others before it that did not succeed. Who looks in the middle of one sees no leader.
ELECTION = 15.0
#: What an agent says to those whose token gives them no right.
FORBIDDEN = 403
#: Autopilot says with it that a server is not healthy, in the same words as with 200.
UNHEALTHY = 429
#: Seconds in which a server writes its state.
STATE_PATIENCE = 300.0


class Server(t.TypedDict):
    """A server of the Raft configuration, as Raft, gossip and autopilot have it."""

    id: str
    node: str
    voter: bool
    leads: bool
    #: By gossip, as the agent that was asked has it. Autopilot's word for it may be one from before the last election.
    alive: bool
    healthy: bool
    last_index: int


class Member(t.TypedDict):
    """An agent as gossip has it."""

    id: str
    node: str
    address: str
    server: bool
    alive: bool
    #: Of Consul.
    version: str


class Datacenter(t.TypedDict):
    """What is asked of a datacenter before a server is restarted."""

    servers: list[Server]
    members: list[Member]


def leader_of(client: ConsulClient, patience: float = 0.0) -> str:
    """The address of the leader that an agent knows; empty when it knows none within some seconds.

    :raises AgentSilent: no agent answers
    """
    end = time.monotonic() + patience
    while True:
        leader = ""
        # Where it knows no server, or is about to start.
        with contextlib.suppress(AgentRefused):
            leader = client.get("status", "leader")
        if leader or time.monotonic() > end:
            return str(leader)
        time.sleep(0.5)


def servers_of(client: ConsulClient) -> list[Server]:
    """The servers of the Raft configuration.

    :raises HostError: there is no leader, or no right to ask it
    """
    return servers_and_members(client)["servers"]


def servers_and_members(client: ConsulClient) -> Datacenter:
    """Its servers and members, seen at one time.

    :raises HostError: as L(servers_of)
    """
    members = members_of(client)
    configuration = client.get("operator", "raft", "configuration")
    alive = {member["id"] for member in members if member["alive"]}
    health = {server["ID"]: server for server in _health(client)}
    servers: list[Server] = [
        {
            "id": server["ID"],
            "node": server["Node"],
            "voter": server["Voter"],
            "leads": server["Leader"],
            "alive": server["ID"] in alive,
            # A leader that was elected just now says nothing of them yet.
            "healthy": health.get(server["ID"], {}).get("Healthy", False),
            "last_index": health.get(server["ID"], {}).get("LastIndex", 0),
        }
        for server in configuration["Servers"]
    ]
    return {"servers": servers, "members": members}


def _health(client: ConsulClient) -> list[dict[str, t.Any]]:
    answer = client.ask("GET", ("operator", "autopilot", "health"), {})
    if answer.status not in (200, UNHEALTHY):
        raise AgentRefused(f"{answer.asked}: {answer.body.decode(errors='replace').strip()}", answer.status)
    return json.loads(answer.body).get("Servers") or []


def members_of(client: ConsulClient) -> list[Member]:
    """The agents that gossip knows, those that are away too."""
    return [
        {
            "id": member["Tags"].get("id", ""),
            "node": member["Name"],
            "address": member["Addr"],
            "server": member["Tags"].get("role") == "consul",
            "alive": member["Status"] == ALIVE,
            "version": member["Tags"].get("build", "").partition(":")[0],
        }
        for member in client.get("agent", "members")
    ]


def told_by(client: ConsulClient) -> Datacenter | None:
    """What a datacenter says; nothing where no agent answers, or may not say it to us."""
    try:
        return servers_and_members(client)
    except HostError:
        return None


def keep_servers(client: ConsulClient, number: int) -> None:
    """Keep autopilot from removing servers that are away, as long as there are no more than a number.

    What the configuration file of a server says of that counts at the bootstrap alone.
    """
    path = ("operator", "autopilot", "configuration")
    for _try in range(5):
        found = client.get(*path)
        if found["MinQuorum"] == number:
            return
        wanted = {**found, "MinQuorum": number}
        if client.put(*path, body=wanted, cas=str(found["ModifyIndex"])):
            return
    raise HostError("autopilot's configuration never stays as it was read")


def write_state(client: ConsulClient) -> str:
    """Let a server write its state to its disk, as it is now; tell why it does not.

    When it starts it answers before it has read again what came since it did so the last time, and says that names of that time do
    not exist (U(https://github.com/hashicorp/consul/issues/2644)). It does so for whoever asks itself for a snapshot.
    """

    def drain(response: http.client.HTTPResponse) -> bytes:
        if response.status >= 300:
            return response.read()
        while response.read(1 << 16):
            pass
        return b""

    try:
        dataclasses.replace(client, timeout=STATE_PATIENCE, read=drain).get("snapshot", stale="")
    except (AgentRefused, AgentSilent) as error:
        return "" if "nothing new to snapshot" in str(error) else str(error)
    return ""
