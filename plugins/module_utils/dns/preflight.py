# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host resolves names, which names it depends on, and all that keeps dnsmasq from answering them."""

from __future__ import annotations

import contextlib
import os
import socket
import types
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import DNS_PORT
from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    apparmor,
    detect,
    dnsmasq,
    dnsmasq_beside,
    forwarding_needs,
    lookups,
    probe_names,
    resolv_conf,
    resolved,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import resolvconf
from ansible_collections.servicedns.consul.plugins.module_utils.docker import daemon_json
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, network, sockets, systemd

SERVER_PATIENCE = 5.0  # seconds in which a name server must say something


class PreflightOptions(t.NamedTuple):
    """What is to be, as the options of the module dnsmasq_forwarding_preflight say it."""

    listen_addresses: t.Sequence[str]
    resolver: str = "auto"
    upstreams: t.Sequence[str] = ()
    domains: t.Mapping[str, t.Sequence[str]] = types.MappingProxyType({})
    containers: bool = False
    network_address: str = ""
    probe_names: t.Sequence[str] = ()
    image: str = ""
    consul_domains: t.Sequence[str] = ()


def foreign_listeners(
    listeners: list[sockets.Socket], wanted: list[tuple[str, int]], our_pids: list[int]
) -> list[sockets.Socket]:
    """Choose the sockets that keep our dnsmasqs from listening on addresses and ports."""
    return [
        listener
        for listener in listeners
        if any(listener.port == port and listener.covers(address) for address, port in wanted)
        and not any(sockets.descends(listener.pid, pid) for pid in our_pids if pid)
    ]


def found_upstreams(
    kind: str, seen: detect.Host, configuration: str, listen_addresses: t.Sequence[str]
) -> tuple[list[str], str]:
    """Find the resolvers that the host uses: those to be written down, and the file that keeps the others current.

    :arg configuration: of systemd-resolved
    """
    path = detect.upstreams_file(kind, seen)
    if path != resolved.UPLINK_FILE:
        return [], path
    # Our drop-in takes the place of the global servers, so dnsmasq has to ask them now.
    static = resolved.global_servers(configuration)
    before = files.read(resolv_conf.BEFORE_RESOLVED) or (seen.resolv_conf if not seen.resolved_installed else "")
    servers = [*static, *resolv_conf.nameservers(before)]
    return [server for server in servers if is_upstream(server, listen_addresses)], path


def is_upstream(server: str, listen_addresses: t.Sequence[str]) -> bool:
    """Whether a server can be asked for all names: neither we, nor systemd-resolved, nor Consul, whose guide leaves it there."""
    address, port = lookups.split_server(server)
    return address not in (*listen_addresses, *resolved.STUBS) and port != DNS_PORT


@contextlib.contextmanager
def collected(problems: list[str], subject: str = "") -> t.Iterator[None]:
    """Write a reason not to go on down, so that all of them are said at once."""
    try:
        yield
    except HostError as error:
        problems.append(f"{subject}{error}")


def names_to_probe(wanted: PreflightOptions, seen: detect.Host, servers: t.Sequence[str]) -> list[str]:
    """Choose the names that the host depends on, and resolves now through one of its name servers.

    Looked up side by side, since a name server may be slow to say that a name is none. What it finds a second after
    another name is left out: with a default probe that is no name, every run would wait for it.

    :arg servers: those that the host asks, in their order
    """
    hostname, search = socket.gethostname(), resolv_conf.search_domains(seen.resolv_conf)
    # What a host answers by itself says nothing about a name server.
    answered_here = {*files.read("/etc/hosts").split(), *probe_names.own(hostname, search)}

    def resolves(name: str) -> bool:
        # Without the search domains, one of which may have every name.
        return lookups.knows(servers, name) if name in answered_here else lookups.resolves(f"{name}.")

    names = probe_names.candidates(hostname, search, wanted.image, wanted.probe_names)
    return lookups.side_by_side(names, resolves, lookups.PATIENCE, lookups.PROBE_GRACE)


def silent_servers(wanted: PreflightOptions) -> tuple[list[str], list[str]]:
    """Collect problems and warnings for the name servers that were given and say nothing at all.

    An upstream that is new must answer. One that is asked already may be away for a while, as may a domain's.
    """
    given = {f"O(upstreams): '{server}'": server for server in wanted.upstreams}
    optional = {
        f"O(domains): '{server}' ({domain})": server for domain, servers in wanted.domains.items() for server in servers
    }
    asked = dnsmasq.option(files.read(dnsmasq.FILES["upstreams_configuration"]), "server")
    servers = list({**given, **optional}.values())
    questions = ["localhost", *wanted.probe_names][:2]
    speak = lookups.side_by_side(servers, lambda server: lookups.speaks(server, questions), SERVER_PATIENCE)

    def silent(of: dict[str, str]) -> dict[str, str]:
        return {name: server for name, server in of.items() if server not in speak}

    away = "does not answer DNS; correct it, or let udp and tcp of its port pass"
    problems = [f"{name} {away}" for name, server in silent(given).items() if server not in asked]
    warnings = [f"{name} {away}" for name, server in silent({**optional, **given}).items()]
    return problems, [warning for warning in warnings if warning not in problems]


def our_files(chosen: str, wanted: PreflightOptions) -> list[str]:
    """List the files that a run may write, and that are ours alone."""
    targets = switch.targets_for(chosen, wanted.listen_addresses[0], wanted.consul_domains) if chosen else []
    shared = (
        *(resolv_conf.RESOLV_CONF, resolv_conf.BEFORE_RESOLVED, resolved.STUB_FILE),
        *(resolvconf.ResolvconfTool.openresolv, resolvconf.ResolvconfTool.head),
    )
    return [
        *dnsmasq.FILES.values(),
        *(dnsmasq_beside.paths(dnsmasq_beside.CONTAINERS) if wanted.containers else ()),
        *(dnsmasq_beside.paths(dnsmasq_beside.NETWORK) if wanted.network_address else ()),
        *(path for target in targets for path in target.paths() if path not in shared and not os.path.isdir(path)),
    ]


def lacks(chosen: str, wanted: PreflightOptions, seen: detect.Host) -> list[str]:
    """Find what the host must have, and has not."""
    problems = [*forwarding_needs.distribution(), *forwarding_needs.init(), *apparmor.obstacles()]
    if chosen:
        paths = our_files(chosen, wanted)
        problems += [*forwarding_needs.foreign_files(paths), *forwarding_needs.read_only(paths)]
    packages = []
    if os.path.exists(forwarding_needs.DNSMASQ):
        with collected(problems):
            problems += forwarding_needs.installed_dnsmasq()
    else:
        packages.append("dnsmasq-base")
    if chosen == "systemd_resolved" and not seen.resolved_installed:
        packages.append("systemd-resolved")
    if packages and command.find("apt-cache"):
        with collected(problems):
            problems += forwarding_needs.installable(packages, probe_names.apt_uris())
    return problems


def held_ports(places: list[tuple[str, int]], network_address: str) -> list[str]:
    """Find who keeps our dnsmasqs from listening, for the host and for the network."""
    units = (
        dnsmasq.UNIT,
        dnsmasq.UPSTREAMS_UNIT,
        *(f"{name}.service" for name in (dnsmasq_beside.CONTAINERS, dnsmasq_beside.NETWORK)),
    )
    our_pids = [systemd.main_pid(unit) for unit in units]
    listeners = sockets.listeners()
    problems = [
        f"{listener}, but dnsmasq needs it (O(listen_addresses))"
        for listener in foreign_listeners(listeners, places, our_pids)
    ]
    if network_address:
        problems += [
            f"{listener}, but dnsmasq needs it (O(network_address))"
            for listener in foreign_listeners(listeners, [lookups.split_server(network_address)], our_pids)
            # An agent that answers there is told not to before dnsmasq does.
            if listener.process != "consul"
        ]
    return problems


def unknown_addresses(addresses: t.Iterable[str]) -> list[str]:
    """Find the addresses on which nothing can listen here."""
    interfaces = network.addresses() if command.find("ip") else []
    has = ", ".join([*(str(interface) for _name, interface in interfaces), "those in 127.0.0.0/8"])
    return [
        f"O(listen_addresses): '{address}' is no address of this host; it has {has}"
        for address in addresses
        if not network.has_address(address)
    ]


def _resolver(wanted: PreflightOptions, seen: detect.Host, problems: list[str]) -> tuple[str, list[str], str]:
    """What is to be switched, the resolvers that are to be written down, and the file that has the others."""
    chosen, configuration = "", ""
    with collected(problems):
        chosen = detect.choose(wanted.resolver, seen)
    if seen.resolved_active:
        with collected(problems):
            configuration = command.run("systemd-analyze", "cat-config", "systemd/resolved.conf")
    upstreams, path = list(wanted.upstreams), ""
    if chosen and not upstreams:
        upstreams, path = found_upstreams(chosen, seen, configuration, wanted.listen_addresses)
    if seen.resolved_active and chosen in ("systemd_resolved", "resolv_conf_and_resolved"):
        with collected(problems):
            problems += resolved.conflicts(configuration, resolved.show, wanted.consul_domains, wanted.upstreams)
    if path == resolved.UPLINK_FILE and chosen == "none":
        stub, silent_stub = resolved.left_alone(configuration, resolved.show)
        problems += silent_stub
        if stub:
            upstreams, path = stub, ""
    return chosen, upstreams, path


def _bridges(wanted: PreflightOptions, problems: list[str]) -> daemon_json.Bridges:
    """On which containers are to be answered."""
    bridges = daemon_json.Bridges("", [], [])
    if wanted.containers:
        with collected(problems, "O(containers): "):
            bridges = daemon_json.this_engine()
            daemon_json.parse(files.read(daemon_json.CONFIGURATION))
    return bridges


def _places(wanted: PreflightOptions, bridge: str, problems: list[str]) -> None:
    """Whether dnsmasq can listen everywhere where it is to answer."""
    places = [(address, dnsmasq.PORT) for address in [*wanted.listen_addresses, *([bridge] if bridge else [])]]
    places.append((wanted.listen_addresses[0], dnsmasq.UPSTREAMS_PORT))
    with collected(problems):
        problems += unknown_addresses(wanted.listen_addresses)
    if command.find("ss") and command.find("systemctl"):
        with collected(problems):
            problems += held_ports(places, wanted.network_address)


def look(wanted: PreflightOptions) -> tuple[dict[str, t.Any], list[str]]:
    """Look at the host.

    :return: facts for the role dnsmasq_forwarding, and warnings
    :raises HostError: with everything that is wrong
    """
    problems = forwarding_needs.commands()
    seen = detect.this_host()
    chosen, upstreams, path = _resolver(wanted, seen, problems)
    bridges = _bridges(wanted, problems)
    with collected(problems):
        problems += lacks(chosen, wanted, seen)
    _places(wanted, bridges.address, problems)
    silent, warnings = silent_servers(wanted)
    problems += silent
    if problems:
        raise HostError("; ".join(problems), warnings)
    listed = resolv_conf.nameservers(files.read(path)) if path else []
    listed = [server for server in listed if is_upstream(server, wanted.listen_addresses)]
    asked = list(dict.fromkeys([*upstreams, *listed]))
    names = names_to_probe(wanted, seen, asked)
    if not names:
        warnings.append(
            "O(probe_names): this host resolves none of its probe names, so that nothing but Consul's own "
            "names tells whether it still resolves any afterwards; name some that it resolves"
        )
    facts = dict(
        resolver=chosen,
        resolved_installed=seen.resolved_installed,
        dnsmasq_installed=os.path.exists(forwarding_needs.DNSMASQ),
        names=names,
        upstreams=upstreams,
        upstreams_file=path,
        patience=resolv_conf.patience(seen.resolv_conf),
        bridges=bridges._asdict(),
        network_answered=os.path.exists(dnsmasq_beside.paths(dnsmasq_beside.NETWORK)[-1]),
        containers_answered=os.path.exists(dnsmasq_beside.paths(dnsmasq_beside.CONTAINERS)[-1]),
    )
    return facts, warnings
