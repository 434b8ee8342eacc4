# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the variables of all hosts, before any of them is touched.

Three layers, from the narrow to the wide: one value (its type from the roles' argument specs, then
C(VALUE_CHECKS)), one host (C(HOST_CHECKS)), and all hosts together (C(INVENTORY_CHECKS)). Each check yields what it
finds and never stops the others, so that one run reports everything.

No message shows a value that may hold a secret: mappings and lists are never shown, only texts and numbers of
variables that this file checks by name.
"""

from __future__ import annotations

import difflib
import ipaddress
import os.path
import re
from typing import Any, Callable, Iterable, Iterator, Mapping, NamedTuple, Sequence

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import ArgumentTypeError, ArgumentValueError, ElementError

from ansible_collections.servicedns.consul.plugins.module_utils.agent import agent_arguments, ip, node_name
from ansible_collections.servicedns.consul.plugins.module_utils.datacenter import external_findings, query_findings
from ansible_collections.servicedns.consul.plugins.module_utils.findings import (
    Finding,
    is_dns_name,
    kind_of,
    label,
    shown,
)
from ansible_collections.servicedns.consul.plugins.module_utils.service_definitions import (
    definitions_findings,
    script_checks,
)

#: An option of an argument spec: type, choices, elements, default, ...
Option = Mapping[str, Any]
Options = Mapping[str, Option]


class Fault(NamedTuple):
    """Something that one or several hosts have wrong."""

    hosts: tuple[str, ...]
    path: str
    text: str


class Inventory(NamedTuple):
    """What the checks over all hosts look at: only variables that are set, already of their type."""

    servers: Sequence[str]
    clients: Sequence[str]
    variables: Mapping[str, Mapping[str, Any]]
    addresses: Mapping[str, str]

    @property
    def hosts(self) -> list[str]:
        """Every host once, servers first."""
        return list(dict.fromkeys([*self.servers, *self.clients]))


class Undefined(NamedTuple):
    """Stands for the value of a variable whose template cannot be evaluated."""

    reason: str
    #: The reason names a variable that is missing, and so shows no value.
    missing: bool = True


def check(
    servers: Sequence[str],
    clients: Sequence[str],
    variables: Mapping[str, Mapping[str, Any]],
    specs: Mapping[str, Options],
    addresses: Mapping[str, str] | None = None,
    file_exists: Callable[[str], bool] = os.path.isfile,
) -> list[str]:
    """All faults in the variables of all hosts, one line each; none when all is well.

    :arg servers: hosts that run a server
    :arg clients: hosts that run a client
    :arg variables: for each host of the inventory the variables that are set for it, without roles' defaults
    :arg specs: for each role the options of its argument specs
    :arg addresses: addresses that were found on hosts, which count more than what variables say
    :arg file_exists: whether a path is a file on the control node
    """
    options = {name: option for role in specs.values() for name, option in role.items()}
    prefixes = tuple(f"{role}_" for role in specs)
    faults: list[Fault] = []
    typed: dict[str, dict[str, Any]] = {}
    for host in dict.fromkeys([*servers, *clients]):
        if host not in variables:
            faults.append(Fault((host,), "groups", "is no host of the inventory"))
        ours = {name: value for name, value in variables.get(host, {}).items() if name.startswith(prefixes)}
        known = {**options, **_contributed(ours, options)}
        findings = list(_unknown(ours, known))
        typed[host] = {}
        for name, option in known.items():
            if name not in ours:
                continue
            value, wrong = _typed(name, ours[name], option)
            if value is not None:
                typed[host][name] = value
                wrong += VALUE_CHECKS.get(name, _nothing)(name, value)
                if name == "consul_agent_image_archive" and value and not file_exists(value):
                    wrong.append((name, f"{shown(value)} is no file on the control node"))
            findings += wrong
        for host_check in HOST_CHECKS:
            findings += host_check(typed[host], options)
        # An item that is no mapping is found by its type, and again among the services.
        faults += [Fault((host,), *finding) for finding in dict.fromkeys(findings)]
    inventory = Inventory(servers, clients, typed, addresses or {})
    for inventory_check in INVENTORY_CHECKS:
        faults += inventory_check(inventory)
    return lines(faults)


def lines(faults: Iterable[Fault]) -> list[str]:
    """One line a fault; hosts that have the same one share a line."""
    hosts: dict[Finding, list[str]] = {}
    for fault in faults:
        hosts.setdefault((fault.path, fault.text), []).extend(fault.hosts)
    return [f"{_names(names)}: {path}: {text}" for (path, text), names in hosts.items()]


def _names(hosts: Sequence[str], most: int = 10) -> str:
    """The names of hosts, cut to what a line can hold."""
    rest = len(hosts) - most
    return ", ".join(hosts[:most]) + (f" and {rest} more" if rest > 0 else "")


# One value: its type


TYPES = {
    "str": "a string",
    "path": "a path",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
}


def _typed(name: str, value: Any, option: Option) -> tuple[Any, list[Finding]]:
    """A value converted to the type of its option, None when it has another, and what is wrong with it.

    Stricter than the validator in one way: it never makes a list or mapping of a string, nor a string or number of a list,
    a mapping or a boolean, because a role gets its variables unconverted.
    """
    kind = option.get("type", "str")
    if isinstance(value, Undefined):
        hidden = kind in ("list", "dict") and not value.missing
        reason = "the reason may hold a secret, and is not shown" if hidden else value.reason
        return None, [(name, f"its template cannot be evaluated: {reason}")]
    if value is None:
        return None, [(name, f"is set to nothing: give it {TYPES.get(kind, kind)}, or remove the line")]
    mistaken = _mistaken(name, value, kind, option.get("choices"))
    if mistaken:
        return None, [mistaken]
    if kind == "list":
        elements = option.get("elements", "raw")
        found = [_mistaken(f"{name}[{index}]", item, elements, None) for index, item in enumerate(value)]
        wrong = [finding for finding in found if finding]
        if wrong:
            # The items that are mappings can be looked at beside one that is none.
            return (value if elements == "dict" else None), wrong
    # Other variables may be missing or come later, and defaults are the roles' business.
    spec = {key: part for key, part in option.items() if key not in ("required", "default", "description")}
    result = ArgumentSpecValidator({name: spec}).validate({name: value})
    findings = [(name, _spec_fault(error, value, option)) for error in result.errors.errors]
    # The validator expands ~ and $HOME of the control node in a path, which may be one of the host.
    converted = value if kind == "path" else result.validated_parameters.get(name)
    return (None if findings else converted), findings


def _mistaken(path: str, value: Any, kind: str, choices: Sequence[Any] | None) -> Finding | None:
    """What is wrong with a value that the validator would convert although no role does."""
    is_list = isinstance(value, (list, tuple))
    is_mapping = isinstance(value, Mapping)
    # YAML reads the choice off as false; the validator knows that.
    is_boolean = isinstance(value, bool) and not choices
    if {"list": not is_list, "dict": not is_mapping}.get(kind, False):
        return path, f"{kind_of(value)} is not {TYPES[kind]}"
    if kind in ("str", "path", "int") and (is_list or is_mapping or is_boolean or value is None):
        return path, f"{shown(value)} is not {TYPES[kind]}"
    return None


def _spec_fault(error: Exception, value: Any, option: Option) -> str:
    """The text for an error of the validator."""
    if isinstance(error, ArgumentTypeError) and not isinstance(error, ElementError):
        return f"{shown(value)} is not {TYPES.get(option['type'], option['type'])}"
    if isinstance(error, ArgumentValueError) and option.get("type") != "list":
        return f"{shown(value)} is not one of {', '.join(str(choice) for choice in option['choices'])}"
    return str(error)


# One value: what a spec cannot say


def _nothing(path: str, value: Any) -> Iterator[Finding]:
    """For variables that a spec describes whole."""
    return iter(())


def _filled(path: str, value: str) -> Iterator[Finding]:
    if not value or re.search(r"\s", value):
        yield path, f"{shown(value)} must be a string without spaces, and not empty"


def _cidr(path: str, value: str) -> Iterator[Finding]:
    if not value:
        return
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        network = None
    # Go, which Consul evaluates the network with, knows no netmasks.
    if network is None or not re.search(r"/\d+$", value):
        yield path, f"{shown(value)} is not a CIDR, such as 192.168.100.0/24"
    elif str(ipaddress.ip_interface(value).ip) != str(network.network_address):
        yield path, f"{shown(value)} is the address of a host in a network, not a network: write {network}"


def _agent_address(path: str, value: str) -> Iterator[Finding]:
    if not value:
        return
    address = ip(value)
    if address is None:
        yield path, f"{shown(value)} is not an IP address, such as 192.168.100.4"
    elif address.is_loopback or address.is_unspecified or address.is_multicast:
        yield path, f"{shown(value)} is no address that other hosts can reach this one at"


def _url(path: str, value: str) -> Iterator[Finding]:
    if not re.fullmatch(r"https?://[^\s/]+", value):
        yield path, f"{shown(value)} is not a URL without a path, such as http://127.0.0.1:8500"


def _client_address(path: str, value: str) -> Iterator[Finding]:
    if not value.split() or any(ip(part) is None for part in value.split()):
        yield path, f"{shown(value)} must be IP addresses with spaces between them, such as 127.0.0.1 172.17.0.1"


def _retry_join(path: str, value: Sequence[str]) -> Iterator[Finding]:
    for index, item in enumerate(value):
        # Consul's own search in a cloud is written with spaces. It may hold a key, and so is not shown.
        if not item or (re.search(r"\s", item) and not item.startswith("provider=")):
            yield (
                f"{path}[{index}]",
                f"{shown(item)} must be one address, and not empty: write each server as an item of its own",
            )


#: Names that mean something else to every resolver, or that all the world's names end in.
TAKEN_DOMAINS = (
    "localhost",
    "local",
    "arpa",
    "com",
    "net",
    "org",
    "edu",
    "gov",
    "mil",
    "int",
    "info",
    "io",
    "dev",
    "app",
)


def _domain(path: str, value: str) -> Iterator[Finding]:
    if not is_dns_name(value):
        yield path, f"{shown(value)} is not a DNS name without dots around it, such as consul or consul.example.com"
    elif value.lower() in TAKEN_DOMAINS or value.lower().endswith((".arpa", ".local", ".localhost")):
        yield (
            path,
            f"{shown(value)} is used by others: names that are not Consul's would stop resolving; take one of your own, such as consul",
        )


def _optional_domain(path: str, value: str) -> Iterator[Finding]:
    if value:
        yield from _domain(path, value)


def _datacenter(path: str, value: str) -> Iterator[Finding]:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", value):
        yield (
            path,
            f"{shown(value)} must be letters (lower case best), digits, hyphens and underscores only, such as dc1",
        )


def _data_directory(path: str, value: str) -> Iterator[Finding]:
    if not value.startswith("/") or os.path.normpath(value).strip("/") == "":
        yield path, f"{shown(value)} must be an absolute path on the host, and not /, such as /var/lib/consul"


def _bootstrap_expect(path: str, value: int) -> Iterator[Finding]:
    if value < 1:
        yield path, f"{value} must be 1 or more: the number of servers that the datacentre starts with"


def _flags(path: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    for name, setting in value.items():
        try:
            agent_arguments({name: setting})
        except ValueError as error:
            yield path, str(error)
            continue
        if name.lower() == "encrypt" or "token" in name.lower():
            yield (
                f"{path}.{name}",
                "everyone who may run docker inspect reads the command line: a secret belongs to consul_agent_config",
            )


def _listen_addresses(path: str, value: Sequence[str]) -> Iterator[Finding]:
    if not value:
        yield path, "must have one IP address at least, such as 127.0.0.2"
    for index, item in enumerate(value):
        address = ip(item)
        if address is None:
            yield f"{path}[{index}]", f"{shown(item)} is not an IP address, such as 127.0.0.2"
        elif address.is_unspecified:
            yield (
                f"{path}[{index}]",
                f"{shown(item)} would make this host a resolver for every network it is in: name the addresses",
            )


#: systemd-resolved's own listeners: it would ask dnsmasq, which would ask it, without an end.
RESOLVED_STUBS = ("127.0.0.53", "127.0.0.54")


def _split_port(value: str) -> tuple[str, int | None]:
    """Address and port of a server as dnsmasq writes it, with port 0 for one that cannot be."""
    address, sharp, port = value.partition("#")
    if not sharp:
        return address, None
    return address, int(port) if re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535 else 0


def _server_findings(path: str, value: Any, port_needed: bool = False) -> Iterator[Finding]:
    """What is wrong with one server, written as dnsmasq does."""
    example = "IP#port, such as 127.0.0.1#8600" if port_needed else "an IP address, or IP#port, such as 192.168.100.1"
    address, port = _split_port(value) if isinstance(value, str) else ("", 0)
    if ip(address) is None or port == 0 or (port_needed and not port):
        yield path, f"{shown(value)} is not {example}"
    elif address in RESOLVED_STUBS:
        yield path, f"{shown(value)} is systemd-resolved, which asks dnsmasq: name the resolvers that it used before"


def _upstreams(path: str, value: Sequence[str]) -> Iterator[Finding]:
    for index, item in enumerate(value):
        yield from _server_findings(f"{path}[{index}]", item)


def _dns_servers(path: str, value: Sequence[str]) -> Iterator[Finding]:
    for index, item in enumerate(value):
        yield from _server_findings(f"{path}[{index}]", item, port_needed=True)


def _forwarded_domains(path: str, value: Mapping[str, Any]) -> Iterator[Finding]:
    for domain, servers in value.items():
        here = f"{path}[{shown(domain)}]"
        # Whose network it is has the names of its addresses in a domain below arpa.
        if not (
            isinstance(domain, str) and is_dns_name(domain) and domain.lower().endswith((".in-addr.arpa", ".ip6.arpa"))
        ):
            yield from _domain(here, str(domain))
        if not isinstance(servers, (list, tuple)) or not servers:
            yield here, f"{kind_of(servers)} is not a list with the address of one server at least"
            continue
        for index, server in enumerate(servers):
            yield from _server_findings(f"{here}[{index}]", server)


def _reverse_networks(path: str, value: Sequence[str]) -> Iterator[Finding]:
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for index, item in enumerate(value):
        here = f"{path}[{index}]"
        wrong = [*_cidr(here, item)] if item else [(here, "'' is not a CIDR, such as 192.168.100.0/24")]
        yield from wrong
        if wrong:
            continue
        network = ipaddress.ip_network(item)
        if network.prefixlen == 0:
            yield here, f"{shown(item)} would take the names of all addresses from everybody: name your own networks"
        for other in networks:
            if network.version == other.version and network.overlaps(other):
                yield here, f"{shown(item)} overlaps with {other}: name each network once"
        networks.append(network)


def _recursors(path: str, value: Sequence[str]) -> Iterator[Finding]:
    for index, item in enumerate(value):
        here = f"{path}[{index}]"
        if ip(item) is None:
            yield here, f"{shown(item)} is not an IP address, such as 192.168.100.1"
        elif item in RESOLVED_STUBS:
            yield (
                here,
                f"{shown(item)} is systemd-resolved, which asks dnsmasq, which asks Consul: name the resolvers that it asks",
            )


def _dns_ttl(path: str, value: int) -> Iterator[Finding]:
    if not 0 <= value <= 86400:
        yield path, f"{value} must be a number of seconds, from 0 to 86400"


def _dns_server(path: str, value: str) -> Iterator[Finding]:
    yield from _server_findings(path, value, port_needed=True)


def _dns_names(path: str, value: Sequence[str]) -> Iterator[Finding]:
    for index, item in enumerate(value):
        if not is_dns_name(item):
            yield f"{path}[{index}]", f"{shown(item)} is not a DNS name, such as www.debian.org"


def _role_sets(instead: str) -> Callable[[str, Any], Iterator[Finding]]:
    def finding(path: str, value: Any) -> Iterator[Finding]:
        yield path, f"is set by the roles consul_server and consul_client, so setting it does nothing: {instead}"

    return finding


#: What a spec cannot say of one value, by variable.
VALUE_CHECKS: dict[str, Callable[[str, Any], Iterator[Finding]]] = {
    "consul_agent_image": _filled,
    "consul_agent_data_directory": _data_directory,
    "consul_agent_server": _role_sets("put the host in the group consul_servers or consul_clients"),
    "consul_agent_bootstrap_expect": _role_sets("set consul_server_bootstrap_expect"),
    "consul_agent_ui": _role_sets("set consul_server_ui or consul_client_ui"),
    "consul_agent_datacenter": _datacenter,
    "consul_agent_domain": _domain,
    "consul_agent_node_name": label,
    "consul_agent_alt_domain": _optional_domain,
    "consul_agent_dns_ttl": _dns_ttl,
    "consul_agent_recursors": _recursors,
    "consul_agent_network": _cidr,
    "consul_agent_address": _agent_address,
    "consul_agent_client_address": _client_address,
    "consul_agent_retry_join": _retry_join,
    "consul_agent_flags": _flags,
    "consul_server_bootstrap_expect": _bootstrap_expect,
    "consul_services_agent_url": _url,
    "consul_services_external": external_findings,
    "consul_services_prepared_queries": query_findings,
    "dnsmasq_forwarding_domain": _domain,
    "dnsmasq_forwarding_alt_domain": _optional_domain,
    "dnsmasq_forwarding_domains": _forwarded_domains,
    "dnsmasq_forwarding_server": _dns_server,
    "dnsmasq_forwarding_fallback_servers": _dns_servers,
    "dnsmasq_forwarding_reverse_networks": _reverse_networks,
    "dnsmasq_forwarding_listen_addresses": _listen_addresses,
    "dnsmasq_forwarding_upstreams": _upstreams,
    "dnsmasq_forwarding_probe_names": _dns_names,
}


# One host


SERVICES = "consul_services_definitions"
#: Lists of services that groups and hosts add to the one of this name.
MORE_SERVICES = re.compile(SERVICES + "_.+")


def _contributed(variables: Mapping[str, Any], options: Options) -> Options:
    """The options of the lists of services that have a name of the user's choice."""
    names = [name for name in variables if name not in options and MORE_SERVICES.fullmatch(name)]
    return {name: options[SERVICES] for name in names if SERVICES in options}


def _unknown(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    """Variables that no role knows. Their values are never shown."""
    for name in variables:
        if name not in options:
            close = difflib.get_close_matches(name, options, n=1, cutoff=0.8)
            yield name, "no role knows this variable" + (f"; did you mean {close[0]}?" if close else "")


def _address_in_network(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    address = ip(variables.get("consul_agent_address", ""))
    cidr = variables.get("consul_agent_network", "")
    if address is None or not cidr or any(_cidr("", cidr)):
        return
    if address not in ipaddress.ip_network(cidr):
        yield "consul_agent_address", f"{shown(str(address))} is not in consul_agent_network, {cidr}"


def _remote_script_checks(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    acl = variables.get("consul_agent_config", {}).get("acl")
    if variables.get("consul_agent_script_checks") == "remote" and not (
        isinstance(acl, Mapping) and acl.get("enabled") is True
    ):
        yield (
            "consul_agent_script_checks",
            "'remote' lets whoever reaches the HTTP API run programs here: take local, or turn ACLs on "
            "(acl.enabled: true in consul_agent_config)",
        )


def _service_lists(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of services of a host, by variable."""
    return {name: value for name, value in variables.items() if name == SERVICES or MORE_SERVICES.fullmatch(name)}


def _services(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    yield from definitions_findings(
        _service_lists(variables), variables.get("consul_services_allow_unknown_keys") is True
    )


def _scripts_are_on(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    if variables.get("consul_agent_script_checks") != "off":
        return
    for name, services in _service_lists(variables).items():
        for index, service in enumerate(services):
            for path in script_checks(f"{name}[{index}]", service):
                yield path, "args runs a program, and consul_agent_script_checks is off: set it to local"


def _listened(variables: Mapping[str, Any], options: Options) -> list[Any]:
    """The addresses on which dnsmasq answers."""
    name = "dnsmasq_forwarding_listen_addresses"
    return [ip(address) for address in variables.get(name, options.get(name, {}).get("default", []))]


def _upstream_is_own(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    """dnsmasq that asks itself, or asks an agent that asks dnsmasq, never comes to an end."""
    listen = _listened(variables, options)
    domains = variables.get("dnsmasq_forwarding_domains", {})
    servers = {
        "dnsmasq_forwarding_upstreams": variables.get("dnsmasq_forwarding_upstreams", []),
        "consul_agent_recursors": variables.get("consul_agent_recursors", []),
        **{f"dnsmasq_forwarding_domains[{shown(domain)}]": found for domain, found in domains.items()},
    }
    for path, found in servers.items():
        for index, server in enumerate(found if isinstance(found, (list, tuple)) else []):
            address, port = _split_port(server) if isinstance(server, str) else ("", 0)
            if ip(address) is not None and ip(address) in listen and port in (None, 53):
                yield f"{path}[{index}]", f"{shown(server)} is dnsmasq itself, by dnsmasq_forwarding_listen_addresses"


def _domains_differ(variables: Mapping[str, Any], options: Options) -> Iterator[Finding]:
    """A domain has one kind of servers: Consul's or others."""
    names = ("dnsmasq_forwarding_domain", "consul_agent_domain")
    domain = next((variables[name] for name in names if name in variables), "consul")
    alternatives = {
        name: variables[name].lower()
        for name in ("dnsmasq_forwarding_alt_domain", "consul_agent_alt_domain")
        if variables.get(name)
    }
    for name, alternative in alternatives.items():
        if alternative == domain.lower():
            yield name, f"{shown(domain)} is the domain already: leave it empty, or name another"
    for other in variables.get("dnsmasq_forwarding_domains", {}):
        if str(other).lower() in (domain.lower(), *alternatives.values()):
            yield f"dnsmasq_forwarding_domains[{shown(other)}]", "is Consul's domain on this host: it has other servers"


#: What the variables of one host say together.
HOST_CHECKS: Sequence[Callable[[Mapping[str, Any], Options], Iterable[Finding]]] = (
    _address_in_network,
    _remote_script_checks,
    _services,
    _scripts_are_on,
    _upstream_is_own,
    _domains_differ,
)


# All hosts together


def _groups(inventory: Inventory) -> Iterator[Fault]:
    """Each host runs one agent, and a datacentre has a server."""
    for host in inventory.servers:
        if host in inventory.clients:
            yield Fault(
                (host,), "groups", "the host is in consul_servers and in consul_clients, and can run one agent only"
            )
    if inventory.servers:
        return
    lost = [host for host in inventory.clients if not inventory.variables[host].get("consul_agent_retry_join")]
    if not inventory.clients:
        yield Fault(
            ("inventory",),
            "groups",
            "consul_servers and consul_clients are both missing or empty: there is nothing to set up",
        )
    elif lost:
        text = "consul_servers is missing or empty: add a server, or name servers that run elsewhere in consul_agent_retry_join"
        yield Fault(tuple(lost), "groups", text)


def _unique(name: str, values: Mapping[str, str], why: str) -> Iterator[Fault]:
    """Hosts that share what must differ."""
    hosts: dict[str, list[str]] = {}
    for host, value in values.items():
        hosts.setdefault(value, []).append(host)
    for value, same in hosts.items():
        if len(same) > 1:
            yield Fault(tuple(same), name, f"{shown(value)} is the same on these hosts, and {why}")


def _unique_addresses(inventory: Inventory) -> Iterator[Fault]:
    said = {host: inventory.variables[host].get("consul_agent_address") for host in inventory.hosts}
    known = {host: ip(inventory.addresses.get(host) or said[host] or "") for host in inventory.hosts}
    values = {host: str(address) for host, address in known.items() if address is not None}
    yield from _unique("consul_agent_address", values, "each agent needs its own")


def _unique_node_names(inventory: Inventory) -> Iterator[Fault]:
    names: dict[str, str] = {}
    for host in inventory.hosts:
        try:
            names[host] = (inventory.variables[host].get("consul_agent_node_name") or node_name(host)).lower()
        except ValueError as error:
            yield Fault((host,), "consul_agent_node_name", f"{error}: set it")
    yield from _unique(
        "consul_agent_node_name", names, "each node needs its own (by default the host's name up to its first dot)"
    )


def _bootstrap(inventory: Inventory) -> Iterator[Fault]:
    """An explicit number of servers must be the same everywhere and fit the inventory.

    With more than there are no leader is ever elected; with fewer each part of that many may elect its own.
    """
    name = "consul_server_bootstrap_expect"
    count = len(inventory.servers)
    explicit = {
        host: inventory.variables[host][name] for host in inventory.servers if name in inventory.variables[host]
    }
    expected = {host: explicit.get(host, count) for host in inventory.servers}
    if not explicit or any(number < 1 for number in expected.values()):
        return
    numbers = set(expected.values())
    if len(numbers) > 1:
        each = ", ".join(f"{host} {number}" for host, number in expected.items())
        yield Fault(tuple(explicit), name, f"must be one number for all servers, and they have: {each}")
        return
    (number,) = numbers
    have = f"{number} servers, and the inventory has {count} ({_names(inventory.servers)})"
    elsewhere = all(inventory.variables[host].get("consul_agent_retry_join") for host in inventory.servers)
    if number < count:
        yield Fault(
            tuple(explicit),
            name,
            f"{have}: every {number} of them could elect a leader of their own, and the datacentre would be split; "
            "remove the variable, and the number of servers is taken",
        )
    elif number > count and not elsewhere:
        yield Fault(
            tuple(explicit),
            name,
            f"{have}: they would wait for the others and elect no leader; remove the variable, add servers, or name "
            "those that run elsewhere in consul_agent_retry_join",
        )


#: What one host does for the whole datacentre, whichever that is.
OF_THE_DATACENTER = ("consul_services_external", "consul_services_prepared_queries")


def _one_for_all(inventory: Inventory) -> Iterator[Fault]:
    """What belongs to the whole datacentre is declared once."""
    for name in OF_THE_DATACENTER:
        said = {host: inventory.variables[host].get(name, []) for host in inventory.hosts}
        others = [host for host in inventory.hosts if said[host] != said[inventory.hosts[0]]]
        if others:
            yield Fault(
                tuple(others),
                name,
                f"is another list than that of {inventory.hosts[0]}: it is for the whole datacentre, so set it for all hosts",
            )


#: What the variables of all hosts say together.
INVENTORY_CHECKS: Sequence[Callable[[Inventory], Iterable[Fault]]] = (
    _groups,
    _unique_addresses,
    _unique_node_names,
    _bootstrap,
    _one_for_all,
)
