# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: diagnosis_inputs
short_description: Check what a playbook of diagnosis was asked for, and read what the inventory declares
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Refuses what cannot be done before any host is touched, in one line for each fault.
  - Returns what the inventory says of each host in the groups C(consul_servers) and C(consul_clients), with the roles'
    defaults, those outside of C(--limit) too. Of a service it returns id and name alone, since its definition may hold a
    secret.
extends_documentation_fragment: servicedns.consul.control_node
options:
  trace:
    description: What is to be traced.
    type: dict
    suboptions:
      name:
        description: The name, which must be one of DNS.
        type: raw
      seconds:
        description: How long, in seconds, from 1 to 600.
        type: raw
  files:
    description: Files of the control node that are to be written, by the variable that names them. Empty ones are not wanted.
    type: dict
    default: {}
  directories:
    description: Directories of the control node that are to be written to, by the variable that names them.
    type: dict
    default: {}
"""

EXAMPLES = """
- name: Check that the output can be written
  servicedns.consul.diagnosis_inputs:
    files:
      doctor_output: /tmp/doctor.json
  register: inventory
  run_once: true
"""

RETURN = """
hosts:
  description: For each host its node, domain, image, services and the like.
  returned: success
  type: dict
nodes:
  description: The node of each host.
  returned: success
  type: dict
  sample:
    node1.example.com: node1
"""
