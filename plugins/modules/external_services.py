#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: external_services
short_description: Make a Consul datacenter know services that have no agent
version_added: 0.1.0
description:
  - Registers services such as a database appliance in Consul's catalog, so that DNS answers C(name.service.consul) on
    every host. Run it on one host of the datacenter.
  - Each service is on a node of the catalog, which has C(external-node) in its metadata, so that consul-esm knows it.
    A node that several services share has the address of the first in the list.
  - Nodes and services that this module created are kept in Consul's key-value store, under
    C(servicedns.consul/external_services/OWNER). What somebody else registered, or another owner, is never changed or
    removed, not even on a node of this module; to declare it is an error, unless O(adopt) is set.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  services:
    description:
      - List of services as JSON text, so that nothing in it is logged.
      - Each has C(name) and C(address), an IP address or a DNS name, and may have C(id) (by default the name), C(node)
        (by default the id), C(port), C(tags), C(meta), C(tagged_addresses), C(weights), C(enable_tag_override) and
        C(node_meta).
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
    description: Says which services would be added, changed and removed.
  diff_mode:
    support: full
    description: Names the services and the keys that change, and shows no value.
"""

EXAMPLES = r"""
- name: Make db.service.consul answer with the address of an appliance
  servicedns.consul.external_services:
    services: "{{ [{'name': 'db', 'address': '10.0.0.9', 'port': 5432}] | to_json }}"
  run_once: true
"""

RETURN = r"""
added:
  description: Services that were registered, by id, and by node/id where the node has another name.
  returned: success
  type: list
  elements: str
  sample: [db]
modified:
  description: Services that were changed.
  returned: success
  type: list
  elements: str
  sample: []
removed:
  description: Services that were removed, and nodes on which nothing was left.
  returned: success
  type: list
  elements: str
  sample: [appliance/old, appliance]
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import api_names, ownership
from ansible_collections.servicedns.consul.plugins.module_utils.consul import client as consul

Body = t.Dict[str, t.Any]


def place(node: str, identity: str) -> str:
    """The name of a service in the record. Consul's indexes know no case, and a node's name has no slash."""
    return f"{node}/{identity}".lower()


def shown(name: str) -> str:
    """The name of a service in the record, as people see it."""
    node, _slash, identity = name.partition("/")
    return node if identity in ("", node) else name


def registrations(declared: t.Sequence[t.Mapping[str, t.Any]]) -> dict[str, Body]:
    """What the catalog gets for each service, in full, under its name in the record."""
    found: dict[str, Body] = {}
    nodes: dict[str, Body] = {}
    for item in declared:
        identity = item.get("id", item["name"])
        node = item.get("node", identity)
        shared = nodes.setdefault(
            node.lower(), {"Node": node, "Address": item["address"], "NodeMeta": {"external-node": "true"}}
        )
        shared["NodeMeta"].update(item.get("node_meta", {}))
        service = {
            "ID": identity,
            "Service": item["name"],
            "Address": item["address"],
            "Port": item.get("port", 0),
            "Tags": item.get("tags", []),
            "Meta": item.get("meta", {}),
            "TaggedAddresses": {
                name: api_names.api_form(tagged) for name, tagged in item.get("tagged_addresses", {}).items()
            },
            "Weights": {"Passing": 1, "Warning": 1, **api_names.api_form(item.get("weights", {}))},
            "EnableTagOverride": item.get("enable_tag_override", False),
        }
        found[place(node, identity)] = {"Service": service, "Shared": shared}
    return {name: {**body["Shared"], "Service": body["Service"]} for name, body in found.items()}


#: Keys of a service, and what the API calls them.
FIELDS: tuple[tuple[str, str], ...] = (
    ("id", "ID"),
    ("name", "Service"),
    ("address", "Address"),
    ("port", "Port"),
    ("tags", "Tags"),
    ("meta", "Meta"),
    ("tagged_addresses", "TaggedAddresses"),
    ("weights", "Weights"),
    ("enable_tag_override", "EnableTagOverride"),
)


def comparable(service: Body) -> Body:
    """A service without what an agent or Consul fills in."""
    tagged = {
        name: {"Address": entry.get("Address"), "Port": entry.get("Port") or service.get("Port") or 0}
        for name, entry in (service.get("TaggedAddresses") or {}).items()
    }
    own = {"Address": service.get("Address"), "Port": service.get("Port") or 0}
    told = {name: entry for name, entry in tagged.items() if entry != own}
    weights = service.get("Weights") or {"Passing": 1, "Warning": 1}
    known: Body = api_names.without_defaults({**service, "TaggedAddresses": told, "Weights": weights})
    return known


def differences(wanted: Body, node: Body, service: Body) -> list[str]:
    """The keys of a service that the catalog has otherwise than declared."""
    ours, theirs = comparable(wanted["Service"]), comparable(service)
    found = {key for key, name in FIELDS if ours.get(name) != theirs.get(name)}
    if node["Address"] != wanted["Address"]:
        found.add("address")
    if (node["Meta"] or {}) != wanted["NodeMeta"]:
        found.add("node_meta")
    return sorted(found)


class Node(t.NamedTuple):
    """A node of the catalog, with its services under their names in the record."""

    about: Body
    services: t.Mapping[str, Body]


class ExternalServices:
    """The external services of a datacenter, and those that it must have."""

    def __init__(
        self,
        client: consul.ConsulClient,
        declared: t.Sequence[t.Mapping[str, t.Any]],
        owner: str = ownership.OWNER,
        adopt: bool = False,
    ) -> None:
        """:arg adopt: whether what others created becomes the owner's"""
        self.client = client
        self.record = ownership.Ownership(client, "external_services", owner)
        self.adopt = adopt
        self.wanted = registrations(declared)
        self.nodes: dict[str, Node] = {}

    def converge(self, check_mode: bool) -> ownership.Plan:
        """Make the catalog have them, and say what was done."""
        return ownership.converge(self.record, map(shown, self.wanted), self.plan, self.apply, check_mode)

    def node(self, name: str) -> Node | None:
        """What the catalog has of a node."""
        answer = self.client.get("catalog", "node-services", name, consistent="")
        if not answer or not answer["Node"]:
            return None
        return Node(answer["Node"], {place(name, entry["ID"]): entry for entry in answer["Services"] or []})

    def plan(self, owned: t.AbstractSet[str]) -> ownership.Plan:
        """What has to be done."""
        places = {name.partition("/")[0] for name in {*self.wanted, *owned}}
        read = {name: self.node(name) for name in sorted(places)}
        self.nodes = {name: node for name, node in read.items() if node}
        declared = {name.partition("/")[0] for name in self.wanted}
        foreign = [*self._foreign_nodes(declared, owned), *self._foreign_services(owned)]
        if foreign:
            raise ownership.Foreign("; ".join(foreign))
        missing, changed = [], {}
        for name, body in self.wanted.items():
            node = self.nodes.get(name.partition("/")[0])
            if node is None or name not in node.services:
                missing.append(name)
                continue
            keys = differences(body, node.about, node.services[name])
            if name not in owned:
                keys.append("owner")
            if keys:
                changed[shown(name)] = keys
        gone = {name for name in owned if "/" in name and name not in self.wanted}
        # A node of ours stays ours for as long as it is there, to be removed when the services of others have left it.
        empty = {
            name
            for name in owned
            if "/" not in name and name not in declared and not self._left(self.nodes.get(name), gone)
        }
        return ownership.Plan(
            added=[shown(name) for name in missing],
            changed=changed,
            removed=sorted({shown(name) for name in gone | empty}),
            claims=[*self.wanted, *declared],
            missing=[*missing, *(name for name in declared if name not in self.nodes)],
            releases=gone | empty,
        )

    def _foreign_nodes(self, declared: t.Iterable[str], owned: t.AbstractSet[str]) -> t.Iterator[str]:
        for name in sorted(declared):
            node = self.nodes.get(name)
            if node and node.about["ID"]:
                yield f"node {name} is that of an agent: declare its services there, or give these another node"
            elif self._is_foreign(name, node, owned):
                yield (
                    f"node {name} was registered by {self.record.creator(name)}: give these services another node, or adopt "
                    "what is there (consul_services_adopt)"
                )

    def _foreign_services(self, owned: t.AbstractSet[str]) -> t.Iterator[str]:
        for name in sorted(self.wanted):
            place_of = name.partition("/")[0]
            node = self.nodes.get(place_of)
            # Those of a foreign node are told with it.
            if self._is_foreign(name, node and node.services.get(name), owned) and place_of in owned:
                yield (
                    f"service {shown(name)} was registered by {self.record.creator(name)}: give this one another id, or "
                    "adopt it (consul_services_adopt)"
                )

    def _is_foreign(self, name: str, found: t.Any, owned: t.AbstractSet[str]) -> bool:
        return not self.adopt and name not in owned and (found is not None or name in self.record.others)

    @staticmethod
    def _left(node: Node | None, gone: t.AbstractSet[str]) -> bool:
        """Whether something is on a node of ours when what is gone has gone. That of an agent is ours no more."""
        return node is not None and not node.about["ID"] and any(name not in gone for name in node.services)

    def apply(self, plan: ownership.Plan) -> None:
        """Do it. What is removed comes last, so that a name which moves is never without an answer."""
        for name, body in self.wanted.items():
            if name not in plan.missing and shown(name) not in plan.changed:
                continue
            try:
                self.client.put("catalog", "register", body=body)
            except consul.AgentRefused as error:
                raise consul.AgentRefused(f"{shown(name)}: {error}", error.status) from error
        for name in sorted(plan.releases, key=lambda name: "/" not in name):
            self._remove(name)

    def _remove(self, name: str) -> None:
        """Remove a service, or a node that has none."""
        place_of, slash, _identity = name.partition("/")
        node = self.node(place_of)
        if node is None or node.about["ID"]:
            return
        if slash and name in node.services:
            body = {"Node": node.about["Node"], "ServiceID": node.services[name]["ID"]}
            self.client.put("catalog", "deregister", body=body)
        elif not slash and not node.services:
            self.client.put("catalog", "deregister", body={"Node": node.about["Node"]})


def main() -> None:
    ownership.run_owned(ExternalServices, "services", "consul_services_external")


if __name__ == "__main__":
    main()
