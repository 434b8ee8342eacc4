#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prepared_queries
short_description: Make a Consul datacenter have a list of prepared queries
version_added: 0.1.0
description:
  - Creates, changes and removes prepared queries, which DNS answers as C(name.query.consul). Run it on one host of the
    datacenter.
  - The names of queries that this module created are kept in Consul's key-value store, under
    C(servicedns.consul/prepared_queries/OWNER). A query of somebody else, or of another owner, is never changed or
    removed; to declare one of its name is an error, unless O(adopt) is set.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  queries:
    description:
      - List of queries as JSON text, so that a token in it is never logged.
      - The keys are those of Consul's API in snake case, such as C(only_passing) for C(OnlyPassing).
    type: str
    required: true
  owner:
    description:
      - Whose they are. Two inventories that declare some for one datacenter need an owner each, or each would remove
        what the other has.
    type: str
    default: site
  adopt:
    description: Take over what is declared and exists already, whoever created it.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says which queries would be added, changed and removed.
  diff_mode:
    support: full
    description: Names the queries and the keys that change, and shows no value.
"""

EXAMPLES = r"""
- name: Answer from another datacenter when this one has no healthy instance
  servicedns.consul.prepared_queries:
    queries: "{{ queries | to_json }}"
  vars:
    queries:
      - name: web-anywhere
        service:
          service: web
          only_passing: true
          failover:
            datacenters: [dc2]
        dns:
          ttl: 10s
  run_once: true
"""

RETURN = r"""
added:
  description: Names of the queries that were created.
  returned: success
  type: list
  elements: str
  sample: [web-anywhere]
modified:
  description: Names of the queries that were changed.
  returned: success
  type: list
  elements: str
  sample: []
removed:
  description: Names of the queries that were removed.
  returned: success
  type: list
  elements: str
  sample: []
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import api_names, ownership
from ansible_collections.servicedns.consul.plugins.module_utils.consul import client as consul
from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration

#: How a template is called that answers every name: its own is empty.
EVERY_NAME = "(every name)"

Query = t.Dict[str, t.Any]


def by_name(queries: t.Iterable[Query]) -> dict[str, Query]:
    """Queries of the API under their names, which know no case. Those without, which belong to a session, are left out."""
    return {query["Name"].lower(): query for query in queries if query["Name"] or query["Template"]["Type"]}


def shown(name: str) -> str:
    """The name of a query as people see it."""
    return name or EVERY_NAME


def differences(wanted: Query, actual: Query) -> list[str]:
    """The keys of a query that Consul has otherwise than declared, as in C(service.tags)."""
    ours, theirs = flat(wanted), flat(actual)
    if theirs.get("token") == api_names.HIDDEN and "token" in ours:
        theirs["token"] = ours["token"]
    return sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))


def flat(query: Query) -> dict[str, t.Any]:
    """What a query says, by the path of each key, without what it leaves to Consul."""
    found = {}
    for key, name in KEYS.items():
        value: t.Any = query
        for part in name:
            value = (value or {}).get(part)
        if value:
            found[key] = api_names.without_defaults(value)
    ttl = found.get("dns.ttl")
    return {**found, "dns.ttl": parse_duration(ttl)} if ttl else found


def _keys() -> dict[str, tuple[str, ...]]:
    paths = (
        *("name", "session", "token", "template.type", "template.regexp", "template.remove_empty_tags", "dns.ttl"),
        *("service.service", "service.only_passing", "service.near", "service.tags", "service.node_meta"),
        *("service.service_meta", "service.ignore_check_ids", "service.connect", "service.sameness_group"),
        *("service.namespace", "service.partition", "service.peer"),
        *("service.failover.nearest_n", "service.failover.datacenters", "service.failover.targets"),
    )
    return {path: tuple(map(api_names.api_name, path.split("."))) for path in paths}


#: The keys that are compared, and where the API has them.
KEYS = _keys()


class PreparedQueries:
    """The prepared queries of a datacenter, and those that it must have."""

    def __init__(
        self,
        client: consul.ConsulClient,
        declared: t.Sequence[t.Mapping[str, t.Any]],
        owner: str = ownership.OWNER,
        adopt: bool = False,
    ) -> None:
        """:arg adopt: whether what others created becomes the owner's"""
        self.client = client
        self.record = ownership.Ownership(client, "prepared_queries", owner)
        self.adopt = adopt
        self.wanted = by_name([{"Template": {"Type": ""}, **api_names.api_form(query)} for query in declared])
        self.actual: dict[str, Query] = {}

    def converge(self, check_mode: bool) -> ownership.Plan:
        """Make the datacenter have them, and say what was done."""
        declared = map(shown, self.wanted)
        return ownership.converge(self.record, declared, self.plan, self.apply, check_mode)

    def plan(self, owned: t.AbstractSet[str]) -> ownership.Plan:
        """What has to be done. The queries are only looked at when one is declared or ours."""
        self.actual = by_name(self.client.get("query", consistent="")) if self.wanted or owned else {}
        foreign = sorted(
            name for name in self.wanted if name not in owned and (name in self.actual or name in self.record.others)
        )
        if foreign and not self.adopt:
            names = ", ".join(f"{shown(name)} ({self.record.creator(name)})" for name in foreign)
            raise ownership.Foreign(
                f"a query of this name was created by another: {names}; take another name, delete that one, or adopt it "
                "(consul_services_adopt)"
            )
        missing = [name for name in self.wanted if name not in self.actual]
        found = {name: differences(self.wanted[name], self.actual[name]) for name in self.wanted if name in self.actual}
        found.update({name: [*found[name], "owner"] for name in foreign if name in found})
        gone = [name for name in owned if name not in self.wanted]
        return ownership.Plan(
            added=[shown(name) for name in missing],
            changed={shown(name): keys for name, keys in found.items() if keys},
            removed=[shown(name) for name in gone],
            claims=list(self.wanted),
            missing=missing,
            releases=gone,
        )

    def apply(self, plan: ownership.Plan) -> None:
        """Do it. What is removed comes last, so that a name which moves is never without an answer."""
        for name, query in self.wanted.items():
            try:
                if name in plan.missing:
                    self.client.post("query", body=query)
                elif shown(name) in plan.changed:
                    self.client.put("query", self.actual[name]["ID"], body=query)
            except consul.AgentRefused as error:
                raise consul.AgentRefused(f"{shown(name)}: {error}", error.status) from error
        for name in plan.releases:
            if name in self.actual:
                self.client.delete("query", self.actual[name]["ID"])


def main() -> None:
    ownership.run_owned(PreparedQueries, "queries", "consul_services_prepared_queries")


if __name__ == "__main__":
    main()
