# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.servicedns.consul.plugins.module_utils import agent

DOCUMENTATION = """
name: agent_dns
short_description: Find where other hosts reach the DNS of a host's agent
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - It is the address of the agent where the variables C(consul_agent_dns_at_address) or C(consul_agent_client_address)
    of the host say that DNS answers there. Without the former, the network of C(consul_agent_network) must be a private one.
  - It is empty where only the host itself is answered.
options:
  _input:
    description: Variables of one host, from C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = """
- name: Show the servers that can stand in for the agent of a host
  ansible.builtin.debug:
    msg: "{{ groups['consul_servers'] | map('extract', hostvars) | map('servicedns.consul.agent_dns') | select }}"
"""

RETURN = """
_value:
  description: Address and port, such as C(192.168.100.4#8600), or nothing.
  type: str
"""


def agent_dns(variables: Any) -> str:
    """Where the agent of the host that has these variables answers others."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError(f"agent_dns: needs the variables of a host, not a {type(variables).__name__}")
    try:
        return agent.agent_dns(variables)
    except ValueError as error:
        raise AnsibleFilterError(f"agent_dns: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"agent_dns": agent_dns}
