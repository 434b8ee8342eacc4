# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What belongs to the whole datacentre: services that have no agent, and prepared queries.

One host makes the datacentre have them. What it created is recorded in Consul itself, so that any host can do it next
time, and what others created stays theirs.
"""

from __future__ import annotations

import base64
import json
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import rules
from ansible_collections.servicedns.consul.plugins.module_utils.agent import ip
from ansible_collections.servicedns.consul.plugins.module_utils.agent_api import AgentApi, AgentRefused, AgentSilent
from ansible_collections.servicedns.consul.plugins.module_utils.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.findings import Finding, is_dns_name, label_fault, shown
from ansible_collections.servicedns.consul.plugins.module_utils.host import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.service_definitions import SERVICE

# Findings


def _token(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
    if not isinstance(value, str) or not value:
        yield path, "must be a string, and not empty"
    elif value == HIDDEN:
        yield path, "is what Consul shows in place of a token, and not the token"


def _address(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
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


def _ttl(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
    if value != "0s":
        yield from rules.duration(path, value, loose)


def _query_name(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
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


def _template_name(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z0-9.-]*", value):
        yield (
            path,
            f"{shown(value)} must be what the names begin with that the template answers: letters, digits, hyphens and "
            "dots, such as geo-, or an empty string for every name",
        )


def _needs(fields: rules.Rules, **needed: str) -> rules.Rule:
    """A mapping with known keys.

    :arg needed: what to say when a key is missing
    """

    def rule(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
        yield from rules.fields(path, value, fields, loose)
        for key, why in needed.items():
            if isinstance(value, t.Mapping) and rules.missing(value, key, fields):
                yield f"{path}.{key}", f"is missing: {why}"

    return rule


TARGET: rules.Rules = dict.fromkeys(("datacenter", "peer", "partition", "namespace"), rules.filled)


def _target(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
    yield from rules.fields(path, value, TARGET, loose)
    if isinstance(value, t.Mapping) and not value:
        yield path, "is empty: name a datacenter or a peer"


FAILOVER: rules.Rules = {
    "nearest_n": rules.count,
    "datacenters": rules.list_of(rules.filled),
    "targets": rules.list_of(_target),
}


def _failover(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
    yield from rules.fields(path, value, FAILOVER, loose)
    if isinstance(value, t.Mapping) and value.get("targets") and (value.get("nearest_n") or value.get("datacenters")):
        yield path, "Consul takes either targets, or nearest_n and datacenters"


QUERY_SERVICE: rules.Rules = {
    "service": rules.filled,
    "failover": _failover,
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
}


def _query_service(path: str, value: t.Any, loose: bool) -> t.Iterator[Finding]:
    yield from _needs(QUERY_SERVICE, service="a query asks for a service, such as flapp1")(path, value, loose)
    if isinstance(value, t.Mapping) and value.get("sameness_group") and value.get("failover"):
        yield path, "Consul takes either sameness_group or failover"


TEMPLATE: rules.Rules = {
    "type": rules.one_of("name_prefix_match"),
    "regexp": rules.filled,
    "remove_empty_tags": rules.boolean,
}
QUERY: rules.Rules = {
    "name": _query_name,
    "session": rules.filled,
    "token": _token,
    "template": _needs(TEMPLATE, type="the only type is name_prefix_match"),
    "service": _query_service,
    "dns": rules.object_of({"ttl": _ttl}),
}
EXTERNAL: rules.Rules = {
    **{key: SERVICE[key] for key in ("name", "port", "tags", "meta", "tagged_addresses", "weights")},
    "address": _address,
    "id": rules.filled,
    "node": rules.dns_label,
    "enable_tag_override": rules.boolean,
    "node_meta": SERVICE["meta"],
}


def service_id(item: t.Mapping[str, t.Any]) -> t.Any:
    """The id of an external service."""
    return item.get("id", item.get("name"))


def service_node(item: t.Mapping[str, t.Any]) -> t.Any:
    """The node of the catalogue that an external service is on."""
    return item.get("node", service_id(item))


def external_findings(path: str, services: t.Sequence[t.Any]) -> t.Iterator[Finding]:
    """What is wrong with a list of external services."""
    external = _needs(
        EXTERNAL,
        name="a service needs a name, such as db",
        address="a service without an agent needs an address, such as 10.0.0.9 or db.example.com",
    )
    places: dict[tuple[str, str], int] = {}
    metas: dict[str, int] = {}
    for index, item in enumerate(services):
        here = f"{path}[{index}]"
        yield from external(here, item, False)
        if not isinstance(item, t.Mapping):
            continue
        identity, node = service_id(item), service_node(item)
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


def query_findings(path: str, queries: t.Sequence[t.Any]) -> t.Iterator[Finding]:
    """What is wrong with a list of prepared queries."""
    names: dict[str, int] = {}
    for index, item in enumerate(queries):
        here = f"{path}[{index}]"
        template = isinstance(item, t.Mapping) and "template" in item
        yield from _needs(
            {**QUERY, "name": _template_name} if template else QUERY,
            name="a query needs a name, such as flapp1-anywhere",
            service="a query asks for a service, such as {service: flapp1}",
        )(here, item, False)
        name = item.get("name") if isinstance(item, t.Mapping) else None
        if isinstance(name, str):
            first = names.setdefault(name.lower(), index)
            if first != index:
                yield f"{here}.name", f"{shown(name)} is the name of {path}[{first}] too"


# The form of Consul's HTTP API


#: Keys whose name in the API is not made of capitalised words.
EXCEPTIONS = {"dns": "DNS", "id": "ID", "ignore_check_ids": "IgnoreCheckIDs", "ttl": "TTL"}
#: Mappings whose keys are the user's.
VERBATIM = ("node_meta", "service_meta")
#: What Consul shows in place of a token to those who may not see it.
HIDDEN = "<hidden>"


def api_name(key: str) -> str:
    """What the HTTP API calls a key."""
    return EXCEPTIONS.get(key, "".join(word.capitalize() for word in key.split("_")))


def api_form(value: t.Any) -> t.Any:
    """A value with the names that the HTTP API has for its keys."""
    if isinstance(value, t.Mapping):
        return {api_name(key): item if key in VERBATIM else api_form(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [api_form(item) for item in value]
    return value


def filled(value: t.Any) -> t.Any:
    """A value without what Consul fills in for keys that are not given: all of it is empty, zero or false."""
    if isinstance(value, t.Mapping):
        inside = {key: filled(item) for key, item in value.items()}
        return {key: item for key, item in inside.items() if item}
    if isinstance(value, (list, tuple)):
        return [filled(item) for item in value]
    return value


# What is ours


class Foreign(HostError):
    """What is declared exists already, and somebody else created it."""


class Plan(t.NamedTuple):
    """What has to be done, by the names of things that people see, and what it means for the record."""

    added: t.Sequence[str] = ()
    changed: t.Mapping[str, t.Sequence[str]] = {}
    removed: t.Sequence[str] = ()
    #: Names that the record has before anything is created.
    claims: t.Collection[str] = ()
    #: Those of them that Consul has nothing of.
    missing: t.Collection[str] = ()
    #: Names that the record loses after everything is removed.
    releases: t.Collection[str] = ()

    @property
    def size(self) -> int:
        """How much there is to do."""
        return len(self.added) + len(self.changed) + len(self.removed) + len(self.releases)

    def result(self) -> dict[str, t.Any]:
        """The plan as a module returns it."""
        lines = summary(self.added, self.changed, self.removed)
        return dict(
            changed=self.size > 0,
            added=sorted(self.added),
            modified=sorted(self.changed),
            removed=sorted(self.removed),
            **({"diff": {"prepared": lines}} if lines else {}),
        )


class Record:
    """The names of what we created, in Consul's key-value store."""

    TRIES = 20

    def __init__(self, api: AgentApi, kind: str) -> None:
        self.api = api
        self.path = ("kv", "servicedns.consul", kind)

    def read(self) -> tuple[frozenset[str], int]:
        """The names, and the index that a write must name."""
        try:
            (entry,) = self.api.get(*self.path, consistent="")
        except AgentRefused as error:
            if error.status == 404:
                return frozenset(), 0
            raise
        try:
            names = json.loads(base64.b64decode(entry["Value"] or ""))
            return frozenset(map(str, names)), entry["ModifyIndex"]
        except (TypeError, ValueError) as error:
            raise HostError(
                f"the key {'/'.join(self.path[1:])} of the key-value store is no list of names, so that nobody knows "
                "what is ours: write back what it was, or delete it to have nothing"
            ) from error

    def write(self, names: t.Collection[str], index: int) -> bool:
        """Replace the names, unless somebody else did since they were read. An empty record is no record."""
        if names:
            return bool(self.api.put(*self.path, body=sorted(names), cas=str(index)))
        return index == 0 or bool(self.api.delete(*self.path, cas=str(index)))

    def release(self, names: t.Collection[str]) -> None:
        """Forget names, and keep what others add meanwhile."""
        for _try in range(self.TRIES):
            owned, index = self.read()
            left = owned.difference(names)
            if left == owned or self.write(left, index):
                return
        raise HostError(f"the key {'/'.join(self.path[1:])} of the key-value store never stays as it was read")


def converge(
    record: Record,
    declared: t.Iterable[str],
    planned: t.Callable[[t.AbstractSet[str]], Plan],
    apply: t.Callable[[Plan], None],
    check_mode: bool,
) -> Plan:
    """Do what the plan says, and return what it said at first.

    Names are recorded before and forgotten after, so that a run which is cut off is completed by the next. Two runs at
    once may be in each other's way: then the plan is made again.

    :arg declared: names of everything, as people see them
    :arg planned: makes the plan from the names that are ours, and raises L(Foreign) when it would touch what is not
    :arg apply: does it
    """
    first: Plan | None = None
    claimed: set[str] = set()
    for _try in range(record.TRIES):
        try:
            owned, index = record.read()
            try:
                plan = planned(owned)
            except Foreign:
                # It may be what another run of ours created since the names were read.
                if record.read()[1] != index:
                    continue
                raise
        except AgentSilent:
            # A fresh host has no agent to ask in check mode.
            if check_mode:
                return Plan(added=list(declared))
            raise
        first = first or plan
        if check_mode or not plan.size:
            return first
        if not owned.issuperset(plan.claims) and not record.write(owned.union(plan.claims), index):
            continue
        claimed.update(set(plan.claims) - owned)
        try:
            apply(plan)
        except AgentRefused:
            now = planned(owned.union(plan.claims))
            if now.size < plan.size:
                continue
            record.release(claimed.intersection(now.missing))
            raise
        record.release(plan.releases)
        return first
    raise HostError("other runs change the same at the same time: run it again")
