#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor
short_description: Walk the path of a lookup through a host, and say which hop is to blame
version_added: 0.1.0
description:
  - Asks each hop of a lookup, over UDP and TCP, from the application (C(getent)) to the servers, and reads the configuration
    of those that do not answer. Changes nothing, and needs nothing on the host but what the roles of this collection install.
  - It works from what it finds on the host. It does not fail when a hop is broken, or when a command that it looks with is
    not installed.
  - The action plugin of the same name adds how far the host's clock is from the control node's.
author:
  - servicedns.consul contributors (@servicedns)
options:
  domain:
    description: Consul's domain.
    type: str
    default: consul
  name:
    description: The name that each hop is asked for. By default the one of the servers, which is there with a leader.
    type: str
    default: ""
  names:
    description: Names that are looked up besides, as programs of the host do.
    type: list
    elements: str
    default: []
  services:
    description: Ids of the services that this host is to serve.
    type: list
    elements: str
    default: []
  client_address:
    description: Addresses with spaces between them on which the agent's HTTP API and DNS answer.
    type: str
    default: 127.0.0.1
  image:
    description: The image that the agent is to run.
    type: str
    default: ""
  data_directory:
    description: Where the agent keeps its data.
    type: path
    default: /var/lib/consul
  samples:
    description: How often each hop is asked.
    type: int
    default: 1
  catalog:
    description: Also return all that the agent's catalog has, for C(playbooks/report.yml).
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Find out why a name does not resolve
  servicedns.consul.doctor:
  register: doctor

- name: Show the first hop that is to blame
  ansible.builtin.debug:
    msg: "{{ doctor.broken | default('none', true) }}"
"""

RETURN = r"""
broken:
  description: The first hop that is to blame. Empty when there is none.
  returned: success
  type: str
  sample: dnsmasq
hops:
  description: What is to be said of each hop, in the order of a lookup.
  returned: success
  type: list
  elements: dict
  contains:
    hop:
      description: Its name.
      type: str
      sample: dnsmasq
    state:
      description:
        - V(ok); V(broken), when the hop is to blame; V(fails), when a hop behind it is; V(absent), when lookups do not come
          here; V(unknown), when it cannot be asked while another one is broken.
      type: str
    cause:
      description: Why it is broken.
      type: str
    next_step:
      description: What to do about it.
      type: str
    replies:
      description: What came back to each question.
      type: list
      elements: dict
      contains:
        asked: {description: "Who was asked, and how.", type: str, sample: "udp 127.0.0.2:53"}
        good: {description: Whether it is an answer., type: bool}
        text: {description: "The answer, or what came back instead.", type: str}
        milliseconds: {description: How long each took., type: list, elements: float}
names:
  description: What programs of the host get for each name, with O(names) as keys and C(addresses), C(text) and C(milliseconds) in each.
  returned: success
  type: dict
agent:
  description: What the agent of the host says.
  returned: success
  type: dict
  contains:
    complaint: {description: What came instead of an answer., type: str}
    node: {description: Name of the node., type: str}
    address: {description: Where other agents reach it., type: str}
    datacenter: {description: Of which datacenter it is., type: str}
    version: {description: Its version., type: str, sample: 1.22.7}
    server: {description: Whether it is a server., type: bool}
    leader: {description: Address and port of the leader. Empty without one., type: str}
    members:
      description: Members of the datacenter.
      type: list
      elements: dict
      contains:
        name: {description: Name of the node., type: str}
        address: {description: Its address., type: str}
        status: {description: "V(alive), V(leaving), V(left) or V(failed).", type: str}
        version: {description: Version of its agent., type: str}
        server: {description: Whether it is a server., type: bool}
        port: {description: Of its servers' RPC., type: int}
        datacenter: {description: Of which datacenter it is., type: str}
    services: {description: Ids of the services that the agent serves., type: list, elements: str}
    checks:
      description: Checks of this host.
      type: list
      elements: dict
      contains: &checks
        node: {description: Of whose node it is., type: str}
        service: {description: Name of the service that it looks at. Empty for the node., type: str}
        service_id: {description: Id of that service., type: str}
        id: {description: Its id., type: str}
        name: {description: Its name., type: str}
        status: {description: "V(passing), V(warning) or V(critical).", type: str}
        output: {description: What it says., type: str}
    critical: {description: Critical checks of the datacenter., type: list, elements: dict, contains: *checks}
    nodes:
      description: Nodes of the catalog.
      type: list
      elements: dict
      contains: &nodes
        node: {description: Its name., type: str}
        address: {description: Its address., type: str}
        meta: {description: Its metadata., type: dict}
    image:
      description: The image of the agent's container.
      type: dict
      contains:
        running: {description: The one that it runs., type: str}
        declared: {description: The one that it is to run., type: str}
        same: {description: "Whether they are one image, whatever its names. The same name may be another one by now.", type: bool}
host:
  description: What the host says of itself.
  returned: success
  type: dict
  contains:
    disk:
      description: The file system of the agent's data.
      type: dict
      contains:
        path: {description: Where the data is., type: str}
        free: {description: Bytes that are free., type: int}
        size: {description: Bytes in all., type: int}
    ports: {description: "Process, protocol, address and port of what listens for names.", type: list, elements: list}
    snapshots:
      description: What became of the timer that takes snapshots, on a host that has it.
      type: dict
      contains:
        datacenter: {description: Of which datacenter it takes them., type: str}
        directory: {description: Where it leaves them., type: str}
        interval: {description: Seconds between two runs., type: float}
        since: {description: "Since when its files are as they are, in seconds since the epoch.", type: float}
        newest: {description: "When the newest snapshot was taken, likewise; 0 without one.", type: float}
        timer: {description: State of the timer., type: str, sample: active}
        failure: {description: "The last words of the last run, where that failed.", type: str}
    unseen: {description: "What it did not tell, for want of a command.", type: list, elements: str}
    clock: {description: Seconds since the epoch., type: float}
    skew: {description: Seconds that its clock is ahead of the control node's at least., type: float}
catalog:
  description: All nodes, services and checks.
  returned: when O(catalog) is true and the agent answers
  type: dict
  contains:
    nodes: {description: The nodes., type: list, elements: dict, contains: *nodes}
    services:
      description: Instances by the name of their service, each with C(node), C(id), C(address), C(port), C(tags), C(meta) and C(checks).
      type: dict
    complaint: {description: What came instead of an answer., type: str}
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.lookup import probes
from ansible_collections.servicedns.consul.plugins.module_utils.variables import with_variables

#: Of the options that a next step names, which are those of roles.
VARIABLES = {
    "agent_domain": "consul_agent_domain",
    "forwarding_domain": "dnsmasq_forwarding_domain",
    "log_queries": "dnsmasq_forwarding_log_queries",
    "retry_join": "consul_agent_retry_join",
}


def act(params: dict[str, t.Any], _check_mode: bool) -> dict[str, t.Any]:
    """Examine the host, and name role variables."""
    result: dict[str, t.Any] = {**probes.examine(probes.DoctorOptions(**params))}
    for hop in result["hops"]:
        hop["next_step"] = with_variables(hop["next_step"], VARIABLES)
    return result


def main() -> None:
    run_module(
        dict(
            domain=dict(type="str", default="consul"),
            name=dict(type="str", default=""),
            names=dict(type="list", elements="str", default=[]),
            services=dict(type="list", elements="str", default=[]),
            client_address=dict(type="str", default="127.0.0.1"),
            image=dict(type="str", default=""),
            data_directory=dict(type="path", default="/var/lib/consul"),
            samples=dict(type="int", default=1),
            catalog=dict(type="bool", default=False),
        ),
        act,
        "doctor",
    )


if __name__ == "__main__":
    main()
