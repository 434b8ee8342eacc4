# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One value: what an argument spec cannot say of it."""

from __future__ import annotations

import ipaddress
import os.path
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import agent_arguments, ip
from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration
from ansible_collections.servicedns.consul.plugins.module_utils.consul.ownership import OWNERS
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.agent_settings import (
    config_findings,
    flag_findings,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.external import external_findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.prepared_query import query_findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import (
    InputError,
    Remark,
    is_dns_name,
    kind_of,
    label,
    shown,
)

#: As Docker writes it: https://docs.docker.com/engine/logging/drivers/json-file/
SIZE = re.compile("([1-9][0-9]*)([kmg])", re.ASCII)
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}
#: Bytes that are too few: an agent without any service has 20 MiB of its own, and maps a binary of 120.
LEAST_MEMORY = 64 * UNITS["m"]

#: Takes the path to a value, and yields what is wrong with it.
ValueCheck = Callable[[str, Any], Iterator[InputError]]


def nothing(path: str, value: Any) -> Iterator[InputError]:
    """Find nothing wrong, as with variables that a spec describes whole."""
    return iter(())


def _optional(check: ValueCheck) -> ValueCheck:
    """Let an empty value pass."""
    return lambda path, value: (check if value else nothing)(path, value)


def _each(check: ValueCheck) -> ValueCheck:
    """Check each item of a list."""
    return lambda path, value: (error for index, item in enumerate(value) for error in check(f"{path}[{index}]", item))


def _must(be: Callable[[str], Any], text: str) -> ValueCheck:
    """Check that a text is what it must be.

    :arg be: whether it is; a pattern's C(fullmatch), too
    """
    return lambda path, value: iter(() if be(value) else ((path, f"{shown(value)} {text}"),))


def _pattern(pattern: str) -> Callable[[str], Any]:
    return re.compile(pattern).fullmatch


def _is_directory(value: str) -> bool:
    return value.startswith("/") and os.path.normpath(value).strip("/") != ""


def _are_addresses(value: str) -> bool:
    return bool(value.split()) and all(ip(part) is not None for part in value.split())


def cidr(path: str, value: str) -> Iterator[InputError]:
    """Find what keeps a text from being a network."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        network = None
    # Go, which Consul evaluates the network with, knows no netmasks.
    if network is None or not re.search(r"/\d+$", value):
        yield path, f"{shown(value)} is not a CIDR, such as 192.168.100.0/24"
    elif str(ipaddress.ip_interface(value).ip) != str(network.network_address):
        yield path, f"{shown(value)} is the address of a host in a network, not a network: write {network}"


def _agent_address(path: str, value: str) -> Iterator[InputError]:
    address = ip(value)
    if address is None:
        yield path, f"{shown(value)} is not an IP address, such as 192.168.100.4"
    elif address.is_loopback or address.is_unspecified or address.is_multicast:
        yield path, f"{shown(value)} is no address that other hosts can reach this one at"


def _retry_join(path: str, value: str) -> Iterator[InputError]:
    # Consul's own search in a cloud is written with spaces. It may hold a key, and so is not shown.
    if not value or (re.search(r"\s", value) and not value.startswith("provider=")):
        yield path, "must be one address, and not empty: write each server as an item of its own"


#: Names that mean something else to every resolver, and those that most public names end in, so that a slip does not take
#: them from a host. It is no list of all top-level domains: IANA has over a thousand of them, and adds more.
TAKEN_DOMAINS = (
    *("localhost", "local", "arpa", "onion"),
    *("com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "name", "mobi", "asia"),
    *("app", "blog", "cloud", "club", "dev", "live", "online", "page", "shop", "site", "space", "store", "tech", "top"),
    *("website", "world", "xyz", "zip"),
)
#: Two letters are a country's: ISO 3166 gives them out (RFC 1591).
COUNTRY = re.compile("[a-z]{2}", re.IGNORECASE)
#: Below which a country gives its names out. As above, it is the usual ones, and no list of all.
COUNTRY_SECOND_LEVEL = re.compile("(ac|co|com|edu|go|gob|gov|mil|ne|net|nom|or|org)[.][a-z]{2}", re.IGNORECASE)


def _domain(path: str, value: str) -> Iterator[InputError]:
    if not is_dns_name(value):
        yield path, f"{shown(value)} is not a DNS name without dots around it, such as consul or consul.example.com"
    elif (
        value.lower() in TAKEN_DOMAINS
        or COUNTRY.fullmatch(value)
        or COUNTRY_SECOND_LEVEL.fullmatch(value)
        or value.lower().endswith((".arpa", ".local", ".localhost"))
    ):
        yield (
            path,
            f"{shown(value)} is used by others: names that are not Consul's would stop resolving; take one of your own, such as consul",
        )


def _bootstrap_expect(path: str, value: int) -> Iterator[InputError]:
    if value < 1:
        yield path, f"{value} must be 1 or more: the number of servers that the datacenter starts with"


def _flags(path: str, value: Mapping[str, Any]) -> Iterator[InputError]:
    for name, setting in value.items():
        try:
            agent_arguments({name: setting})
        except ValueError as error:
            yield path, str(error)
            continue
        if name.lower() in ("encrypt", "hcl") or "token" in name.lower():
            yield (
                f"{path}.{name}",
                "everyone who may run docker inspect reads the command line: a secret belongs to consul_agent_config",
            )
        elif name.lower().startswith("retry-join") and any("=" in str(item) for item in _list(setting)):
            yield (
                f"{path}.{name}",
                "everyone who may run docker inspect reads the command line: a search in a cloud, which may have a key, belongs "
                "to consul_agent_retry_join",
            )
        else:
            yield from flag_findings(path, {name: setting})


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else [value]


def _listen_addresses(path: str, value: Sequence[str]) -> Iterator[InputError]:
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


def split_port(value: str) -> tuple[str, int | None]:
    """Split address and port of a server as dnsmasq writes it, with port 0 for one that cannot be."""
    address, sharp, port = value.partition("#")
    if not sharp:
        return address, None
    return address, int(port) if re.fullmatch(r"[0-9]{1,5}", port) and int(port) <= 65535 else 0


def _dns_server(path: str, value: Any, port_needed: bool = False) -> Iterator[InputError]:
    """Find what is wrong with one server, written as dnsmasq does."""
    example = "IP#port, such as 127.0.0.1#8600" if port_needed else "an IP address, or IP#port, such as 192.168.100.1"
    address, port = split_port(value) if isinstance(value, str) else ("", 0)
    if ip(address) is None or port == 0 or (port_needed and not port):
        yield path, f"{shown(value)} is not {example}"
    elif address in RESOLVED_STUBS:
        yield path, f"{shown(value)} is systemd-resolved, which asks dnsmasq: name the resolvers that it used before"


def _dns_server_and_port(path: str, value: str) -> Iterator[InputError]:
    yield from _dns_server(path, value, port_needed=True)


def _forwarded_domain(path: str, value: Any) -> Iterator[InputError]:
    name = str(value).lower()
    # Whose network it is has the names of its addresses in a domain below arpa.
    if is_dns_name(name) and name.endswith((".in-addr.arpa", ".ip6.arpa")):
        return
    # An Active Directory can have such a name, and cannot be renamed.
    if is_dns_name(name) and name.endswith(".local"):
        text = "is in the domain of mDNS: programs that ask that first (mdns4_minimal in /etc/nsswitch.conf) do not ask dnsmasq"
        yield path, Remark(f"{shown(value)} {text}")
    else:
        yield from _domain(path, str(value))


def _forwarded_domains(path: str, value: Mapping[str, Any]) -> Iterator[InputError]:
    for domain, servers in value.items():
        here = f"{path}[{shown(domain)}]"
        yield from _forwarded_domain(here, domain)
        if not isinstance(servers, (list, tuple)) or not servers:
            yield here, f"{kind_of(servers)} is not a list with the address of one server at least"
            continue
        yield from _each(_dns_server)(here, servers)


def _reverse_networks(path: str, value: Sequence[str]) -> Iterator[InputError]:
    networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network] = []
    for index, item in enumerate(value):
        here = f"{path}[{index}]"
        wrong = [*cidr(here, item)] if item else [(here, "'' is not a CIDR, such as 192.168.100.0/24")]
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


def recursor_address(value: str) -> tuple[str, int]:
    """Split address and port of a resolver as Consul writes it."""
    found = re.fullmatch(r"\[(?P<six>[^]]*)\]:(?P<port6>[0-9]+)|(?P<four>[^:]*):(?P<port4>[0-9]+)", value)
    if not found:
        return value, 53
    return found["six"] or found["four"] or "", int(found["port6"] or found["port4"])


def _recursor(path: str, value: str) -> Iterator[InputError]:
    address, port = recursor_address(value)
    if ip(address) is None or not 0 < port < 65536:
        text = "is not an IP address, such as 192.168.100.1, or one with a port, such as 127.0.0.1:5353"
        yield path, f"{shown(value)} {text}"
    elif address in RESOLVED_STUBS:
        text = "is systemd-resolved, which asks dnsmasq, which asks Consul: name the resolvers that it asks"
        yield path, f"{shown(value)} {text}"


def _dns_ttl(path: str, value: int) -> Iterator[InputError]:
    if not 0 <= value <= 86400:
        yield path, f"{value} must be a number of seconds, from 0 to 86400"


def _at_least(least: int, what: str) -> ValueCheck:
    return lambda path, value: iter(() if value >= least else ((path, f"{value} must be {what}, {least} or more"),))


def _memory(path: str, value: str) -> Iterator[InputError]:
    size = SIZE.fullmatch(value)
    if not size or int(size[1]) * UNITS[size[2]] < LEAST_MEMORY:
        yield path, f"{shown(value)} must be a number with k, m or g, and 64m or more, such as 512m"


def _network_address(path: str, value: str) -> Iterator[InputError]:
    address = ip(split_port(value)[0])
    if address is not None and (address.is_unspecified or address.is_loopback):
        yield path, f"{shown(value)} is no address of this host in one network: name the one that other hosts ask"
    else:
        yield from _dns_server_and_port(path, value)


SHORTEST_INTERVAL = 60 * 10**9  # nanoseconds; a snapshot costs the leader some time


def _interval(path: str, value: str) -> Iterator[InputError]:
    # systemd reads hours, minutes and seconds as Go does; it knows no micro sign, and calls smaller units otherwise.
    duration = parse_duration(value) if re.fullmatch(r"([0-9]+(\.[0-9]+)?[hms])+", value) else None
    if duration is None or duration < SHORTEST_INTERVAL:
        yield (
            path,
            f"{shown(value)} is not a duration of a minute or more, in hours, minutes and seconds, such as 1h30m",
        )


def _role_sets(instead: str) -> ValueCheck:
    text = f"is set by the roles consul_server and consul_client, so setting it does nothing: {instead}"
    return lambda path, value: iter([(path, text)])


#: What a spec cannot say of one value, by variable.
VALUE_CHECKS: dict[str, ValueCheck] = {
    "consul_agent_image": _must(_pattern(r"\S+"), "must be a string without spaces, and not empty"),
    "consul_agent_data_directory": _must(
        _is_directory, "must be an absolute path on the host, and not /, such as /var/lib/consul"
    ),
    "consul_agent_log_max_size": _optional(_must(SIZE.fullmatch, "must be a number with k, m or g, such as 10m")),
    "consul_agent_log_max_file": _at_least(1, "a number of files"),
    "consul_agent_memory": _optional(_memory),
    "consul_agent_stop_timeout": _at_least(1, "a number of seconds"),
    # It is a word of a unit of systemd.
    "consul_agent_snapshot_directory": _must(
        lambda value: _is_directory(value) and re.fullmatch("[A-Za-z0-9/._-]+", value),
        "must be an absolute path on the host, of letters, digits, dots, hyphens and underscores, and not /, such as "
        "/var/backups/consul",
    ),
    "consul_agent_snapshot_interval": _optional(_interval),
    "consul_agent_snapshot_count": _at_least(1, "a number of snapshots"),
    "consul_agent_server": _role_sets("put the host in the group consul_servers or consul_clients"),
    "consul_agent_bootstrap_expect": _role_sets("set consul_server_bootstrap_expect"),
    "consul_agent_ui": _role_sets("set consul_server_ui or consul_client_ui"),
    "consul_agent_datacenter": _must(
        _pattern("[A-Za-z0-9_-]+"),
        "must be letters (lower case best), digits, hyphens and underscores only, such as dc1",
    ),
    "consul_agent_domain": _domain,
    "consul_agent_node_name": label,
    "consul_agent_alt_domain": _optional(_domain),
    "consul_agent_dns_ttl": _dns_ttl,
    "consul_agent_recursors": _each(_recursor),
    "consul_agent_network": _optional(cidr),
    "consul_agent_address": _optional(_agent_address),
    "consul_agent_client_address": _must(
        _are_addresses, "must be IP addresses with spaces between them, such as 127.0.0.1 172.17.0.1"
    ),
    "consul_agent_retry_join": _each(_retry_join),
    "consul_agent_config": config_findings,
    "consul_agent_client_batch": _must(
        re.compile("[1-9][0-9]*|([1-9]|[1-9][0-9]|100)%").fullmatch,
        "must be a number, 1 or more, or a part from 1% to 100%, such as 25%",
    ),
    "consul_agent_flags": _flags,
    "consul_server_bootstrap_expect": _bootstrap_expect,
    "consul_services_agent_url": _must(
        _pattern(r"https?://[^\s/]+"), "is not a URL without a path, such as http://127.0.0.1:8500"
    ),
    "consul_services_external": external_findings,
    "consul_services_prepared_queries": query_findings,
    "consul_services_owner": _must(
        OWNERS.fullmatch, "must be 1 to 63 letters, digits, dots, hyphens and underscores, such as site"
    ),
    "dnsmasq_forwarding_domain": _domain,
    "dnsmasq_forwarding_alt_domain": _optional(_domain),
    "dnsmasq_forwarding_domains": _forwarded_domains,
    "dnsmasq_forwarding_server": _dns_server_and_port,
    "dnsmasq_forwarding_fallback_servers": _each(_dns_server_and_port),
    "dnsmasq_forwarding_network_address": _optional(_network_address),
    "dnsmasq_forwarding_reverse_networks": _reverse_networks,
    "dnsmasq_forwarding_listen_addresses": _listen_addresses,
    "dnsmasq_forwarding_upstreams": _each(_dns_server),
    "dnsmasq_forwarding_probe_names": _each(_must(is_dns_name, "is not a DNS name, such as www.debian.org")),
}
