# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Prepared queries, as their variable has them: with the keys of the API in snake case."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul import converters
from ansible_collections.servicedns.consul.plugins.module_utils.consul.api_names import HIDDEN
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema import rules
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.service import SERVICE
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import (
    InputError,
    label_fault,
    shown,
    underscores,
)


def _token(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str) or not value:
        yield path, "must be a string, and not empty"
    elif value == HIDDEN:
        yield path, "is what Consul shows in place of a token, and not the token"


def _ttl(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if value != "0s":
        yield from rules.duration(path, value, loose)


@rules.converts(converters.text)
def _query_name(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str):
        yield path, f"{shown(value)} is not a string"
        return
    # name.query.consul: Consul joins what is left of query, so that a name may have dots.
    for part in value.split("."):
        fault = label_fault(part)
        if fault:
            whole = "" if part == value else f"{shown(value)}: "
            yield path, whole + fault
            return
    if "_" in value:
        yield path, underscores(value)


TEMPLATE_NAME = rules.plain(
    lambda value: rules.is_text(value) and bool(re.fullmatch(r"[A-Za-z0-9.-]*", value)),
    "must be what the names begin with that the template answers: letters, digits, hyphens and dots, such as geo-, or an "
    "empty string for every name",
)
TARGET = rules.object_of(
    dict.fromkeys(("datacenter", "peer", "partition", "namespace"), rules.filled),
    lambda target: "" if target else "is empty: name a datacenter or a peer",
)
FAILOVER = rules.object_of(
    {"nearest_n": rules.count, "datacenters": rules.list_of(rules.filled), "targets": rules.list_of(TARGET)},
    lambda failover: (
        "Consul takes either targets, or nearest_n and datacenters"
        if failover.get("targets") and (failover.get("nearest_n") or failover.get("datacenters"))
        else ""
    ),
)
QUERY_SERVICE = rules.object_of(
    {
        "service": rules.filled,
        "failover": FAILOVER,
        "only_passing": rules.boolean,
        "near": rules.filled,
        "tags": SERVICE["tags"],
        "node_meta": SERVICE["meta"],
        "service_meta": SERVICE["meta"],
        "ignore_check_ids": rules.list_of(rules.filled),
        "connect": rules.boolean,
        "sameness_group": rules.filled,
        "namespace": rules.filled,
        "partition": rules.filled,
        "peer": rules.filled,
    },
    lambda service: (
        "Consul takes either sameness_group or failover"
        if service.get("sameness_group") and service.get("failover")
        else ""
    ),
    service="a query asks for a service, such as flapp1",
)
TEMPLATE: rules.Rules = {
    "type": rules.one_of("name_prefix_match"),
    "regexp": rules.filled,
    "remove_empty_tags": rules.boolean,
}
QUERY: rules.Rules = {
    "name": _query_name,
    "session": rules.filled,
    "token": _token,
    "template": rules.object_of(TEMPLATE, type="the only type is name_prefix_match"),
    "service": QUERY_SERVICE,
    "dns": rules.object_of({"ttl": _ttl}),
}


def converted_queries(queries: Any) -> Any:
    """Prepared queries with the types that Consul wants, for numbers and texts as templates give them."""
    return converters.each(rules.by_key(QUERY))(queries)


def query_findings(path: str, queries: Sequence[Any]) -> Iterator[InputError]:
    """What is wrong with a list of prepared queries."""
    queries = converted_queries(queries)
    names: dict[str, int] = {}
    for index, item in enumerate(queries):
        here = f"{path}[{index}]"
        template = isinstance(item, Mapping) and "template" in item
        yield from rules.object_of(
            {**QUERY, "name": TEMPLATE_NAME} if template else QUERY,
            name="a query needs a name, such as flapp1-anywhere",
            service="a query asks for a service, such as {service: flapp1}",
        )(here, item, False)
        name = item.get("name") if isinstance(item, Mapping) else None
        if isinstance(name, str):
            first = names.setdefault(name.lower(), index)
            if first != index:
                yield f"{here}.name", f"{shown(name)} is the name of {path}[{first}] too"
