# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import re
from typing import Any, Mapping, Union

from ansible.module_utils.parsing.convert_bool import boolean

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

#: RFC 1123: letters, digits and hyphens, no hyphen at the ends, 63 characters at most.
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)


def ip(text: str) -> IPAddress | None:
    """The address that a text is, or None."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def node_name(inventory_hostname: str) -> str:
    """The name of a host's node: its name in the inventory up to the first dot, made a DNS label.

    An IP address is kept whole, since its first part would be the same on every host of a network.

    :raises ValueError: when no character is left.
    """
    whole = ip(inventory_hostname) is not None
    name = inventory_hostname if whole else inventory_hostname.split(".")[0]
    label = re.sub(r"[^a-z0-9-]", "-", name.lower()).strip("-")[:63].rstrip("-")
    if not label:
        raise ValueError(f"{inventory_hostname!r} has no letter or digit before its first dot to make a node name of")
    return label


def agent_arguments(flags: Mapping[str, Any]) -> list[str]:
    """The arguments of C(consul agent) for a mapping of flags.

    True gives the flag alone, false and none drop it, a list repeats it. The order is kept.

    :raises ValueError: when a name or a value can be no flag. Values are not shown, since they may be secret.
    """
    arguments: list[str] = []
    for name, value in flags.items():
        if not isinstance(name, str) or not re.fullmatch(r"[^-\s=][^\s=]*", name):
            raise ValueError(f"{name!r} is no name of a flag: write it without its hyphen, such as log-level")
        if value is True:
            arguments.append(f"-{name}")
        elif value is not None and value is not False:
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(item, bool) or not isinstance(item, (str, int, float)):
                    raise ValueError(f"{name}: its value is no string, number, boolean, or list of strings and numbers")
                arguments.append(f"-{name}={item}")
    return arguments


def agent_address(variables: Mapping[str, Any]) -> str:
    """The address of a host's agent: what its variables say, else what the preflight found on it.

    :raises ValueError: when neither is known.
    """
    found = (variables.get("ansible_facts") or {}).get("consul_agent") or {}
    address = variables.get("consul_agent_address") or found.get("address")
    if not address:
        host = variables.get("inventory_hostname", "this host")
        raise ValueError(
            f"the address of the agent of {host} is not known in this run: set consul_agent_address for it"
        )
    return str(address)


def reachable_address(client_address: str) -> str:
    """The address at which a host reaches its own agent: the loopback one where the agent listens there.

    ``client_address`` has one address or several with spaces between them, as consul_agent_client_address.
    """
    addresses = client_address.split()
    for wildcard, loopback in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "::1"), ("::", "::1")):  # noqa: S104
        if wildcard in addresses:
            return loopback
    return addresses[0]


def agent_url(client_address: str) -> str:
    """Where the agent's HTTP API answers its own host."""
    address = reachable_address(client_address)
    return f"http://[{address}]:8500" if ":" in address else f"http://{address}:8500"


def private(network: str) -> bool:
    """Whether a network is a private one, in which no address can be reached from outside."""
    try:
        return ipaddress.ip_network(network).is_private
    except ValueError:
        return False


def agent_dns(variables: Mapping[str, Any]) -> str:
    """Where other hosts reach the DNS of a host's agent, as dnsmasq writes it; empty when they do not.

    :raises ValueError: when the address is not known.
    """
    address = agent_address(variables)
    client_addresses = str(variables.get("consul_agent_client_address") or "127.0.0.1").split()
    default = private(str(variables.get("consul_agent_network") or ""))
    if {address, "0.0.0.0", "::"}.intersection(client_addresses) or boolean(  # noqa: S104
        variables.get("consul_agent_dns_at_address", default)
    ):
        return f"{address}#8600"
    return ""
