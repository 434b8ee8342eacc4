#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_restore
short_description: Restore a snapshot of a Consul datacenter
version_added: 0.1.0
description:
  - Replaces all that a datacenter has stored by what a snapshot has, on all of its servers, and waits until there is a leader and the
    catalog answers.
  - The snapshot is looked at on the control node and on the host before anything is changed. A file that is missing, damaged, or of
    another datacenter is refused.
  - After it the tokens of the snapshot count, that of the request too, which asks the catalog again. Agents register again what they
    serve and the snapshot lacks.
  - The action plugin of the same name looks at the file on the control node, brings it to the host, and removes it there.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  snapshot:
    description: The file on the control node, as seen from the playbook, else from where it is run.
    type: path
    required: true
  datacenter:
    description: Name of the datacenter whose contents are replaced. Another one than that of the agent is refused.
    type: str
    required: true
  from_datacenter:
    description: The datacenter that the snapshot is of, where it is another. V(none) is that of a snapshot without nodes.
    type: str
    default: ""
  timeout:
    description: Seconds to wait for a leader and the catalog afterwards.
    type: int
    default: 60
  path:
    description: File of the host that has the snapshot. Set by the action plugin.
    type: path
attributes:
  check_mode:
    support: full
    description: Looks at the snapshot and at the datacenter, and says that it would be restored.
  diff_mode:
    support: full
    description: Shows the instances of services that come and go.
seealso:
  - module: servicedns.consul.snapshot_save
  - name: consul snapshot restore
    description: The command.
    link: https://developer.hashicorp.com/consul/commands/snapshot/restore
"""

EXAMPLES = r"""
- name: Restore a snapshot
  servicedns.consul.snapshot_restore:
    snapshot: consul-snapshots/consul-dc1-20260131T235959Z.snap
    datacenter: dc1
  run_once: true
"""

RETURN = r"""
msg:
  description: What was restored, or would be.
  returned: success
  type: str
index:
  description: The index of Raft that the snapshot goes up to.
  returned: success
  type: int
added:
  description: Instances of services that the catalog has since.
  returned: when it was restored
  type: list
  elements: str
  sample: [web on node2]
removed:
  description: Instances of services that the catalog had before.
  returned: when it was restored
  type: list
  elements: str
  sample: [web on node3 (web-2)]
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot, snapshot_api
from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, client_of
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


def restore(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Restore the snapshot, or look whether it could be."""
    client, datacenter = client_of(params), params["datacenter"]
    here = snapshot_api.datacenter(client)
    if here != datacenter:
        raise HostError(f"the agent of this host is of the datacenter {here}, and {datacenter} is to be restored")
    snapshot_api.require_leader(client)
    before = snapshot_api.instances(client)
    if check_mode:
        return {"changed": True, "msg": f"would restore the snapshot into {datacenter}"}
    found = snapshot.inspected(params["path"])
    snapshot_api.restore(client, params["path"])
    after = snapshot_api.wait_for_instances(client_of(params), params["timeout"])
    added, removed = sorted(after - before), sorted(before - after)
    return {
        "changed": True,
        "msg": f"{datacenter} is as it was at index {found.raft_index}; instances that came: {', '.join(added) or 'none'}; "
        f"that went: {', '.join(removed) or 'none'}",
        "index": found.raft_index,
        "added": added,
        "removed": removed,
        "diff": {"prepared": summary(added, {}, removed)},
    }


def main() -> None:
    run_module(
        dict(
            snapshot=dict(type="path", required=True),
            datacenter=dict(type="str", required=True),
            from_datacenter=dict(type="str", default=""),
            timeout=dict(type="int", default=60),
            path=dict(type="path"),
            **ARGUMENTS,
        ),
        restore,
    )


if __name__ == "__main__":
    main()
