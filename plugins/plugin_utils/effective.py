# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What applies to a host: what is set for it, else what follows from that, from the groups, and from what was found.

Variables of a host are those that are set for it, evaluated, without roles' defaults: None stands for one that cannot be
evaluated, because it needs facts of a host that the run does not reach. What the preflight of this run found is among
them, as C(__consul_agent_preflight): facts of the same name may be of another run, from a fact cache.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import (
    DNS_PORT,
    agent_url,
    ip,
    node_name,
    reachable_address,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.dnsmasq import UPSTREAMS_PORT

Variables = Mapping[str, Any]

# The roles' defaults.
CLIENT_ADDRESS = "127.0.0.1"
DOMAIN = "consul"
LISTEN_ADDRESSES = ("127.0.0.2",)

#: The result of the agent's preflight.
PREFLIGHT = "__consul_agent_preflight"
#: What is asked of each server for the sake of others.
OF_SERVERS = (
    "ansible_host",
    "consul_agent_address",
    "consul_agent_client_address",
    "consul_agent_dns_at_address",
    "consul_agent_network",
    "dnsmasq_forwarding_network_address",
)
#: What is asked of the host itself.
OF_HOST = (
    *OF_SERVERS,
    "consul_agent_alt_domain",
    "consul_agent_domain",
    "consul_agent_recursors",
    "consul_agent_retry_join",
    "consul_server_bootstrap_expect",
    "consul_services_agent_url",
    "dnsmasq_forwarding_alt_domain",
    "dnsmasq_forwarding_domain",
    "dnsmasq_forwarding_fallback_servers",
    "dnsmasq_forwarding_listen_addresses",
    "dnsmasq_forwarding_server",
    "dnsmasq_forwarding_server_required",
)


def effective_values(host: str, servers: Sequence[str], hosts: Mapping[str, Variables]) -> dict[str, Any]:
    """Work out all that applies to a host, by the last part of the variable's name.

    :arg servers: the names of all servers
    :arg hosts: the variables of the host and of all servers
    """
    own = hosts[host]
    address, client_address = agent_address(own), _client_address(own)
    joined = server_addresses(host, servers, hosts)
    others = [dns for name in joined if (dns := agent_dns(hosts[name], joined[name]))]
    return {
        "address": address,
        "domain": domain(own),
        "alt_domain": _first_set(own, "dnsmasq_forwarding_alt_domain", "consul_agent_alt_domain", default=""),
        "services_agent_url": own.get("consul_services_agent_url", agent_url(client_address)),
        # Never counted from the hosts of this run, which --limit makes fewer.
        "bootstrap_expect": own.get("consul_server_bootstrap_expect", len(servers)),
        "retry_join": [_without_key(item) for item in own.get("consul_agent_retry_join", joined.values()) or ()],
        "recursors": own.get("consul_agent_recursors", _recursors(own, address)),
        "server": own.get("dnsmasq_forwarding_server", f"{reachable_address(client_address)}#{DNS_PORT}"),
        "server_required": own.get("dnsmasq_forwarding_server_required", True),
        "fallback_servers": own.get("dnsmasq_forwarding_fallback_servers", others),
        "network_address": _network_address(own, address) if host in servers else _set_network_address(own),
        "unknown_servers": [
            {
                "name": name,
                "network": hosts[name].get("consul_agent_network") or "",
                "client_address": _client_address(hosts[name]),
            }
            for name in servers
            if name not in (host, *joined)
        ],
    }


def domain(variables: Variables) -> str:
    """Tell the domain in which the host resolves Consul's names."""
    return str(_first_set(variables, "dnsmasq_forwarding_domain", "consul_agent_domain", default=DOMAIN))


def node(host: str, variables: Variables) -> str:
    """Tell the name of the host's node.

    :raises ValueError: when none can be made of the name of the host
    """
    return str(variables.get("consul_agent_node_name") or node_name(host))


def agent_address(variables: Variables) -> str:
    """Tell the address of the host's agent: what is set, else what was found on it, else how Ansible reaches it.

    The last only where that is an address of the datacenter's network. Empty when none is known.
    """
    known = variables.get("consul_agent_address") or _found(variables).get("address")
    if known:
        return str(known)
    reached, network = ip(str(variables.get("ansible_host"))), variables.get("consul_agent_network")
    if reached and network and reached in ipaddress.ip_network(str(network), strict=False):
        return str(reached)
    return ""


def server_addresses(host: str, servers: Sequence[str], hosts: Mapping[str, Variables]) -> dict[str, str]:
    """Tell the addresses of the servers that a host joins, by their names in the inventory, in its order.

    A server that the run cannot ask has the address that the agent of the host has for it now: those that it joins and
    that are no other server's are, in their order, the unknown ones'. One that no one knows is left out.
    """
    known = {name: agent_address(hosts[name]) for name in servers if name != host}
    joined = [address for address in _found(hosts[host]).get("retry_join") or () if ip(address)]
    left = iter([address for address in joined if address not in known.values()])
    addresses = {name: address or next(left, "") for name, address in known.items()}
    return {name: address for name, address in addresses.items() if address}


def agent_answers_others(variables: Variables, address: str) -> bool:
    """Tell whether the host's agent itself answers DNS at its address, and with it HTTP or nothing else."""
    wildcards = {address, "0.0.0.0", "::"}  # noqa: S104  # compared, not bound
    return bool(wildcards.intersection(_client_address(variables).split())) or boolean(
        variables.get("consul_agent_dns_at_address") or False
    )


def agent_dns(variables: Variables, address: str) -> str:
    """Tell where the host answers others for Consul's names, as dnsmasq writes it; empty where it does not.

    :arg address: of its agent
    """
    return f"{address}#{DNS_PORT}" if agent_answers_others(variables, address) else _network_address(variables, address)


def _network_address(variables: Variables, address: str) -> str:
    """Where dnsmasq answers for the agent: at its address on a private network, unless the agent itself was told to."""
    wanted = address and "consul_agent_dns_at_address" not in variables and not agent_answers_others(variables, address)
    private = wanted and _is_private(str(variables.get("consul_agent_network") or ""))
    return _set_network_address(variables, f"{address}#{DNS_PORT}" if private else "")


def _set_network_address(variables: Variables, default: str = "") -> str:
    return str(variables.get("dnsmasq_forwarding_network_address", default) or "")


def _recursors(variables: Variables, address: str) -> list[str]:
    """Whom the agent asks for the address behind the external name of a service, and for names of addresses.

    An agent hands whatever it is asked to its recursors, so one that others can ask gets none.
    """
    is_open = not all(re.match(r"127[.]|::1$", part) for part in _client_address(variables).split())
    if is_open or agent_answers_others(variables, address):
        return []
    listened = (variables.get("dnsmasq_forwarding_listen_addresses") or LISTEN_ADDRESSES)[0]
    return [f"[{listened}]:{UPSTREAMS_PORT}" if ":" in listened else f"{listened}:{UPSTREAMS_PORT}"]


def _client_address(variables: Variables) -> str:
    return str(variables.get("consul_agent_client_address") or CLIENT_ADDRESS)


def _found(variables: Variables) -> Variables:
    """What the preflight of the agent found on the host in this run."""
    result = variables.get(PREFLIGHT) or {}
    return (result.get("ansible_facts") or {}).get("consul_agent") or {}


def _first_set(variables: Variables, *names: str, default: Any) -> Any:
    return next((variables[name] for name in names if variables.get(name) is not None), default)


def _is_private(network: str) -> bool:
    """Whether no address of a network can be reached from outside."""
    try:
        return ipaddress.ip_network(network).is_private
    except ValueError:
        return False


def _without_key(server: Any) -> str:
    """A server to join. A search in a cloud may hold a key, and whoever sees the value has it from the variable."""
    return "provider=..." if str(server).startswith("provider=") else str(server)
