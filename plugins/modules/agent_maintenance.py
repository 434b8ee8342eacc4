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
extends_documentation_fragment: servicedns.consul.agent_api
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

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils.agent_api import ARGUMENTS, AgentApi
from ansible_collections.servicedns.consul.plugins.module_utils.host import HostError

#: Ids that Consul itself gives to the checks which the mode consists of.
NODE_CHECK = "_node_maintenance"
SERVICE_CHECK = "_service_maintenance:"


def set_mode(agent: AgentApi, service: str, enabled: bool, reason: str, check_mode: bool) -> bool:
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
    module = AnsibleModule(
        argument_spec=dict(
            enabled=dict(type="bool", required=True),
            service=dict(type="str", default=""),
            reason=dict(type="str", default=""),
            **ARGUMENTS,
        ),
        supports_check_mode=True,
    )
    params = module.params
    try:
        changed = set_mode(
            AgentApi(params["agent_url"]), params["service"], params["enabled"], params["reason"], module.check_mode
        )
    except HostError as error:
        module.fail_json(msg=f"consul_maintenance: {error}")
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
