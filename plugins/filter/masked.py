# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul import masking
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import decrypted

DOCUMENTATION = """
name: masked
short_description: Take the secrets out of a text of Consul
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Replaces values that may be secret by three asterisks, and keeps their keys. These are the values of a search in a cloud
    (C(provider=aws secret_access_key=...)) but for those that tell what is searched, the values of keys that name a secret, and
    those in O(known), wherever they are.
options:
  _input:
    description: A text, such as an item of C(consul_agent_retry_join), or a log of the agent.
    type: str
    required: true
  known:
    description: Searches or configurations that have secrets.
    type: raw
seealso:
  - name: Consul cloud auto-join
    description: What a search in a cloud may hold.
    link: https://developer.hashicorp.com/consul/docs/deploy/server/cloud-auto-join
"""

EXAMPLES = """
- name: Show provider=aws tag_key=role secret_access_key=***
  ansible.builtin.debug:
    msg: "{{ 'provider=aws tag_key=role secret_access_key=abcd' | servicedns.consul.masked }}"
"""

RETURN = """
_value:
  description: The text without secrets.
  type: str
"""


def masked(text: Any, known: Any = None) -> str:
    """A text without the secrets in it, and without those that are known."""
    return masking.masked(str(decrypted(text)), decrypted(known))


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"masked": masked}
