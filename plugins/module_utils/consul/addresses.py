# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ipaddress
import re
from typing import Any, Mapping, Union

from ansible_collections.servicedns.consul.plugins.module_utils.system.network import with_port

IPAddress = Union[ipaddress.IPv4Address, ipaddress.IPv6Address]

#: On which the agent answers by default.
HTTP_PORT, DNS_PORT = 8500, 8600
#: RFC 1123: letters, digits and hyphens, no hyphen at the ends, 63 characters at most.
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)
#: What Consul's DNS answers as well, although it is no host name: underscores inside.
NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?", re.IGNORECASE | re.ASCII)


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
            # With its value it may hold a secret.
            shown = re.split(r"[=\s]", str(name))[0]
            raise ValueError(
                f"{shown!r} is no name of a flag: write it without its hyphen and value, such as log-level"
            )
        if value is True:
            arguments.append(f"-{name}")
        elif value is not None and value is not False:
            for item in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(item, bool) or not isinstance(item, (str, int, float)):
                    raise ValueError(f"{name}: its value is no string, number, boolean, or list of strings and numbers")
                arguments.append(f"-{name}={item}")
    return arguments


def reachable_address(client_address: str) -> str:
    """The address at which a host reaches its own agent: the loopback one where the agent listens there.

    ``client_address`` has one address or several with spaces between them.

    :raises ValueError: when it has none
    """
    addresses = client_address.split()
    if not addresses:
        raise ValueError("O(client_address): must have one IP address at least, such as 127.0.0.1")
    # Nothing is bound to these here.
    for wildcard, loopback in (("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::1", "::1"), ("::", "::1")):  # noqa: S104
        if wildcard in addresses:
            return loopback
    return addresses[0]


def agent_url(client_address: str) -> str:
    """Where the agent's HTTP API answers its own host."""
    return f"http://{with_port(reachable_address(client_address), HTTP_PORT)}"
