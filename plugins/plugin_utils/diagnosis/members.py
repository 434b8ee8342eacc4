# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with the members of the datacenter, by what the agents say of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import BROKEN, OK, check_text
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Diagnosis, Row

View = Mapping[str, Any]


def member_findings(rows: Sequence[Row], nodes: Mapping[str, str]) -> Iterator[Diagnosis]:
    """Find what the agents that answer say of nodes, those of hosts outside of the run too."""
    views = [row.agent for row in rows if row.is_state("servers", OK) and row.is_state("agent", OK, BROKEN)]
    if not views:
        return
    members = {member["name"]: member for view in views for member in view["members"]}
    for view in views:
        members.update({member["name"]: member for member in view["members"] if member["status"] == "alive"})
    catalog = {node["node"]: node for view in views for node in view["nodes"]}
    # What is wrong with these is said already.
    told = {row.host for row in rows if row.lost or row.is_state("agent", BROKEN) or row.is_state("servers", BROKEN)}
    yield from _declared_members(nodes, told, members, catalog)
    yield from _undeclared_members(set(nodes.values()), members, catalog)
    yield from _critical(rows, nodes, views)
    yield from _versions(views)


def _declared_members(
    nodes: Mapping[str, str], told: Collection[str], members: View, catalog: View
) -> Iterator[Diagnosis]:
    """Hosts of the inventory that are no members, or no more."""
    for host, node in nodes.items():
        status = members[node]["status"] if node in members else "no member"
        if status != "alive" and host not in told:
            yield Diagnosis(
                BROKEN,
                [host],
                "member",
                f"the inventory has this host, and its node {node} is {status} in the datacenter",
                "look at its agent; where it is gone for good, remove it from the inventory, and consul force-leave it",
            )
        elif status == "alive" and catalog and node not in catalog:
            text = f"{node} is a member, and the catalog does not have it"
            yield Diagnosis(BROKEN, [host], "member", text, "docker logs consul on a server")


def _undeclared_members(declared: Collection[str], members: View, catalog: View) -> Iterator[Diagnosis]:
    """Nodes that the inventory does not have."""
    for name, member in members.items():
        if name not in declared and member["status"] != "left":
            yield Diagnosis(
                "warning",
                [name],
                "member",
                f"the datacenter has the member {name} ({member['address']}, {member['status']}), and the inventory does not",
                "add it to the inventory, or consul force-leave it where it is gone",
            )
    for name, node in catalog.items():
        if name not in members and name not in declared and node["meta"].get("external-node") != "true":
            yield Diagnosis(
                "warning",
                [name],
                "member",
                f"the catalog has the node {name} ({node['address']}), which is no member",
                "deregister it where it is gone (PUT /v1/catalog/deregister)",
            )


def _critical(rows: Sequence[Row], nodes: Mapping[str, str], views: Sequence[View]) -> Iterator[Diagnosis]:
    """Critical checks of nodes that are no row, which is where their own are told."""
    told = {nodes.get(row.host) for row in rows if row.is_state("services", BROKEN)}
    checks = {(check["node"], check["id"]): check for view in views for check in view["critical"]}
    for (node, identifier), check in checks.items():
        # What serf says of a node is told of the member.
        if node not in told and identifier != "serfHealth":
            yield Diagnosis(
                BROKEN,
                [node],
                "check",
                f"DNS leaves out {check_text(check)}",
                "bring back what the check looks at, or correct the check",
            )


def _versions(views: Sequence[View]) -> Iterator[Diagnosis]:
    versions: dict[str, set[str]] = {}
    for member in (member for view in views for member in view["members"] if member["status"] == "alive"):
        versions.setdefault(member["version"], set()).add(member["name"])
    if len(versions) > 1:
        each = "; ".join(f"{version}: {', '.join(sorted(names))}" for version, names in sorted(versions.items()))
        yield Diagnosis(
            "warning",
            sorted(set().union(*versions.values())),
            "version",
            f"the agents are of different versions ({each})",
            "set consul_agent_image to one for all, servers first, and run site.yml",
        )
