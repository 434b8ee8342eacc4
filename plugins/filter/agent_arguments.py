# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.servicedns.consul.plugins.module_utils.consul import addresses
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import decrypted

DOCUMENTATION = """
name: agent_arguments
short_description: Turn a mapping of flags into arguments of C(consul agent)
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - V(true) gives the flag alone; V(false) and none drop it; a list repeats it, once for each item; texts and numbers
    are written after an equals sign. The order is kept.
  - It fails, with the name of the flag, when the name begins with a hyphen or the value is a mapping or holds one.
options:
  _input:
    description: Flags by name, without the hyphen.
    type: dict
    required: true
seealso:
  - name: Consul agent, command line
    description: All flags.
    link: https://developer.hashicorp.com/consul/commands/agent
"""

EXAMPLES = """
- name: Show ["-server", "-node=n1", "-retry-join=a", "-retry-join=b"]
  ansible.builtin.debug:
    msg: "{{ flags | servicedns.consul.agent_arguments }}"
  vars:
    flags: {server: true, node: n1, ui: false, retry-join: [a, b]}
"""

RETURN = """
_value:
  description: Arguments, in the order of the flags.
  type: list
  elements: str
"""


def agent_arguments(flags: Any) -> list[str]:
    """Make arguments of the agent's command line of a mapping of flags."""
    if not isinstance(flags, Mapping):
        raise AnsibleFilterError(f"agent_arguments: needs a mapping of flags, not a {type(flags).__name__}")
    try:
        return addresses.agent_arguments(decrypted(flags))
    except ValueError as error:
        raise AnsibleFilterError(f"agent_arguments: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"agent_arguments": agent_arguments}
