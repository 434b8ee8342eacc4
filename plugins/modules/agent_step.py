#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_step
short_description: Restart a Consul agent so that its datacenter does not miss it
version_added: 0.1.0
description:
  - Stands before and after the task that restarts an agent, in whatever order agents are restarted.
  - Before a server goes it takes a lock, the key C(servicedns.consul/rollout), sees that all other servers are healthy and have a
    leader without this one, and lets another one lead. Otherwise it fails, and nothing has changed. A server that does not run, or
    is the only one, may be restarted at any time, and so may a client.
  - After that it waits until the agent is what it was. A server votes, is healthy, and has the log of the leader; the catalog has
    the agent and its services, and its DNS answers. Then it gives the lock back.
  - Autopilot then keeps as many servers as there are (C(MinQuorum)), also those that are away for long.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  state:
    description: V(begin) before the restart, V(end) after it.
    type: str
    choices: [begin, end]
    required: true
  servers:
    description:
      - How many servers the datacenter is to have. Where it is one, an agent that does not answer may be restarted although its
        container runs.
    type: int
    default: 1
  pair:
    description: Whether one of two servers may be restarted. The datacenter has no leader meanwhile.
    type: bool
    default: false
  session:
    description: For V(end), what V(begin) returned.
    type: str
    default: ""
  voters:
    description: For V(end), what V(begin) returned.
    type: list
    elements: str
    default: []
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
    description: It says whether the server can be missed now, and waits for nothing.
"""

EXAMPLES = r"""
- name: Make sure that the server can be missed
  servicedns.consul.agent_step:
    state: begin
    servers: 3
  register: step

- name: Restart it
  ansible.builtin.command: docker restart consul

- name: Wait until it is back
  servicedns.consul.agent_step:
    state: end
    session: "{{ step.session }}"
    voters: "{{ step.voters }}"
"""

RETURN = r"""
session:
  description: The session that holds the lock. Empty where there is none.
  returned: success
  type: str
voters:
  description: The ids of the servers that voted, of which none may be missing at the end.
  returned: success
  type: list
  elements: str
leader:
  description: The node that leads in the place of this one. Empty where another did already.
  returned: success
  type: str
"""

import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, agent_state, datacenter
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    ARGUMENTS,
    AgentRefused,
    AgentSilent,
    ConsulClient,
    client_of,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.step import Beginning, Begun, Ending
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


def begin(client: ConsulClient, params: dict[str, t.Any], check_mode: bool) -> Begun:
    """Make sure that the agent can be taken away. Who does not run cannot be missed more than it is."""
    patience = 0 if check_mode else params["timeout"]
    end = time.monotonic() + patience
    while True:
        try:
            return Beginning(client, params["run"], params["pair"], patience).begin(check_mode)
        except AgentRefused as error:
            if error.status != datacenter.FORBIDDEN or params["servers"] > 1:
                raise
            return Begun(warning=f"nobody looks whether the agent can be missed: {error}")
        except AgentSilent as error:
            container = agent_container.inspect()
            if params["servers"] == 1 or agent_state.container_state(container) != agent_state.RUNNING:
                return Begun()
            if time.monotonic() > end:
                raise HostError(
                    f"the agent runs and does not answer ({error}), so that nobody knows whether it can be missed: "
                    "see docker logs consul; after docker stop consul it is started as one that is away"
                ) from error
        time.sleep(1)


def step(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Act."""
    client, begun = client_of(params), Begun(params["session"], tuple(params["voters"]))
    if params["state"] == "begin":
        begun = begin(client, params, check_mode)
    elif not check_mode:
        warning = Ending(client, begun.session, begun.voters, params["timeout"]).finish()
        begun = begun._replace(warning=warning)
    return dict(
        changed=bool(begun.leader),
        session=begun.session,
        voters=list(begun.voters),
        leader=begun.leader,
        warnings=[begun.warning] if begun.warning else [],
    )


def main() -> None:
    run_module(
        dict(
            state=dict(type="str", choices=["begin", "end"], required=True),
            servers=dict(type="int", default=1),
            pair=dict(type="bool", default=False),
            session=dict(type="str", default=""),
            voters=dict(type="list", elements="str", default=[]),
            timeout=dict(type="int", default=120),
            run=dict(type="str", default=""),
            **ARGUMENTS,
        ),
        step,
    )


if __name__ == "__main__":
    main()
