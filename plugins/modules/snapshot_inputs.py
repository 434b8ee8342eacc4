#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


# The action plugin of the same name does the work, on the control node; this file is its documentation.

from __future__ import annotations

DOCUMENTATION = """
module: snapshot_inputs
short_description: Check what a playbook of snapshots was asked for
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Refuses what cannot be done before any host is touched, in one line for each fault, which names the variable of the playbook.
  - A snapshot that is to be restored must be whole, and of the datacenter that it is restored into.
extends_documentation_fragment: servicedns.consul.control_node
options:
  directory:
    description: Directory of the control node that gets the snapshot, as seen from where the playbook is run.
    type: path
    default: consul-snapshots
  count:
    description: How many snapshots are kept. V(0) keeps all.
    type: raw
    default: 14
  stale:
    description: Whether any server may answer.
    type: raw
    default: false
  restore:
    description: What is to be restored, if anything.
    type: dict
    suboptions:
      snapshot:
        description: The file.
        type: raw
      confirm:
        description: Name of the datacenter whose contents are replaced.
        type: raw
      origin:
        description: The datacenter that the snapshot is of, where it is another.
        type: raw
"""

EXAMPLES = """
- name: Check that a snapshot can be taken
  servicedns.consul.snapshot_inputs:
    directory: consul-snapshots
  register: wanted
  run_once: true
"""

RETURN = """
directory:
  description: What is wanted.
  returned: success
  type: str
count:
  description: What is wanted.
  returned: success
  type: raw
stale:
  description: What is wanted.
  returned: success
  type: raw
"""
