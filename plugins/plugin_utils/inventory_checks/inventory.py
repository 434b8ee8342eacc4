# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts together: what their variables say of the datacenter."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import ip
from ansible_collections.servicedns.consul.plugins.plugin_utils import effective
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import shown


class InventoryError(NamedTuple):
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
    #: Names of variables that are set to what is not known.
    unknown: Mapping[str, Collection[str]]

    def is_set(self, host: str, name: str) -> bool:
        """Tell whether a variable of a host is set to something that is not empty, as far as is known."""
        return name in self.unknown[host] or bool(self.variables[host].get(name))

    @property
    def hosts(self) -> list[str]:
        """List every host once, servers first."""
        return list(dict.fromkeys([*self.servers, *self.clients]))


def names_of(hosts: Sequence[str], most: int = 10) -> str:
    """Write the names of hosts, cut to what a line can hold."""
    rest = len(hosts) - most
    return ", ".join(hosts[:most]) + (f" and {rest} more" if rest > 0 else "")


def _groups(inventory: Inventory) -> Iterator[InventoryError]:
    """Each host runs one agent, and a datacenter has a server."""
    for host in inventory.servers:
        if host in inventory.clients:
            yield InventoryError(
                (host,), "groups", "the host is in consul_servers and in consul_clients, and can run one agent only"
            )
    if inventory.servers:
        return
    lost = [host for host in inventory.clients if not inventory.is_set(host, "consul_agent_retry_join")]
    if not inventory.clients:
        yield InventoryError(
            ("inventory",),
            "groups",
            "consul_servers and consul_clients are both missing or empty: there is nothing to set up",
        )
    elif lost:
        text = "consul_servers is missing or empty: add a server, or name servers that run elsewhere in consul_agent_retry_join"
        yield InventoryError(tuple(lost), "groups", text)


def _unique(name: str, values: Mapping[str, str], why: str) -> Iterator[InventoryError]:
    """Hosts that share what must differ."""
    hosts: dict[str, list[str]] = {}
    for host, value in values.items():
        hosts.setdefault(value, []).append(host)
    for value, same in hosts.items():
        if len(same) > 1:
            yield InventoryError(tuple(same), name, f"{shown(value)} is the same on these hosts, and {why}")


def _unique_addresses(inventory: Inventory) -> Iterator[InventoryError]:
    said = {host: inventory.variables[host].get("consul_agent_address") for host in inventory.hosts}
    known = {host: ip(inventory.addresses.get(host) or said[host] or "") for host in inventory.hosts}
    values = {host: str(address) for host, address in known.items() if address is not None}
    yield from _unique("consul_agent_address", values, "each agent needs its own")


def _unique_node_names(inventory: Inventory) -> Iterator[InventoryError]:
    names: dict[str, str] = {}
    for host in inventory.hosts:
        try:
            names[host] = effective.node(host, inventory.variables[host]).lower()
        except ValueError as error:
            yield InventoryError((host,), "consul_agent_node_name", f"{error}: set it")
    yield from _unique(
        "consul_agent_node_name", names, "each node needs its own (by default the host's name up to its first dot)"
    )


def _bootstrap(inventory: Inventory) -> Iterator[InventoryError]:
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
        yield InventoryError(tuple(explicit), name, f"must be one number for all servers, and they have: {each}")
        return
    (number,) = numbers
    have = f"{number} servers, and the inventory has {count} ({names_of(inventory.servers)})"
    elsewhere = all(inventory.is_set(host, "consul_agent_retry_join") for host in inventory.servers)
    if number < count:
        yield InventoryError(
            tuple(explicit),
            name,
            f"{have}: every {number} of them could elect a leader of their own, and the datacenter would be split; "
            "remove the variable, and the number of servers is taken",
        )
    elif number > count and not elsewhere:
        yield InventoryError(
            tuple(explicit),
            name,
            f"{have}: they would wait for the others and elect no leader; remove the variable, add servers, or name "
            "those that run elsewhere in consul_agent_retry_join",
        )


def _even_number_of_servers(inventory: Inventory) -> Iterator[InventoryError]:
    """A pair can miss neither, and four servers no more than three: the majority of both is one more than it might be."""
    name = "consul_agent_even_number_of_servers"
    count = len(inventory.servers)
    wanted = all(inventory.is_set(host, name) for host in inventory.servers)
    elsewhere = all(inventory.is_set(host, "consul_agent_retry_join") for host in inventory.servers)
    if count and count % 2 == 0 and not wanted and not elsewhere:
        yield InventoryError(
            tuple(inventory.servers),
            "groups",
            f"{count} servers survive no more failures than {count - 1} would: take {count - 1} or {count + 1}, or, to have "
            f"it so, set {name} for all servers",
        )


def _client_batch(inventory: Inventory) -> Iterator[InventoryError]:
    """One play restarts all clients."""
    name = "consul_agent_client_batch"
    values = {
        host: inventory.variables[host].get(name) for host in inventory.clients if name not in inventory.unknown[host]
    }
    hosts = list(values)
    others = [host for host in hosts if values[host] != values[hosts[0]]]
    if others:
        yield InventoryError(tuple(others), name, f"is another than that of {hosts[0]}: set it for all clients")


#: What one host does for the whole datacenter, whichever that is.
OF_THE_DATACENTER = ("consul_services_external", "consul_services_prepared_queries")


def _one_for_all(inventory: Inventory) -> Iterator[InventoryError]:
    """What belongs to the whole datacenter is declared once."""
    for name in OF_THE_DATACENTER:
        hosts = [host for host in inventory.hosts if name not in inventory.unknown[host]]
        others = [
            host for host in hosts if inventory.variables[host].get(name) != inventory.variables[hosts[0]].get(name)
        ]
        if others:
            yield InventoryError(
                tuple(others),
                name,
                f"is another list than that of {hosts[0]}: it is for the whole datacenter, so set it for all hosts",
            )


#: What the variables of all hosts say together.
INVENTORY_CHECKS: Sequence[Callable[[Inventory], Iterable[InventoryError]]] = (
    _groups,
    _unique_addresses,
    _unique_node_names,
    _bootstrap,
    _even_number_of_servers,
    _client_batch,
    _one_for_all,
)
