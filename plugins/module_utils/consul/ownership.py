# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who created what belongs to the whole datacenter: services that have no agent, and prepared queries.

One host makes the datacenter have them. What it created is recorded under the name of its owner, so that any host can do it
next time, and what others created, by hand or from another inventory, stays theirs.

A name is claimed (written down), then the plan is applied, then what is gone is released (struck out): so a run that is cut off
anywhere is completed by the next. Who writes names the index that was read, and Consul refuses a write when another came between
(check-and-set, U(https://developer.hashicorp.com/consul/api-docs/kv#cas)); then all is read, and planned, again.
"""

from __future__ import annotations

import base64
import json
import re
import types
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import client as consul
from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


class Foreign(HostError):
    """What is declared exists already, and somebody else created it."""


class Plan(t.NamedTuple):
    """What has to be done, by the names of things that people see, and what it means for the record."""

    added: t.Sequence[str] = ()
    changed: t.Mapping[str, t.Sequence[str]] = types.MappingProxyType({})
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


#: Who owns what a run creates, unless it says otherwise.
OWNER = "site"
OWNERS = re.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,62}", re.ASCII)


class Ownership:
    """The names of what an owner created, in Consul's key-value store, beside those of other owners."""

    TRIES = 20

    def __init__(self, client: consul.ConsulClient, kind: str, owner: str = OWNER) -> None:
        """:raises HostError: when the owner is no name."""
        if not OWNERS.fullmatch(owner):
            raise HostError(f"the owner {owner!r} must be 1 to 63 letters, digits, dots, hyphens and underscores")
        self.client = client
        self.directory = ("kv", "servicedns.consul", kind)
        self.owner = owner
        #: The owners of what others created, by name, as they were when the record was read.
        self.others: dict[str, str] = {}

    def read(self) -> tuple[frozenset[str], int]:
        """The names that are ours, and the index that a write must name."""
        try:
            entries = self.client.get(*self.directory, "", recurse="", consistent="")
        except consul.AgentRefused as error:
            if error.status != 404:
                raise
            entries = []
        ours: tuple[frozenset[str], int] = frozenset(), 0
        self.others = {}
        for entry in entries:
            owner = entry["Key"].rpartition("/")[2]
            if owner == self.owner:
                ours = names_in(entry), entry["ModifyIndex"]
            else:
                self.others.update(dict.fromkeys(names_in(entry), owner))
        return ours

    def creator(self, name: str) -> str:
        """Who created something, for people."""
        return f"the owner {self.others[name]}" if name in self.others else "somebody else"

    def take(self, names: t.Collection[str]) -> None:
        """Make other owners forget names that are ours from now on."""
        for owner in {self.others[name] for name in names if name in self.others}:
            Ownership(self.client, self.directory[-1], owner).release(names)

    def write(self, names: t.Collection[str], index: int) -> bool:
        """Replace the names, unless somebody else did since they were read. An empty record is no record."""
        if names:
            return bool(self.client.put(*self.directory, self.owner, body=sorted(names), cas=str(index)))
        return index == 0 or bool(self.client.delete(*self.directory, self.owner, cas=str(index)))

    def release(self, names: t.Collection[str]) -> None:
        """Forget names, and keep what others add meanwhile."""
        for _try in range(self.TRIES):
            owned, index = self.read()
            left = owned.difference(names)
            if left == owned or self.write(left, index):
                return
        raise HostError(
            f"the key {'/'.join(self.directory[1:])}/{self.owner} of the key-value store never stays as it was read"
        )


def names_in(entry: t.Mapping[str, t.Any]) -> frozenset[str]:
    """The names in an entry of the key-value store.

    :raises HostError: when it is none of ours.
    """
    try:
        return frozenset(map(str, json.loads(base64.b64decode(entry["Value"] or ""))))
    except (TypeError, ValueError) as error:
        raise HostError(
            f"the key {entry['Key']} of the key-value store is no list of names, so that nobody knows whose they are: "
            "write back what it was, or delete it to have nothing"
        ) from error


def converge(
    record: Ownership,
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
        except consul.AgentSilent:
            # A fresh host has no agent to ask in check mode.
            if check_mode:
                return Plan(added=list(declared))
            raise
        first = first or plan
        if check_mode or not plan.size:
            return first
        # First, so that nothing ever has two owners.
        record.take(plan.claims)
        if not owned.issuperset(plan.claims) and not record.write(owned.union(plan.claims), index):
            continue
        claimed.update(set(plan.claims) - owned)
        try:
            apply(plan)
        except consul.AgentRefused:
            now = planned(owned.union(plan.claims))
            if now.size < plan.size:
                continue
            record.release(claimed.intersection(now.missing))
            raise
        record.release(plan.releases)
        return first
    raise HostError("other runs change the same at the same time: run it again")


def run_owned(make: t.Callable[..., t.Any], option: str, variable: str) -> None:
    """Run a module that makes the datacenter have what is declared.

    :arg make: takes a client, what is declared, its owner, and whether what others created becomes the owner's
    :arg option: what is declared, as JSON
    :arg variable: of the role
    """

    def act(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
        made = make(consul.client_of(params), json.loads(params[option]), params["owner"], params["adopt"])
        result: dict[str, t.Any] = made.converge(check_mode).result()
        return result

    spec: dict[str, dict[str, t.Any]] = {
        option: {"type": "str", "required": True, "no_log": True},
        "owner": {"type": "str", "default": OWNER},
        "adopt": {"type": "bool", "default": False},
    }
    run_module({**spec, **consul.ARGUMENTS}, act, variable)
