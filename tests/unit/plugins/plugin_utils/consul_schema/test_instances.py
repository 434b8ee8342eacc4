# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All services of a host together, and lists of any kind."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from service_lines import HTTP, RUNS, found
from strategies import service_lists

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.instances import (
    definitions_findings,
    script_checks,
)


def test_ids_are_unique_over_all_lists() -> None:
    lists = {"X": [{"name": "web"}, {"name": "b", "connect": {"sidecar_service": {}}}], "X_web": [{"name": "WEB"}]}
    why = "too: ids (by default the name) are unique on a host"
    assert list(definitions_findings(lists)) == [("X_web[0].name", f"'WEB' is the id of X[0] {why}")]
    lists["X_web"] = [{"name": "a", "id": "b-sidecar-proxy"}]
    assert list(definitions_findings(lists)) == [
        ("X_web[0].id", f"'b-sidecar-proxy' is the id of X[1].connect.sidecar_service {why}")
    ]


def test_ids_of_checks_are_unique() -> None:
    why = "too: ids of checks are unique on a host"
    first: dict[str, Any] = {"name": "a", "check": {**HTTP, "id": "c"}}
    second: dict[str, Any] = {"name": "b", "checks": [{**HTTP, "id": "C"}]}
    assert found(first, second) == [f"X[1].checks[0].id: 'C' is the id of X[0].check {why}"]
    first["check"]["id"] = "service:b"
    del second["checks"][0]["id"]
    assert found(first, second) == [f"X[1].checks[0]: 'service:b' is the id of X[0].check {why}"]


def test_an_alias_may_follow_any_service_of_the_host() -> None:
    lists: dict[str, Any] = {
        "X": [{"name": "web", "check": {"alias_service": "db-1"}}],
        "Y": [{"name": "db", "id": "db-1"}],
    }
    assert list(definitions_findings(lists)) == []
    lists["X"][0]["check"]["alias_service"] = "db"
    assert list(definitions_findings(lists)) == [
        ("X[0].check.alias_service", "'db' is the id of no service of this host; did you mean 'db-1'?")
    ]


def test_checks_that_run_programs() -> None:
    sidecar = {"check": {**RUNS, "docker_container_id": "x"}}
    service = {"name": "web", "checks": [HTTP, RUNS], "check": RUNS, "connect": {"sidecar_service": sidecar}}
    assert script_checks("X[0]", service) == ["X[0].checks[1]", "X[0].check", "X[0].connect.sidecar_service.check"]
    assert script_checks("X[0]", "odd") == script_checks("X[0]", {"checks": 1, "check": "args"}) == []


# What is valid, and what is broken in one place


quick = settings(deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))


@quick
@given(service_lists())
def test_valid_lists_have_no_findings(services: list[dict[str, Any]]) -> None:
    assert found(*services) == []


def service_key(key: str, *values: Any) -> Callable[[dict[str, Any], str, Any], str]:
    """A breakage of one key of a service."""

    def breakage(service: dict[str, Any], path: str, draw: Any) -> str:
        service[key] = draw(st.sampled_from(values))
        return f"{path}.{key}"

    return breakage


def check_with(where: str, *checks: dict[str, Any]) -> Callable[[dict[str, Any], str, Any], str]:
    """A breakage by one more check."""

    def breakage(service: dict[str, Any], path: str, draw: Any) -> str:
        listed = service.setdefault("checks", [])
        listed.append(draw(st.sampled_from(checks)))
        return f"{path}.checks[{len(listed) - 1}]{where}"

    return breakage


BREAKAGES: Sequence[Callable[[dict[str, Any], str, Any], str]] = (
    service_key("color", 1),
    service_key("Name", "web"),
    service_key("name", "", "a_b", "a.b", "-a", "a" * 64, "é", None, True, ["a"]),
    service_key("id", "", None, [7], True, "consul"),
    service_key("port", 0, -1, 65536, "http", "0", 80.0, True, None),
    service_key("address", "0.0.0.0", "::", "a b", "10.0.0.1:80", 1),
    service_key("tags", "a", [True], [None], [""], {}),
    service_key("meta", {"a": None}, {"a b": ""}, {"consul-x": ""}, {"k" * 129: ""}, {"a": "x" * 513}, []),
    service_key("weights", {"passing": 0}, {"warning": -1}, {"passing": "0"}, 1),
    service_key("enable_tag_override", "yes", 1, None),
    service_key("tagged_addresses", {"lan_ipv6": {"address": "10.0.0.1"}}, {"lan": {}}, {"lan": "10.0.0.1"}),
    service_key("token", True, None),
    service_key("check", {}, "x", [], {"http": "http://h"}),
    service_key("namespace", "default"),
    service_key("kind", "x", None),
    service_key("ports", [{"name": "a", "port": 1}], [1], {}),
    check_with(".inteval", {"http": "http://h", "inteval": "1s"}),
    check_with(".interval", {"http": "http://h"}, {"tcp": "h:1", "interval": "1d"}, {"ttl": "1h", "interval": "1h"}),
    check_with(".timeout", {**HTTP, "timeout": "-1s"}, {**HTTP, "timeout": 1}),
    check_with(".ttl", {"ttl": "0s"}, {"ttl": ""}, {"ttl": 30}),
    check_with("", {}, {"ttl": "1h", **HTTP}, {"name": "x"}, {"alias_node": "n", "args": ["true"], "interval": "1h"}),
    check_with(".alias_service", {"alias_service": "\0"}, {"alias_service": ""}),
    check_with(".http", {**HTTP, "http": "localhost"}, {**HTTP, "http": "http://"}, {**HTTP, "http": None}),
    check_with(".tcp", {"tcp": "localhost", "interval": "1s"}, {"tcp": "http://h:80", "interval": "1s"}),
    check_with(".args", {"args": "true", "interval": "1s"}, {"docker_container_id": "x", "interval": "1s"}),
    check_with(".status", {**HTTP, "status": "ok"}),
    check_with(".header", {**HTTP, "header": {"a": "b"}}, {**HTTP, "header": "a"}),
    check_with(".failures_before_warning", {**HTTP, "failures_before_warning": 1}),
    check_with(".os_service", {"os_service": "ssh", "interval": "1s"}),
)


@settings(quick, max_examples=10)
@given(st.data())
@pytest.mark.parametrize("breakage", BREAKAGES)
def test_one_breakage_is_found_where_it_is(breakage: Callable[..., str], data: st.DataObject) -> None:
    services = copy.deepcopy(data.draw(service_lists(min_size=1, max_size=3)))
    index = data.draw(st.integers(0, len(services) - 1))
    place = breakage(services[index], f"X[{index}]", data.draw)
    assert [line for line in found(*services) if line.startswith(place)]


@quick
@given(st.data())
def test_a_duplicate_id_is_found(data: st.DataObject) -> None:
    services = data.draw(service_lists(min_size=1, max_size=4))
    index = data.draw(st.integers(0, len(services) - 1))
    lines = found(*services, {"name": "copy", "id": services[index].get("id") or services[index]["name"]})
    assert any(line.startswith(f"X[{len(services)}].id: ") and f"X[{index}] too" in line for line in lines)


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=8,
)
keys_of_ours = st.sampled_from(["name", "check", "checks", "connect", "proxy", "ports", "meta", "tagged_addresses"])


@quick
@given(st.dictionaries(keys_of_ours, odd) | odd, st.booleans())
def test_odd_input_gives_findings_and_no_traceback(service: Any, loose: bool) -> None:
    lines = found(service, allow_unknown_keys=loose)
    assert all(line.startswith("X[0]") and "\n" not in line for line in lines)
