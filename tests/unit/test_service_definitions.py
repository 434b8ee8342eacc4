# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every rule of service definitions, with good values and with bad ones and the exact line that they give."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plays import run_tasks
from strategies import service_lists

from ansible_collections.servicedns.consul.plugins.filter import service_definitions as plugin
from ansible_collections.servicedns.consul.plugins.module_utils.rules import parse_duration
from ansible_collections.servicedns.consul.plugins.module_utils.service_definitions import (
    declared_checks,
    definitions_findings,
    registered,
    script_checks,
    service_id,
)

in_one_list = plugin.FilterModule().filters()["service_definitions"]
SECOND = 10**9


def found(*services: Any, allow_unknown_keys: bool = False) -> list[str]:
    """All that is wrong with services, a line each."""
    return [": ".join(finding) for finding in definitions_findings({"X": list(services)}, allow_unknown_keys)]


def of_service(**keys: Any) -> list[str]:
    return found({"name": "web", **keys})


def of_check(**keys: Any) -> list[str]:
    return of_service(checks=[keys])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("+5s", 5 * SECOND),
        ("-5s", -5 * SECOND),
        ("10s", 10 * SECOND),
        ("1m30s", 90 * SECOND),
        ("1h", 3600 * SECOND),
        ("1.5h", 5400 * SECOND),
        (".5s", SECOND // 2),
        ("1.s", SECOND),
        ("30s1m", 90 * SECOND),
        ("100ms", SECOND // 10),
        ("5us", 5000),
        ("5µs", 5000),
        ("5μs", 5000),
        ("7ns", 7),
        ("0.3333333333333333333h", 1200 * SECOND),
        ("0.1ns", 0),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("9223372036854775808ns", None),
        ("-9223372036854775809ns", None),
        ("3000000h", None),
        ("9" * 5000 + "s", None),
        ("0." + "1" * 5000 + "s", 111111111),
        ("", None),
        ("+", None),
        ("10", None),
        (".s", None),
        ("s", None),
        ("1d", None),
        ("1 s", None),
        ("10s ", None),
        ("--1s", None),
        ("1s\n", None),
        ("1S", None),
        ("٣s", None),
    ],
)
def test_durations(text: str, expected: int | None) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"id": "any thing/ö", "port": 65535, "address": "", "tags": ["a_b", "é"], "token": "secret"},
        *({"address": address} for address in ("10.0.0.1", "fd00::1", "db_1.example.com", "localhost.", "1a")),
        {"socket_path": "/run/web.sock"},
        {"ports": [{"name": "http", "port": 80, "default": True}, {"name": "admin", "port": 81}]},
        {"ports": [], "port": 1},
        {"meta": {"a_-Z9": "", **{f"k{number}": "é" * 256 for number in range(63)}}},
        {"weights": {"passing": 65535, "warning": 0}},
        {"weights": {}, "checks": [], "enable_tag_override": True},
        {"tagged_addresses": {"lan": {"address": "a"}, "lan_ipv4": {"address": "::ffff:10.0.0.1", "port": 1}}},
        {"tagged_addresses": {"wan_ipv6": {"address": "fd00::1"}, "of-ours": {"address": "web.example.com"}}},
        {"locality": {"region": "eu", "zone": "a"}},
        {"kind": "mesh-gateway", "port": 443, "meta": {"consul-wan-federation": "1"}},
        {"kind": "ingress-gateway"},
        {"kind": "connect-proxy", "port": 1, "proxy": {"destination_service_name": "db", "config": {"a": [1]}}},
        {"connect": {"native": True}, "port": 1},
        {"connect": {"sidecar_service": {}}},
        {"connect": {"sidecar_service": {"port": 1, "check": {"ttl": "1h"}, "proxy": {"upstreams": []}}}},
    ],
)
def test_good_services(keys: dict[str, Any]) -> None:
    assert of_service(**keys) == []


@pytest.mark.parametrize(
    "keys",
    [
        *({"http": url} for url in ("http://localhost", "HTTPS://u:p@[::1]:8443/a b?c=d#e", "http://h:", "http://h?x")),
        {"http": "http://h", "header": {"x": ["a", ""], "y": []}, "method": "PUT", "body": "b", "timeout": "1s"},
        *(
            {"tcp": text}
            for text in ("localhost:80", "[::1]:80", ":80", "10.0.0.1:65535", "h:http", "[fe80::1%eth0]:1")
        ),
        {"udp": "localhost:53"},
        {"h2ping": "localhost:443", "h2ping_use_tls": False},
        *({"grpc": text} for text in ("localhost:1", "localhost:1/a.b/c", "[::1]:1/")),
        {"args": ["/bin/true", ""]},
        {"args": ["a"], "docker_container_id": "web", "shell": "/bin/sh"},
        {"http": "http://h", "failures_before_critical": 3, "failures_before_warning": 3, "status": "warning"},
    ],
)
def test_good_checks(keys: dict[str, Any]) -> None:
    assert of_check(interval="10s", **keys) == of_service(check={"interval": "10s", **keys}) == []


@pytest.mark.parametrize(
    "keys", [{"ttl": "30s"}, {"alias_service": "web"}, {"alias_node": "n"}, {"alias_node": "n", "alias_service": "x"}]
)
def test_good_checks_without_interval(keys: dict[str, Any]) -> None:
    assert of_check(**keys, id="own", name="", notes="é", deregister_critical_service_after="72h") == []


FILLED = "must be a string, and not empty"
LABEL = "a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends"
NESTED_PORT = "must be a number from 1 to 65535, without quotes"
ADDRESS = "is neither an IP address nor a host name; the port has a key of its own"
ANY = "is every address of the host, which the catalogue refuses: leave it out for the node's"
KEY = "a key of meta has 1 to 128 letters, digits, hyphens and underscores"
KEYS = (
    "address, check, checks, connect, enable_tag_override, id, kind, locality, meta, name, port, ports, proxy, "
    "socket_path, tagged_addresses, tags, token, weights"
)
ENTERPRISE = "is a key of Consul Enterprise; the community edition refuses the whole file with it"


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"ID": "x"}, "ID: unknown key, did you mean id?"),
        ({"prot": 80}, "prot: unknown key, did you mean port?"),
        ({"EnableTagOverride": True}, "EnableTagOverride: unknown key, did you mean enable_tag_override?"),
        ({"healthcheck": {}}, "healthcheck: unknown key, did you mean check?"),
        ({"namespace": "a"}, f"namespace: {ENTERPRISE}"),
        ({"partition": "a"}, f"partition: {ENTERPRISE}"),
        ({"a b\n": "hunter2"}, f"['a b\\n']: unknown key; allowed are {KEYS}"),
        ({"id": ""}, f"id: '' {FILLED}; without id it is the name"),
        ({"id": "Consul"}, "id: 'Consul' is the id of Consul's own servers: give it another id"),
        ({"port": "80"}, f"port: '80' {NESTED_PORT}; leave it out for a service without port"),
        ({"port": True}, f"port: true {NESTED_PORT}; leave it out for a service without port"),
        ({"address": "10.0.0.1:80"}, f"address: '10.0.0.1:80' {ADDRESS}"),
        ({"address": "10.0.0.256"}, f"address: '10.0.0.256' {ADDRESS}"),
        ({"address": "10.0.0.0/8"}, f"address: '10.0.0.0/8' {ADDRESS}"),
        ({"address": "0.0.0.0"}, f"address: '0.0.0.0' {ANY}"),
        ({"address": "::"}, f"address: '::' {ANY}"),
        ({"address": "[::]"}, f"address: '[::]' {ANY}"),
        ({"address": 1}, "address: 1 is not a string"),
        ({"tags": ["a", 1]}, f"tags[1]: 1 {FILLED}"),
        ({"tags": [True]}, f"tags[0]: true {FILLED}"),
        ({"token": 4711}, "token: a number is not a string"),
        ({"meta": ["a"]}, "meta: a list is not a mapping"),
        ({"meta": {"a": 1}}, "meta.a: a number is not a string: put it in quotes"),
        ({"meta": {"a": True}}, "meta.a: a boolean is not a string: put it in quotes"),
        ({"meta": {1: "a"}}, "meta.1: the key must be a string: put it in quotes"),
        ({"meta": {"a.b": ""}}, f"meta['a.b']: {KEY}"),
        ({"meta": {"": ""}}, f"meta['']: {KEY}"),
        ({"meta": {"a": "é" * 257}}, "meta.a: has 514 bytes: 512 are allowed"),
        ({"meta": {"consul-a": ""}}, "meta.consul-a: keys that begin with consul- are Consul's own"),
        ({"meta": {f"k{number}": "" for number in range(65)}}, "meta: has 65 keys: 64 are allowed"),
        ({"weights": {"passing": 0}}, f"weights.passing: 0 {NESTED_PORT}"),
        ({"weights": {"warning": -1}}, "weights.warning: -1 must be a number from 0 to 65535, without quotes"),
        ({"weights": {"pasing": 1}}, "weights.pasing: unknown key, did you mean passing?"),
        ({"weights": 1}, "weights: a number is not a mapping"),
        ({"enable_tag_override": "no"}, "enable_tag_override: 'no' is not true or false, without quotes"),
        ({"port": 1, "socket_path": "/x"}, "socket_path: does not go with port or address"),
        ({"socket_path": ""}, f"socket_path: '' {FILLED}"),
        ({"ports": [{"name": "a", "port": 1}]}, "ports: 0 ports have default: true, and one must"),
        ({"ports": [{"port": 1, "default": True}]}, "ports[0].name: is missing"),
        ({"ports": [{"name": "a", "port": 0, "default": True}]}, f"ports[0].port: 0 {NESTED_PORT}"),
        (
            {"ports": [{"name": "a", "port": 1, "default": True}, {"name": "a", "port": 2}]},
            "ports[1].name: 'a' is the name of X[0].ports[0] too",
        ),
        (
            {"port": 1, "ports": [{"name": "a", "port": 1, "default": True}]},
            "ports: does not go with port: put that port in the list too, with default: true",
        ),
        (
            {"tagged_addresses": {"lan_ipv4": {"address": "::1"}}},
            "tagged_addresses.lan_ipv4.address: '::1' is not an IPv4 address",
        ),
        (
            {"tagged_addresses": {"wan_ipv6": {"address": "10.0.0.1"}}},
            "tagged_addresses.wan_ipv6.address: '10.0.0.1' is not an IPv6 address",
        ),
        ({"tagged_addresses": {"lan": {"port": 1}}}, "tagged_addresses.lan.address: is missing"),
        ({"locality": {"zone": "a"}}, "locality.region: is missing: a zone is a zone of a region"),
        (
            {"kind": "proxy"},
            "kind: 'proxy' is not one of connect-proxy, mesh-gateway, terminating-gateway, ingress-gateway, api-gateway",
        ),
        ({"kind": "mesh-gateway"}, "port: is missing: a mesh-gateway needs it"),
        (
            {"kind": "api-gateway", "proxy": {"upstreams": [{"destination_name": "a", "local_bind_port": 1}]}},
            "proxy.upstreams: is of proxies, and this is a gateway",
        ),
        (
            {"kind": "connect-proxy", "port": 1},
            "proxy.destination_service_name: must be the name of the service behind the proxy",
        ),
        (
            {"proxy": {"upstreams": [{"destination_name": "a"}]}},
            "proxy.upstreams[0]: needs local_bind_port or local_bind_socket_path, and not both",
        ),
        ({"proxy": {"mode": "x"}}, "proxy.mode: 'x' is not one of , direct, transparent"),
        (
            {"connect": {"native": True}},
            "port: is missing: a service with connect.native needs it, or socket_path",
        ),
        (
            {"connect": {"sidecar_service": {"id": "x"}}},
            "connect.sidecar_service.id: is not allowed here: Consul makes it of the service's id",
        ),
        (
            {"connect": {"sidecar_service": {"connect": {"sidecar_service": {}}}}},
            "connect.sidecar_service.connect.sidecar_service: is not allowed here: a sidecar has no sidecar",
        ),
        ({"checks": {"ttl": "1h"}}, "checks: a mapping is not a list"),
        ({"check": [{"ttl": "1h"}]}, "check: a list is not a mapping"),
        ({"check": None}, "check: an empty value is not a mapping"),
    ],
)
def test_bad_services(keys: dict[str, Any], line: str) -> None:
    separator = "" if line.startswith("[") else "."
    assert of_service(**keys) == [f"X[0]{separator}{line}"]


NOT_A_DURATION = "is not a duration: write it with the units h, m, s or ms, such as 10s or 1m30s"
MORE = "must be more than 0: write 10s or 1m30s, for example"
URL = "must be a URL with http:// or https:// and a host, such as http://localhost:8080/health"
HOST_PORT = "be host:port, such as localhost:5432 or [::1]:5432"
GRPC = "must be host:port or host:port/service, such as localhost:50051/my.service"
COUNT = "must be a whole number, 0 or more, without quotes"
NO_KIND = "does not say what is checked: it needs http, tcp, udp, grpc, h2ping, ttl, args, alias_service or alias_node"
SEVERAL = "a check is of one kind, so write several checks"
HTTP = {"http": "http://localhost", "interval": "10s"}
RUNS = {"args": ["true"], "interval": "10s"}


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ({"http": "http://h", "inteval": "10s"}, ".inteval: unknown key, did you mean interval?"),
        ({"script": "hunter2", "interval": "10s"}, ".script: unknown key, did you mean args?"),
        ({"script_args": ["hunter2"], "interval": "10s"}, ".script_args: unknown key, did you mean args?"),
        ({**HTTP, "TLSSkipVerify": True}, ".TLSSkipVerify: unknown key, did you mean tls_skip_verify?"),
        ({**HTTP, "CheckID": "x"}, ".CheckID: unknown key, did you mean id?"),
        ({**HTTP, "namespace": "x"}, f".namespace: {ENTERPRISE}"),
        (
            {**HTTP, "service_id": "x"},
            ".service_id: is not allowed here: a check in a service is a check of that service",
        ),
        ({**HTTP, "id": "serfHealth"}, ".id: 'serfHealth' is the id of Consul's own check of every node"),
        ({**HTTP, "interval": 10}, ".interval: 10 has no unit: write 10s"),
        ({**HTTP, "interval": "10"}, ".interval: '10' has no unit: write 10s"),
        ({**HTTP, "interval": "1d"}, f".interval: '1d' {NOT_A_DURATION}"),
        ({**HTTP, "interval": True}, f".interval: true {NOT_A_DURATION}"),
        ({**HTTP, "interval": "0s"}, f".interval: '0s' {MORE}"),
        ({**HTTP, "timeout": "-1s"}, f".timeout: '-1s' {MORE}"),
        ({"ttl": "soon"}, f".ttl: 'soon' {NOT_A_DURATION}"),
        (
            {**HTTP, "deregister_critical_service_after": 60},
            ".deregister_critical_service_after: 60 has no unit: write 60s",
        ),
        ({"http": "http://localhost"}, ".interval: is missing: how often the check runs, such as 10s"),
        (
            {"ttl": "1h", "interval": "1h"},
            ".interval: does not go with ttl: the service reports by itself, within that time",
        ),
        (
            {"alias_service": "web", "interval": "1h"},
            ".interval: does not go with alias_service: Consul sees each change of the other service at once",
        ),
        ({"alias_service": "web", "ttl": "1h"}, f": has ttl, alias_service: {SEVERAL}"),
        ({**HTTP, "tcp": "localhost:80"}, f": has http, tcp: {SEVERAL}"),
        ({}, f": {NO_KIND}"),
        ({"name": "x", "interval": "10s"}, f": {NO_KIND}"),
        ({"alias_service": ""}, f".alias_service: '' {FILLED}"),
        (
            {"alias_service": "db"},
            ".alias_service: 'db' is the id of no service of this host; one of another node needs alias_node too",
        ),
        (
            {"alias_service": "wbe"},
            ".alias_service: 'wbe' is the id of no service of this host; one of another node needs alias_node too",
        ),
        (
            {"docker_container_id": "x", "interval": "10s"},
            ".args: is missing: the program that docker_container_id runs, and its arguments",
        ),
        (
            {"args": [], "interval": "10s"},
            ".args: a list must be a list of strings, and not empty: the program and its arguments",
        ),
        (
            {"args": "hunter2", "interval": "10s"},
            ".args: a string must be a list of strings, and not empty: the program and its arguments",
        ),
        ({"args": ["true", 4711], "interval": "10s"}, ".args[1]: a number must be a string"),
        (
            {"os_service": "x", "interval": "10s"},
            ".os_service: is not allowed here: Consul has it on Windows only, and an agent on Linux refuses the whole file",
        ),
        *(
            ({"http": url, "interval": "10s"}, f".http: {URL}")
            for url in (
                "",
                "localhost",
                "ftp://h",
                "http://",
                "http:///x",
                "http://h:x",
                "http://h:99999",
                "http://[x]",
                1,
            )
        ),
        ({"tcp": "localhost", "interval": "10s"}, f".tcp: 'localhost' must {HOST_PORT}"),
        ({"tcp": "::1:80", "interval": "10s"}, f".tcp: '::1:80' must {HOST_PORT}"),
        ({"udp": "h:0", "interval": "10s"}, f".udp: 'h:0' must {HOST_PORT}"),
        ({"h2ping": "http://u:hunter2@h:80", "interval": "10s"}, f".h2ping: must {HOST_PORT}"),
        ({"grpc": "localhost/x", "interval": "10s"}, f".grpc: {GRPC}"),
        ({**HTTP, "header": {"x": "hunter2"}}, ".header.x: a string is not a list"),
        ({**HTTP, "header": {"x": [4711]}}, ".header.x[0]: a number is not a string"),
        ({**HTTP, "body": {"a": "hunter2"}}, ".body: a mapping is not a string"),
        ({**HTTP, "tls_skip_verify": "yes"}, ".tls_skip_verify: 'yes' is not true or false, without quotes"),
        ({**HTTP, "status": "ok"}, ".status: 'ok' is not one of passing, warning, critical"),
        ({**HTTP, "output_max_size": -1}, f".output_max_size: -1 {COUNT}"),
        ({**HTTP, "success_before_passing": "3"}, f".success_before_passing: '3' {COUNT}"),
        (
            {**HTTP, "failures_before_warning": 2, "failures_before_critical": 1},
            ".failures_before_warning: 2 is more than failures_before_critical, 1",
        ),
        (
            {**HTTP, "failures_before_warning": 1},
            ".failures_before_warning: 1 is more than failures_before_critical, 0",
        ),
    ],
)
def test_bad_checks(keys: dict[str, Any], line: str) -> None:
    assert of_check(**keys) == [f"X[0].checks[0]{line}"]
    assert of_service(check=keys) == [f"X[0].check{line}"]


def test_names() -> None:
    missing = "is missing: a service needs a name, such as flapp1"
    assert found({}) == [f"X[0].name: {missing}"]
    assert found({"Name": "web"}) == ["X[0].Name: unknown key, did you mean name?"]
    assert found({"name": "a_b"}) == [
        f"X[0].name: 'a_b' is no DNS label: names with underscores are not reachable over DNS; {LABEL}"
    ]
    assert found({"name": "consul"}) == ["X[0].name: 'consul' is the id of Consul's own servers: give it another id"]
    assert found("web", None) == ["X[0]: a string is not a mapping", "X[1]: an empty value is not a mapping"]


def test_an_unknown_check_key_is_named_with_all_that_are_known() -> None:
    (line,) = of_check(**HTTP, xyzzy=1)
    assert line.startswith("X[0].checks[0].xyzzy: unknown key; allowed are alias_node, alias_service, args, body,")


def test_unknown_keys_may_be_allowed() -> None:
    later = {"name": "web", "color": "red", "namespace": "a", "checks": [{"quic": "h:1", "interval": "1s"}]}
    assert found(later, allow_unknown_keys=True) == []
    assert len(found(later)) == 3
    assert found({**later, "port": 0}, allow_unknown_keys=True)[0].startswith("X[0].port: 0")


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


def test_ids_that_the_agent_gives() -> None:
    one = {"name": "web", "check": HTTP}
    assert declared_checks(one) == {"service:web": HTTP}
    several = {"name": "web", "id": "w1", "check": RUNS, "checks": [HTTP, {**HTTP, "id": "own"}]}
    assert declared_checks(several) == {"service:w1:1": HTTP, "own": {**HTTP, "id": "own"}, "service:w1:3": RUNS}
    assert declared_checks({"name": "web", "checks": []}) == {}
    assert service_id(one) == "web"
    assert service_id(several) == "w1"


def test_sidecars_are_services() -> None:
    web = {"name": "web", "id": "w1", "tags": ["a"], "connect": {"sidecar_service": {"port": 1}}}
    service, sidecar = registered(web)
    assert service == web
    assert (sidecar["id"], sidecar["name"], sidecar["tags"]) == ("w1-sidecar-proxy", "web-sidecar-proxy", ["a"])
    assert list(declared_checks(sidecar)) == ["service:w1-sidecar-proxy:1", "service:w1-sidecar-proxy:2"]


def test_checks_that_run_programs() -> None:
    sidecar = {"check": {**RUNS, "docker_container_id": "x"}}
    service = {"name": "web", "checks": [HTTP, RUNS], "check": RUNS, "connect": {"sidecar_service": sidecar}}
    assert script_checks("X[0]", service) == ["X[0].checks[1]", "X[0].check", "X[0].connect.sidecar_service.check"]
    assert script_checks("X[0]", "odd") == script_checks("X[0]", {"checks": 1, "check": "args"}) == []


SECRETS = {
    "token": ["hunter2"],
    "meta": {"a": ["hunter2"], "b": 4711},
    "checks": [
        {"http": "hunter2://u:hunter2@h", "header": {"a": "hunter2"}, "body": 4711, "interval": "1s", "token": 4711},
        {"args": "hunter2", "interval": "1s"},
        {"tcp": "hunter2@h:1", "interval": "1s"},
    ],
    "proxy": {"config": ["hunter2"]},
}


def test_no_message_shows_a_secret() -> None:
    lines = of_service(**SECRETS)
    assert len(lines) == 10
    assert not re.search("hunter2|4711", "\n".join(lines))


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
    service_key("name", "", "a_b", "a.b", "-a", "a" * 64, "é", None, 1, ["a"]),
    service_key("id", "", None, 7, True, "consul"),
    service_key("port", 0, -1, 65536, "80", 80.0, True, None),
    service_key("address", "0.0.0.0", "::", "a b", "10.0.0.1:80", 1),
    service_key("tags", "a", [1], [None], [""], {}),
    service_key("meta", {"a": 1}, {"a b": ""}, {"consul-x": ""}, {"k" * 129: ""}, {"a": "x" * 513}, []),
    service_key("weights", {"passing": 0}, {"warning": -1}, {"passing": "1"}, 1),
    service_key("enable_tag_override", "yes", 1, None),
    service_key("tagged_addresses", {"lan_ipv6": {"address": "10.0.0.1"}}, {"lan": {}}, {"lan": "10.0.0.1"}),
    service_key("token", 1, None),
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
    lines = found(*services, {"name": "copy", "id": service_id(services[index])})
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


# The filter


def test_the_filter_makes_one_list() -> None:
    a, b, c = {"name": "a"}, {"name": "b"}, {"name": "c", "later": 1}
    assert in_one_list({"y": [b], "x": [a]}) == [b, a]
    assert in_one_list({"x": [a], "y": (), "z": [c]}, allow_unknown_keys=True) == [a, c]
    assert in_one_list({}) == []


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"x": [{"port": 80, "name": "a_b"}]}, "1 error in the services:\nx[0].name: 'a_b' is no DNS label: .*"),
        (
            {"x": None, "y": "web", "z": ["web"]},
            "3 errors in the services:\nx: an empty value is not a list\ny: a string is not a list\n"
            "z[0]: a string is not a mapping",
        ),
        ([{"name": "web"}], "service_definitions: needs a mapping of lists of services, not a list"),
        (None, "service_definitions: needs a mapping of lists of services, not an empty value"),
    ],
)
def test_the_filter_says_all_that_is_wrong(sources: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"^{message.replace('[', '.').replace(']', '.')}$"):
        in_one_list(sources)


def test_the_filter_in_a_playbook(tmp_path: Path) -> None:
    variables = {"app": "web", "x": [{"name": "{{ app }}", "port": 80}], "y": [{"name": "db"}], "z": [{"name": "web"}]}
    shown = [
        {"ansible.builtin.debug": {"msg": f"{{{{ {names} | servicedns.consul.service_definitions | to_json }}}}"}}
        for names in ("{'x': x, 'y': y}", "{'x': x, 'z': z}")
    ]
    result = run_tasks(tmp_path, shown, {"all": {"hosts": {"node1": variables}}})
    said = (result.stdout + result.stderr).replace("\\", "")
    assert '[{"name": "web", "port": 80}, {"name": "db"}]' in said
    assert "z[0].name: 'web' is the id of x[0] too" in said
