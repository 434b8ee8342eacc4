# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of a roll: what comes before an agent is restarted, and after it.

Whoever restarts agents in whatever order, a server is taken away only while the others have a leader without it, and the next
one no sooner than this one is what it was.
"""

from __future__ import annotations

import time
import typing as t
from urllib.parse import urlsplit

from ansible_collections.servicedns.consul.plugins.module_utils.consul import addresses, quorum, rollout_lock
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    AgentRefused,
    AgentSilent,
    ConsulClient,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import (
    ELECTION,
    FORBIDDEN,
    Server,
    keep_servers,
    leader_of,
    servers_of,
    write_state,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns import message
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

PAUSE = 0.5  # seconds between two looks
#: Seconds after which a server that is said to be away is. Of one that is back gossip tells every agent within a few.
AWAY_PATIENCE = ELECTION


class Begun(t.NamedTuple):
    """What the end of a step has to know of its beginning."""

    #: That holds the lock; empty where none is needed.
    session: str = ""
    #: The ids of the healthy voters, which have to be that again.
    voters: tuple[str, ...] = ()
    #: To whom the leadership went.
    leader: str = ""
    warning: str = ""


class Own(t.NamedTuple):
    """What an agent says of itself."""

    node: str
    node_id: str
    server: bool
    #: Entries of the Raft log.
    applied: int = 0
    domain: str = ""
    acls: bool = False


def own(client: ConsulClient) -> Own:
    """Ask an agent for itself."""
    about = client.get("agent", "self")
    config, debug = about["Config"], about["DebugConfig"]
    return Own(
        node=config["NodeName"],
        node_id=config["NodeID"],
        server=config["Server"],
        applied=int(about.get("Stats", {}).get("raft", {}).get("applied_index", 0)),
        domain=debug.get("DNSDomain", "consul.").strip("."),
        acls=bool(debug.get("ACLsEnabled")),
    )


class Beginning:
    """Makes sure that a server can be taken away."""

    def __init__(self, client: ConsulClient, run: str, pair: bool, patience: float, server: Own | None = None) -> None:
        """:arg run: tells one run of Ansible from the others
        :arg pair: whether one of two servers may be
        :arg patience: seconds
        :arg server: that it is about, where it is another than the one that is asked
        """
        self.client = client
        self.run = run
        self.pair = pair
        self.end = time.monotonic() + patience
        self.me = server or own(client)

    def begin(self, check_mode: bool) -> Begun:
        """Write the server's state, take the lock, see that the others do without this server, and let another lead.

        :arg check_mode: only see whether they do
        :raises HostError: it cannot be taken away
        """
        if not self.me.server:
            return Begun()
        # Before the lock, which is not held for so long.
        unwritten = "" if check_mode else write_state(self.client)
        begun = self._begin(check_mode)
        if unwritten and not begun.warning:
            warning = f"{self.me.node} may deny names for a moment after its start, as its state is not written before"
            return begun._replace(warning=f"{warning}: {unwritten}")
        return begun

    def _begin(self, check_mode: bool) -> Begun:
        if not leader_of(self.client, ELECTION):
            return Begun(warning=f"{self.me.node} knows no leader, so that there is none to lose by its restart")
        if quorum.is_alone(servers_of(self.client), self.me.node_id):
            return Begun()
        if check_mode:
            self.others_suffice()
            return Begun()
        return self.take_away()

    def take_away(self, for_good: bool = False) -> Begun:
        """Take the lock, see that the others do without this server, and let another lead.

        :arg for_good: whether it does not come back
        """
        session = self._lock()
        try:
            servers = self.others_suffice(session)
            voters = tuple(server["id"] for server in servers if server["voter"])
            keep_servers(self.client, len(voters) - for_good)
            leader = self._hand_over(servers, session)
        except BaseException:
            rollout_lock.release(self.client, session)
            raise
        return Begun(session, voters, leader)

    def _lock(self) -> str:
        while True:
            try:
                return rollout_lock.take(self.client, self.me.node, self.run)
            except rollout_lock.Held as held:
                if held.holder["run"] == self.run and held.holder["host"] != self.me.node:
                    raise HostError(
                        f"{held.holder['host']} is being restarted by this run, and servers are restarted one after the "
                        f"other: set serial: 1 in the play. {self.me.node} was left as it is"
                    ) from held
                if time.monotonic() > self.end:
                    raise HostError(f"{held}; {self.me.node} was left as it is") from held
            time.sleep(PAUSE)

    def others_suffice(self, session: str = "") -> list[Server]:
        """The servers, when this one can be taken away. What passes is waited for, and soon not a server that is away."""
        settled = time.monotonic() + AWAY_PATIENCE
        while True:
            try:
                servers = servers_of(self.client)
                reason = quorum.why_not_to_stop(servers, self.me.node_id, self.pair)
                if not reason:
                    return servers
                over = bool(quorum.away(servers, self.me.node_id)) and time.monotonic() > settled
            except AgentRefused as error:
                reason, over = str(error), False
            if over or time.monotonic() > self.end:
                raise HostError(f"{self.me.node} cannot be missed, and was left as it is: {reason}")
            if session:
                rollout_lock.renew(self.client, session)
            time.sleep(PAUSE)

    def _hand_over(self, servers: list[Server], session: str) -> str:
        """Let another server lead, and tell which. Nothing where another does already."""
        if not any(server["leads"] and server["id"] == self.me.node_id for server in servers):
            return ""
        heirs = [server for server in servers if server["voter"] and server["id"] != self.me.node_id]
        heir = max(heirs, key=lambda server: server["last_index"])
        while True:
            try:
                self.client.post("operator", "raft", "transfer-leader", id=heir["id"])
            except AgentRefused as error:
                if time.monotonic() > self.end:
                    raise HostError(
                        f"{self.me.node} leads, and does not hand over to {heir['node']}: {error}"
                    ) from error
            servers = self.others_suffice(session)
            leader = next((server for server in servers if server["leads"]), None)
            if leader and leader["id"] != self.me.node_id:
                return leader["node"]
            if time.monotonic() > self.end:
                raise HostError(f"{self.me.node} leads, and does not hand over to {heir['node']}")
            time.sleep(PAUSE)


class Ending:
    """Waits until an agent that was started is what it was, or what it is to be."""

    def __init__(self, client: ConsulClient, session: str, voters: t.Collection[str], patience: float) -> None:
        """:arg session: as its beginning told, and voters too"""
        self.client = client
        self.session = session
        self.voters = voters
        self.patience = patience
        #: Those of the Raft configuration, as a server sees them.
        self.servers: list[Server] = []
        self.forbidden = False

    def finish(self) -> str:
        """Wait, and give the lock back; tell what could not be seen.

        :raises HostError: it takes too long; the lock stays until its session has lapsed
        """
        end = time.monotonic() + self.patience
        while reason := self._missing():
            if self.forbidden and not self.session:
                return f"nobody looks whether the agent is back: {reason}"
            if time.monotonic() > end:
                raise HostError(
                    f"{reason}, {self.patience:g} s after the agent was started; no other was touched since. See "
                    "docker logs consul, and run it again"
                )
            time.sleep(PAUSE)
        voters = sum(server["voter"] for server in self.servers)
        if voters > 1:
            keep_servers(self.client, voters)
        if self.session:
            rollout_lock.release(self.client, self.session)
        return ""

    def _missing(self) -> str:
        """What is still missing; empty when nothing is."""
        try:
            me = own(self.client)
            if not leader_of(self.client):
                return f"{me.node} knows no leader"
            if self.session:
                rollout_lock.renew(self.client, self.session)
            return self._missing_in_raft(me) or self._missing_in_catalog(me) or self._missing_in_dns(me)
        except AgentRefused as error:
            self.forbidden = error.status == FORBIDDEN
            return str(error)
        except AgentSilent as error:
            return str(error)

    def _missing_in_raft(self, me: Own) -> str:
        self.servers = servers_of(self.client) if me.server else []
        if not me.server or quorum.is_alone(self.servers, me.node_id):
            return ""
        reason = quorum.why_not_back(self.servers, me.node_id, self.voters, me.applied)
        return reason and f"{me.node} is not back among the servers: {reason}"

    def _missing_in_catalog(self, me: Own) -> str:
        found = self.client.get("catalog", "node-services", me.node) or {}
        if not found.get("Node"):
            return f"the catalog does not have the node {me.node}"
        if found["Node"]["ID"] != me.node_id:
            # Of an agent of this name whose data is gone. The catalog keeps the name for it as long as it thinks it alive.
            self.client.put("catalog", "deregister", body={"Node": me.node})
            return f"the catalog has the node {me.node} with the id of a former agent"
        checks = {check["CheckID"]: check["Status"] for check in self.client.get("health", "node", me.node)}
        if checks.get("serfHealth") != "passing":
            return f"the catalog does not have {me.node} as alive"
        left = set(self.client.get("agent", "services")) - {service["ID"] for service in found["Services"] or ()}
        return f"the catalog does not have {', '.join(sorted(left))} of {me.node}" if left else ""

    def _missing_in_dns(self, me: Own) -> str:
        host = urlsplit(self.client.address).hostname or ""
        name = f"consul.service.{me.domain}"
        try:
            answer = message.ask(host, addresses.DNS_PORT, name)
        except message.NoAnswer as error:
            return f"the agent's DNS does not answer for {name}: {error}"
        # Whom ACLs let see nothing is told that there is nothing.
        return (
            "" if answer.good or (me.acls and answer.code == "NXDOMAIN") else f"the agent answers {answer} for {name}"
        )
