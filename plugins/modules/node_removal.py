#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: node_removal
short_description: Take a node out of its Consul datacenter for good
version_added: 0.1.0
description:
  - Stands before and after the tasks that take a node's agent away.
  - Before that, the agent of another node is asked whether the datacenter can do without the node. Where that is a server, all
    other servers have to be healthy and to have a leader without it. The lock of L(agent_step, M(servicedns.consul.agent_step)) is
    taken, and another server leads. Otherwise it fails, and nothing has changed.
  - Then the agent of the node itself is told to leave, where it can be reached.
  - After that the agent of another node takes what is left of it out of gossip, Raft and the catalog, and gives the lock back.
    Autopilot then keeps as many servers as there are left (C(MinQuorum)).
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  state:
    description:
      - V(begin) and V(end) are asked of another node's agent.
      - V(leave) is asked of the node's own. It is well when nobody answers.
    type: str
    choices: [begin, leave, end]
    required: true
  node:
    description: Name of the node.
    type: str
    required: true
  session:
    description: For V(end), what V(begin) returned.
    type: str
    default: ""
  timeout:
    description: Seconds to wait for what passes. A server that is away is not waited for.
    type: int
    default: 120
  run:
    description: Tells one run of Ansible from the others. The action of this name fills it in.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: V(begin) says whether the node can be missed now. The others do nothing.
"""

EXAMPLES = r"""
- name: Make sure that the datacenter can do without server3
  servicedns.consul.node_removal:
    state: begin
    node: server3
  delegate_to: server1
  register: removal

- name: Let its agent leave
  servicedns.consul.node_removal:
    state: leave
    node: server3

- name: Take its container away
  ansible.builtin.command: docker rm --force consul

- name: Take what is left of it out of the datacenter
  servicedns.consul.node_removal:
    state: end
    node: server3
    session: "{{ removal.session }}"
  delegate_to: server1
"""

RETURN = r"""
session:
  description: The session that holds the lock. Empty where there is none.
  returned: success
  type: str
"""

import contextlib
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import removal
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, AgentSilent, client_of
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module

#: Seconds that a server takes to leave, and more: it lets others take over, and waits until they know.
LEAVE_PATIENCE = 60.0


def remove(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Act."""
    node, session, changed = params["node"], params["session"], False
    if params["state"] == "begin":
        begun = removal.begin(client_of(params), node, params["run"], params["timeout"], check_mode)
        session, changed = begun.session, bool(begun.leader)
    elif params["state"] == "leave":
        changed = True
        # It may be gone before it has answered.
        with contextlib.suppress(AgentSilent):
            if not check_mode:
                client_of(params, LEAVE_PATIENCE).put("agent", "leave")
    elif not check_mode:
        changed = removal.end(client_of(params), node, session, params["timeout"])
    return dict(changed=changed, session=session)


def main() -> None:
    run_module(
        dict(
            state=dict(type="str", choices=["begin", "leave", "end"], required=True),
            node=dict(type="str", required=True),
            session=dict(type="str", default=""),
            timeout=dict(type="int", default=120),
            run=dict(type="str", default=""),
            **ARGUMENTS,
        ),
        remove,
    )


if __name__ == "__main__":
    main()
