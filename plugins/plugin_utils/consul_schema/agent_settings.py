# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Flags and configuration of an agent that consul_agent_flags and consul_agent_config may not have.

Either a variable of the collection says it, and other roles and hosts rely on that variable, or the agent would not be one
that they can talk to. All else is passed on to Consul, which says itself what it does not know.

Names are those of U(https://developer.hashicorp.com/consul/commands/agent) and
U(https://developer.hashicorp.com/consul/docs/reference/agent/configuration-file), of Consul 1.22. No message shows a value,
since it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.rules import at
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError


class Setting(NamedTuple):
    """A setting by its flag and by its path in the configuration; empty where it has none."""

    flag: str
    key: str
    #: What to do instead, or why it cannot be.
    instead: str


ADDRESS = "set consul_agent_address, or consul_agent_network"
CLIENT_ADDRESS = "set consul_agent_client_address"
EXPECT = "set consul_server_bootstrap_expect; the playbooks take the number of servers"
GROUP = "put the host in the group consul_servers or consul_clients"
JOIN = "set consul_agent_retry_join"
SCRIPT_CHECKS = "set consul_agent_script_checks"
SERVICES = "set consul_services_definitions, which needs no restart of the agent"
UI = "set consul_server_ui or consul_client_ui"
FILES = (
    "the agent reads the directory of the roles, and its container has no other of the host: use consul_agent_config"
)

REFUSED = (
    Setting("advertise", "advertise_addr", ADDRESS),
    Setting("", "advertise_addr_ipv4", ADDRESS),
    Setting("", "advertise_addr_ipv6", ADDRESS),
    Setting("bind", "bind_addr", ADDRESS),
    Setting("serf-lan-bind", "serf_lan", ADDRESS),
    Setting("client", "client_addr", CLIENT_ADDRESS),
    Setting("", "addresses.http", CLIENT_ADDRESS),
    Setting("", "addresses.dns", f"{CLIENT_ADDRESS}, or consul_agent_dns_at_address"),
    Setting("node", "node_name", "set consul_agent_node_name"),
    Setting("datacenter", "datacenter", "set consul_agent_datacenter"),
    Setting("domain", "domain", "set consul_agent_domain"),
    Setting("alt-domain", "alt_domain", "set consul_agent_alt_domain"),
    Setting("data-dir", "data_dir", "set consul_agent_data_directory"),
    Setting("recursor", "recursors", "set consul_agent_recursors"),
    Setting("", "recursor", "set consul_agent_recursors"),
    Setting("", "dns_config.only_passing", "set consul_agent_dns_only_passing"),
    Setting("retry-join", "retry_join", JOIN),
    Setting("join", "start_join", JOIN),
    Setting("enable-script-checks", "enable_script_checks", SCRIPT_CHECKS),
    Setting("enable-local-script-checks", "enable_local_script_checks", SCRIPT_CHECKS),
    Setting("ui", "ui", UI),
    Setting("", "ui_config.enabled", UI),
    Setting("server", "server", GROUP),
    Setting("bootstrap-expect", "bootstrap_expect", EXPECT),
    Setting("bootstrap", "bootstrap", f"a server that elects itself splits a datacenter: {EXPECT}"),
    Setting("", "service", SERVICES),
    Setting("", "services", SERVICES),
    Setting("dev", "", "an agent in development mode keeps no data, and is alone"),
    Setting("config-dir", "", FILES),
    Setting("config-file", "", FILES),
    Setting("config-format", "", FILES),
    Setting("h", "", "it shows a help text, and runs no agent"),
    Setting("help", "", "it shows a help text, and runs no agent"),
)
BY_FLAG = {setting.flag: setting.instead for setting in REFUSED if setting.flag}
BY_KEY = {setting.key: setting.instead for setting in REFUSED if setting.key}


#: Ports that others rely on, by their name in the configuration, and who does.
PORTS = {
    "http": (8500, "the roles and playbooks ask the agent there"),
    "dns": (8600, "dnsmasq asks the agent there"),
    "serf_lan": (8301, "other agents join this one there"),
    "server": (8300, "all agents ask servers there"),
}


def _port(name: str, value: Any) -> str | None:
    """What is wrong with the value of a port."""
    number, why = PORTS.get(name, (value, ""))
    return None if str(value) == str(number) else f"must be {number}, or left out: {why}"


def flag_findings(path: str, flags: Mapping[str, Any]) -> Iterator[InputError]:
    """What is wrong with flags of the command line, by name without hyphen."""
    for name, value in flags.items():
        port = re.fullmatch(r"([a-z-]+)-port", str(name))
        fault = _port(port[1].replace("-", "_"), value) if port else BY_FLAG.get(name)
        if fault:
            yield at(path, name), fault


def config_findings(path: str, config: Mapping[str, Any], inside: str = "") -> Iterator[InputError]:
    """What is wrong with a configuration of the agent.

    :arg inside: the path of this part of it in the whole, with a dot at its end
    """
    for name, value in config.items():
        # Consul reads names without regard to case, and a list of mappings as if it were one.
        key = f"{inside}{name}".lower()
        fault = _port(key[len("ports.") :], value) if key.startswith("ports.") else BY_KEY.get(key)
        if fault:
            yield at(path, name), fault
            continue
        for part in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(part, Mapping):
                yield from config_findings(at(path, name), part, f"{key}.")
