# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils import effective
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction, show
from ansible_collections.servicedns.consul.plugins.plugin_utils.rollout.plan import Host, plan

#: The result of the task that looked what an agent needs.
FILE = "__consul_agent_file"
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
        hosts = [_host(name, written[name], name in args["servers"]) for name in args["hosts"]]
        own = written[args["hosts"][0]] if hosts else {}
        asked = ("consul_server_even_number", "consul_agent_client_batch")
        said = self.values_of(hostvars, own, asked)
        made = plan(hosts, args["servers"], pair=bool(said.get("consul_server_even_number")))
        if made.text:
            show(made.text)
        planned = [*made.start, *made.join, *made.servers, *made.clients]
        return {**made._asdict(), "planned": planned, "batch": said.get("consul_agent_client_batch") or BATCH}


def _host(name: str, variables: Mapping[str, Any], server: bool) -> Host:
    """What was found on a host in this run."""
    found = variables[effective.PREFLIGHT]["ansible_facts"]["consul_agent"]
    return Host(
        name=name,
        node=effective.node(name, variables),
        server=server,
        restart=variables[FILE]["change"] in ("start", "restart"),
        **{key: found[key] for key in ("address", "container", "raft", "node_id", "leader", "datacenter")},
    )
