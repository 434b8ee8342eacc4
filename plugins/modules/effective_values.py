# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: effective_values
short_description: Work out what applies to a host
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Returns what is set for the host, in the inventory, the play or on the command line, and else what follows from its
    other variables, from the servers, and from what C(servicedns.consul.agent_preflight) found in this run.
  - Registered as C(__servicedns_effective), it is what the roles take where a variable is not set. The playbooks of the
    collection do so; in a playbook of one's own the roles have their plain defaults without it.
extends_documentation_fragment: servicedns.consul.control_node
options:
  servers:
    description: All hosts that run a Consul server, those outside of C(--limit) too.
    type: list
    elements: str
    required: true
"""

EXAMPLES = """
- name: Find the address of each agent
  ansible.builtin.include_role:
    name: servicedns.consul.consul_agent
    tasks_from: preflight

- name: Work out what applies to each host
  servicedns.consul.effective_values:
    servers: "{{ groups['consul_servers'] }}"
  register: __servicedns_effective

- name: Run a client that joins them
  ansible.builtin.include_role:
    name: servicedns.consul.consul_client
"""

RETURN = """
address:
  description: Address of the host's agent. Empty when none is known.
  returned: success
  type: str
  sample: 192.168.100.4
domain:
  description: Consul's domain, in which the host resolves names.
  returned: success
  type: str
alt_domain:
  description: The other domain, or nothing.
  returned: success
  type: str
services_agent_url:
  description: Where the agent's HTTP API answers its own host.
  returned: success
  type: str
bootstrap_expect:
  description: Number of servers that the datacenter starts with.
  returned: success
  type: int
retry_join:
  description: Addresses of the other servers. Of a search in a cloud only that it is one, since it may hold a key.
  returned: success
  type: list
  elements: str
recursors:
  description: Whom the agent asks for other names than Consul's.
  returned: success
  type: list
  elements: str
server:
  description: Where the agent answers DNS of its own host.
  returned: success
  type: str
  sample: 127.0.0.1#8600
server_required:
  description: Whether Consul must answer before the host's resolver is changed.
  returned: success
  type: bool
fallback_servers:
  description: Where other servers answer DNS of this host.
  returned: success
  type: list
  elements: str
network_address:
  description: Where dnsmasq of a server answers other hosts, or nothing.
  returned: success
  type: str
unknown_servers:
  description: Servers whose address nothing tells, with what P(servicedns.consul.agent_preflight#module) needs to find it.
  returned: success
  type: list
  elements: dict
  sample: [{name: node1, network: 192.168.100.0/24, client_address: 127.0.0.1}]
"""
