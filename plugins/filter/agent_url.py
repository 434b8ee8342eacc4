# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.servicedns.consul.plugins.module_utils import agent

DOCUMENTATION = """
name: agent_url
short_description: Find where an agent's HTTP API answers its own host
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Takes the loopback address where the agent listens there, else the first address.
  - It fails when there is no address.
options:
  _input:
    description: The addresses that the agent listens on, with spaces between them, as C(consul_agent_client_address).
    type: str
    required: true
"""

EXAMPLES = """
- name: Show http://127.0.0.1:8500
  ansible.builtin.debug:
    msg: "{{ '192.168.100.4 127.0.0.1' | servicedns.consul.agent_url }}"
"""

RETURN = """
_value:
  description: A URL without a path.
  type: str
"""


def agent_url(client_address: Any) -> str:
    """Where the agent's HTTP API answers its own host."""
    if not isinstance(client_address, str) or not client_address.split():
        raise AnsibleFilterError("agent_url: needs IP addresses with spaces between them, such as 127.0.0.1")
    return agent.agent_url(client_address)


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"agent_url": agent_url}
