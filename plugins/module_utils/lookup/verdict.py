# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of a lookup through a host, from what was seen at each hop to the hop that is to blame.

A hop that gives no answer is to blame when the next one answers, or when its own configuration is wrong; otherwise it only
hands on what a hop behind it does.
"""

from __future__ import annotations

import re
import typing as t

#: In the order of a lookup. The services of the host come last: what the catalogue has no healthy instance of has no name.
HOPS = ("application", "nsswitch", "resolv.conf", "resolver", "dnsmasq", "agent", "servers", "services")

OK = "ok"
BROKEN = "broken"  # to blame
FAILS = "fails"  # a hop behind is to blame
ABSENT = "absent"  # lookups of this host do not come here
UNKNOWN = "unknown"  # cannot be asked while another hop is broken

RUN_SITE = "run site.yml"


class Reply(t.NamedTuple):
    """What came back from one question, asked once or more often."""

    asked: str  # who, and how, as in "udp 127.0.0.2:53"
    good: bool
    text: str  # the answer, or what came back instead
    milliseconds: list[float] = []

    def __str__(self) -> str:
        return f"{self.asked}: {self.text}"


class Verdict(t.NamedTuple):
    """What is to be said of a hop."""

    hop: str
    state: str
    cause: str = ""
    next_step: str = ""
    replies: list[Reply] = []


class Resolved(t.NamedTuple):
    """systemd-resolved, as resolvectl shows it."""

    active: bool
    servers: list[str] = []  # of all scopes
    domains: list[str] = []  # of all scopes; a tilde is before those that are only routed


class Dnsmasq(t.NamedTuple):
    """The service dnsmasq-consul and what its configuration says of the domain."""

    state: str  # of the unit; not-found where there is none
    listens: list[str] = []
    forwards: dict[str, list[str]] = {}  # servers by domain
    journal: str = ""


class Agent(t.NamedTuple):
    """The agent of the host."""

    engine: str = ""  # what came instead of an answer of the Docker engine
    container: str = ""  # its state; empty where there is no container
    exit_code: int = 0
    url: str = ""
    complaint: str = ""  # what came instead of an answer of the HTTP API
    dns: str = ""  # address and port, as dnsmasq writes them
    domains: list[str] = []  # that its DNS answers for
    leader: str = ""
    leader_complaint: str = ""
    is_server: bool = False
    #: Servers that it knows of, by address and port, and what came instead of a connection.
    servers: dict[str, str] = {}
    #: Of those, the ones that are members.
    joined: list[str] = []
    #: Services of this host by id, and its checks, as the agent has them.
    services: dict[str, t.Any] = {}
    checks: list[dict[str, t.Any]] = []


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
    resolved: Resolved
    stub: list[Reply]  # from systemd-resolved
    dnsmasq: Dnsmasq
    dnsmasq_replies: list[Reply]
    agent: Agent
    agent_replies: list[Reply]
    declared: list[str]  # ids of the services that the inventory gives the host


def good(replies: list[Reply]) -> bool:
    """Whether a hop answers in every way that it was asked."""
    return bool(replies) and all(reply.good for reply in replies)


def complaints(replies: list[Reply]) -> str:
    """What came back instead of answers."""
    return "; ".join(str(reply) for reply in replies if not reply.good)


def parse_nss(nsswitch: str) -> list[str]:
    """The words after ``hosts:``. The C library's own default where there is no such line, see nsswitch.conf(5)."""
    line = re.search(r"^\s*hosts:([^#\n]*)", nsswitch, re.MULTILINE)
    return re.findall(r"\[[^]]*\]|\S+", line.group(1)) if line else ["files", "dns"]


def parse_dnsmasq(configuration: str) -> tuple[list[str], dict[str, list[str]]]:
    """Where dnsmasq listens, and the servers that it asks for each domain (the empty one is all others)."""
    listens = re.findall(r"^\s*listen-address\s*=\s*([^\s#]+)", configuration, re.MULTILINE)
    forwards: dict[str, list[str]] = {}
    for value in re.findall(r"^\s*(?:server|local)\s*=\s*(\S+)", configuration, re.MULTILINE):
        *domains, server = value.split("/")[1:] if value.startswith("/") else ["", value]
        for domain in domains:
            forwards.setdefault(domain.lower(), []).append(server)
    return [address for line in listens for address in line.split(",")], forwards


def parse_resolvectl(output: str) -> list[str]:
    """The words of ``resolvectl dns`` or ``resolvectl domain``, of all scopes, each once."""
    return list(dict.fromkeys(word for line in output.splitlines() for word in line.partition(":")[2].split()))


# What is to be said of each hop, from the last to the first


def _servers(seen: Seen) -> Verdict:
    agent = seen.agent
    if agent.complaint:
        return Verdict("servers", UNKNOWN)
    lost = {address: why for address, why in agent.servers.items() if why}
    if agent.leader and not (lost and len(lost) == len(agent.servers)):
        return Verdict("servers", OK)
    if not agent.servers:
        return Verdict(
            "servers",
            BROKEN,
            "the agent knows no server, and its retry_join is empty",
            f"put a host into the group consul_servers, or name the servers in consul_agent_retry_join, and {RUN_SITE}",
        )
    if lost:
        each = ", ".join(f"{address} ({why})" for address, why in lost.items())
        return Verdict(
            "servers",
            BROKEN,
            f"this host does not reach the server {each}",
            "start the server if it is down, else let tcp 8300 and tcp and udp 8301 pass between the two",
        )
    if not agent.joined and not agent.is_server:
        return Verdict("servers", UNKNOWN)
    return Verdict(
        "servers",
        BROKEN,
        f"the datacentre has no leader ({agent.leader_complaint or 'none is elected'})",
        "bring back the servers that are down; docker logs consul on a server tells what it waits for",
    )


def _agent(seen: Seen, servers: Verdict) -> Verdict:
    agent, replies = seen.agent, seen.agent_replies

    def broken(cause: str, next_step: str) -> Verdict:
        return Verdict("agent", BROKEN, cause, next_step, replies)

    if agent.engine:
        return broken(agent.engine, "systemctl start docker; journalctl -u docker tells why it stopped")
    if not agent.container:
        return broken("there is no container consul", RUN_SITE)
    if agent.container != "running":
        return broken(
            f"the container consul is {agent.container} (exit code {agent.exit_code})",
            "docker start consul; if it stops again, docker logs consul tells why",
        )
    if agent.complaint:
        return broken(agent.complaint, "docker logs consul tells what the agent is about")
    if agent.domains and seen.domain not in agent.domains:
        return broken(
            f"the agent answers for the domain {agent.domains[0]}, and not for {seen.domain}",
            f"set consul_agent_domain and dnsmasq_forwarding_domain to the same, and {RUN_SITE}",
        )
    if agent.servers and not agent.joined and not agent.is_server and not agent.leader and servers.state == UNKNOWN:
        return broken(
            f"the agent has not joined: {', '.join(agent.servers)} can be reached, and is no member",
            f"docker logs consul tells why not; where consul_agent_retry_join changed, {RUN_SITE}",
        )
    if good(replies):
        return Verdict("agent", OK, replies=replies)
    if servers.state != OK:
        return Verdict("agent", FAILS, replies=replies)
    return broken(
        f"the agent runs, and its DNS does not answer as it should ({complaints(replies)})",
        "look for a packet filter before port 8600 (iptables -S, nft list ruleset), then at docker logs consul",
    )


def _dnsmasq(seen: Seen, agent: Verdict) -> Verdict:
    dnsmasq, replies = seen.dnsmasq, seen.dnsmasq_replies

    def broken(cause: str, next_step: str) -> Verdict:
        return Verdict("dnsmasq", BROKEN, cause, next_step, replies)

    if dnsmasq.state == "not-found":
        if seen.application.good:
            return Verdict("dnsmasq", ABSENT)
        return broken("there is no service dnsmasq-consul", RUN_SITE)
    if dnsmasq.state != "active":
        journal = f"; its journal ends with: {dnsmasq.journal}" if dnsmasq.journal else ""
        return broken(
            f"the service dnsmasq-consul is {dnsmasq.state}{journal}",
            "systemctl start dnsmasq-consul; if it stops again, journalctl -u dnsmasq-consul tells why",
        )
    if good(replies):
        return Verdict("dnsmasq", OK, replies=replies)
    forwards = dnsmasq.forwards.get(seen.domain, [])
    if not forwards:
        others = ", ".join(domain for domain in dnsmasq.forwards if domain) or "none"
        return broken(
            f"dnsmasq forwards no domain {seen.domain} (it forwards {others})",
            f"set dnsmasq_forwarding_domain, and {RUN_SITE}",
        )
    if agent.state != OK:
        return Verdict("dnsmasq", FAILS, replies=replies)
    if seen.agent.dns not in forwards:
        return broken(
            f"dnsmasq forwards {seen.domain} to {' and '.join(forwards)}, and the agent answers at {seen.agent.dns}",
            f"{RUN_SITE}, which writes the server line anew",
        )
    return broken(
        f"dnsmasq does not answer as the agent does ({complaints(replies)})",
        "journalctl -u dnsmasq-consul; set dnsmasq_forwarding_log_queries to see its queries",
    )


def through_resolved(seen: Seen) -> bool:
    """Whether lookups of this host come to systemd-resolved."""
    by_nss = seen.resolved.active and "resolve" in seen.nss
    first = seen.nameservers[0] if seen.nameservers else ""
    return by_nss or first in ("127.0.0.53", "127.0.0.54") or seen.holders.get(first) == "systemd-resolve"


def other_forwarder(seen: Seen) -> str:
    """The process that resolv.conf leads to where it is neither systemd-resolved nor our dnsmasq."""
    first = seen.nameservers[0] if seen.nameservers else ""
    return "" if first in seen.dnsmasq.listens else seen.holders.get(first, "")


def _resolver(seen: Seen, behind: Verdict) -> Verdict:
    if not through_resolved(seen):
        process = other_forwarder(seen)
        if not process:
            return Verdict("resolver", ABSENT)
        if good(seen.first):
            return Verdict("resolver", OK, replies=seen.first)
        if behind.state != OK:
            return Verdict("resolver", FAILS, replies=seen.first)
        return Verdict(
            "resolver",
            BROKEN,
            f"{process}, which listens on {seen.nameservers[0]}, does not ask dnsmasq for {seen.domain} ({complaints(seen.first)})",
            f"make {process} forward {seen.domain} to {' or '.join(seen.dnsmasq.listens)}",
            seen.first,
        )
    if not seen.resolved.active:
        return Verdict(
            "resolver", BROKEN, "systemd-resolved is not running", "systemctl start systemd-resolved", seen.stub
        )
    if good(seen.stub):
        return Verdict("resolver", OK, replies=seen.stub)
    if behind.state != OK:
        return Verdict("resolver", FAILS, replies=seen.stub)
    servers, domains = seen.resolved.servers, seen.resolved.domains
    listens = " or ".join(seen.dnsmasq.listens)
    if not set(servers) & set(seen.dnsmasq.listens):
        cause = f"systemd-resolved asks {', '.join(servers) or 'nobody'}, and not dnsmasq at {listens}"
    elif f"~{seen.domain}" not in domains:
        has = ", ".join(domains) or "none"
        cause = f"systemd-resolved does not route ~{seen.domain} to dnsmasq (domains: {has})"
    else:
        cause = f"systemd-resolved does not answer as dnsmasq does ({complaints(seen.stub)})"
    return Verdict(
        "resolver", BROKEN, cause, f"resolvectl status shows what it asks; {RUN_SITE} sets it right", seen.stub
    )


def _resolv_conf(seen: Seen) -> Verdict:
    file = "/etc/resolv.conf"
    target = seen.resolv_conf_target
    what = file if target == file else f"{file}, which leads to {target},"
    if seen.resolved.active:
        next_step = "ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf, and find out who replaced it"
    else:
        next_step = (
            f"put nameserver {seen.dnsmasq.listens[0]} before the others, and find out who replaced it"
            if seen.dnsmasq.listens
            else RUN_SITE
        )
    if not seen.nameservers:
        return Verdict("resolv.conf", BROKEN, f"{what} names no server, or is not there", next_step)
    if good(seen.first):
        return Verdict("resolv.conf", OK, replies=seen.first)
    first = seen.nameservers[0]
    if first in ("127.0.0.53", "127.0.0.54", *seen.dnsmasq.listens) or first in seen.holders:
        # The hop that it leads to is looked at by itself.
        return Verdict("resolv.conf", OK)
    return Verdict(
        "resolv.conf",
        BROKEN,
        f"{what} names {first} first, which does not know {seen.domain} ({complaints(seen.first)})",
        next_step,
        seen.first,
    )


def _nsswitch(seen: Seen) -> Verdict:
    line = "hosts: " + " ".join(seen.nss)
    next_step = "write hosts: files dns (or files resolve [!UNAVAIL=return] dns) into /etc/nsswitch.conf"
    for index, word in enumerate(seen.nss):
        if word == "dns" or (word == "resolve" and seen.resolved.active):
            return Verdict("nsswitch", OK)
        before = seen.nss[index - 1] if index else ""
        # The modules of mDNS return for .local alone.
        if re.search(r"NOTFOUND=return", word, re.IGNORECASE) and not before.startswith("mdns"):
            return Verdict("nsswitch", BROKEN, f"'{line}' ends after {before}, before any name server", next_step)
    return Verdict("nsswitch", BROKEN, f"'{line}' asks no name server", next_step)


def _services(seen: Seen) -> Verdict:
    agent = seen.agent
    if agent.complaint:
        return Verdict("services", UNKNOWN)
    if not seen.declared and not agent.services:
        return Verdict("services", ABSENT)
    missing = [identifier for identifier in seen.declared if identifier not in agent.services]
    if missing:
        return Verdict(
            "services",
            BROKEN,
            f"the agent does not serve {', '.join(missing)}, which the inventory declares",
            RUN_SITE,
        )
    critical = [check for check in agent.checks if check["status"] == "critical"]
    if critical:
        each = "; ".join(check_text(check) for check in critical)
        return Verdict(
            "services",
            BROKEN,
            f"DNS leaves out {each}",
            "bring back what the check looks at, or correct the check",
        )
    return Verdict("services", OK)


def check_text(check: t.Mapping[str, t.Any]) -> str:
    """A check that is critical, in a phrase."""
    of = check.get("service") or "all services of the host"
    output = " ".join(str(check.get("output") or "").split())
    shown = output if len(output) <= 160 else output[:157] + "..."
    return f"{of}: the check {check.get('name') or check.get('id')} is {check['status']}" + (
        f" and says '{shown}'" if shown else ""
    )


def _application(seen: Seen, others: t.Sequence[Verdict]) -> Verdict:
    if seen.application.good:
        return Verdict("application", OK, replies=[seen.application])
    if any(verdict.state == BROKEN for verdict in others):
        return Verdict("application", FAILS, replies=[seen.application])
    return Verdict(
        "application",
        BROKEN,
        f"programs find no {seen.name}, although every hop answers ({seen.application.text})",
        "look into /etc/hosts, /etc/gai.conf and what caches names (nscd) on this host",
        [seen.application],
    )


def judge(seen: Seen) -> list[Verdict]:
    """What is to be said of each hop, in the order of a lookup."""
    servers = _servers(seen)
    agent = _agent(seen, servers)
    dnsmasq = _dnsmasq(seen, agent)
    resolver = _resolver(seen, dnsmasq if dnsmasq.state != ABSENT else agent)
    resolv_conf = _resolv_conf(seen)
    nsswitch = _nsswitch(seen)
    path = [nsswitch, resolv_conf, resolver, dnsmasq, agent, servers]
    return [_application(seen, path), *path, _services(seen)]


def first_broken(verdicts: t.Sequence[Verdict]) -> Verdict | None:
    """The hop that a lookup fails at first, by its own fault."""
    return next((verdict for verdict in verdicts if verdict.state == BROKEN), None)
