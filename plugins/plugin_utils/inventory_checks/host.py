# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One host: what its variables say together."""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import ip
from ansible_collections.servicedns.consul.plugins.plugin_utils import effective
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.instances import (
    definitions_findings,
    script_checks,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, Remark, shown
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.values import (
    cidr,
    recursor_address,
    split_port,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import SERVICE_LISTS, SERVICES, Options


def contributed(variables: Mapping[str, Any], options: Options) -> Options:
    """Give the lists of services that have a name of the user's choice the option of the one that a role knows."""
    names = [name for name in variables if name not in options and SERVICE_LISTS.fullmatch(name)]
    return {name: options[SERVICES] for name in names if SERVICES in options}


def unknown_variables(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
    """Find variables that no role knows. Their values are never shown.

    One that is almost a variable of the same role is a slip. Any other may belong to somebody else's role.
    """
    text = "no role of this collection knows this variable"
    for name, value in variables.items():
        if name in options or _is_result(value):
            continue
        meant = next((option for option in options if _is_slip_of(name, option)), None)
        yield name, f"{text}; did you mean {meant}?" if meant else Remark(text)


def _is_result(value: Any) -> bool:
    """Whether a value is what a task registered."""
    return isinstance(value, Mapping) and {"changed", "failed"} <= set(value)


def _is_slip_of(name: str, option: str) -> bool:
    """Whether a name is a misspelt one of the same role."""
    role = re.match("[a-z]+_[a-z]+_", option)
    if not role or not name.startswith(role[0]):
        return False
    written, known = name[role.end() :], option[role.end() :]
    if re.match(known + "_.", written):
        return False
    return sorted(written) == sorted(known) or difflib.SequenceMatcher(None, written, known).ratio() >= 0.7


def _address_in_network(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
    address = ip(variables.get("consul_agent_address", ""))
    network = variables.get("consul_agent_network", "")
    if address is None or not network or any(cidr("", network)):
        return
    if address not in ipaddress.ip_network(network):
        yield "consul_agent_address", f"{shown(str(address))} is not in consul_agent_network, {network}"


def _remote_script_checks(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
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
    return {name: value for name, value in variables.items() if SERVICE_LISTS.fullmatch(name)}


def _services(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
    yield from definitions_findings(
        _service_lists(variables), variables.get("consul_services_allow_unknown_keys") is True
    )


def _scripts_are_on(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
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


def _upstream_is_own(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
    """dnsmasq that asks itself, or asks an agent that asks dnsmasq, never comes to an end."""
    listen = _listened(variables, options)
    domains = variables.get("dnsmasq_forwarding_domains", {})
    servers = {
        "dnsmasq_forwarding_upstreams": variables.get("dnsmasq_forwarding_upstreams", []),
        "consul_agent_recursors": [
            address if port == 53 else f"{address}#{port}"
            for address, port in map(recursor_address, variables.get("consul_agent_recursors", []))
        ],
        **{f"dnsmasq_forwarding_domains[{shown(domain)}]": found for domain, found in domains.items()},
    }
    for path, found in servers.items():
        for index, server in enumerate(found if isinstance(found, (list, tuple)) else []):
            address, port = split_port(server) if isinstance(server, str) else ("", 0)
            if ip(address) is not None and ip(address) in listen and port in (None, 53):
                yield f"{path}[{index}]", f"{shown(server)} is dnsmasq itself, by dnsmasq_forwarding_listen_addresses"


def _domains_differ(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
    """A domain has one kind of servers: Consul's or others."""
    domain = effective.domain(variables)
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


def _snapshots_are_apart(variables: Mapping[str, Any], options: Options) -> Iterator[InputError]:
    """The agent's directories are its user's, and one with other files in it is refused."""
    name, data = "consul_agent_snapshot_directory", "consul_agent_data_directory"
    defaults = {each: options.get(each, {}).get("default", "") for each in (name, data)}
    paths = (variables.get(name, defaults[name]), variables.get(data, defaults[data]), "/etc/consul.d")
    directory, *others = (PurePosixPath(os.path.normpath(path)) for path in paths)
    for other in others:
        # The root, which everything is in, is no data directory, and that is said.
        if len(other.parts) > 1 and (other == directory or other in directory.parents):
            yield name, f"{shown(str(directory))} is in {other}, which is the agent's: name a directory of its own"


#: What the variables of one host say together.
HOST_CHECKS: Sequence[Callable[[Mapping[str, Any], Options], Iterable[InputError]]] = (
    _address_in_network,
    _remote_script_checks,
    _services,
    _scripts_are_on,
    _upstream_is_own,
    _domains_differ,
    _snapshots_are_apart,
)
