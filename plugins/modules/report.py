# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: report
short_description: Write one HTML file about all hosts
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Shows the datacenter, what each host resolves names to, the path of a lookup and its times, and facts of the hosts.
  - The file needs no network and no script to be read. What comes from the catalog is escaped.
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
    description: File of the control node, as seen from where the playbook is run, that gets the report, for its owner alone.
    type: path
    required: true
seealso:
  - module: servicedns.consul.doctor
"""

EXAMPLES = """
- name: Write the report
  servicedns.consul.report:
    results: >-
      {{ dict(ansible_play_hosts_all | zip(ansible_play_hosts_all | map('extract', hostvars, 'report_host'))) }}
    nodes: "{{ inventory.nodes }}"
    output: consul-report.html
  run_once: true
"""

RETURN = """
msg:
  description: What was found, in one line, and where the report is.
  returned: always
  type: str
"""
