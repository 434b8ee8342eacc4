# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of the variables of one host together, and the exact line that it gives."""

from __future__ import annotations

from typing import Any

import pytest
from variable_checks import checked, errors, errors_of_node2, warnings_of_node2

from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import SERVICES

LABEL = "a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends"
DOTS = "names with dots are not reachable over DNS"
ALREADY = "'consul' is the domain already: leave it empty, or name another"
OTHER = "is Consul's domain on this host: it has other servers"
OWN = "is dnsmasq itself, by dnsmasq_forwarding_listen_addresses"
AGENTS = "which is the agent's: name a directory of its own"
PORT = "must be a number from 1 to 65535; leave it out for a service without port"
TWICE = f"'web' is the id of {SERVICES}[0] too: ids (by default the name) are unique on a host"


@pytest.mark.parametrize(
    ("services", "path", "text"),
    [
        ({"name": "web"}, "", "a mapping is not a list"),
        (["web"], "[0]", "a string is not a mapping"),
        ([{"port": 80}], "[0].name", "is missing: a service needs a name, such as flapp1"),
        ([{"name": None}], "[0].name", "an empty value is not a string: a service needs a name, such as flapp1"),
        ([{"name": ["hunter2"]}], "[0].name", "a list is not a string: a service needs a name, such as flapp1"),
        ([{"name": ""}], "[0].name", f"'' is no DNS label: {LABEL}"),
        ([{"name": "_app"}], "[0].name", f"'_app' is no DNS label: {LABEL}"),
        ([{"name": "my.app"}], "[0].name", f"'my.app' is no DNS label: {DOTS}; {LABEL}"),
        ([{"name": "a" * 64}], "[0].name", f"'{'a' * 64}' is no DNS label: {LABEL}"),
        ([{"name": "a" * 90}], "[0].name", f"'{'a' * 77}...' is no DNS label: {LABEL}"),
        ([{"name": "web"}, {"name": "api", "port": 0}], "[1].port", f"0 {PORT}"),
        ([{"name": "web", "port": 65536}], "[0].port", f"65536 {PORT}"),
        ([{"name": "web", "port": -1}], "[0].port", f"-1 {PORT}"),
        ([{"name": "web", "port": "5000 "}], "[0].port", f"'5000 ' {PORT}"),
        ([{"name": "web", "port": True}], "[0].port", f"true {PORT}"),
        ([{"name": "web", "port": None}], "[0].port", f"an empty value {PORT}"),
        ([{"name": "web"}, {"name": "web"}], "[1].name", TWICE),
        ([{"name": "web"}, {"name": "x"}, {"name": "y", "id": "web"}], "[2].id", TWICE),
        ([{"name": "web", "id": ""}], "[0].id", "'' must be a string, and not empty; without id it is the name"),
        ([{"name": "web", "id": True}], "[0].id", "true must be a string, and not empty; without id it is the name"),
        ([{"name": "web", "tags": "a"}], "[0].tags", "'a' is not a list of strings"),
        ([{"name": "web", "tags": ["a", True]}], "[0].tags[1]", "true must be a string, and not empty"),
    ],
)
def test_bad_services(services: Any, path: str, text: str) -> None:
    assert errors_of_node2(SERVICES, services) == [f"node2: {SERVICES}{path}: {text}"]


def test_all_faults_of_all_services_are_found() -> None:
    services = ["web", {"name": "my.app", "port": 0, "token": "hunter2"}, {"port": 80}]
    found = errors_of_node2(SERVICES, services)
    assert [line.split(": ")[1] for line in found] == [
        f"{SERVICES}[0]",
        f"{SERVICES}[1].name",
        f"{SERVICES}[1].port",
        f"{SERVICES}[2].name",
    ]


def test_lists_of_services_of_any_name_count() -> None:
    other = f"{SERVICES}_web"
    assert errors({"node2": {SERVICES: [{"name": "db"}], other: [{"name": "web"}]}}) == []
    assert errors({"node2": {SERVICES: [{"name": "db"}, {"name": "web"}], other: [{"name": "web"}]}}) == [
        f"node2: {other}[0].name: 'web' is the id of {SERVICES}[1] too: ids (by default the name) are unique on a host"
    ]
    assert errors_of_node2(other, "web") == [f"node2: {other}: a string is not a list"]
    assert errors_of_node2(other, [1]) == [f"node2: {other}[0]: a number is not a mapping"]
    assert errors_of_node2(f"{SERVICES}_", []) == [f"node2: {SERVICES}_: {UNKNOWN}; did you mean {SERVICES}?"]


def test_unknown_keys_of_services_may_be_allowed() -> None:
    services = [{"name": "web", "prot": 80}]
    assert errors({"node2": {SERVICES: services}}) == [f"node2: {SERVICES}[0].prot: unknown key, did you mean port?"]
    assert errors({"node2": {SERVICES: services, "consul_services_allow_unknown_keys": True}}) == []


@pytest.mark.parametrize("scripts", ["off", False])
def test_script_checks_must_be_on(scripts: Any) -> None:
    services = [{"name": "web", "checks": [{"ttl": "1h"}, {"args": ["true"], "interval": "1s"}]}]
    assert errors({"node2": {SERVICES: services}}) == []
    assert errors({"node2": {SERVICES: services, "consul_agent_script_checks": scripts}}) == [
        f"node2: {SERVICES}[0].checks[1]: args runs a program, and consul_agent_script_checks is off: set it to local"
    ]


def test_the_same_id_on_two_hosts_is_fine() -> None:
    assert errors({host: {SERVICES: [{"name": "web"}]} for host in ("node2", "node3")}) == []


UNKNOWN = "no role of this collection knows this variable"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("consul_agent_datacentre", "consul_agent_datacenter"),
        ("consul_agent_data_dir", "consul_agent_data_directory"),
        ("consul_agent_dns_passing", "consul_agent_dns_only_passing"),
        ("consul_server_bootstrap_expected", "consul_server_bootstrap_expect"),
        ("consul_client_iu", "consul_client_ui"),
        ("consul_services_definition", "consul_services_definitions"),
        ("dnsmasq_forwarding_upstream", "dnsmasq_forwarding_upstreams"),
    ],
)
def test_misspelt_variables(name: str, meant: str) -> None:
    assert errors_of_node2(name, "hunter2") == [f"node2: {name}: {UNKNOWN}; did you mean {meant}?"]


@pytest.mark.parametrize(
    "name", ["consul_agent_xyzzy", "consul_agent_config_directory", "consul_agent_ping", "consul_client_address"]
)
def test_variables_of_other_roles(name: str) -> None:
    assert warnings_of_node2(name, "hunter2") == [f"node2: {name}: {UNKNOWN}"]


UNDERSCORE = (
    "has an underscore: it resolves, but is no host name, and TLS certificates and programs that are strict about names in "
    "URLs refuse it;"
)


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            SERVICES,
            [{"name": "node_exporter"}],
            f"[0].name: 'node_exporter' {UNDERSCORE} 'node-exporter' works everywhere",
        ),
        ("consul_agent_node_name", "web_1", f": 'web_1' {UNDERSCORE} 'web-1' works everywhere"),
        (
            "dnsmasq_forwarding_domains",
            {"corp.local": ["10.0.0.53"]},
            "['corp.local']: 'corp.local' is in the domain of mDNS: programs that ask that first (mdns4_minimal in "
            "/etc/nsswitch.conf) do not ask dnsmasq",
        ),
    ],
)
def test_warnings(name: str, value: Any, line: str) -> None:
    assert warnings_of_node2(name, value) == [f"node2: {name}{line}"]


def test_hosts_share_a_warning() -> None:
    everyone = {host: {SERVICES: [{"name": "a_b"}]} for host in ("node1", "node2", "node3")}
    assert checked(everyone).warnings == [
        f"node1, node2, node3: {SERVICES}[0].name: 'a_b' {UNDERSCORE} 'a-b' works everywhere"
    ]


def test_registered_results_are_nobodys_variables() -> None:
    assert warnings_of_node2("consul_agent_ping", {"changed": False, "failed": False, "ping": "pong"}) == []


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"consul_agent_network": "192.168.100.0/24", "consul_agent_address": "192.168.100.4"}, None),
        (
            {"consul_agent_network": "192.168.100.0/24", "consul_agent_address": "10.0.0.4"},
            "consul_agent_address: '10.0.0.4' is not in consul_agent_network, 192.168.100.0/24",
        ),
        ({"consul_agent_network": "", "consul_agent_address": "10.0.0.4"}, None),
        (
            {"consul_agent_network": "fd00::/64", "consul_agent_address": "10.0.0.4"},
            "consul_agent_address: '10.0.0.4' is not in consul_agent_network, fd00::/64",
        ),
        (
            {"dnsmasq_forwarding_listen_addresses": ["127.0.0.9"], "dnsmasq_forwarding_upstreams": ["127.0.0.9"]},
            "dnsmasq_forwarding_upstreams[0]: '127.0.0.9' is dnsmasq itself, by dnsmasq_forwarding_listen_addresses",
        ),
        (
            {"dnsmasq_forwarding_listen_addresses": ["127.0.0.9"], "dnsmasq_forwarding_upstreams": ["127.0.0.2"]},
            None,
        ),
        ({"consul_agent_script_checks": "remote", "consul_agent_config": {"acl": {"enabled": True}}}, None),
        ({"consul_agent_domain": "lan", "dnsmasq_forwarding_domains": {"consul": ["10.0.0.53"]}}, None),
        ({"consul_agent_domain": "lan", "consul_agent_alt_domain": "consul"}, None),
        (
            {"consul_agent_alt_domain": "old", "dnsmasq_forwarding_domains": {"OLD": ["10.0.0.53"]}},
            f"dnsmasq_forwarding_domains['OLD']: {OTHER}",
        ),
        ({"consul_agent_alt_domain": "consul"}, f"consul_agent_alt_domain: {ALREADY}"),
        (
            {"dnsmasq_forwarding_listen_addresses": ["127.0.0.9"], "consul_agent_recursors": ["127.0.0.9"]},
            f"consul_agent_recursors[0]: '127.0.0.9' {OWN}",
        ),
        ({"dnsmasq_forwarding_listen_addresses": ["127.0.0.9"], "consul_agent_recursors": ["127.0.0.2"]}, None),
        ({"consul_agent_snapshot_directory": "/var/lib/consul-snapshots"}, None),
        (
            {"consul_agent_snapshot_directory": "/var/lib/consul/snapshots"},
            f"consul_agent_snapshot_directory: '/var/lib/consul/snapshots' is in /var/lib/consul, {AGENTS}",
        ),
        (
            {"consul_agent_snapshot_directory": "/srv/x/../consul", "consul_agent_data_directory": "/srv/consul/"},
            f"consul_agent_snapshot_directory: '/srv/consul' is in /srv/consul, {AGENTS}",
        ),
        (
            {"consul_agent_snapshot_directory": "/etc/consul.d"},
            f"consul_agent_snapshot_directory: '/etc/consul.d' is in /etc/consul.d, {AGENTS}",
        ),
    ],
)
def test_variables_of_one_host_together(variables: dict[str, Any], expected: str | None) -> None:
    assert errors({"node2": variables}) == ([f"node2: {expected}"] if expected else [])


@pytest.mark.parametrize(
    "config", [{}, {"acl": {}}, {"acl": {"enabled": False}}, {"acl": [{"enabled": True}]}, {"acl": "x"}]
)
def test_remote_script_checks_need_acls(config: dict[str, Any]) -> None:
    assert errors({"node2": {"consul_agent_script_checks": "remote", "consul_agent_config": config}}) == [
        "node2: consul_agent_script_checks: 'remote' lets whoever reaches the HTTP API run programs here: take local, "
        "or turn ACLs on (acl.enabled: true in consul_agent_config)"
    ]
