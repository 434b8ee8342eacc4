#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_save
short_description: Take a snapshot of a Consul datacenter to the control node
version_added: 0.1.0
description:
  - Takes a snapshot by the agent of the host, which hands it on from the leader, looks whether it is whole, and brings it to the
    control node, where it is looked at again and gets its name last. Then the oldest ones are removed, of which there are more than
    are to be kept.
  - Consul's own C(consul snapshot inspect) has to agree where the host has the agent in a container.
  - It is named C(consul-DATACENTER-TIME.snap), with the time in UTC as in C(20260131T235959Z). Other files are left alone.
  - A snapshot is a secret, since it has all ACL tokens and all that the key-value store has. It is a file for its owner alone in a
    directory for its owner alone. On the host it is a file for a moment, readable by the user who connects, and never a part of a
    result.
  - The action plugin of the same name sees to what is done on the control node.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  directory:
    description:
      - Directory of the control node, as seen from where the playbook is run. It is made where it is missing, and one that others may
        read is refused.
    type: path
    required: true
  count:
    description: How many snapshots of the datacenter are kept in the directory. V(0) keeps all.
    type: int
    default: 14
  stale:
    description:
      - Take what any server has, also without a leader. It may lack the last moments before it.
      - By default it is consistent, and fails without a leader.
    type: bool
    default: false
  path:
    description: File of the host that gets the snapshot. Set by the action plugin.
    type: path
attributes:
  check_mode:
    support: full
    description: Asks the agent, and says what it would take and remove.
  diff_mode:
    support: none
    description: It changes nothing of a host.
seealso:
  - module: servicedns.consul.snapshot_restore
  - name: consul snapshot save
    description: The command.
    link: https://developer.hashicorp.com/consul/commands/snapshot/save
"""

EXAMPLES = r"""
- name: Take a snapshot
  servicedns.consul.snapshot_save:
    directory: consul-snapshots
  run_once: true
"""

RETURN = r"""
msg:
  description: What was taken, or would be.
  returned: success
  type: str
snapshot:
  description: The file on the control node.
  returned: success
  type: str
  sample: /home/operator/consul-snapshots/consul-dc1-20260131T235959Z.snap
datacenter:
  description: Of which datacenter it is.
  returned: success
  type: str
  sample: dc1
index:
  description: The index of Raft that it goes up to.
  returned: when it was taken
  type: int
removed:
  description: Older snapshots that were removed, or would be.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot, snapshot_api
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, client_of
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module


def save(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Take a snapshot into the file, or look whether it could be."""
    client = client_of(params)
    result = {"changed": True, "datacenter": snapshot_api.datacenter(client)}
    if not params["stale"]:
        snapshot_api.require_leader(client)
    if check_mode:
        return result
    snapshot_api.save(client, params["path"], params["stale"])
    found = snapshot.inspected(params["path"])
    snapshot_api.refuse_unless_consul_agrees(params["path"], found)
    return {**result, "index": found.raft_index}


def main() -> None:
    run_module(
        dict(
            directory=dict(type="path", required=True),
            count=dict(type="int", default=14),
            stale=dict(type="bool", default=False),
            path=dict(type="path"),
            **ARGUMENTS,
        ),
        save,
    )


if __name__ == "__main__":
    main()
