# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: rollout_plan
short_description: Work out in which order the agents of a run are started and restarted
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Takes what C(servicedns.consul.agent_preflight) and C(servicedns.consul.agent_config) found on the hosts in this run. Servers
    that are away come first, then those that are new, then those that are restarted, the leader last, then clients.
  - Shows the order where there is anything to do, in check mode too.
  - Fails where a datacenter would be harmed, or nobody can tell, and says what is where.
extends_documentation_fragment: servicedns.consul.control_node
options:
  servers:
    description: All hosts that run a Consul server, those outside of C(--limit) too.
    type: list
    elements: str
    required: true
  hosts:
    description: The hosts of the run.
    type: list
    elements: str
    required: true
"""

EXAMPLES = """
- name: Work out the order
  servicedns.consul.rollout_plan:
    servers: "{{ groups['consul_servers'] }}"
    hosts: "{{ ansible_play_hosts }}"
  run_once: true
  register: plan
"""

RETURN = """
mode:
  description:
    - V(bootstrap) where there is no datacenter yet, V(start) where no agent of the run knows a leader, V(roll) otherwise.
  returned: success
  type: str
start:
  description: Hosts whose agents are started together.
  returned: success
  type: list
  elements: str
join:
  description: Servers without data, which are started one after the other.
  returned: success
  type: list
  elements: str
servers:
  description: Servers that are restarted one after the other.
  returned: success
  type: list
  elements: str
clients:
  description: Clients that are restarted in batches.
  returned: success
  type: list
  elements: str
planned:
  description: All of these.
  returned: success
  type: list
  elements: str
waiting:
  description: Servers without data, which are left as they are until there is a leader.
  returned: success
  type: list
  elements: str
batch:
  description: How many clients are restarted at a time.
  returned: success
  type: raw
  sample: 25%
text:
  description: The same for people, in lines.
  returned: success
  type: list
  elements: str
"""
