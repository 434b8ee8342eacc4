#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_leader
short_description: Wait until a Consul agent knows the leader of its datacenter
version_added: 0.1.0
description:
  - Without a leader, an agent answers no question about services. Fails when it knows none in time.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  timeout:
    description: Seconds to wait.
    type: int
    default: 15
attributes:
  check_mode:
    support: full
    description: It changes nothing, and waits as long.
"""

EXAMPLES = r"""
- name: Wait for the leader
  servicedns.consul.agent_leader:
    timeout: 60
"""

RETURN = r"""
leader:
  description: Address and port of the leader.
  returned: success
  type: str
  sample: 192.168.100.4:8300
reason:
  description: Why none is known.
  returned: failure
  type: str
  sample: none was elected
members:
  description: Names of the nodes that the agent knows, its own too.
  returned: failure
  type: list
  elements: str
  sample: [node1]
"""

import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, client_of
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


def wait(params: dict[str, t.Any], _check_mode: bool) -> dict[str, t.Any]:
    """Ask until there is a leader, or the time is over."""
    client = client_of(params)
    end = time.monotonic() + params["timeout"]
    while True:
        reason = "none was elected"
        try:
            leader = client.get("status", "leader")
            if leader:
                return dict(leader=leader)
        except HostError as error:
            reason = str(error)
        if time.monotonic() > end:
            break
        time.sleep(0.2)
    try:
        members = sorted(member["Name"] for member in client.get("agent", "members"))
    except HostError:
        members = []
    raise HostError(f"the agent knows no leader: {reason}", reason=reason, members=members)


def main() -> None:
    run_module(dict(timeout=dict(type="int", default=15), **ARGUMENTS), wait)


if __name__ == "__main__":
    main()
