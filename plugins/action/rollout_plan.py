# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.servicedns.consul.plugins.plugin_utils import effective
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction, show
from ansible_collections.servicedns.consul.plugins.plugin_utils.rollout.plan import Host, plan

#: The result of the task that looked what an agent needs.
FILE = "__consul_agent_file"
#: What is set for hosts and counts here.
SAID = ("consul_agent_node_name", "consul_agent_even_number_of_servers", "consul_agent_client_batch")
#: The role's default.
BATCH = "25%"


class ActionModule(ControlNodeAction):
    """Works out the order in which agents are started and restarted, and shows it."""

    ARGUMENTS = {
        "servers": {"type": "list", "elements": "str", "required": True},
        "hosts": {"type": "list", "elements": "str", "required": True},
    }

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        hostvars = variables["hostvars"]
        written = {host: self.host_variables(hostvars, host) for host in args["hosts"]}
        said = {host: self.values_of(hostvars, written[host], SAID) for host in written}
        hosts = [_host(host, said[host], host in args["servers"], written[host]) for host in written]
        pair = any(boolean(said[host.name].get("consul_agent_even_number_of_servers") or False) for host in hosts)
        batches = (said[host.name].get("consul_agent_client_batch") for host in hosts if not host.server)
        made = plan(hosts, args["servers"], pair)
        if made.text:
            show(made.text)
        planned = [*made.start, *made.join, *made.servers, *made.clients]
        return {**made._asdict(), "planned": planned, "batch": next(filter(None, batches), BATCH)}


def _host(name: str, said: Mapping[str, Any], server: bool, variables: Mapping[str, Any]) -> Host:
    """What was found on a host in this run."""
    found = variables[effective.PREFLIGHT]["ansible_facts"]["consul_agent"]
    return Host(
        name=name,
        node=effective.node(name, said),
        server=server,
        restart=variables[FILE]["change"] in ("start", "restart"),
        version=variables[FILE]["version"],
        **{key: found[key] for key in ("address", "container", "raft", "node_id", "leader", "datacenter")},
    )
