#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: prepared_queries
short_description: Make a Consul datacentre have a list of prepared queries
version_added: 0.1.0
description:
  - Creates, changes and removes prepared queries, which DNS answers as C(name.query.consul). Run it on one host of the
    datacentre.
  - The names of queries that this module created are kept in Consul's key-value store, under
    C(servicedns.consul/prepared_queries). A query of somebody else is never changed or removed; to declare one of its
    name is an error.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.agent_api
options:
  queries:
    description:
      - List of queries as JSON text, so that a token in it is never logged.
      - The keys are those of Consul's API in snake case, such as C(only_passing) for C(OnlyPassing).
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says which queries would be added, changed and removed.
  diff_mode:
    support: full
    description: Names the queries and the keys that change, and shows no value.
"""

EXAMPLES = r"""
- name: Answer from another datacentre when this one has no healthy instance
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

import json
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import datacenter
from ansible_collections.servicedns.consul.plugins.module_utils.agent_api import ARGUMENTS, AgentApi, AgentRefused
from ansible_collections.servicedns.consul.plugins.module_utils.host import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.rules import parse_duration

VARIABLE = "consul_services_prepared_queries"
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
    if theirs.get("token") == datacenter.HIDDEN and "token" in ours:
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
            found[key] = datacenter.filled(value)
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
    return {path: tuple(map(datacenter.api_name, path.split("."))) for path in paths}


#: The keys that are compared, and where the API has them.
KEYS = _keys()


class Queries:
    """The prepared queries of a datacentre, and those that it must have."""

    def __init__(self, api: AgentApi, declared: t.Sequence[t.Mapping[str, t.Any]]) -> None:
        self.api = api
        self.wanted = by_name([{"Template": {"Type": ""}, **datacenter.api_form(query)} for query in declared])
        self.actual: dict[str, Query] = {}

    def converge(self, check_mode: bool) -> datacenter.Plan:
        """Make the datacentre have them, and say what was done."""
        record = datacenter.Record(self.api, "prepared_queries")
        declared = map(shown, self.wanted)
        return datacenter.converge(record, declared, self.plan, self.apply, check_mode)

    def plan(self, owned: t.AbstractSet[str]) -> datacenter.Plan:
        """What has to be done. The queries are only looked at when one is declared or ours."""
        self.actual = by_name(self.api.get("query", consistent="")) if self.wanted or owned else {}
        foreign = sorted(name for name in self.wanted if name in self.actual and name not in owned)
        if foreign:
            names = ", ".join(map(shown, foreign))
            raise datacenter.Foreign(
                f"{names}: somebody else created a query of this name: take another, or delete that one"
            )
        missing = [name for name in self.wanted if name not in self.actual]
        found = {name: differences(self.wanted[name], self.actual[name]) for name in self.wanted if name in self.actual}
        gone = [name for name in owned if name not in self.wanted]
        return datacenter.Plan(
            added=[shown(name) for name in missing],
            changed={shown(name): keys for name, keys in found.items() if keys},
            removed=[shown(name) for name in gone],
            claims=list(self.wanted),
            missing=missing,
            releases=gone,
        )

    def apply(self, plan: datacenter.Plan) -> None:
        """Do it. What is removed comes last, so that a name which moves is never without an answer."""
        for name, query in self.wanted.items():
            try:
                if name in plan.missing:
                    self.api.post("query", body=query)
                elif shown(name) in plan.changed:
                    self.api.put("query", self.actual[name]["ID"], body=query)
            except AgentRefused as error:
                raise AgentRefused(f"{shown(name)}: {error}", error.status) from error
        for name in plan.releases:
            if name in self.actual:
                self.api.delete("query", self.actual[name]["ID"])


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            queries=dict(type="str", required=True, no_log=True),
            **ARGUMENTS,
        ),
        supports_check_mode=True,
    )
    queries = Queries(AgentApi(module.params["agent_url"]), json.loads(module.params["queries"]))
    try:
        plan = queries.converge(module.check_mode)
    except HostError as error:
        module.fail_json(msg=f"{VARIABLE}: {error}")
    module.exit_json(**plan.result())


if __name__ == "__main__":
    main()
