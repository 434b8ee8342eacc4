# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Addresses: those that the host has, and how they are written."""

from __future__ import annotations

import ipaddress
import json
import socket
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command

Interfaces = t.List[t.Tuple[str, t.Union[ipaddress.IPv4Interface, ipaddress.IPv6Interface]]]


def family(address: str) -> socket.AddressFamily:
    """Tell the family of an address, for a socket."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


def with_port(address: str, port: int) -> str:
    """Write an address with a port, as a URL has them, such as C([::1]:53)."""
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def has_address(address: str) -> bool:
    """Whether the host has an address: something can be bound to it."""
    with socket.socket(family(address), socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def parse_addresses(output: str) -> Interfaces:
    """Parse ``ip -json address``: the name of an interface and one of its global addresses, as often as there are any."""
    return [
        (link["ifname"], ipaddress.ip_interface(f"{info['local']}/{info['prefixlen']}"))
        for link in json.loads(output)
        for info in link.get("addr_info", [])
        if info.get("scope") == "global"
    ]


def secondary_addresses(output: str) -> set[str]:
    """Parse ``ip -json address``: the addresses that an interface has beside its first in a network."""
    return {info["local"] for link in json.loads(output) for info in link.get("addr_info", []) if info.get("secondary")}


def addresses() -> Interfaces:
    """List the interfaces of the host, each with a global address of it."""
    return parse_addresses(command.run("ip", "-json", "address"))


def choose_address(
    interfaces: Interfaces,
    default_route_interface: str,
    network: str = "",
    address: str = "",
    secondary: t.AbstractSet[str] = frozenset(),
) -> str:
    """Choose the address of the agent: the explicit one, the one in ``network``, or the one of the default route.

    An address that moves from host to host, as keepalived has them, is a secondary one, or has no network.

    :raises HostError: there is none or more than one; it lists what the host has
    """
    has = ", ".join(f"{name} {interface}" for name, interface in interfaces) or "none"
    if address:
        if ipaddress.ip_address(address) not in [interface.ip for _name, interface in interfaces]:
            raise HostError(f"O(address): '{address}' is no address of this host; it has {has}")
        return address
    if network:
        inside = [interface for _name, interface in interfaces if interface.ip in ipaddress.ip_network(network)]
        if not inside:
            raise HostError(f"O(network): '{network}': no interface of this host is in it; it has {has}")
        lasting = [
            interface
            for interface in inside
            if str(interface.ip) not in secondary and interface.network.prefixlen < interface.max_prefixlen
        ]
        if len(inside) > 1 and len(lasting) == 1:
            return str(lasting[0].ip)
        if len(inside) > 1:
            many = " and ".join(str(interface.ip) for interface in inside)
            raise HostError(
                f"O(network): '{network}': {many} of this host are in it; set O(address), or a network with one of {has}"
            )
        return str(inside[0].ip)
    for name, interface in interfaces:
        if name == default_route_interface:
            return str(interface.ip)
    raise HostError(f"O(network): this host has no default route to take the address from; set it to one of {has}")


def own_address(network: str, address: str) -> str:
    """As L(choose_address), for this host."""
    routes = json.loads(command.run("ip", "-json", "route", "show", "default") or "[]")
    output = command.run("ip", "-json", "address")
    interface = routes[0].get("dev", "") if routes else ""
    return choose_address(parse_addresses(output), interface, network, address, secondary_addresses(output))
