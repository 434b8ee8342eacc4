# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""External services and prepared queries in a real datacenter: what is created, kept, put right and removed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from plays import run_tasks
from real_agent import RealAgent, real_agent

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    AgentRefused,
    AgentSilent,
    ConsulClient,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.ownership import Ownership, Plan
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.modules.external_services import ExternalServices
from ansible_collections.servicedns.consul.plugins.modules.prepared_queries import EVERY_NAME, PreparedQueries

Items = Sequence[Mapping[str, Any]]

DB = {"name": "db", "address": "10.0.0.9", "port": 5432, "tags": ["primary"]}
SAAS = {"name": "saas", "address": "saas.example.com", "port": 443, "weights": {"passing": 5}}
UI = {"name": "ui", "address": "10.0.0.10", "node": "db", "tagged_addresses": {"wan": {"address": "203.0.113.9"}}}
ANYWHERE = {
    "name": "db-anywhere",
    "token": "secret",
    "service": {"service": "db", "tags": ["primary"], "failover": {"targets": [{"datacenter": "dc2"}]}},
    "dns": {"ttl": "1m"},
}
DOTS = {"name": "db.any", "service": {"service": "db", "near": "_agent"}}
GEO = {"name": "geo-", "template": {"type": "name_prefix_match"}, "service": {"service": "${name.suffix}"}}


@pytest.fixture(name="agent", scope="module")
def _agent() -> Iterator[RealAgent]:
    with real_agent() as agent:
        yield agent


@pytest.fixture(name="api")
def _api(agent: RealAgent) -> Iterator[ConsulClient]:
    """The agent with nothing of the tests in it, before and after."""
    api = ConsulClient(agent.url)
    yield api
    for node in api.get("catalog", "nodes"):
        if not node["ID"]:
            api.put("catalog", "deregister", body={"Node": node["Node"]})
    for query in api.get("query"):
        api.delete("query", query["ID"])
    api.delete("kv", "servicedns.consul", recurse="")


def services(api: ConsulClient, *declared: Mapping[str, Any], check_mode: bool = False, **owner: Any) -> Plan:
    return ExternalServices(api, declared, **owner).converge(check_mode)


def queries(api: ConsulClient, *declared: Mapping[str, Any], check_mode: bool = False, **owner: Any) -> Plan:
    return PreparedQueries(api, declared, **owner).converge(check_mode)


def owned(api: ConsulClient, kind: str, owner: str = "site") -> set[str]:
    return set(Ownership(api, kind, owner).read()[0])


def nodes(api: ConsulClient) -> set[str]:
    return {node["Node"] for node in api.get("catalog", "nodes") if not node["ID"]}


def registered(api: ConsulClient, node: str) -> set[str]:
    return {entry["ID"] for entry in api.get("catalog", "node-services", node)["Services"] or []}


def names(api: ConsulClient) -> set[str]:
    return {query["Name"] for query in api.get("query")}


def register(api: ConsulClient, node: str, service: str, **more: Any) -> None:
    """What somebody else does."""
    body = {"Node": node, "Address": "10.9.9.9", "Service": {"ID": service, "Service": service, **more}}
    api.put("catalog", "register", body=body)


def test_services_come_stay_change_and_go(api: ConsulClient, agent: RealAgent) -> None:
    plan = services(api, DB, SAAS, UI)
    assert plan.result() | {"diff": None} == {
        "changed": True,
        "added": ["db", "db/ui", "saas"],
        "modified": [],
        "removed": [],
        "diff": None,
    }
    assert agent.dns("db.service.consul") == ["10.0.0.9"]
    assert agent.dns("primary.db.service.consul", "SRV") == ["1 1 5432 0a000009.addr.dc1.consul."]
    assert agent.dns("ui.service.consul") == ["10.0.0.10"]
    assert agent.dns("saas.service.consul", "CNAME") == ["saas.example.com."]
    assert agent.dns("saas.service.consul", "SRV") == ["1 5 443 saas.example.com."]
    assert api.get("catalog", "node-services", "db")["Node"]["Meta"] == {"external-node": "true"}

    assert not services(api, DB, SAAS, UI).size

    plan = services(api, DB | {"port": 5433, "tags": []}, SAAS, check_mode=True)
    assert plan.result()["diff"]["prepared"] == "~ db (port, tags)\n- db/ui\n"
    assert registered(api, "db") == {"db", "ui"}
    assert services(api, DB | {"port": 5433, "tags": []}, SAAS).result() == plan.result()
    assert agent.dns("db.service.consul", "SRV") == ["1 1 5433 0a000009.addr.dc1.consul."]
    assert agent.dns("ui.service.consul") == []

    assert services(api).removed == ["db", "saas"]
    assert nodes(api) == set() and not services(api).size
    with pytest.raises(AgentRefused, match="404"):
        api.get("kv", "servicedns.consul", "", recurse="")


def test_drift_of_services_is_put_right(api: ConsulClient) -> None:
    services(api, DB, SAAS)
    register(api, "db", "db", Port=1, Address="10.0.0.9", Tags=["primary"])
    api.put("catalog", "deregister", body={"Node": "saas"})
    plan = services(api, DB, SAAS)
    assert (plan.added, dict(plan.changed)) == (["saas"], {"db": ["address", "node_meta", "port"]})
    assert not services(api, DB, SAAS).size


def test_a_service_that_moves_to_another_node(api: ConsulClient) -> None:
    services(api, DB)
    plan = services(api, DB | {"node": "appliance"})
    assert (plan.added, plan.removed) == (["appliance/db"], ["db"])
    assert nodes(api) == {"appliance"}


def test_services_of_others_are_left_alone(api: ConsulClient, agent: RealAgent) -> None:
    register(api, "theirs", "db")
    node = agent.container[:12]
    for declared, told in (
        (DB | {"node": "theirs"}, "node theirs was registered by somebody else"),
        (DB | {"node": node}, f"node {node} is that of an agent"),
    ):
        with pytest.raises(HostError, match=told):
            services(api, SAAS, declared)
    assert nodes(api) == {"theirs"} and not owned(api, "external_services")

    services(api, DB)
    register(api, "db", "extra")
    with pytest.raises(HostError, match="service db/extra was registered by somebody else"):
        services(api, DB, DB | {"id": "extra", "node": "db"}, SAAS)
    assert services(api).removed == ["db"]
    assert registered(api, "db") == {"extra"} and owned(api, "external_services") == {"db"}
    assert not services(api).size
    api.put("catalog", "deregister", body={"Node": "db", "ServiceID": "extra"})
    assert services(api).removed == ["db"]
    assert nodes(api) == {"theirs"} and not owned(api, "external_services")


@pytest.mark.parametrize("calls", range(1, 5))
def test_services_cut_off_anywhere(api: ConsulClient, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """The next run completes what this one began, both ways."""
    for declared in ([DB, SAAS], []):
        cut_off_after(monkeypatch, calls)
        with pytest.raises(AgentSilent):
            services(api, *declared)
            raise AgentSilent("it was not cut off, for it has fewer calls")
        monkeypatch.undo()
        services(api, *declared)
        assert nodes(api) == {item["name"] for item in declared}
        assert not services(api, *declared).size


def cut_off_after(monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    """Make the agent fall silent at a change."""
    left = [calls]
    whole = ConsulClient.ask

    def cut(self: ConsulClient, method: str, *arguments: Any) -> Any:
        left[0] -= method != "GET"
        if not left[0]:
            raise AgentSilent("cut off")
        return whole(self, method, *arguments)

    monkeypatch.setattr(ConsulClient, "ask", cut)


def test_queries_come_stay_change_and_go(api: ConsulClient, agent: RealAgent) -> None:
    services(api, DB)
    plan = queries(api, ANYWHERE, DOTS, GEO)
    assert plan.result()["diff"]["prepared"] == "+ db-anywhere\n+ db.any\n+ geo-\n"
    for name in ("db-anywhere", "db.any", "geo-db"):
        assert agent.dns(f"{name}.query.consul") == ["10.0.0.9"]
    assert agent.ttls("db-anywhere.query.consul") == {60}
    assert not queries(api, ANYWHERE, DOTS, GEO).size

    changed = ANYWHERE | {"token": "other", "dns": {"ttl": "10s"}}
    plan = queries(api, changed, DOTS, check_mode=True)
    assert plan.result()["diff"]["prepared"] == "~ db-anywhere (dns.ttl, token)\n- geo-\n"
    assert agent.ttls("db-anywhere.query.consul") == {60}
    assert queries(api, changed, DOTS).result() == plan.result()
    assert agent.ttls("db-anywhere.query.consul") == {10}
    assert not queries(api, changed, DOTS).size
    assert agent.dns("geo-db.query.consul") == []

    every = GEO | {"name": "", "service": {"service": "${name.full}"}}
    assert queries(api, every).added == [EVERY_NAME]
    assert agent.dns("db.query.consul") == ["10.0.0.9"]
    assert not queries(api, every).size
    queries(api)
    assert names(api) == set() and not owned(api, "prepared_queries") and not queries(api).size


def test_drift_of_queries_is_put_right(api: ConsulClient) -> None:
    queries(api, ANYWHERE, DOTS)
    identity = {query["Name"]: query["ID"] for query in api.get("query")}
    api.put("query", identity["db.any"], body={"Name": "db.any", "Service": {"Service": "web", "OnlyPassing": True}})
    api.delete("query", identity["db-anywhere"])
    plan = queries(api, ANYWHERE, DOTS)
    assert plan.added == ["db-anywhere"]
    assert dict(plan.changed) == {"db.any": ["service.near", "service.only_passing", "service.service"]}
    assert not queries(api, ANYWHERE, DOTS).size


def test_queries_of_others_are_left_alone(api: ConsulClient) -> None:
    api.post("query", body={"Name": "DB.any", "Service": {"Service": "theirs"}})
    with pytest.raises(HostError, match=r"a query of this name was created by another: db.any \(somebody else\)"):
        queries(api, ANYWHERE, DOTS)
    assert names(api) == {"DB.any"} and not owned(api, "prepared_queries")
    queries(api, ANYWHERE)
    queries(api)
    assert names(api) == {"DB.any"}


def test_what_another_owner_has_is_left_alone_and_can_be_adopted(api: ConsulClient) -> None:
    services(api, DB, SAAS)
    services(api, owner="other")
    assert nodes(api) == {"db", "saas"}
    with pytest.raises(HostError, match=r"node db was registered by the owner site: .*consul_services_adopt"):
        services(api, DB, owner="other")
    # By hand it is gone, and whose it is still stands.
    api.put("catalog", "deregister", body={"Node": "db"})
    with pytest.raises(HostError, match="node db was registered by the owner site"):
        services(api, DB, owner="other")
    services(api, DB, SAAS)

    plan = services(api, DB, owner="other", adopt=True, check_mode=True)
    assert dict(plan.changed) == {"db": ["owner"]} and not owned(api, "external_services", "other")
    services(api, DB, owner="other", adopt=True)
    assert owned(api, "external_services", "other") == {"db", "db/db"}
    assert owned(api, "external_services") == {"saas", "saas/saas"}
    assert not services(api, DB, owner="other").size and not services(api, SAAS).size
    assert services(api, owner="other").removed == ["db"] and nodes(api) == {"saas"}


def test_another_list_of_the_same_owner_takes_the_place_of_the_first(api: ConsulClient) -> None:
    """So two inventories that share a datacenter need an owner each."""
    services(api, DB)
    assert services(api, SAAS).removed == ["db"] and nodes(api) == {"saas"}


def test_what_was_made_by_hand_can_be_adopted(api: ConsulClient, agent: RealAgent) -> None:
    register(api, "db", "db", Address="10.0.0.9")
    api.post("query", body={"Name": "DB.any", "Service": {"Service": "db", "Near": "_agent"}})
    assert "owner" in services(api, DB, adopt=True).changed["db"]
    assert "owner" in queries(api, DOTS, adopt=True).changed["db.any"]
    assert not services(api, DB).size and not queries(api, DOTS).size
    node = agent.container[:12]
    with pytest.raises(HostError, match=f"node {node} is that of an agent"):
        services(api, DB | {"node": node}, adopt=True)


def test_queries_of_another_owner_are_left_alone(api: ConsulClient) -> None:
    queries(api, DOTS)
    queries(api, owner="other")
    with pytest.raises(HostError, match=r"db.any \(the owner site\)"):
        queries(api, DOTS, owner="other")
    queries(api, DOTS, owner="other", adopt=True)
    queries(api)
    assert names(api) == {"db.any"} and owned(api, "prepared_queries", "other") == {"db.any"}


def test_what_consul_refuses_is_said_in_its_words_and_not_ours(api: ConsulClient) -> None:
    refused = DOTS | {"service": {"service": "db", "namespace": "a"}}
    with pytest.raises(AgentRefused, match=r'db\.any: .*unknown field "Namespace"'):
        queries(api, ANYWHERE, refused)
    assert owned(api, "prepared_queries") == {"db-anywhere"} == names(api)


@pytest.mark.parametrize("calls", range(1, 5))
def test_queries_cut_off_anywhere(api: ConsulClient, monkeypatch: pytest.MonkeyPatch, calls: int) -> None:
    for declared in ([ANYWHERE, DOTS], []):
        cut_off_after(monkeypatch, calls)
        with pytest.raises(AgentSilent):
            queries(api, *declared)
            raise AgentSilent("it was not cut off, for it has fewer calls")
        monkeypatch.undo()
        queries(api, *declared)
        assert names(api) == {item["name"] for item in declared}
        assert not queries(api, *declared).size


def test_runs_at_once_end_with_everything(api: ConsulClient) -> None:
    many_services = [DB | {"id": f"db{number}"} for number in range(8)]
    many_queries = [DOTS | {"name": f"q{number}"} for number in range(8)]
    with ThreadPoolExecutor() as pool:
        runs = [pool.submit(services, api, *many_services) for _run in range(3)]
        runs += [pool.submit(queries, api, *many_queries) for _run in range(3)]
        for run in runs:
            run.result()
    assert not services(api, *many_services).size and not queries(api, *many_queries).size
    assert len(owned(api, "external_services")) == 16 and len(owned(api, "prepared_queries")) == 8


def test_a_record_that_is_no_record_is_told(api: ConsulClient) -> None:
    api.put("kv", "servicedns.consul", "external_services", "site", body=7)
    key = "servicedns.consul/external_services/site"
    with pytest.raises(HostError, match=f"the key {key} of the key-value store is no list"):
        services(api, DB)
    assert nodes(api) == set()


LOCAL = {"all": {"hosts": {"localhost": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}}}}


@pytest.mark.parametrize(
    ("module", "option", "items", "expected"),
    [
        ("external_services", "services", [DB, SAAS], "+ db\n+ saas\n"),
        ("prepared_queries", "queries", [ANYWHERE, DOTS], "+ db-anywhere\n+ db.any\n"),
    ],
)
def test_modules(api: ConsulClient, tmp_path: Path, module: str, option: str, items: Items, expected: str) -> None:
    task = {f"servicedns.consul.{module}": {option: json.dumps(items), "url": api.url}}

    def run(*arguments: str) -> str:
        done = run_tasks(tmp_path, [task], LOCAL, "--diff", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "secret" not in done.stdout
        return done.stdout

    for arguments in (["--check"], []):
        output = run(*arguments)
        assert expected in output and "changed=1" in output
    assert "changed=0" in run() and "changed=0" in run("--check")


def test_modules_say_who_does_not_answer(tmp_path: Path) -> None:
    url = "http://127.0.0.1:9"
    tasks: list[dict[str, Any]] = [
        {"servicedns.consul.external_services": {"services": "[]", "url": url}, "ignore_errors": True},
        {"servicedns.consul.prepared_queries": {"queries": "[]", "url": url}},
    ]
    output = run_tasks(tmp_path, tasks, LOCAL).stdout
    for variable, key in (
        ("consul_services_external", "external_services"),
        ("consul_services_prepared_queries", "prepared_queries"),
    ):
        assert f"{variable}: GET {url}/v1/kv/servicedns.consul/{key}/?recurse=&consistent=: " in output
    assert "refused" in output
