# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A look at each hop of a lookup on this host, from the application to the agent."""

from __future__ import annotations

import concurrent.futures
import ipaddress
import os
import re
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, snapshot_timer
from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import (
    DNS_PORT,
    agent_url,
    reachable_address,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    lookups,
    message,
    resolv_conf,
    resolved,
)
from ansible_collections.servicedns.consul.plugins.module_utils.docker import image as docker_image
from ansible_collections.servicedns.consul.plugins.module_utils.entry import sentence
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.lookup import agent, observations, verdict
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, network, sockets, systemd
from ansible_collections.servicedns.consul.plugins.module_utils.system.paths import existing

PATIENCE = 8.0  # seconds
T = t.TypeVar("T")


class DoctorOptions(t.NamedTuple):
    """What is to be looked at, as the options of the module doctor say it."""

    domain: str
    name: str
    names: t.Sequence[str]
    services: list[str]
    client_address: str
    image: str
    data_directory: str
    samples: int
    catalog: bool


class Unseen:
    """What the host does not tell, for want of a command or of a right. The doctor goes on with all else."""

    def __init__(self) -> None:
        self.reasons: list[str] = []

    def look(self, at: t.Callable[[], T], otherwise: T) -> T:
        """Look, or take what stands for it when nothing is seen."""
        try:
            return at()
        except (HostError, OSError, ValueError) as error:
            self.reasons.append(sentence(error))
            return otherwise


def application(name: str, samples: int) -> observations.Reply:
    """Look a name up as a program does, some times."""
    results = [lookups.getent(name, PATIENCE) for _number in range(samples)]
    failed = next((lookup.text for lookup in results if not lookup.addresses), "")
    times = [lookup.milliseconds for lookup in results]
    return observations.Reply(f"getent ahosts {name}", not failed, failed or results[-1].text, times)


def ask(
    server: str, port: int, name: str, samples: int, protocols: t.Collection[str] = ("udp", "tcp")
) -> list[observations.Reply]:
    """Ask a name server over UDP and TCP."""
    replies = []
    for protocol in sorted(protocols, reverse=True):
        tcp = protocol == "tcp"
        asked = f"{protocol} {server}:{port}"
        times: list[float] = []
        good, text = True, ""
        for _number in range(samples):
            try:
                answer = message.ask(server, port, name, tcp=tcp)
            except message.NoAnswer as error:
                good, text = False, str(error)
                break  # the others would take as long
            times.append(answer.milliseconds)
            if good:
                good, text = answer.good, str(answer)
        replies.append(observations.Reply(asked, good, text, times))
    return replies


def ask_all(servers: t.Sequence[str], name: str, samples: int) -> list[observations.Reply]:
    """Ask several name servers on port 53."""
    return [reply for server in servers for reply in ask(server, 53, name, samples)]


def ask_resolved(name: str, samples: int, listeners: t.Sequence[sockets.Socket] | None) -> list[observations.Reply]:
    """Ask systemd-resolved: at its stub as far as that listens (C(DNSStubListener)), else as nss-resolve asks it.

    :arg listeners: of the host; None where systemd-resolved does not run
    """
    if listeners is None:
        return []
    stub = {listener.protocol for listener in listeners if (listener.address, listener.port) == (resolved.STUB, 53)}
    if stub:
        return ask(resolved.STUB, 53, name, samples, stub)
    asked = f"resolvectl query {name}"
    start = time.monotonic()
    try:
        answer = command.run("resolvectl", "--legend=no", "query", name, timeout=PATIENCE)
    except HostError as error:
        return [observations.Reply(asked, False, str(error).rpartition(f"{name}: ")[2])]
    milliseconds = round((time.monotonic() - start) * 1000, 2)
    # The name, then in each line an address and where it is from.
    return [
        observations.Reply(
            asked, True, ", ".join(re.findall(r"^(?:\S+: | +)(\S+)", answer, re.MULTILINE)), [milliseconds]
        )
    ]


def local_holders(servers: list[str], listeners: list[sockets.Socket]) -> dict[str, str]:
    """Find for each name server that is on this host the process that listens there."""
    own = {str(interface.ip) for _name, interface in network.addresses()}
    holders = {}
    for server in servers:
        try:
            local = ipaddress.ip_address(server).is_loopback or server in own
        except ValueError:
            continue
        for listener in listeners:
            if local and listener.protocol == "udp" and listener.port == 53 and listener.covers(server):
                holders[server] = listener.process
    return holders


def see_resolved(active: bool) -> observations.ResolvedSeen:
    """Ask systemd-resolved, as far as it tells."""
    try:
        servers, domains = (resolved.of_all_scopes(resolved.show(setting)) for setting in ("dns", "domain"))
    except HostError:
        return observations.ResolvedSeen(active)
    return observations.ResolvedSeen(active, servers, domains)


def parse_nss(nsswitch: str) -> list[str]:
    """Find the words after ``hosts:``. The C library's own default where there is no such line, see nsswitch.conf(5)."""
    line = re.search(r"^\s*hosts:([^#\n]*)", nsswitch, re.MULTILINE)
    return re.findall(r"\[[^]]*\]|\S+", line.group(1)) if line else ["files", "dns"]


def names_of_hosts(hosts: str, domain: str) -> list[str]:
    """Find the names of a domain in hosts(5)."""
    names = [name for line in hosts.splitlines() for name in line.partition("#")[0].split()[1:]]
    return sorted({name for name in names if name.lower().rstrip(".").endswith(f".{domain.lower()}")})


def see_dnsmasq() -> observations.DnsmasqSeen:
    """Look at the service, the one that it asks, and its configuration."""
    units = (dnsmasq.UNIT, dnsmasq.UPSTREAMS_UNIT)
    states = {unit: systemd.show(unit, "LoadState", "ActiveState") for unit in units}
    if states[dnsmasq.UNIT]["LoadState"] == "not-found":
        return observations.DnsmasqSeen("not-found")
    configuration = files.read(dnsmasq.FILES["configuration"])
    for file in dnsmasq.option(configuration, "servers-file"):
        configuration += "\n" + files.read(file)
    unit = next((unit for unit in units if states[unit]["ActiveState"] != "active"), dnsmasq.UNIT)
    state = states[unit]["ActiveState"]
    journal = systemd.journal(unit, 1) if state != "active" else ""
    name = unit.rpartition(".")[0]
    return observations.DnsmasqSeen(
        state, dnsmasq.listens(configuration), dnsmasq.forwards(configuration), journal, name
    )


def runs(container: dict[str, t.Any], image: str, found: dict[str, t.Any] | None) -> bool:
    """Whether a container runs an image. The same name may be another one by now, and another name the same.

    :arg found: the image of that name, where the engine has one; else there are only the names
    """
    return bool(found["Id"] == container["Image"] if found else container["Config"]["Image"] == image)


def see_container(image: str) -> tuple[dict[str, t.Any] | None, observations.Image, str]:
    """Look at the agent's container and its image, or tell what the engine says where it does not answer."""
    container, found, complaint = None, None, ""
    try:
        container = agent_container.inspect()
        found = docker_image.inspect(image) if image else None
    except HostError as error:
        container, complaint = None, str(error)
    return (
        container,
        observations.Image(
            running=container["Config"]["Image"] if container else "",
            declared=image,
            same=not container or not image or runs(container, image, found),
        ),
        complaint,
    )


def see_host(data_directory: str, listeners: t.Iterable[sockets.Socket], unseen: Unseen) -> observations.HostTold:
    """Look at disk, snapshots and open ports of the host, and at its clock."""
    disk = os.statvfs(existing(data_directory))
    ports = {
        (listener.process, listener.protocol, listener.address, listener.port)
        for listener in listeners
        if listener.process in ("consul", "dnsmasq", "systemd-resolve")
    }
    snapshots = unseen.look(snapshot_timer.see, None)
    told = observations.HostTold(
        disk=observations.Disk(
            path=data_directory, free=disk.f_bavail * disk.f_frsize, size=disk.f_blocks * disk.f_frsize
        ),
        ports=sorted(ports),
        unseen=sorted(set(unseen.reasons)),
        clock=time.time(),
    )
    if snapshots:
        told["snapshots"] = snapshots
    return told


def examine(wanted: DoctorOptions) -> observations.Result:
    """Look at every hop, and judge."""
    name, samples = wanted.name or f"consul.service.{wanted.domain}", wanted.samples
    agent_server = reachable_address(wanted.client_address)
    unseen = Unseen()
    nameservers = resolv_conf.nameservers(files.read(resolv_conf.RESOLV_CONF))
    resolved_active = unseen.look(lambda: systemd.is_active(resolved.RESOLVED_UNIT), False)
    forwarder = unseen.look(see_dnsmasq, observations.DnsmasqSeen("not-found"))
    nothing: list[sockets.Socket] = []
    listeners = unseen.look(sockets.listeners, nothing)
    container, image, engine_complaint = see_container(wanted.image)
    # At once, since each broken hop takes seconds.
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        answers = agent.AgentAnswers(agent_url(wanted.client_address), pool)
        hops = [
            pool.submit(ask_all, nameservers[:1], name, samples),
            pool.submit(ask_resolved, name, samples, listeners if resolved_active else None),
            pool.submit(ask_all, forwarder.listens, name, samples),
            pool.submit(ask, agent_server, DNS_PORT, name, samples),
        ]
        program = pool.submit(application, name, samples)
        first, stub, dnsmasq_replies, agent_replies = (hop.result() for hop in hops)
        # Afterwards, as it would make the others look slow.
        programs = {other: pool.submit(lookups.getent, other, PATIENCE) for other in wanted.names}
        seen_agent, told = agent.see_agent(answers, container, engine_complaint, f"{agent_server}#{DNS_PORT}", image)
        catalog = agent.see_catalog(answers) if wanted.catalog and not told["complaint"] else None
        seen = observations.Seen(
            domain=wanted.domain,
            name=name,
            application=program.result(),
            nss=parse_nss(files.read("/etc/nsswitch.conf")),
            resolv_conf_target=os.path.realpath(resolv_conf.RESOLV_CONF),
            nameservers=nameservers,
            holders=unseen.look(lambda: local_holders(nameservers, listeners), {}),
            first=first,
            resolved=see_resolved(resolved_active),
            stub=stub,
            dnsmasq=forwarder,
            dnsmasq_replies=dnsmasq_replies,
            agent=seen_agent,
            agent_replies=agent_replies,
            declared=wanted.services,
            hosts_file=unseen.look(lambda: names_of_hosts(files.read("/etc/hosts"), wanted.domain), []),
        )
        names = {other: future.result()._asdict() for other, future in programs.items()}
    verdicts = verdict.judge(seen)
    broken = verdict.first_broken(verdicts)
    result = observations.Result(
        broken=broken.hop if broken else "",
        hops=[{**each._asdict(), "replies": [reply._asdict() for reply in each.replies]} for each in verdicts],
        names=names,
        agent=told,
        host=see_host(wanted.data_directory, listeners, unseen),
    )
    if catalog is not None:
        result["catalog"] = catalog
    return result
