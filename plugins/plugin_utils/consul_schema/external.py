# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that have no agent, as their variable has them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul import converters
from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import ip
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema import rules
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.service import SERVICE
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import (
    InputError,
    is_dns_name,
    label_fault,
    shown,
)


def _address(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    number = ip(value) if isinstance(value, str) else None
    if number is not None:
        if number.is_unspecified or number.is_loopback or number.is_multicast:
            yield path, f"{shown(value)} is no address that every host can reach the service at"
    # A resolver takes digits and dots for an address, whatever Consul says.
    elif not isinstance(value, str) or not is_dns_name(value) or re.fullmatch(r"[0-9.]+", value):
        yield (
            path,
            f"{shown(value)} is neither an IP address nor a DNS name without dots around it, such as 10.0.0.9 or "
            "db.example.com",
        )


EXTERNAL: rules.Rules = {
    **{key: SERVICE[key] for key in ("name", "port", "tags", "meta", "tagged_addresses", "weights")},
    "address": _address,
    "id": rules.filled,
    "node": rules.dns_label,
    "enable_tag_override": rules.boolean,
    "node_meta": SERVICE["meta"],
}


def converted_services(services: Any) -> Any:
    """External services with the types that Consul wants, for numbers and texts as templates give them."""
    return converters.each(rules.by_key(EXTERNAL))(services)


def external_findings(path: str, services: Sequence[Any]) -> Iterator[InputError]:
    """What is wrong with a list of external services."""
    services = converted_services(services)
    external = rules.object_of(
        EXTERNAL,
        name="a service needs a name, such as db",
        address="a service without an agent needs an address, such as 10.0.0.9 or db.example.com",
    )
    places: dict[tuple[str, str], int] = {}
    metas: dict[str, int] = {}
    for index, item in enumerate(services):
        here = f"{path}[{index}]"
        yield from external(here, item, False)
        if not isinstance(item, Mapping):
            continue
        identity = item.get("id", item.get("name"))
        node = item.get("node", identity)
        if not isinstance(identity, str) or not isinstance(node, str):
            continue
        if "id" in item and "node" not in item and identity and label_fault(identity):
            yield f"{here}.id", f"is the name of the node too, unless there is a node: {label_fault(identity)}"
        # Consul's indexes know no case.
        first = places.setdefault((node.lower(), identity.lower()), index)
        if first != index:
            yield here, f"{path}[{first}] has the same node and id too: give one of them an id of its own"
        if "node_meta" in item:
            other = metas.setdefault(node.lower(), index)
            if item["node_meta"] != services[other]["node_meta"]:
                yield f"{here}.node_meta", f"differs from that of {path}[{other}], which is on the same node"
