# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The path of a lookup through a host, from what was seen at each hop to the hop that is to blame.

A hop that gives no answer is to blame when the next one answers, or when its own configuration is wrong; otherwise it only
hands on what a hop behind it does.
"""

from __future__ import annotations

import functools
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import DNS_PORT
from ansible_collections.servicedns.consul.plugins.module_utils.dns.resolved import STUBS
from ansible_collections.servicedns.consul.plugins.module_utils.lookup.observations import Reply, Seen

#: In the order of a lookup. The services of the host come last: what the catalog has no healthy instance of has no name.
HOPS = ("application", "nsswitch", "resolv.conf", "resolver", "dnsmasq", "agent", "servers", "services")
OK = "ok"
BROKEN = "broken"  # to blame
FAILS = "fails"  # a hop behind is to blame
ABSENT = "absent"  # lookups of this host do not come here
UNKNOWN = "unknown"  # cannot be asked while another hop is broken

RUN_SITE = "run site.yml"


class Verdict(t.NamedTuple):
    """What is to be said of a hop."""

    hop: str
    state: str
    cause: str = ""
    next_step: str = ""
    replies: t.Sequence[Reply] = ()


def good(replies: t.Sequence[Reply]) -> bool:
    """Whether a hop answers in every way that it was asked."""
    return bool(replies) and all(reply.good for reply in replies)


def complaints(replies: t.Sequence[Reply]) -> str:
    """Join what came back instead of answers."""
    return "; ".join(str(reply) for reply in replies if not reply.good)


# What is to be said of each hop, from the last to the first


def _servers(seen: Seen) -> Verdict:
    broken = functools.partial(Verdict, "servers", BROKEN)
    agent = seen.agent
    if agent.complaint:
        return Verdict("servers", UNKNOWN)
    lost = {address: why for address, why in agent.servers.items() if why}
    if agent.leader and not (lost and len(lost) == len(agent.servers)):
        return Verdict("servers", OK)
    if not agent.servers:
        return broken(
            "the agent knows no server, and its retry_join is empty",
            f"put a host into the group consul_servers, or name the servers in O(retry_join), and {RUN_SITE}",
        )
    if lost:
        each = ", ".join(f"{address} ({why})" for address, why in lost.items())
        return broken(
            f"this host does not reach the server {each}",
            "start the server if it is down, else let tcp 8300 and tcp and udp 8301 pass between the two",
        )
    if not agent.joined and not agent.is_server:
        return Verdict("servers", UNKNOWN)
    return broken(
        f"the datacenter has no leader ({agent.leader_complaint or 'none is elected'})",
        "bring back the servers that are down; docker logs consul on a server tells what it waits for",
    )


def _agent(seen: Seen, servers: Verdict) -> Verdict:
    agent, replies = seen.agent, seen.agent_replies
    broken = functools.partial(Verdict, "agent", BROKEN, replies=replies)
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
            f"set O(agent_domain) and O(forwarding_domain) to the same, and {RUN_SITE}",
        )
    if agent.servers and not agent.joined and not agent.is_server and not agent.leader and servers.state == UNKNOWN:
        return broken(
            f"the agent has not joined: {', '.join(agent.servers)} can be reached, and is no member",
            f"docker logs consul tells why not; where O(retry_join) changed, {RUN_SITE}",
        )
    if good(replies):
        return Verdict("agent", OK, replies=replies)
    if servers.state != OK:
        return Verdict("agent", FAILS, replies=replies)
    return broken(
        f"the agent runs, and its DNS does not answer as it should ({complaints(replies)})",
        f"look for a packet filter before port {DNS_PORT} (iptables -S, nft list ruleset), then at docker logs consul",
    )


def _dnsmasq(seen: Seen, agent: Verdict) -> Verdict:
    dnsmasq, replies = seen.dnsmasq, seen.dnsmasq_replies
    broken = functools.partial(Verdict, "dnsmasq", BROKEN, replies=replies)
    if dnsmasq.state == "not-found":
        if seen.application.good:
            return Verdict("dnsmasq", ABSENT)
        return broken("there is no service dnsmasq-consul", RUN_SITE)
    if dnsmasq.state != "active":
        journal = f"; its journal ends with: {dnsmasq.journal}" if dnsmasq.journal else ""
        return broken(
            f"the service {dnsmasq.unit} is {dnsmasq.state}{journal}",
            f"systemctl start {dnsmasq.unit}; if it stops again, journalctl -u {dnsmasq.unit} tells why",
        )
    if good(replies):
        return Verdict("dnsmasq", OK, replies=replies)
    forwards = dnsmasq.forwards.get(seen.domain, [])
    if not forwards:
        others = ", ".join(domain for domain in dnsmasq.forwards if domain) or "none"
        return broken(
            f"dnsmasq forwards no domain {seen.domain} (it forwards {others})",
            f"set O(forwarding_domain), and {RUN_SITE}",
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
        "journalctl -u dnsmasq-consul; set O(log_queries) to see its queries",
    )


def through_resolved(seen: Seen) -> bool:
    """Whether lookups of this host come to systemd-resolved."""
    by_nss = seen.resolved.active and "resolve" in seen.nss
    first = seen.nameservers[0] if seen.nameservers else ""
    return by_nss or first in STUBS or seen.holders.get(first) == "systemd-resolve"


def other_forwarder(seen: Seen) -> str:
    """Find the process that resolv.conf leads to where it is neither systemd-resolved nor our dnsmasq."""
    first = seen.nameservers[0] if seen.nameservers else ""
    return "" if first in seen.dnsmasq.listens else seen.holders.get(first, "")


def _resolver(seen: Seen, behind: Verdict, agent: Verdict) -> Verdict:
    broken = functools.partial(Verdict, "resolver", BROKEN)
    # Whoever asks all agents gets the answer of one by chance where one of them is to blame.
    by_chance = agent.state not in (OK, ABSENT)
    if not through_resolved(seen):
        process = other_forwarder(seen)
        if not process:
            return Verdict("resolver", ABSENT)
        if good(seen.first):
            return Verdict("resolver", OK, replies=seen.first)
        if behind.state != OK or by_chance:
            return Verdict("resolver", FAILS, replies=seen.first)
        return broken(
            f"{process}, which listens on {seen.nameservers[0]}, does not ask dnsmasq for {seen.domain} ({complaints(seen.first)})",
            f"make {process} forward {seen.domain} to {' or '.join(seen.dnsmasq.listens)}",
            seen.first,
        )
    if not seen.resolved.active:
        return broken("systemd-resolved is not running", "systemctl start systemd-resolved", seen.stub)
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
    elif by_chance:
        return Verdict("resolver", FAILS, replies=seen.stub)
    else:
        cause = f"systemd-resolved does not answer as dnsmasq does ({complaints(seen.stub)})"
    return broken(cause, f"resolvectl status shows what it asks; {RUN_SITE} sets it right", seen.stub)


def _resolv_conf(seen: Seen) -> Verdict:
    broken = functools.partial(Verdict, "resolv.conf", BROKEN)
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
        return broken(f"{what} names no server, or is not there", next_step)
    if good(seen.first):
        return Verdict("resolv.conf", OK, replies=seen.first)
    first = seen.nameservers[0]
    if first in (*STUBS, *seen.dnsmasq.listens) or first in seen.holders:
        # The hop that it leads to is looked at by itself.
        return Verdict("resolv.conf", OK)
    return broken(
        f"{what} names {first} first, which does not know {seen.domain} ({complaints(seen.first)})",
        next_step,
        seen.first,
    )


def _nsswitch(seen: Seen) -> Verdict:
    broken = functools.partial(Verdict, "nsswitch", BROKEN)
    if seen.hosts_file and "files" in seen.nss:
        return broken(
            f"/etc/hosts has {', '.join(seen.hosts_file)}, so that programs ask no name server for it",
            "remove the line: an address there stays, whatever becomes of the service",
        )
    line = "hosts: " + " ".join(seen.nss)
    next_step = "write hosts: files dns (or files resolve [!UNAVAIL=return] dns) into /etc/nsswitch.conf"
    for index, word in enumerate(seen.nss):
        if word == "dns" or (word == "resolve" and seen.resolved.active):
            return Verdict("nsswitch", OK)
        before = seen.nss[index - 1] if index else ""
        # The modules of mDNS return for .local alone.
        if re.search(r"NOTFOUND=return", word, re.IGNORECASE) and not before.startswith("mdns"):
            return broken(f"'{line}' ends after {before}, before any name server", next_step)
    return broken(f"'{line}' asks no name server", next_step)


def _services(seen: Seen) -> Verdict:
    broken = functools.partial(Verdict, "services", BROKEN)
    agent = seen.agent
    if agent.complaint:
        return Verdict("services", UNKNOWN)
    if not seen.declared and not agent.services:
        return Verdict("services", ABSENT)
    missing = [identifier for identifier in seen.declared if identifier not in agent.services]
    if missing:
        return broken(f"the agent does not serve {', '.join(missing)}, which the inventory declares", RUN_SITE)
    critical = [check for check in agent.checks if check["status"] == "critical"]
    if critical:
        each = "; ".join(check_text(check) for check in critical)
        return broken(f"DNS leaves out {each}", "bring back what the check looks at, or correct the check")
    return Verdict("services", OK)


def check_text(check: t.Mapping[str, t.Any]) -> str:
    """Put a check that is critical in a phrase."""
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
    """Judge each hop, in the order of a lookup."""
    servers = _servers(seen)
    agent = _agent(seen, servers)
    dnsmasq = _dnsmasq(seen, agent)
    resolver = _resolver(seen, dnsmasq if dnsmasq.state != ABSENT else agent, agent)
    resolv_conf = _resolv_conf(seen)
    nsswitch = _nsswitch(seen)
    path = [nsswitch, resolv_conf, resolver, dnsmasq, agent, servers]
    return [_application(seen, path), *path, _services(seen)]


def first_broken(verdicts: t.Sequence[Verdict]) -> Verdict | None:
    """Find the hop that a lookup fails at first, by its own fault."""
    return next((verdict for verdict in verdicts if verdict.state == BROKEN), None)
