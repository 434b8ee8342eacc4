# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a plan is carried out, whoever else is at work and wherever it is cut off."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest
from http_server import serving
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    AgentRefused,
    AgentSilent,
    ConsulClient,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.ownership import Ownership, Plan, converge
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.modules import external_services, prepared_queries


class Store(Ownership):
    """A record without Consul."""

    def __init__(self, *names: str) -> None:
        self.others: dict[str, str] = {}
        self.names, self.index = frozenset(names), 1
        #: What others write just before we do.
        self.rivals: list[frozenset[str]] = []

    def read(self) -> tuple[frozenset[str], int]:
        return self.names, self.index

    def write(self, names: Any, index: int) -> bool:
        if self.rivals:
            self.names |= self.rivals.pop()
            self.index += 1
            return False
        self.names, self.index = frozenset(names), self.index + 1
        return True


def test_a_record_that_others_write_is_read_again() -> None:
    record = Store("a")
    record.rivals = [frozenset("b"), frozenset("c")]
    made: list[Any] = []

    def planned(owned: Any) -> Plan:
        made.append(owned)
        return Plan(added=["d"], claims=["d"], missing=["d"])

    converge(record, ["d"], planned, lambda plan: None, False)
    assert made == [{"a"}, {"a", "c"}, {"a", "b", "c"}]
    assert record.names == {"a", "b", "c", "d"}
    record.rivals = [frozenset("e")]
    record.release(["a"])
    assert record.names == {"b", "c", "d", "e"}


def test_what_consul_refuses_to_create_is_not_ours() -> None:
    record = Store("a")

    def refuse(plan: Plan) -> None:
        raise AgentRefused("no", 500)

    with pytest.raises(AgentRefused):
        converge(record, ["b"], lambda owned: Plan(added=["b"], claims=["a", "b"], missing=["b"]), refuse, False)
    assert record.names == {"a"}


def test_a_run_that_is_cut_off_leaves_its_claims() -> None:
    record = Store()

    def cut(plan: Plan) -> None:
        assert record.names == {"b"}
        raise AgentSilent("gone")

    with pytest.raises(AgentSilent):
        converge(record, ["b"], lambda owned: Plan(added=["b"], claims=["b"], missing=["b"]), cut, False)
    assert record.names == {"b"}


def test_what_another_run_did_meanwhile_is_left_to_it() -> None:
    plans = [Plan(added=["b"], claims=["b"], missing=["b"]), Plan(claims=["b"]), Plan(claims=["b"])]

    def refuse(plan: Plan) -> None:
        raise AgentRefused("name 'b' aliases an existing query name", 500)

    first = converge(Store(), ["b"], lambda owned: plans.pop(0), refuse, False)
    assert first.added == ["b"] and not plans


def silent(owned: Any) -> Plan:
    raise AgentSilent("nobody answers")


def test_a_fresh_host_has_no_agent_in_check_mode() -> None:
    assert converge(Store(), ["b"], silent, lambda plan: None, True).result() == {
        "changed": True,
        "added": ["b"],
        "modified": [],
        "removed": [],
        "diff": {"prepared": "+ b\n"},
    }
    with pytest.raises(HostError):
        converge(Store(), ["b"], silent, lambda plan: None, False)


def test_an_owner_is_a_name() -> None:
    with pytest.raises(HostError, match="the owner 'a/b' must be 1 to 63 letters"):
        Ownership(ConsulClient("http://127.0.0.1:1"), "external_services", "a/b")


@pytest.mark.parametrize(
    ("module", "option", "item", "none"),
    [
        (external_services, "services", {"name": "db", "address": "10.0.0.9"}, b"null"),
        (prepared_queries, "queries", {"name": "db", "service": {"service": "db"}}, b"[]"),
    ],
)
def test_the_modules(module: ModuleType, option: str, item: dict[str, Any], none: bytes) -> None:
    """Nothing is recorded and nothing is there."""
    with serving() as server:
        given: dict[str, Any] = {"url": f"http://127.0.0.1:{server.server_port}", "token": "7e57-70ke"}
        server.answer = (404, b"")
        same = run_main(module.main, **{**given, option: "[]"})
        assert (same["changed"], same["added"], same["removed"]) == (False, [], [])
        assert server.headers["X-Consul-Token"] == "7e57-70ke"
        server.before, server.answer = [(404, b"")], (200, none)
        new = run_main(module.main, check=True, **{**given, option: json.dumps([item])})
        assert (new["changed"], new["added"], new["diff"]) == (True, ["db"], {"prepared": "+ db\n"})
        server.before, server.answer = [(404, b""), (200, none), (200, b"true")], (500, b"rpc error")
        wrong = run_main(module.main, **{**given, option: json.dumps([item])})
        assert wrong["failed"] and wrong["msg"].endswith(": rpc error") and "Traceback" not in wrong["msg"]
        owner = run_main(module.main, **{**given, "owner": "a/b", option: "[]"})
        variable = owner["msg"].partition(": ")[0]
        assert (
            owner["msg"]
            == f"{variable}: the owner 'a/b' must be 1 to 63 letters, digits, dots, hyphens and underscores"
        )
        assert variable == f"consul_services_{'external' if option == 'services' else 'prepared_queries'}"
