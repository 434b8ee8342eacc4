# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: doctor_report
short_description: Print what the doctor found on all hosts, and fail when something is broken
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Prints one table, hosts by hops, in which the first broken hop of each host is marked, and then two lines for each thing
    that is wrong, with its cause and the next step.
  - Compares hosts with each other and with the inventory. Different versions, clocks, little disk, old snapshots, and an image
    other than declared are warnings; all else that is wrong makes it fail.
extends_documentation_fragment: servicedns.consul.control_node
options:
  results:
    description: The results of M(servicedns.consul.doctor), by host. One without hops is a host that told nothing.
    type: dict
    required: true
  nodes:
    description: The node of each host of the inventory, as M(servicedns.consul.diagnosis_inputs) returns it.
    type: dict
    required: true
  output:
    description: File of the control node, as seen from where the playbook is run, that gets all of it, as JSON, for its owner
      alone. Empty writes none.
    type: path
    default: ""
seealso:
  - module: servicedns.consul.doctor
"""

EXAMPLES = """
- name: Say which hop is broken
  servicedns.consul.doctor_report:
    results: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'doctor_host'))) }}
    nodes: "{{ inventory.nodes }}"
  run_once: true
"""

RETURN = """
msg:
  description: All of it in one line. O(output) has the details.
  returned: always
  type: str
  sample: "3 hosts asked: nothing is broken"
"""
