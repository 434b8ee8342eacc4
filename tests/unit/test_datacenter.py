# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with what belongs to the whole datacentre, what Consul has otherwise, and how a plan is carried out."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils import datacenter
from ansible_collections.servicedns.consul.plugins.module_utils.agent_api import AgentRefused, AgentSilent
from ansible_collections.servicedns.consul.plugins.module_utils.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.datacenter import Plan
from ansible_collections.servicedns.consul.plugins.module_utils.host import HostError
from ansible_collections.servicedns.consul.plugins.modules import external_services, prepared_queries

LABEL = "a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends"
DB = {"name": "db", "address": "10.0.0.9"}
WEB = {"name": "web-anywhere", "service": {"service": "web"}}


@pytest.mark.parametrize(
    ("services", "expected"),
    [
        ([], []),
        ([DB], []),
        (
            [
                DB
                | {
                    "id": "db1",
                    "node": "appliance",
                    "port": 5432,
                    "tags": ["primary"],
                    "meta": {"version": "16"},
                    "tagged_addresses": {"wan": {"address": "203.0.113.9", "port": 5433}},
                    "weights": {"passing": 2, "warning": 0},
                    "enable_tag_override": True,
                    "node_meta": {"external-probe": "true"},
                }
            ],
            [],
        ),
        ([DB | {"address": "db.example.com"}, DB | {"id": "db-2", "address": "fd00::9"}], []),
        (["db"], ["v[0]: a string is not a mapping"]),
        (
            [{}],
            [
                "v[0].name: is missing: a service needs a name, such as db",
                "v[0].address: is missing: a service without an agent needs an address, such as 10.0.0.9 or db.example.com",
            ],
        ),
        (
            [DB | {"a\nb": 1}],
            [
                "v[0]['a\\nb']: unknown key; allowed are address, enable_tag_override, id, meta, name, node, node_meta, "
                "port, tagged_addresses, tags, weights"
            ],
        ),
        ([DB | {"prot": 1}], ["v[0].prot: unknown key, did you mean port?"]),
        ([{"name": "db", "adress": "10.0.0.9"}], ["v[0].adress: unknown key, did you mean address?"]),
        (
            [DB | {"check": {}}],
            [
                "v[0].check: unknown key; allowed are address, enable_tag_override, id, meta, name, node, node_meta, "
                "port, tagged_addresses, tags, weights"
            ],
        ),
        (
            [DB | {"name": "my_db", "id": "db"}],
            [
                f"v[0].name: 'my_db' is no DNS label: names with underscores are not reachable over DNS; {LABEL}",
            ],
        ),
        ([DB | {"id": 7}], ["v[0].id: 7 must be a string, and not empty"]),
        (
            [DB | {"id": "db.1"}],
            [
                "v[0].id: is the name of the node too, unless there is a node: 'db.1' is no DNS label: "
                f"names with dots are not reachable over DNS; {LABEL}"
            ],
        ),
        ([DB | {"id": "db.1", "node": "appliance"}], []),
        ([DB | {"node": ""}], [f"v[0].node: '' is no DNS label: {LABEL}"]),
        (
            [DB | {"address": "10.0.0.300"}, DB | {"id": "b", "address": "db."}, DB | {"id": "c", "address": None}],
            [
                f"v[{index}].address: {value} is neither an IP address nor a DNS name without dots around it, such as "
                "10.0.0.9 or db.example.com"
                for index, value in enumerate(["'10.0.0.300'", "'db.'", "an empty value"])
            ],
        ),
        (
            [DB | {"address": "127.0.0.1"}],
            ["v[0].address: '127.0.0.1' is no address that every host can reach the service at"],
        ),
        (
            [DB | {"port": "5432"}],
            [
                "v[0].port: '5432' must be a number from 1 to 65535, without quotes; leave it out for a service without port"
            ],
        ),
        ([DB | {"tags": ["a", ""]}], ["v[0].tags[1]: '' must be a string, and not empty"]),
        ([DB | {"meta": {"secret": 1234}}], ["v[0].meta.secret: a number is not a string: put it in quotes"]),
        (
            [DB | {"node_meta": {"a b": "secret"}}],
            ["v[0].node_meta['a b']: a key of meta has 1 to 128 letters, digits, hyphens and underscores"],
        ),
        ([DB | {"tagged_addresses": {"wan": {"port": 1}}}], ["v[0].tagged_addresses.wan.address: is missing"]),
        (
            [DB | {"weights": {"passing": 0}}],
            ["v[0].weights.passing: 0 must be a number from 1 to 65535, without quotes"],
        ),
        (
            [DB, DB | {"name": "other", "id": "DB"}],
            ["v[1]: v[0] has the same node and id too: give one of them an id of its own"],
        ),
        (
            [DB | {"node": "n", "node_meta": {"a": "b"}}, DB | {"id": "b", "node": "n", "node_meta": {}}],
            ["v[1].node_meta: differs from that of v[0], which is on the same node"],
        ),
        ([DB | {"node": "n", "node_meta": {"a": "b"}}, DB | {"id": "b", "node": "n"}], []),
    ],
)
def test_external_findings(services: list[Any], expected: list[str]) -> None:
    assert [f"{path}: {text}" for path, text in datacenter.external_findings("v", services)] == expected


def query(**service: Any) -> dict[str, Any]:
    return WEB | {"service": {"service": "web"} | service}


@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        ([], []),
        ([WEB, {"name": "web.anywhere", "service": {"service": "web"}}], []),
        (
            [
                query(
                    only_passing=True,
                    near="_agent",
                    tags=["primary", "!experimental"],
                    node_meta={"type": "large"},
                    service_meta={"a": "b"},
                    ignore_check_ids=["memory"],
                    connect=True,
                    peer="east",
                    namespace="a",
                    partition="b",
                    failover={"targets": [{"datacenter": "dc2"}, {"peer": "east", "namespace": "a", "partition": "b"}]},
                )
                | {"token": "secret", "session": "adf4238a-882b-9ddc-4a9d-5b6758e4159e", "dns": {"ttl": "1m30s"}}
            ],
            [],
        ),
        ([query(failover={"nearest_n": 2, "datacenters": ["dc2"]})], []),
        (
            [
                {"name": name, "template": {"type": "name_prefix_match"}, "service": {"service": "${name.suffix}"}}
                for name in ("geo-", "")
            ],
            [],
        ),
        (
            [{}],
            [
                "v[0].name: is missing: a query needs a name, such as flapp1-anywhere",
                "v[0].service: is missing: a query asks for a service, such as {service: flapp1}",
            ],
        ),
        ([WEB | {"service": {}}], ["v[0].service.service: is missing: a query asks for a service, such as flapp1"]),
        ([WEB | {"service": "web"}], ["v[0].service: a string is not a mapping"]),
        ([query(OnlyPassing=True)], ["v[0].service.OnlyPassing: unknown key, did you mean only_passing?"]),
        ([query(only_passing="yes")], ["v[0].service.only_passing: 'yes' is not true or false, without quotes"]),
        ([WEB | {"DNS": {}}], ["v[0].DNS: unknown key, did you mean dns?"]),
        (
            [WEB | {"name": "web_x"}],
            [f"v[0].name: 'web_x' is no DNS label: names with underscores are not reachable over DNS; {LABEL}"],
        ),
        ([WEB | {"name": "a..b"}], [f"v[0].name: 'a..b': '' is no DNS label: {LABEL}"]),
        ([WEB | {"name": ""}], [f"v[0].name: '' is no DNS label: {LABEL}"]),
        ([WEB | {"token": 1234}], ["v[0].token: must be a string, and not empty"]),
        (
            [WEB | {"token": "<hidden>"}],
            ["v[0].token: is what Consul shows in place of a token, and not the token"],
        ),
        (
            [WEB | {"template": {"regexp": "^x"}}],
            ["v[0].template.type: is missing: the only type is name_prefix_match"],
        ),
        (
            [WEB | {"name": "geo_", "template": {"type": "prefix"}}],
            [
                "v[0].name: 'geo_' must be what the names begin with that the template answers: letters, digits, "
                "hyphens and dots, such as geo-, or an empty string for every name",
                "v[0].template.type: 'prefix' is not one of name_prefix_match",
            ],
        ),
        (
            [WEB | {"dns": {"ttl": 10}}],
            ["v[0].dns.ttl: 10 has no unit: write 10s"],
        ),
        ([WEB | {"dns": {"ttl": "-1s"}}], ["v[0].dns.ttl: '-1s' must be more than 0: write 10s or 1m30s, for example"]),
        (
            [query(failover={"nearest_n": -1})],
            ["v[0].service.failover.nearest_n: -1 must be a whole number, 0 or more, without quotes"],
        ),
        (
            [query(failover={"nearest_n": 1, "targets": [{"peer": "east"}]})],
            ["v[0].service.failover: Consul takes either targets, or nearest_n and datacenters"],
        ),
        (
            [query(failover={"targets": [{}, {"peers": "a"}]})],
            [
                "v[0].service.failover.targets[0]: is empty: name a datacenter or a peer",
                "v[0].service.failover.targets[1].peers: unknown key, did you mean peer?",
            ],
        ),
        (
            [query(sameness_group="a", failover={"nearest_n": 1})],
            ["v[0].service: Consul takes either sameness_group or failover"],
        ),
        ([query(tags="primary")], ["v[0].service.tags: 'primary' is not a list of strings"]),
        ([query(near="")], ["v[0].service.near: '' must be a string, and not empty"]),
        ([WEB, WEB | {"name": "WEB-anywhere"}], ["v[1].name: 'WEB-anywhere' is the name of v[0] too"]),
    ],
)
def test_query_findings(queries: list[Any], expected: list[str]) -> None:
    assert [f"{path}: {text}" for path, text in datacenter.query_findings("v", queries)] == expected


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(
            st.sampled_from(["name", "address", "node", "service", "template", "failover", "targets", "dns", "x"]),
            inside,
            max_size=4,
        )
    ),
    max_leaves=8,
)


@given(st.lists(JUNK, max_size=3))
def test_anything_is_told_and_nothing_raises(items: list[Any]) -> None:
    for findings in (datacenter.external_findings, datacenter.query_findings):
        assert all(path.startswith("v[") and text for path, text in findings("v", items))


@given(st.text(min_size=20, alphabet="sekret"))
def test_secrets_are_not_shown(secret: str) -> None:
    item = WEB | {"token": [secret], "meta": {"a": [secret]}, "node_meta": {"a": [secret]}, "address": "10.0.0.9"}
    for findings in (datacenter.external_findings, datacenter.query_findings):
        found = list(findings("v", [item]))
        assert found and not any(secret in text for _path, text in found)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("id", "ID"),
        ("dns", "DNS"),
        ("ttl", "TTL"),
        ("nearest_n", "NearestN"),
        ("ignore_check_ids", "IgnoreCheckIDs"),
        ("only_passing", "OnlyPassing"),
        ("enable_tag_override", "EnableTagOverride"),
    ],
)
def test_api_name(key: str, expected: str) -> None:
    assert datacenter.api_name(key) == expected


def test_api_form_keeps_the_keys_of_users() -> None:
    declared = {"service": {"node_meta": {"my_key": "a"}, "failover": {"targets": [{"peer": "east"}]}}}
    expected = {"Service": {"NodeMeta": {"my_key": "a"}, "Failover": {"Targets": [{"Peer": "east"}]}}}
    assert datacenter.api_form(declared) == expected


STORED: dict[str, Any] = {
    "ID": "8d6e3492",
    "Name": "web-anywhere",
    "Session": "",
    "Token": "",
    "Template": {"Type": "", "Regexp": "", "RemoveEmptyTags": False},
    "Service": {
        "Service": "web",
        "SamenessGroup": "",
        "Failover": {"NearestN": 0, "Datacenters": None, "Targets": None},
        "OnlyPassing": False,
        "IgnoreCheckIDs": None,
        "Near": "",
        "Tags": None,
        "NodeMeta": None,
        "ServiceMeta": None,
        "Connect": False,
        "Peer": "",
    },
    "DNS": {"TTL": ""},
    "CreateIndex": 19,
    "ModifyIndex": 19,
}


@pytest.mark.parametrize(
    ("declared", "stored", "expected"),
    [
        (WEB, STORED, []),
        (query(tags=[], failover={"nearest_n": 0}, only_passing=False), STORED, []),
        (WEB | {"dns": {"ttl": "1m"}}, STORED | {"DNS": {"TTL": "60s"}}, []),
        (WEB | {"dns": {"ttl": "1m"}}, STORED, ["dns.ttl"]),
        (WEB | {"name": "Web-Anywhere"}, STORED, ["name"]),
        (WEB | {"token": "secret"}, STORED | {"Token": "<hidden>"}, []),
        (WEB, STORED | {"Token": "<hidden>"}, ["token"]),
        (query(tags=["a"], failover={"nearest_n": 1}), STORED, ["service.failover.nearest_n", "service.tags"]),
        (
            query(failover={"targets": [{"peer": "east"}]}),
            STORED | {"Service": {"Service": "web", "Failover": {"Targets": [{"Peer": "east", "Datacenter": ""}]}}},
            [],
        ),
    ],
)
def test_differences_of_queries(declared: dict[str, Any], stored: dict[str, Any], expected: list[str]) -> None:
    assert prepared_queries.differences(datacenter.api_form(declared), stored) == expected


NODE: dict[str, Any] = {"ID": "", "Node": "db", "Address": "10.0.0.9", "Meta": {"external-node": "true"}}
SERVICE: dict[str, Any] = {
    "ID": "db",
    "Service": "db",
    "Tags": [],
    "Address": "10.0.0.9",
    "Meta": None,
    "Port": 0,
    "Weights": {"Passing": 1, "Warning": 1},
    "EnableTagOverride": False,
    "Proxy": {"Mode": "", "MeshGateway": {}, "Expose": {}},
}


@pytest.mark.parametrize(
    ("declared", "node", "service", "expected"),
    [
        ({}, {}, {}, []),
        ({"tags": [], "meta": {}, "weights": {}}, {}, {"Weights": None, "Tags": None}, []),
        ({"weights": {"passing": 2}}, {}, {"Weights": {"Passing": 2, "Warning": 1}}, []),
        ({"weights": {"passing": 2}}, {}, {}, ["weights"]),
        ({}, {}, {"TaggedAddresses": {"lan": {"Address": "10.0.0.9", "Port": 0}}}, []),
        ({}, {}, {"TaggedAddresses": {"wan": {"Address": "203.0.113.9", "Port": 0}}}, ["tagged_addresses"]),
        ({"port": 80, "tags": ["a"]}, {}, {"Port": 81, "Tags": ["b"]}, ["port", "tags"]),
        ({"name": "postgres", "id": "db"}, {}, {}, ["name"]),
        ({"id": "DB"}, {}, {}, ["id"]),
        ({}, {"Address": "10.0.0.8"}, {}, ["address"]),
        ({}, {"Meta": None}, {}, ["node_meta"]),
        ({"node_meta": {"a": "b"}}, {"Meta": {"external-node": "true", "a": "b"}}, {}, []),
        ({"enable_tag_override": True}, {}, {}, ["enable_tag_override"]),
    ],
)
def test_differences_of_services(
    declared: dict[str, Any], node: dict[str, Any], service: dict[str, Any], expected: list[str]
) -> None:
    (body,) = external_services.registrations([DB | declared]).values()
    assert external_services.differences(body, NODE | node, SERVICE | service) == expected


def test_services_of_one_node_share_its_address_and_meta() -> None:
    found = external_services.registrations(
        [
            DB | {"node": "appliance"},
            {"name": "ui", "address": "10.0.0.10", "node": "Appliance", "node_meta": {"external-probe": "true"}},
        ]
    )
    assert list(found) == ["appliance/db", "appliance/ui"]
    for body in found.values():
        assert (body["Node"], body["Address"]) == ("appliance", "10.0.0.9")
        assert body["NodeMeta"] == {"external-node": "true", "external-probe": "true"}
    assert found["appliance/ui"]["Service"]["Address"] == "10.0.0.10"


@pytest.mark.parametrize(
    ("added", "changed", "removed", "expected"),
    [
        ([], {}, [], ""),
        (["b", "a"], {"c": ["tags", "port"], "d": []}, ["e"], "+ a\n+ b\n~ c (port, tags)\n~ d\n- e\n"),
        (["a", "b", "c", "d"], {}, ["x", "y"], "+ a\n+ b\n+ and 2 more\n- x\n- y\n"),
    ],
)
def test_summary(added: list[str], changed: dict[str, list[str]], removed: list[str], expected: str) -> None:
    assert summary(added, changed, removed, most=2) == expected


@given(st.sets(st.text(min_size=1)), st.integers(1, 30))
def test_summary_counts_what_it_leaves_out(names: set[str], most: int) -> None:
    lines = summary([], {}, names, most).split("\n- ")
    left = len(names) - most
    assert len(lines) == (most + 1 if left > 0 else max(len(names), 1))
    assert left <= 0 or lines[-1] == f"and {left} more\n"


class Store(datacenter.Record):
    """A record without Consul."""

    def __init__(self, *names: str) -> None:
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

    datacenter.converge(record, ["d"], planned, lambda plan: None, False)
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
        datacenter.converge(
            record, ["b"], lambda owned: Plan(added=["b"], claims=["a", "b"], missing=["b"]), refuse, False
        )
    assert record.names == {"a"}


def test_a_run_that_is_cut_off_leaves_its_claims() -> None:
    record = Store()

    def cut(plan: Plan) -> None:
        assert record.names == {"b"}
        raise AgentSilent("gone")

    with pytest.raises(AgentSilent):
        datacenter.converge(record, ["b"], lambda owned: Plan(added=["b"], claims=["b"], missing=["b"]), cut, False)
    assert record.names == {"b"}


def test_what_another_run_did_meanwhile_is_left_to_it() -> None:
    plans = [Plan(added=["b"], claims=["b"], missing=["b"]), Plan(claims=["b"]), Plan(claims=["b"])]

    def refuse(plan: Plan) -> None:
        raise AgentRefused("name 'b' aliases an existing query name", 500)

    first = datacenter.converge(Store(), ["b"], lambda owned: plans.pop(0), refuse, False)
    assert first.added == ["b"] and not plans


def silent(owned: Any) -> Plan:
    raise AgentSilent("nobody answers")


def test_a_fresh_host_has_no_agent_in_check_mode() -> None:
    assert datacenter.converge(Store(), ["b"], silent, lambda plan: None, True).result() == {
        "changed": True,
        "added": ["b"],
        "modified": [],
        "removed": [],
        "diff": {"prepared": "+ b\n"},
    }
    with pytest.raises(HostError):
        datacenter.converge(Store(), ["b"], silent, lambda plan: None, False)
