# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen at each hop of a lookup, and the result of the module doctor, which both sides of the wire read."""

from __future__ import annotations

import types
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot_timer import Taken

#: Of every tuple that is given no mapping, so nobody may change it.
NOTHING: t.Mapping[str, t.Any] = types.MappingProxyType({})

# The result of the module


class Check(t.TypedDict):
    """A check, as an agent or the catalog has it."""

    node: str
    service: str
    service_id: str
    id: str
    name: str
    status: str
    output: str


class Member(t.TypedDict):
    """A member of the datacenter."""

    name: str
    address: str
    status: str
    version: str
    server: bool
    port: int
    datacenter: str


class Node(t.TypedDict):
    """A node of the catalog."""

    node: str
    address: str
    meta: dict[str, str]


class Instance(t.TypedDict):
    """An instance of a service in the catalog."""

    node: str
    id: str
    address: str
    port: int
    tags: list[str]
    meta: dict[str, str]
    checks: list[Check]


class Catalog(t.TypedDict):
    """All that the catalog has."""

    nodes: list[Node]
    services: dict[str, list[Instance]]
    complaint: str


class Image(t.TypedDict):
    """The image that the agent runs, and the one that it is to run."""

    running: str
    declared: str
    same: bool


class AgentTold(t.TypedDict):
    """What the agent of the host tells."""

    complaint: str
    node: str
    address: str
    datacenter: str
    version: str
    server: bool
    leader: str
    members: list[Member]
    services: list[str]
    checks: list[Check]
    critical: list[Check]
    nodes: list[Node]
    image: Image


class Disk(t.TypedDict):
    """The file system of the agent's data, in bytes."""

    path: str
    free: int
    size: int


class HostTold(t.TypedDict, total=False):
    """What the host tells of itself."""

    disk: Disk
    ports: list[tuple[str, str, str, int]]
    unseen: list[str]
    clock: float
    snapshots: Taken  # where there is a timer for them
    skew: float  # from the control node's clock, by the action plugin


class Result(t.TypedDict, total=False):
    """What the module returns: hops are as L(verdict.Verdict), names as L(lookups.Lookup)."""

    broken: str
    hops: list[dict[str, t.Any]]
    names: dict[str, dict[str, t.Any]]
    agent: AgentTold
    host: HostTold
    catalog: Catalog  # where it was asked for, and the agent answers


# What the verdict is made of


class Reply(t.NamedTuple):
    """What came back from one question, asked once or more often."""

    asked: str  # who, and how, as in "udp 127.0.0.2:53"
    good: bool
    text: str  # the answer, or what came back instead
    milliseconds: t.Sequence[float] = ()

    def __str__(self) -> str:
        return f"{self.asked}: {self.text}"


class ResolvedSeen(t.NamedTuple):
    """systemd-resolved, as resolvectl shows it."""

    active: bool
    servers: t.Sequence[str] = ()  # of all scopes
    domains: t.Sequence[str] = ()  # of all scopes; a tilde is before those that are only routed


class DnsmasqSeen(t.NamedTuple):
    """The service dnsmasq-consul, with the one that it asks for other names, and what its configuration says of the domain."""

    state: str  # of the unit; not-found where there is none
    listens: t.Sequence[str] = ()
    forwards: t.Mapping[str, list[str]] = NOTHING  # servers by domain
    journal: str = ""
    unit: str = "dnsmasq-consul"  # whose state it is: the one of the two that does not run


class AgentSeen(t.NamedTuple):
    """The agent of the host."""

    engine: str = ""  # what came instead of an answer of the Docker engine
    container: str = ""  # its state; empty where there is no container
    exit_code: int = 0
    url: str = ""
    complaint: str = ""  # what came instead of an answer of the HTTP API
    dns: str = ""  # address and port, as dnsmasq writes them
    domains: t.Sequence[str] = ()  # that its DNS answers for
    leader: str = ""
    leader_complaint: str = ""
    is_server: bool = False
    #: Servers that it knows of, by address and port, and what came instead of a connection.
    servers: t.Mapping[str, str] = NOTHING
    #: Of those, the ones that are members.
    joined: t.Sequence[str] = ()
    #: Services of this host by id, and its checks, as the agent has them.
    services: t.Mapping[str, t.Any] = NOTHING
    checks: t.Sequence[t.Mapping[str, t.Any]] = ()


class Seen(t.NamedTuple):
    """All that was seen on a host."""

    domain: str
    name: str
    application: Reply
    nss: list[str]  # the words of the line hosts: of nsswitch.conf
    resolv_conf_target: str
    nameservers: list[str]
    holders: dict[str, str]  # for each name server on this host the process that listens there
    first: list[Reply]  # from the first name server of resolv.conf
    resolved: ResolvedSeen
    stub: list[Reply]  # from systemd-resolved
    dnsmasq: DnsmasqSeen
    dnsmasq_replies: list[Reply]
    agent: AgentSeen
    agent_replies: list[Reply]
    declared: list[str]  # ids of the services that the inventory gives the host
    hosts_file: t.Sequence[str] = ()  # names of the domain that /etc/hosts has
