# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every check of one value, with good values and with bad ones and the exact line that they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from variable_checks import SPECS, errors_of_node2

from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.values import VALUE_CHECKS
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import SERVICES


def test_every_check_is_of_a_variable_that_a_role_has() -> None:
    assert set(VALUE_CHECKS) <= {name for options in SPECS.values() for name in options}


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("consul_agent_image", ["hashicorp/consul:1.22.7", "registry.example.com:5000/consul@sha256:abc"]),
        ("consul_agent_image_archive", ["", "/image.tar"]),
        ("consul_agent_data_directory", ["/var/lib/consul", "/data"]),
        ("consul_agent_log_max_size", ["", "10m", "500k", "1g"]),
        ("consul_agent_log_max_file", [1, 3, "5"]),
        ("consul_agent_memory", ["", "64m", "65536k", "2g"]),
        ("consul_agent_stop_timeout", [1, 30, "120"]),
        ("consul_agent_datacenter", ["dc1", "eu-west_1", 1]),
        ("consul_agent_even_number_of_servers", [True, "no"]),
        (
            "consul_agent_domain",
            ["consul", "consul.example.com", "Consul", "lan", "home", "example.uk", "example.co.uk", "co.example"],
        ),
        ("consul_agent_alt_domain", ["", "example", "consul.example.com"]),
        ("consul_agent_dns_ttl", [0, 5, "30", 86400]),
        ("consul_agent_dns_only_passing", [True, False]),
        ("consul_agent_dns_at_address", [True, False]),
        ("dnsmasq_forwarding_network_address", ["", "192.168.100.4#8600", "fd00::4#8600"]),
        ("consul_agent_recursors", [[], ["192.168.100.1", "fd00::1", "127.0.0.2:8653", "[::1]:8653"]]),
        ("consul_agent_node_name", ["node2", "n", "a-b", "n" * 63, 5]),
        ("consul_agent_network", ["", "192.168.100.0/24", "10.0.0.1/32", "fd00::/64", "0.0.0.0/0"]),
        ("consul_agent_address", ["", "192.168.100.4", "fd00::4"]),
        ("consul_agent_client_address", ["127.0.0.1", "0.0.0.0", "127.0.0.1 172.17.0.1", "::1"]),
        ("consul_agent_retry_join", [[], ["192.168.100.4", "server.example.com:8301"], ["provider=aws tag_key=a"]]),
        ("consul_agent_script_checks", ["local", "off", False]),
        ("consul_agent_config", [{}, {"encrypt": "secret", "anything": [1, {"a": None}]}]),
        ("consul_agent_config", [{"dns_config": {"service_ttl": {"*": "5s", "db": "0s"}, "max_stale": "5s"}}]),
        ("consul_agent_config", [{"acl": {"enabled": True, "tokens": {"agent": "x"}}, "tls": {"defaults": {}}}]),
        ("consul_agent_config", [{"ports": {"http": 8500, "dns": "8600", "https": 8501, "grpc": -1, "serf_wan": -1}}]),
        ("consul_agent_config", [{"addresses": {"https": "0.0.0.0"}, "ui_config": {"content_path": "/c/"}}]),
        ("consul_agent_flags", [{"https-port": 8501, "http-port": 8500, "dns-port": "8600"}]),
        ("consul_agent_flags", [{}, {"log-level": "debug", "node-meta": ["a:1", "b:2"], "rejoin": False, "x": 1}]),
        ("consul_agent_snapshot_interval", ["", "1m", "60s", "1h", "24h", "1h30m", "1.5h"]),
        ("consul_agent_snapshot_count", [1, 14, "30"]),
        ("consul_agent_snapshot_directory", ["/var/backups/consul", "/srv/a.b/c_d-1"]),
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
DOMAIN = "is not a DNS name without dots around it, such as consul or consul.example.com"
TAKEN = "is used by others: names that are not Consul's would stop resolving; take one of your own, such as consul"
CIDR = "is not a CIDR, such as 192.168.100.0/24"
UNREACHABLE = "is no address that other hosts can reach this one at"
CLIENT = "must be IP addresses with spaces between them, such as 127.0.0.1 172.17.0.1"
JOIN = "must be one address, and not empty: write each server as an item of its own"
DATACENTER = "must be letters (lower case best), digits, hyphens and underscores only, such as dc1"
INTERVAL = "is not a duration of a minute or more, in hours, minutes and seconds, such as 1h30m"
BACKUPS = (
    "must be an absolute path on the host, of letters, digits, dots, hyphens and underscores, and not /, such as "
    "/var/backups/consul"
)
DIRECTORY = "must be an absolute path on the host, and not /, such as /var/lib/consul"
SECRET = "everyone who may run docker inspect reads the command line: a secret belongs to consul_agent_config"
ARCHIVE = "is no file on the control node, as seen from the playbook or from where it was started"
ROLES_SET = "is set by the roles consul_server and consul_client, so setting it does nothing"
SERVER = "is not IP#port, such as 127.0.0.1#8600"
UPSTREAM = "is not an IP address, or IP#port, such as 192.168.100.1"
STUB = "is systemd-resolved, which asks dnsmasq: name the resolvers that it used before"
NETWORK = "is no address of this host in one network: name the one that other hosts ask"
NO_RECURSOR = "is not an IP address, such as 192.168.100.1, or one with a port, such as 127.0.0.1:5353"
RECURSOR = "is systemd-resolved, which asks dnsmasq, which asks Consul: name the resolvers that it asks"
OWN = "is dnsmasq itself, by dnsmasq_forwarding_listen_addresses"
REVERSE = "dnsmasq_forwarding_reverse_networks"
SERVERS = "is not a list with the address of one server at least"
ALREADY = "'consul' is the domain already: leave it empty, or name another"
OTHER = "is Consul's domain on this host: it has other servers"
GROUP = "put the host in the group consul_servers or consul_clients"
ITSELF = "a datacenter: set consul_server_bootstrap_expect; the playbooks take the number of servers"
HTTP = "must be 8500, or left out: the roles and playbooks ask the agent there"
DNS = "must be 8600, or left out: dnsmasq asks the agent there"
JOINED = "must be 8301, or left out: other agents join this one there"
CLIENT_ADDRESS = "set consul_agent_client_address"
ONLY_PASSING = "set consul_agent_dns_only_passing"
OPEN = "would make this host a resolver for every network it is in: name the addresses"


@pytest.mark.parametrize(
    ("name", "value", "path", "text"),
    [
        ("consul_agent_image", "", "", "'' must be a string without spaces, and not empty"),
        ("consul_agent_image", "a b", "", "'a b' must be a string without spaces, and not empty"),
        ("consul_agent_image_archive", "/none.tar", "", f"'/none.tar' {ARCHIVE}"),
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
        ("consul_agent_domain", "DE", "", f"'DE' {TAKEN}"),
        ("consul_agent_domain", "co.uk", "", f"'co.uk' {TAKEN}"),
        ("dnsmasq_forwarding_domain", "COM.au", "", f"'COM.au' {TAKEN}"),
        ("dnsmasq_forwarding_domains", {"ne.jp": ["10.0.0.53"]}, "['ne.jp']", f"'ne.jp' {TAKEN}"),
        ("dnsmasq_forwarding_domains", {"uk": ["10.0.0.53"]}, "['uk']", f"'uk' {TAKEN}"),
        ("consul_agent_domain", "x.local", "", f"'x.local' {TAKEN}"),
        ("consul_agent_alt_domain", "net", "", f"'net' {TAKEN}"),
        ("consul_agent_alt_domain", "a b", "", f"'a b' {DOMAIN}"),
        ("consul_agent_log_max_size", "10", "", "'10' must be a number with k, m or g, such as 10m"),
        ("consul_agent_log_max_size", "10M", "", "'10M' must be a number with k, m or g, such as 10m"),
        ("consul_agent_log_max_size", "0m", "", "'0m' must be a number with k, m or g, such as 10m"),
        ("consul_agent_log_max_file", 0, "", "0 must be a number of files, 1 or more"),
        ("consul_agent_log_max_file", "few", "", "'few' is not a whole number"),
        ("consul_agent_memory", "512", "", "'512' must be a number with k, m or g, and 64m or more, such as 512m"),
        ("consul_agent_memory", "0.5g", "", "'0.5g' must be a number with k, m or g, and 64m or more, such as 512m"),
        ("consul_agent_memory", "63m", "", "'63m' must be a number with k, m or g, and 64m or more, such as 512m"),
        ("consul_agent_stop_timeout", 0, "", "0 must be a number of seconds, 1 or more"),
        ("consul_agent_stop_timeout", "30s", "", "'30s' is not a whole number"),
        ("consul_agent_even_number_of_servers", "maybe", "", "'maybe' is not true or false"),
        ("consul_agent_dns_ttl", -1, "", "-1 must be a number of seconds, from 0 to 86400"),
        ("consul_agent_dns_ttl", 86401, "", "86401 must be a number of seconds, from 0 to 86400"),
        ("consul_agent_dns_ttl", "5s", "", "'5s' is not a whole number"),
        ("consul_agent_dns_only_passing", "maybe", "", "'maybe' is not true or false"),
        ("consul_agent_dns_at_address", "192.168.100.4", "", "'192.168.100.4' is not true or false"),
        ("dnsmasq_forwarding_network_address", "0.0.0.0#8600", "", f"'0.0.0.0#8600' {NETWORK}"),
        ("dnsmasq_forwarding_network_address", "127.0.0.1#8600", "", f"'127.0.0.1#8600' {NETWORK}"),
        (
            "dnsmasq_forwarding_network_address",
            "192.168.100.4",
            "",
            "'192.168.100.4' is not IP#port, such as 127.0.0.1#8600",
        ),
        ("consul_agent_recursors", ["dns"], "[0]", f"'dns' {NO_RECURSOR}"),
        ("consul_agent_recursors", ["10.0.0.1:0"], "[0]", f"'10.0.0.1:0' {NO_RECURSOR}"),
        ("consul_agent_recursors", ["10.0.0.1:65536"], "[0]", f"'10.0.0.1:65536' {NO_RECURSOR}"),
        ("consul_agent_recursors", ["10.0.0.1#53"], "[0]", f"'10.0.0.1#53' {NO_RECURSOR}"),
        ("consul_agent_recursors", ["127.0.0.53:53"], "[0]", f"'127.0.0.53:53' {RECURSOR}"),
        ("consul_agent_recursors", ["127.0.0.2:53"], "[0]", f"'127.0.0.2' {OWN}"),
        ("consul_agent_recursors", ["127.0.0.53"], "[0]", f"'127.0.0.53' {RECURSOR}"),
        ("consul_agent_recursors", ["10.0.0.1", "127.0.0.2"], "[1]", f"'127.0.0.2' {OWN}"),
        ("consul_agent_node_name", "", "", f"'' is no DNS label: {LABEL}"),
        ("consul_agent_node_name", "web.lan", "", f"'web.lan' is no DNS label: {DOTS}; {LABEL}"),
        ("consul_agent_node_name", "a_b.c", "", f"'a_b.c' is no DNS label: {DOTS}; {LABEL}"),
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
        ("consul_agent_retry_join", ["a", ""], "[1]", JOIN),
        ("consul_agent_retry_join", ["a b"], "[0]", JOIN),
        ("consul_agent_retry_join", [["a"]], "[0]", "a list is not a string"),
        ("consul_agent_retry_join", [None], "[0]", "an empty value is not a string"),
        ("consul_agent_script_checks", "all", "", "'all' is not one of local, remote, off"),
        ("consul_agent_script_checks", True, "", "true is not one of local, remote, off"),
        ("consul_agent_config", "encrypt=hunter2", "", "a string is not a mapping"),
        ("consul_agent_config", ["hunter2"], "", "a list is not a mapping"),
        ("consul_agent_config", {"server": True}, ".server", GROUP),
        ("consul_agent_config", {"Bootstrap": True}, ".Bootstrap", f"a server that elects itself splits {ITSELF}"),
        ("consul_agent_config", {"ports": {"http": 18500}}, ".ports.http", HTTP),
        ("consul_agent_config", {"ports": {"http": -1, "https": 8501}}, ".ports.http", HTTP),
        ("consul_agent_config", {"ports": [{"DNS": 53}]}, ".ports.DNS", DNS),
        ("consul_agent_config", {"ports": {"serf_lan": 1}}, ".ports.serf_lan", f"{JOINED}"),
        ("consul_agent_config", {"addresses": {"http": "0.0.0.0"}}, ".addresses.http", CLIENT_ADDRESS),
        ("consul_agent_config", {"retry_join": ["hunter2"]}, ".retry_join", "set consul_agent_retry_join"),
        ("consul_agent_config", {"data_dir": "/x"}, ".data_dir", "set consul_agent_data_directory"),
        ("consul_agent_config", {"dns_config": {"only_passing": False}}, ".dns_config.only_passing", ONLY_PASSING),
        ("consul_agent_flags", {"dev": True}, ".dev", "an agent in development mode keeps no data, and is alone"),
        ("consul_agent_flags", {"server": True}, ".server", GROUP),
        ("consul_agent_flags", {"node": "x"}, ".node", "set consul_agent_node_name"),
        ("consul_agent_flags", {"http-port": 18500}, ".http-port", HTTP),
        (
            "consul_agent_flags",
            {"server-port": 1},
            ".server-port",
            "must be 8300, or left out: all agents ask servers there",
        ),
        ("consul_agent_flags", {"hcl": "x"}, ".hcl", SECRET),
        ("consul_agent_flags", {"retry-join": "x"}, ".retry-join", "set consul_agent_retry_join"),
        (
            "consul_agent_flags",
            {"-ui": True},
            "",
            "'-ui' is no name of a flag: write it without its hyphen and value, such as log-level",
        ),
        (
            "consul_agent_flags",
            {"node-meta": {"a": "hunter2"}},
            "",
            "node-meta: its value is no string, number, boolean, or list of strings and numbers",
        ),
        ("consul_agent_flags", {"encrypt": "hunter2"}, ".encrypt", SECRET),
        ("consul_agent_flags", {"Token-x": "hunter2"}, ".Token-x", SECRET),
        ("consul_agent_snapshot_interval", "59s", "", f"'59s' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "daily", "", f"'daily' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "1d", "", f"'1d' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "3600", "", f"'3600' {INTERVAL}"),
        ("consul_agent_snapshot_interval", 3600, "", f"'3600' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "-1h", "", f"'-1h' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "90000ms", "", f"'90000ms' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "1h 30m", "", f"'1h 30m' {INTERVAL}"),
        ("consul_agent_snapshot_interval", "1h\n", "", f"'1h\\n' {INTERVAL}"),
        ("consul_agent_snapshot_count", 0, "", "0 must be a number of snapshots, 1 or more"),
        ("consul_agent_snapshot_count", "all", "", "'all' is not a whole number"),
        ("consul_agent_snapshot_directory", "/", "", f"'/' {BACKUPS}"),
        ("consul_agent_snapshot_directory", "backups", "", f"'backups' {BACKUPS}"),
        ("consul_agent_snapshot_directory", "/var/my backups", "", f"'/var/my backups' {BACKUPS}"),
        ("consul_agent_snapshot_directory", "/var/%h", "", f"'/var/%h' {BACKUPS}"),
        ("consul_agent_snapshot_directory", "/x;reboot", "", f"'/x;reboot' {BACKUPS}"),
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
            "0 must be 1 or more: the number of servers that the datacenter starts with",
        ),
        (
            "consul_services_agent_url",
            "127.0.0.1",
            "",
            "'127.0.0.1' is not a URL without a path, such as http://127.0.0.1:8500",
        ),
        (
            "consul_services_owner",
            "a/b",
            "",
            "'a/b' must be 1 to 63 letters, digits, dots, hyphens and underscores, such as site",
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
