# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.servicedns.consul.plugins.module_utils import agent

DOCUMENTATION = """
name: agent_address
short_description: Find the address of a host's agent in its variables
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - It is the variable C(consul_agent_address) of the host, or else what the preflight of the role
    P(servicedns.consul.consul_agent#role) left in C(ansible_facts.consul_agent) in this run or in the fact cache.
  - It fails, with the name of the host, when both are missing, as for a server outside of C(--limit).
options:
  _input:
    description: Variables of one host, from C(hostvars).
    type: dict
    required: true
"""

EXAMPLES = """
- name: Show the addresses of all servers
  ansible.builtin.debug:
    msg: "{{ groups['consul_servers'] | map('extract', hostvars) | map('servicedns.consul.agent_address') }}"
"""

RETURN = """
_value:
  description: An IP address.
  type: str
"""


def agent_address(variables: Any) -> str:
    """The address of the agent of the host that has these variables."""
    if not isinstance(variables, Mapping):
        raise AnsibleFilterError(f"agent_address: needs the variables of a host, not a {type(variables).__name__}")
    try:
        return agent.agent_address(variables)
    except ValueError as error:
        raise AnsibleFilterError(f"agent_address: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"agent_address": agent_address}
