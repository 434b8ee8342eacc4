# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of variables, with good values and with bad ones and the exact line that they give."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.action.validate import read_specs
from ansible_collections.servicedns.consul.plugins.module_utils import validation

SPECS = read_specs()
SERVICES = "consul_services_definitions"


def errors(
    variables: Mapping[str, Mapping[str, Any]],
    servers: Sequence[str] = ("node1",),
    clients: Sequence[str] = ("node2", "node3"),
    addresses: Mapping[str, str] | None = None,
) -> list[str]:
    everyone = {host: variables.get(host, {}) for host in (*servers, *clients)}
    return validation.check(servers, clients, everyone, SPECS, addresses, file_exists=lambda path: path == "/image.tar")


def errors_of_node2(name: str, value: Any) -> list[str]:
    return errors({"node2": {name: value}})


def test_every_check_is_of_a_variable_that_a_role_has() -> None:
    assert set(validation.VALUE_CHECKS) <= {name for options in SPECS.values() for name in options}


def test_nothing_set_is_fine() -> None:
    assert errors({}) == []


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("consul_agent_image", ["hashicorp/consul:1.22.7", "registry.example.com:5000/consul@sha256:abc"]),
        ("consul_agent_image_archive", ["", "/image.tar"]),
        ("consul_agent_data_directory", ["/var/lib/consul", "/data"]),
        ("consul_agent_datacenter", ["dc1", "eu-west_1", 1]),
        ("consul_agent_domain", ["consul", "consul.example.com", "Consul"]),
        ("consul_agent_alt_domain", ["", "example", "consul.example.com"]),
        ("consul_agent_dns_ttl", [0, 5, "30", 86400]),
        ("consul_agent_dns_only_passing", [True, False]),
        ("consul_agent_dns_at_address", [True, False]),
        ("consul_agent_recursors", [[], ["192.168.100.1", "fd00::1"]]),
        ("consul_agent_node_name", ["node2", "n", "a-b", "n" * 63, 5]),
        ("consul_agent_network", ["", "192.168.100.0/24", "10.0.0.1/32", "fd00::/64", "0.0.0.0/0"]),
        ("consul_agent_address", ["", "192.168.100.4", "fd00::4"]),
        ("consul_agent_client_address", ["127.0.0.1", "0.0.0.0", "127.0.0.1 172.17.0.1", "::1"]),
        ("consul_agent_retry_join", [[], ["192.168.100.4", "server.example.com:8301"], ["provider=aws tag_key=a"]]),
        ("consul_agent_script_checks", ["local", "off", False]),
        ("consul_agent_config", [{}, {"encrypt": "secret", "anything": [1, {"a": None}]}]),
        ("consul_agent_flags", [{}, {"log-level": "debug", "node-meta": ["a:1", "b:2"], "ui": False, "x": 1}]),
        ("consul_client_ui", [True, False, "yes"]),
        ("consul_server_ui", [True, False, "no"]),
        ("consul_services_agent_url", ["http://127.0.0.1:8500", "https://[::1]:8501"]),
        (
            SERVICES,
            [
                [],
                [{"name": "flapp1", "port": 5000, "tags": ["flask-app"]}, {"name": "Flapp2"}],
                [{"name": "web", "id": "web_1"}, {"name": "web", "id": "web.2"}],
                [
                    {
                        "name": "web",
                        "checks": [{"http": "http://localhost", "interval": "5s"}],
                        "meta": {"a_b": "c"},
                        "token": "secret",
                    }
                ],
            ],
        ),
        ("dnsmasq_forwarding_domain", ["consul", "consul.example.com"]),
        ("dnsmasq_forwarding_alt_domain", ["", "example"]),
        ("dnsmasq_forwarding_domains", [{}, {"corp.example.com": ["10.0.0.53", "10.0.0.54#5353"]}]),
        ("dnsmasq_forwarding_domains", [{"10.in-addr.arpa": ["10.0.0.53"], "d.f.ip6.arpa": ["fd00::53"]}]),
        ("dnsmasq_forwarding_server", ["127.0.0.1#8600", "::1#8600"]),
        ("dnsmasq_forwarding_fallback_servers", [[], ["192.168.100.4#8600", "fd00::4#8600"]]),
        ("dnsmasq_forwarding_reverse_networks", [[], ["192.168.96.0/20", "10.0.0.1/32", "fd00::/53", "::/1"]]),
        ("dnsmasq_forwarding_rebind_protection", [True, False]),
        ("dnsmasq_forwarding_listen_addresses", [["127.0.0.2"], ["127.0.0.2", "172.17.0.1", "::1"]]),
        ("dnsmasq_forwarding_upstreams", [[], ["192.168.100.1", "127.0.0.1#5353", "127.0.0.2#5353", "fd00::1"]]),
        ("dnsmasq_forwarding_probe_names", [[], ["www.debian.org", "localhost"]]),
        (
            "dnsmasq_forwarding_resolver",
            ["auto", "systemd_resolved", "networkmanager", "resolvconf", "resolv_conf", "none"],
        ),
        ("dnsmasq_forwarding_log_queries", [True, "off"]),
    ],
)
def test_good_values(name: str, values: Sequence[Any]) -> None:
    for value in values:
        assert errors_of_node2(name, value) == []


LABEL = "a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends"
DOTS = "names with dots are not reachable over DNS"
UNDERSCORES = "names with underscores are not reachable over DNS"
DOMAIN = "is not a DNS name without dots around it, such as consul or consul.example.com"
TAKEN = "is used by others: names that are not Consul's would stop resolving; take one of your own, such as consul"
CIDR = "is not a CIDR, such as 192.168.100.0/24"
UNREACHABLE = "is no address that other hosts can reach this one at"
CLIENT = "must be IP addresses with spaces between them, such as 127.0.0.1 172.17.0.1"
JOIN = "must be one address, and not empty: write each server as an item of its own"
DATACENTER = "must be letters (lower case best), digits, hyphens and underscores only, such as dc1"
DIRECTORY = "must be an absolute path on the host, and not /, such as /var/lib/consul"
SECRET = "everyone who may run docker inspect reads the command line: a secret belongs to consul_agent_config"
ROLES_SET = "is set by the roles consul_server and consul_client, so setting it does nothing"
SERVER = "is not IP#port, such as 127.0.0.1#8600"
UPSTREAM = "is not an IP address, or IP#port, such as 192.168.100.1"
STUB = "is systemd-resolved, which asks dnsmasq: name the resolvers that it used before"
RECURSOR = "is systemd-resolved, which asks dnsmasq, which asks Consul: name the resolvers that it asks"
OWN = "is dnsmasq itself, by dnsmasq_forwarding_listen_addresses"
REVERSE = "dnsmasq_forwarding_reverse_networks"
SERVERS = "is not a list with the address of one server at least"
ALREADY = "'consul' is the domain already: leave it empty, or name another"
OTHER = "is Consul's domain on this host: it has other servers"
OPEN = "would make this host a resolver for every network it is in: name the addresses"


@pytest.mark.parametrize(
    ("name", "value", "path", "text"),
    [
        ("consul_agent_image", "", "", "'' must be a string without spaces, and not empty"),
        ("consul_agent_image", "a b", "", "'a b' must be a string without spaces, and not empty"),
        ("consul_agent_image_archive", "/none.tar", "", "'/none.tar' is no file on the control node"),
        ("consul_agent_data_directory", "consul", "", f"'consul' {DIRECTORY}"),
        ("consul_agent_data_directory", "~/consul", "", f"'~/consul' {DIRECTORY}"),
        ("consul_agent_data_directory", "", "", f"'' {DIRECTORY}"),
        ("consul_agent_data_directory", "//", "", f"'//' {DIRECTORY}"),
        ("consul_agent_data_directory", "/var/..", "", f"'/var/..' {DIRECTORY}"),
        ("consul_agent_datacenter", "dc 1", "", f"'dc 1' {DATACENTER}"),
        ("consul_agent_datacenter", "", "", f"'' {DATACENTER}"),
        ("consul_agent_datacenter", "eu.west", "", f"'eu.west' {DATACENTER}"),
        ("consul_agent_datacenter", None, "", "is set to nothing: give it a string, or remove the line"),
        ("consul_agent_datacenter", ["dc1"], "", "a list is not a string"),
        ("consul_agent_datacenter", True, "", "true is not a string"),
        ("consul_agent_domain", "", "", f"'' {DOMAIN}"),
        ("consul_agent_domain", ".", "", f"'.' {DOMAIN}"),
        ("consul_agent_domain", "consul.", "", f"'consul.' {DOMAIN}"),
        ("consul_agent_domain", "my_consul", "", f"'my_consul' {DOMAIN}"),
        ("consul_agent_domain", "local", "", f"'local' {TAKEN}"),
        ("consul_agent_domain", "dev", "", f"'dev' {TAKEN}"),
        ("consul_agent_alt_domain", "net", "", f"'net' {TAKEN}"),
        ("consul_agent_alt_domain", "a b", "", f"'a b' {DOMAIN}"),
        ("consul_agent_dns_ttl", -1, "", "-1 must be a number of seconds, from 0 to 86400"),
        ("consul_agent_dns_ttl", 86401, "", "86401 must be a number of seconds, from 0 to 86400"),
        ("consul_agent_dns_ttl", "5s", "", "'5s' is not a whole number"),
        ("consul_agent_dns_only_passing", "maybe", "", "'maybe' is not true or false"),
        ("consul_agent_dns_at_address", "192.168.100.4", "", "'192.168.100.4' is not true or false"),
        ("consul_agent_recursors", ["dns"], "[0]", "'dns' is not an IP address, such as 192.168.100.1"),
        ("consul_agent_recursors", ["127.0.0.53"], "[0]", f"'127.0.0.53' {RECURSOR}"),
        ("consul_agent_recursors", ["10.0.0.1", "127.0.0.2"], "[1]", f"'127.0.0.2' {OWN}"),
        ("consul_agent_node_name", "", "", f"'' is no DNS label: {LABEL}"),
        ("consul_agent_node_name", "web_1", "", f"'web_1' is no DNS label: {UNDERSCORES}; {LABEL}"),
        ("consul_agent_node_name", "web.lan", "", f"'web.lan' is no DNS label: {DOTS}; {LABEL}"),
        ("consul_agent_node_name", "a_b.c", "", f"'a_b.c' is no DNS label: {UNDERSCORES}; {DOTS}; {LABEL}"),
        ("consul_agent_node_name", "-web", "", f"'-web' is no DNS label: {LABEL}"),
        ("consul_agent_node_name", "n" * 64, "", f"'{'n' * 64}' is no DNS label: {LABEL}"),
        ("consul_agent_node_name", "é", "", f"'é' is no DNS label: {LABEL}"),
        ("consul_agent_node_name", "web\n", "", f"'web\\n' is no DNS label: {LABEL}"),
        ("consul_agent_network", "abc", "", f"'abc' {CIDR}"),
        ("consul_agent_network", "192.168.100.0", "", f"'192.168.100.0' {CIDR}"),
        ("consul_agent_network", "192.168.100.0/33", "", f"'192.168.100.0/33' {CIDR}"),
        ("consul_agent_network", "192.168.100.0/255.255.255.0", "", f"'192.168.100.0/255.255.255.0' {CIDR}"),
        (
            "consul_agent_network",
            "192.168.100.4/24",
            "",
            "'192.168.100.4/24' is the address of a host in a network, not a network: write 192.168.100.0/24",
        ),
        ("consul_agent_network", 10, "", f"'10' {CIDR}"),
        ("consul_agent_address", "node2", "", "'node2' is not an IP address, such as 192.168.100.4"),
        (
            "consul_agent_address",
            "192.168.100.4/24",
            "",
            "'192.168.100.4/24' is not an IP address, such as 192.168.100.4",
        ),
        ("consul_agent_address", "127.0.0.1", "", f"'127.0.0.1' {UNREACHABLE}"),
        ("consul_agent_address", "0.0.0.0", "", f"'0.0.0.0' {UNREACHABLE}"),
        ("consul_agent_address", "::1", "", f"'::1' {UNREACHABLE}"),
        ("consul_agent_address", "224.0.0.1", "", f"'224.0.0.1' {UNREACHABLE}"),
        ("consul_agent_client_address", "", "", f"'' {CLIENT}"),
        ("consul_agent_client_address", "127.0.0.1,::1", "", f"'127.0.0.1,::1' {CLIENT}"),
        ("consul_agent_client_address", "localhost", "", f"'localhost' {CLIENT}"),
        ("consul_agent_retry_join", "192.168.100.4", "", "a string is not a list"),
        ("consul_agent_retry_join", ["a", ""], "[1]", f"'' {JOIN}"),
        ("consul_agent_retry_join", ["a b"], "[0]", f"'a b' {JOIN}"),
        ("consul_agent_retry_join", [["a"]], "[0]", "a list is not a string"),
        ("consul_agent_retry_join", [None], "[0]", "an empty value is not a string"),
        ("consul_agent_script_checks", "all", "", "'all' is not one of local, remote, off"),
        ("consul_agent_script_checks", True, "", "true is not one of local, remote, off"),
        ("consul_agent_config", "encrypt=hunter2", "", "a string is not a mapping"),
        ("consul_agent_config", ["hunter2"], "", "a list is not a mapping"),
        (
            "consul_agent_flags",
            {"-ui": True},
            "",
            "'-ui' is no name of a flag: write it without its hyphen, such as log-level",
        ),
        (
            "consul_agent_flags",
            {"node-meta": {"a": "hunter2"}},
            "",
            "node-meta: its value is no string, number, boolean, or list of strings and numbers",
        ),
        ("consul_agent_flags", {"encrypt": "hunter2"}, ".encrypt", SECRET),
        ("consul_agent_flags", {"Token-x": "hunter2"}, ".Token-x", SECRET),
        ("consul_agent_server", True, "", f"{ROLES_SET}: put the host in the group consul_servers or consul_clients"),
        ("consul_agent_bootstrap_expect", 3, "", f"{ROLES_SET}: set consul_server_bootstrap_expect"),
        ("consul_agent_ui", False, "", f"{ROLES_SET}: set consul_server_ui or consul_client_ui"),
        ("consul_client_ui", "maybe", "", "'maybe' is not true or false"),
        ("consul_client_ui", [], "", "a list is not true or false"),
        ("consul_server_bootstrap_expect", "three", "", "'three' is not a whole number"),
        ("consul_server_bootstrap_expect", 1.5, "", "1.5 is not a whole number"),
        ("consul_server_bootstrap_expect", True, "", "true is not a whole number"),
        (
            "consul_server_bootstrap_expect",
            0,
            "",
            "0 must be 1 or more: the number of servers that the datacentre starts with",
        ),
        (
            "consul_services_agent_url",
            "127.0.0.1",
            "",
            "'127.0.0.1' is not a URL without a path, such as http://127.0.0.1:8500",
        ),
        ("dnsmasq_forwarding_domain", ".", "", f"'.' {DOMAIN}"),
        ("dnsmasq_forwarding_domain", "COM", "", f"'COM' {TAKEN}"),
        ("dnsmasq_forwarding_domain", "arpa", "", f"'arpa' {TAKEN}"),
        ("dnsmasq_forwarding_domain", "10.in-addr.arpa", "", f"'10.in-addr.arpa' {TAKEN}"),
        ("dnsmasq_forwarding_domain", "localhost", "", f"'localhost' {TAKEN}"),
        ("dnsmasq_forwarding_alt_domain", "local", "", f"'local' {TAKEN}"),
        ("dnsmasq_forwarding_alt_domain", "CONSUL", "", ALREADY),
        ("dnsmasq_forwarding_domains", {"org": ["10.0.0.53"]}, "['org']", f"'org' {TAKEN}"),
        ("dnsmasq_forwarding_domains", {".": ["10.0.0.53"]}, "['.']", f"'.' {DOMAIN}"),
        ("dnsmasq_forwarding_domains", {"arpa": ["10.0.0.53"]}, "['arpa']", f"'arpa' {TAKEN}"),
        ("dnsmasq_forwarding_domains", {"a.b": "10.0.0.53"}, "['a.b']", f"a string {SERVERS}"),
        ("dnsmasq_forwarding_domains", {"a.b": []}, "['a.b']", f"a list {SERVERS}"),
        ("dnsmasq_forwarding_domains", {"a.b": ["ns"]}, "['a.b'][0]", f"'ns' {UPSTREAM}"),
        ("dnsmasq_forwarding_domains", {"a.b": [53]}, "['a.b'][0]", f"53 {UPSTREAM}"),
        ("dnsmasq_forwarding_domains", {"a.b": ["127.0.0.54"]}, "['a.b'][0]", f"'127.0.0.54' {STUB}"),
        ("dnsmasq_forwarding_domains", {"a.b": ["127.0.0.2"]}, "['a.b'][0]", f"'127.0.0.2' {OWN}"),
        ("dnsmasq_forwarding_domains", {"Consul": ["10.0.0.53"]}, "['Consul']", OTHER),
        ("dnsmasq_forwarding_fallback_servers", ["10.0.0.4"], "[0]", f"'10.0.0.4' {SERVER}"),
        ("dnsmasq_forwarding_fallback_servers", ["127.0.0.53#53"], "[0]", f"'127.0.0.53#53' {STUB}"),
        (REVERSE, ["10.0.0.0"], "[0]", f"'10.0.0.0' {CIDR}"),
        (REVERSE, [""], "[0]", f"'' {CIDR}"),
        (
            REVERSE,
            ["10.0.0.1/20"],
            "[0]",
            "'10.0.0.1/20' is the address of a host in a network, not a network: write 10.0.0.0/20",
        ),
        (
            REVERSE,
            ["10.0.0.0/20", "fd00::/64", "10.0.15.0/24"],
            "[2]",
            "'10.0.15.0/24' overlaps with 10.0.0.0/20: name each network once",
        ),
        (
            REVERSE,
            ["0.0.0.0/0"],
            "[0]",
            "'0.0.0.0/0' would take the names of all addresses from everybody: name your own networks",
        ),
        ("dnsmasq_forwarding_rebind_protection", "strict", "", "'strict' is not true or false"),
        ("dnsmasq_forwarding_server", "127.0.0.1", "", f"'127.0.0.1' {SERVER}"),
        ("dnsmasq_forwarding_server", "127.0.0.1:8600", "", f"'127.0.0.1:8600' {SERVER}"),
        ("dnsmasq_forwarding_server", "127.0.0.1#0", "", f"'127.0.0.1#0' {SERVER}"),
        ("dnsmasq_forwarding_server", "127.0.0.1#70000", "", f"'127.0.0.1#70000' {SERVER}"),
        ("dnsmasq_forwarding_listen_addresses", [], "", "must have one IP address at least, such as 127.0.0.2"),
        ("dnsmasq_forwarding_listen_addresses", ["lo"], "[0]", "'lo' is not an IP address, such as 127.0.0.2"),
        ("dnsmasq_forwarding_listen_addresses", ["127.0.0.2", "0.0.0.0"], "[1]", f"'0.0.0.0' {OPEN}"),
        ("dnsmasq_forwarding_listen_addresses", ["::"], "[0]", f"'::' {OPEN}"),
        ("dnsmasq_forwarding_upstreams", ["dns.example.com"], "[0]", f"'dns.example.com' {UPSTREAM}"),
        ("dnsmasq_forwarding_upstreams", ["192.168.100.1#x"], "[0]", f"'192.168.100.1#x' {UPSTREAM}"),
        ("dnsmasq_forwarding_upstreams", ["192.168.100.1", "127.0.0.53"], "[1]", f"'127.0.0.53' {STUB}"),
        (
            "dnsmasq_forwarding_upstreams",
            ["127.0.0.2"],
            "[0]",
            "'127.0.0.2' is dnsmasq itself, by dnsmasq_forwarding_listen_addresses",
        ),
        (
            "dnsmasq_forwarding_upstreams",
            ["127.0.0.2#53"],
            "[0]",
            "'127.0.0.2#53' is dnsmasq itself, by dnsmasq_forwarding_listen_addresses",
        ),
        ("dnsmasq_forwarding_probe_names", ["a", "b c"], "[1]", "'b c' is not a DNS name, such as www.debian.org"),
        (
            "dnsmasq_forwarding_resolver",
            "connman",
            "",
            "'connman' is not one of auto, systemd_resolved, networkmanager, resolvconf, resolv_conf, none",
        ),
    ],
)
def test_bad_values(name: str, value: Any, path: str, text: str) -> None:
    assert errors_of_node2(name, value) == [f"node2: {name}{path}: {text}"]


PORT = "must be a number from 1 to 65535, without quotes; leave it out for a service without port"
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
        ([{"name": "my_app"}], "[0].name", f"'my_app' is no DNS label: {UNDERSCORES}; {LABEL}"),
        ([{"name": "my.app"}], "[0].name", f"'my.app' is no DNS label: {DOTS}; {LABEL}"),
        ([{"name": "a" * 64}], "[0].name", f"'{'a' * 64}' is no DNS label: {LABEL}"),
        ([{"name": "a" * 90}], "[0].name", f"'{'a' * 77}...' is no DNS label: {LABEL}"),
        ([{"name": "web"}, {"name": "api", "port": 0}], "[1].port", f"0 {PORT}"),
        ([{"name": "web", "port": 65536}], "[0].port", f"65536 {PORT}"),
        ([{"name": "web", "port": -1}], "[0].port", f"-1 {PORT}"),
        ([{"name": "web", "port": "5000"}], "[0].port", f"'5000' {PORT}"),
        ([{"name": "web", "port": True}], "[0].port", f"true {PORT}"),
        ([{"name": "web", "port": None}], "[0].port", f"an empty value {PORT}"),
        ([{"name": "web"}, {"name": "web"}], "[1].name", TWICE),
        ([{"name": "web"}, {"name": "x"}, {"name": "y", "id": "web"}], "[2].id", TWICE),
        ([{"name": "web", "id": ""}], "[0].id", "'' must be a string, and not empty; without id it is the name"),
        ([{"name": "web", "id": 7}], "[0].id", "7 must be a string, and not empty; without id it is the name"),
        ([{"name": "web", "tags": "a"}], "[0].tags", "'a' is not a list of strings"),
        ([{"name": "web", "tags": ["a", 1]}], "[0].tags[1]", "1 must be a string, and not empty"),
    ],
)
def test_bad_services(services: Any, path: str, text: str) -> None:
    assert errors_of_node2(SERVICES, services) == [f"node2: {SERVICES}{path}: {text}"]


def test_all_faults_of_all_services_are_found() -> None:
    services = ["web", {"name": "my_app", "port": 0, "token": "hunter2"}, {"port": 80}]
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
    assert errors_of_node2(f"{SERVICES}_", []) == [
        f"node2: {SERVICES}_: no role knows this variable; did you mean {SERVICES}?"
    ]


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


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("consul_agent_datacentre", "; did you mean consul_agent_datacenter?"),
        ("consul_server_bootstrap_expected", "; did you mean consul_server_bootstrap_expect?"),
        ("consul_client_iu", "; did you mean consul_client_ui?"),
        ("consul_services_definition", "; did you mean consul_services_definitions?"),
        ("dnsmasq_forwarding_upstream", "; did you mean dnsmasq_forwarding_upstreams?"),
        ("consul_agent_xyzzy", ""),
    ],
)
def test_unknown_variables(name: str, hint: str) -> None:
    assert errors_of_node2(name, "hunter2") == [f"node2: {name}: no role knows this variable{hint}"]


def test_hosts_that_the_inventory_lacks() -> None:
    assert validation.check(["node1"], [], {}, SPECS) == ["node1: groups: is no host of the inventory"]


def test_variables_of_others_are_not_looked_at() -> None:
    assert errors_of_node2("consul_version", "x") == errors_of_node2("ansible_host", None) == []


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


BOTH = "the host is in consul_servers and in consul_clients, and can run one agent only"
NO_SERVERS = (
    "consul_servers is missing or empty: add a server, or name servers that run elsewhere in consul_agent_retry_join"
)


def test_groups() -> None:
    assert errors({}, servers=["node1", "node2"], clients=["node2"]) == [f"node2: groups: {BOTH}"]
    assert errors({}, servers=[], clients=["node2", "node3"]) == [f"node2, node3: groups: {NO_SERVERS}"]
    elsewhere = {"consul_agent_retry_join": ["10.0.0.1"]}
    assert errors({"node2": elsewhere}, servers=[]) == [f"node3: groups: {NO_SERVERS}"]
    assert errors({"node2": elsewhere, "node3": elsewhere}, servers=[]) == []
    assert errors({}, servers=[], clients=[]) == [
        "inventory: groups: consul_servers and consul_clients are both missing or empty: there is nothing to set up"
    ]


SAME = "is the same on these hosts, and each agent needs its own"
SAME_NODE = "is the same on these hosts, and each node needs its own (by default the host's name up to its first dot)"


def test_addresses_are_unique() -> None:
    same = {"consul_agent_address": "192.168.100.4"}
    assert errors({"node1": same, "node3": same}) == [f"node1, node3: consul_agent_address: '192.168.100.4' {SAME}"]
    long, short = {"consul_agent_address": "fd00:0::4"}, {"consul_agent_address": "fd00::4"}
    assert errors({"node1": long, "node2": short}) == [f"node1, node2: consul_agent_address: 'fd00::4' {SAME}"]


def test_addresses_that_were_found_count_more() -> None:
    same = {"node1": "192.168.100.4", "node2": "192.168.100.4"}
    assert errors({}, addresses=same) == [f"node1, node2: consul_agent_address: '192.168.100.4' {SAME}"]
    set_too = {"node3": {"consul_agent_address": "192.168.100.4"}}
    assert errors(set_too, addresses={"node1": "192.168.100.4", "node3": "192.168.100.6"}) == []
    assert errors(set_too, addresses={"node1": "192.168.100.4"}) == [
        f"node1, node3: consul_agent_address: '192.168.100.4' {SAME}"
    ]


@pytest.mark.parametrize(
    ("clients", "variables", "expected"),
    [
        (["web.a", "web.b"], {}, f"web.a, web.b: consul_agent_node_name: 'web' {SAME_NODE}"),
        (["web_1", "web-1"], {}, f"web_1, web-1: consul_agent_node_name: 'web-1' {SAME_NODE}"),
        (["web.a", "web.b"], {"web.b": {"consul_agent_node_name": "web2"}}, None),
        (
            ["a", "b"],
            {"a": {"consul_agent_node_name": "Web"}, "b": {"consul_agent_node_name": "web"}},
            f"a, b: consul_agent_node_name: 'web' {SAME_NODE}",
        ),
        (["10.0.0.1", "10.0.0.2"], {}, None),
        (
            ["___"],
            {},
            "___: consul_agent_node_name: '___' has no letter or digit before its first dot to make a node name of: set it",
        ),
    ],
)
def test_node_names_are_unique(clients: list[str], variables: dict[str, Any], expected: str | None) -> None:
    assert errors(variables, clients=clients) == ([expected] if expected else [])


EXPECT = "consul_server_bootstrap_expect"
ELSEWHERE = {"consul_agent_retry_join": ["10.0.0.1"]}
SPLIT = (
    "2 servers, and the inventory has 3 (s1, s2, s3): every 2 of them could elect a leader of their own, and the "
    "datacentre would be split; remove the variable, and the number of servers is taken"
)
NEVER = (
    "3 servers, and the inventory has 2 (s1, s2): they would wait for the others and elect no leader; remove the "
    "variable, add servers, or name those that run elsewhere in consul_agent_retry_join"
)


@pytest.mark.parametrize(
    ("numbers", "others", "expected"),
    [
        ([None, None], {}, []),
        ([3, 3, 3], {}, []),
        (["3", 3, 3], {}, []),
        ([None, 3, None], {}, []),
        ([2, 2, 2], {}, [f"s1, s2, s3: {EXPECT}: {SPLIT}"]),
        ([3, 3], {}, [f"s1, s2: {EXPECT}: {NEVER}"]),
        ([3, 3], ELSEWHERE, []),
        ([3, 1, 3], {}, [f"s1, s2, s3: {EXPECT}: must be one number for all servers, and they have: s1 3, s2 1, s3 3"]),
        ([1, None], {}, [f"s1: {EXPECT}: must be one number for all servers, and they have: s1 1, s2 2"]),
        ([0, 2], {}, [f"s1: {EXPECT}: 0 must be 1 or more: the number of servers that the datacentre starts with"]),
    ],
)
def test_bootstrap_expect(numbers: list[Any], others: dict[str, Any], expected: list[str]) -> None:
    servers = [f"s{number}" for number in range(1, len(numbers) + 1)]
    variables = {
        server: {**others, **({} if number is None else {EXPECT: number})}
        for server, number in zip(servers, numbers, strict=True)
    }
    assert errors(variables, servers=servers, clients=[]) == expected


def test_bootstrap_expect_of_a_client_counts_for_nothing() -> None:
    assert errors({"node2": {EXPECT: 3}}) == []


def test_hosts_with_the_same_fault_share_a_line() -> None:
    names = [f"n{number}" for number in range(12)]
    found = errors({name: {"consul_agent_network": "abc"} for name in names}, clients=names)
    assert found == [f"n0, n1, n2, n3, n4, n5, n6, n7, n8, n9 and 2 more: consul_agent_network: 'abc' {CIDR}"]


def test_templates_that_cannot_be_evaluated() -> None:
    missing = validation.Undefined("'x' is undefined")
    failed = validation.Undefined("cannot parse hunter2", missing=False)
    text = "its template cannot be evaluated:"
    assert errors_of_node2("consul_agent_domain", missing) == [f"node2: consul_agent_domain: {text} 'x' is undefined"]
    assert errors_of_node2("consul_agent_image", failed) == [f"node2: consul_agent_image: {text} cannot parse hunter2"]
    assert errors_of_node2("consul_agent_config", missing) == [f"node2: consul_agent_config: {text} 'x' is undefined"]
    assert errors_of_node2("consul_agent_config", failed) == [
        f"node2: consul_agent_config: {text} the reason may hold a secret, and is not shown"
    ]


DB = [{"name": "db", "address": "10.0.0.9"}]
OF_ALL = "is another list than that of node1: it is for the whole datacentre, so set it for all hosts"


@pytest.mark.parametrize("name", validation.OF_THE_DATACENTER)
def test_what_belongs_to_the_datacentre_is_the_same_on_all_hosts(name: str) -> None:
    value = DB if name == "consul_services_external" else [{"name": "db", "service": {"service": "db"}}]
    everyone = ("node1", "node2", "node3")
    assert errors({host: {name: value} for host in everyone}) == []
    assert errors({host: {name: value} for host in everyone[:2]}) == [f"node3: {name}: {OF_ALL}"]
    assert errors({"node1": {name: value}}) == [f"node2, node3: {name}: {OF_ALL}"]
    assert errors({host: {name: [*value, {"name": "a_b"}]} for host in everyone})[0].startswith(
        f"node1, node2, node3: {name}[1].name: 'a_b' is no DNS label: "
    )
