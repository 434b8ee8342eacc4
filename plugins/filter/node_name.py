# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.servicedns.consul.plugins.module_utils.consul import addresses

DOCUMENTATION = """
name: node_name
short_description: Make a node name of a host's inventory name
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Takes the name up to its first dot, in lower case, and makes it a valid DNS label, since Consul serves no node over
    DNS whose name has a dot or an underscore. Every other character becomes a hyphen; hyphens at the ends are trimmed;
    63 characters are kept.
  - An IP address is taken whole, so V(192.168.100.4) becomes V(192-168-100-4).
  - It fails when nothing is left.
options:
  _input:
    description: Name of a host in the inventory.
    type: str
    required: true
seealso:
  - name: Consul DNS, static lookups
    description: Which names of nodes and services DNS can carry.
    link: https://developer.hashicorp.com/consul/docs/discover/dns
"""

EXAMPLES = """
- name: Show the node name of web_1.example.com, which is web-1
  ansible.builtin.debug:
    msg: "{{ 'web_1.example.com' | servicedns.consul.node_name }}"
"""

RETURN = """
_value:
  description: A DNS label in lower case.
  type: str
"""


def node_name(inventory_hostname: Any) -> str:
    """Make a DNS label of a host's name in the inventory."""
    try:
        return addresses.node_name(str(inventory_hostname))
    except ValueError as error:
        raise AnsibleFilterError(f"node_name: {error}") from error


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"node_name": node_name}
