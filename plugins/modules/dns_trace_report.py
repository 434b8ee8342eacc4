# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: dns_trace_report
short_description: Print the time lines of a trace, one a query
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Prints, for each host, its resolver before and after, and what happened to each query at each hop, with times. Leaves the
    same text in a file of the control node.
options:
  begun:
    description: The results of M(servicedns.consul.dns_trace) when it began, by host.
    type: dict
    required: true
  seen:
    description: Its results when it was read, by host.
    type: dict
    required: true
  output:
    description: File of the control node, as seen from where the playbook is run, that gets the text, for its owner alone. Its
      directory is made.
    type: path
    required: true
attributes:
  check_mode:
    description: There is nothing to print.
    support: none
  diff_mode:
    description: Nothing of a host is changed.
    support: none
  platform:
    description: Runs on the control node.
    platforms: all
    support: full
seealso:
  - module: servicedns.consul.dns_trace
"""

EXAMPLES = """
- name: Show the time lines
  servicedns.consul.dns_trace_report:
    begun: "{{ {inventory_hostname: begun} }}"
    seen: "{{ {inventory_hostname: seen} }}"
    output: dns_trace/timeline.txt
"""

RETURN = """
msg:
  description: Where the text is.
  returned: always
  type: str
"""
