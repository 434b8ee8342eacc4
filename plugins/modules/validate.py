# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: validate
short_description: Check the variables of all hosts before any of them is touched
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Checks the variables of all hosts against the argument specs of all roles of the collection, and then what a spec
    cannot say, such as two hosts with one address, or an expected number of servers that could never elect a leader.
  - It connects to no host. Each host's variables are evaluated as that host would, those of hosts outside of
    C(--limit) too, and those of the play, so C(vars) of a playbook that imports it count.
  - Every fault of every host is found in one run, and reported in one line with host, variable, value and what is
    allowed. Values that may be secret are never shown.
extends_documentation_fragment: servicedns.consul.control_node
options:
  servers:
    description: Hosts that run a Consul server.
    type: list
    elements: str
    required: true
  clients:
    description: Hosts that run a Consul client.
    type: list
    elements: str
    required: true
  addresses:
    description:
      - Addresses that were found on hosts, by host. They take the place of what the variables say, so that a second
        call can refuse hosts that turn out to have the same.
    type: dict
    default: {}
  before_facts:
    description:
      - Check nothing when a variable of the roles is made of facts, such as C(ansible_default_ipv4), and return the hosts
        in RV(facts_of). Gather their facts, and call it again.
    type: bool
    default: false
"""

EXAMPLES = """
- name: Check the variables of every host
  servicedns.consul.validate:
    servers: "{{ groups['consul_servers'] | default([]) }}"
    clients: "{{ groups['consul_clients'] | default([]) }}"
  run_once: true

- name: Refuse two hosts with the same address
  servicedns.consul.validate:
    servers: "{{ groups['consul_servers'] | default([]) }}"
    clients: "{{ groups['consul_clients'] | default([]) }}"
    addresses:
      node1: 192.168.100.4
      node2: 192.168.100.5
  run_once: true
"""

RETURN = """
errors:
  description: One line for each fault; empty when there is none.
  returned: always
  type: list
  elements: str
  sample:
    - "node2: consul_agent_network: 'abc' is not a CIDR, such as 192.168.100.0/24"
facts_of:
  description: Hosts whose facts are needed first, see O(before_facts).
  returned: success
  type: list
  elements: str
  sample: []
"""
