#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_maintenance
short_description: Take a host or a service out of DNS, and back
version_added: 0.1.0
description:
  - Sets Consul's maintenance mode, as C(consul maint) does. The services stay registered, and DNS leaves them out on every
    host.
  - The mode outlives restarts of the agent and changes of the definitions.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  enabled:
    description: Whether it is under maintenance.
    type: bool
    required: true
  service:
    description: Id of a service of this host. Empty means the host with all of its services.
    type: str
    default: ""
  reason:
    description: Shown as the note of the failing check.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Says whether the mode would change.
  diff_mode:
    support: none
    description: The mode is all that changes.
seealso:
  - name: consul maint
    description: The command.
    link: https://developer.hashicorp.com/consul/commands/maint
"""

EXAMPLES = r"""
- name: Take the host out of DNS
  servicedns.consul.agent_maintenance:
    enabled: true
    reason: kernel upgrade

- name: Take one instance back
  servicedns.consul.agent_maintenance:
    enabled: false
    service: flapp1
"""

RETURN = r"""# """

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, ConsulClient, client_of
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

#: Ids that Consul itself gives to the checks which the mode consists of.
NODE_CHECK = "_node_maintenance"
SERVICE_CHECK = "_service_maintenance:"


def set_mode(agent: ConsulClient, service: str, enabled: bool, reason: str, check_mode: bool) -> bool:
    """Make the mode what is wanted. Whether it was otherwise."""
    if service:
        known = agent.get("agent", "services")
        if service not in known:
            raise HostError(
                f"this host has no service with the id {service!r}; it has {', '.join(sorted(known)) or 'none'}"
            )
    checks = agent.get("agent", "checks")
    changed = ((SERVICE_CHECK + service if service else NODE_CHECK) in checks) != enabled
    if changed and not check_mode:
        path = ("agent", "service", "maintenance", service) if service else ("agent", "maintenance")
        agent.put(*path, enable=str(enabled).lower(), reason=reason)
    return changed


def main() -> None:
    run_module(
        dict(
            enabled=dict(type="bool", required=True),
            service=dict(type="str", default=""),
            reason=dict(type="str", default=""),
            **ARGUMENTS,
        ),
        lambda params, check_mode: dict(
            changed=set_mode(client_of(params), params["service"], params["enabled"], params["reason"], check_mode)
        ),
        subject="consul_maintenance",
    )


if __name__ == "__main__":
    main()
