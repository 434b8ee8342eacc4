# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One service: what Consul takes, what it refuses, and what templates give."""

from __future__ import annotations

from typing import Any

import pytest
from service_lines import ENTERPRISE, FILLED, LABEL, NESTED_PORT, found, of_service

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.service import converted_service


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
    ],
)
def test_good_services(keys: dict[str, Any]) -> None:
    assert of_service(**keys) == []


ADDRESS = "is neither an IP address nor a host name; the port has a key of its own"
ANY = "is every address of the host, which the catalog refuses: leave it out for the node's"
KEY = "a key of meta has 1 to 128 letters, digits, hyphens and underscores"
KEYS = (
    "address, check, checks, connect, enable_tag_override, id, kind, locality, meta, name, port, ports, proxy, "
    "socket_path, tagged_addresses, tags, token, weights"
)


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
        ({"port": "http"}, f"port: 'http' {NESTED_PORT}; leave it out for a service without port"),
        ({"port": True}, f"port: true {NESTED_PORT}; leave it out for a service without port"),
        ({"address": "10.0.0.1:80"}, f"address: '10.0.0.1:80' {ADDRESS}"),
        ({"address": "10.0.0.256"}, f"address: '10.0.0.256' {ADDRESS}"),
        ({"address": "10.0.0.0/8"}, f"address: '10.0.0.0/8' {ADDRESS}"),
        ({"address": "0.0.0.0"}, f"address: '0.0.0.0' {ANY}"),
        ({"address": "::"}, f"address: '::' {ANY}"),
        ({"address": "[::]"}, f"address: '[::]' {ANY}"),
        ({"address": 1}, "address: 1 is not a string"),
        ({"tags": ["a", None]}, f"tags[1]: an empty value {FILLED}"),
        ({"tags": [True]}, f"tags[0]: true {FILLED}"),
        ({"token": ["4711"]}, "token: a list is not a string"),
        ({"meta": ["a"]}, "meta: a list is not a mapping"),
        ({"meta": {"a": None}}, "meta.a: an empty value is not a string"),
        ({"meta": {1: "a"}}, "meta.1: the key must be a string: put it in quotes"),
        ({"meta": {"a.b": ""}}, f"meta['a.b']: {KEY}"),
        ({"meta": {"": ""}}, f"meta['']: {KEY}"),
        ({"meta": {"a": "é" * 257}}, "meta.a: has 514 bytes: 512 are allowed"),
        ({"meta": {"consul-a": ""}}, "meta.consul-a: keys that begin with consul- are Consul's own"),
        ({"meta": {f"k{number}": "" for number in range(65)}}, "meta: has 65 keys: 64 are allowed"),
        ({"weights": {"passing": 0}}, f"weights.passing: 0 {NESTED_PORT}"),
        ({"weights": {"warning": -1}}, "weights.warning: -1 must be a number from 0 to 65535"),
        ({"weights": {"pasing": 1}}, "weights.pasing: unknown key, did you mean passing?"),
        ({"weights": 1}, "weights: a number is not a mapping"),
        ({"enable_tag_override": "no"}, "enable_tag_override: 'no' is not true or false"),
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
        ({"checks": {"ttl": "1h"}}, "checks: a mapping is not a list"),
        ({"check": [{"ttl": "1h"}]}, "check: a list is not a mapping"),
        ({"check": None}, "check: an empty value is not a mapping"),
    ],
)
def test_bad_services(keys: dict[str, Any], line: str) -> None:
    separator = "" if line.startswith("[") else "."
    assert of_service(**keys) == [f"X[0]{separator}{line}"]


def test_names() -> None:
    missing = "is missing: a service needs a name, such as flapp1"
    assert found({}) == [f"X[0].name: {missing}"]
    assert found({"Name": "web"}) == ["X[0].Name: unknown key, did you mean name?"]
    assert found({"name": "a.b"}) == [
        f"X[0].name: 'a.b' is no DNS label: names with dots are not reachable over DNS; {LABEL}"
    ]
    assert found({"name": "consul"}) == ["X[0].name: 'consul' is the id of Consul's own servers: give it another id"]
    assert found("web", None) == ["X[0]: a string is not a mapping", "X[1]: an empty value is not a mapping"]


def test_unknown_keys_may_be_allowed() -> None:
    later = {"name": "web", "color": "red", "namespace": "a", "checks": [{"quic": "h:1", "interval": "1s"}]}
    assert found(later, allow_unknown_keys=True) == []
    assert len(found(later)) == 3
    assert found({**later, "port": 0}, allow_unknown_keys=True)[0].startswith("X[0].port: 0")


SECRETS = {
    "token": ["hunter2"],
    "meta": {"a": ["hunter2"], "b": {"c": 4711}},
    "checks": [
        {
            "http": "hunter2://u:hunter2@h",
            "header": {"a": "hunter2"},
            "body": [4711],
            "interval": "1s",
            "token": [4711],
        },
        {"args": "hunter2", "interval": "1s"},
        {"tcp": "hunter2@h:1", "interval": "1s"},
    ],
    "proxy": {"config": ["hunter2"]},
}


def test_no_message_shows_a_secret() -> None:
    lines = of_service(**SECRETS)
    assert len(lines) == 10


#: What templates give on one ansible-core and on another, and what Consul gets.
TEMPLATED = {
    "name": 7,
    "id": 8,
    "port": "5000",
    "tags": [1, 1.5],
    "meta": {"version": 2, "canary": True},
    "enable_tag_override": "False",
    "weights": {"passing": "3"},
    "tagged_addresses": {"lan": {"address": "10.0.0.1", "port": "80"}},
    "checks": [
        {"args": ["check", 5000], "interval": "10s", "success_before_passing": "2"},
        {"http": "http://localhost", "interval": "10s", "header": {"x": [1]}, "tls_skip_verify": "true"},
    ],
    "connect": {"sidecar_service": {"port": "20000", "proxy": {"upstreams": [{"local_bind_port": "1"}]}}},
    "proxy": {"config": {"port": "1"}},
}
WANTED = {
    "name": "7",
    "id": "8",
    "port": 5000,
    "tags": ["1", "1.5"],
    "meta": {"version": "2", "canary": "true"},
    "enable_tag_override": False,
    "weights": {"passing": 3},
    "tagged_addresses": {"lan": {"address": "10.0.0.1", "port": 80}},
    "checks": [
        {"args": ["check", "5000"], "interval": "10s", "success_before_passing": 2},
        {"http": "http://localhost", "interval": "10s", "header": {"x": ["1"]}, "tls_skip_verify": True},
    ],
    "connect": {"sidecar_service": {"port": 20000, "proxy": {"upstreams": [{"local_bind_port": 1}]}}},
    "proxy": {"config": {"port": "1"}},
}


def test_what_templates_give_is_what_consul_wants() -> None:
    assert converted_service(TEMPLATED) == WANTED
    assert converted_service(WANTED) == WANTED
