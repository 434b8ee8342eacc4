# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: service
short_description: Find the instances of services in a running Consul catalog
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Returns the instances that DNS answers with, which are those of which no check is critical, or fewer.
  - It runs on the control node, which must reach an agent's HTTP API.
extends_documentation_fragment:
  - servicedns.consul.consul_api
  - servicedns.consul.consul_api.plugin
options:
  _terms:
    description: Names of services.
    type: list
    elements: str
    required: true
  tag:
    description: Only instances with this tag.
    type: str
    default: ""
  health:
    description:
      - V(passing) leaves out instances of which a check warns; V(warning) does not, as DNS does not by default; V(any) leaves
        out none.
    type: str
    choices: [passing, warning, any]
    default: passing
notes:
  - With one instance, C(lookup) returns that instance; C(query) always returns a list.
"""

EXAMPLES = """
- name: Write the back ends of a proxy
  ansible.builtin.copy:
    content: |
      {% for instance in query('servicedns.consul.service', 'flapp1') %}
      server {{ instance.node }} {{ instance.address }}:{{ instance.port }}
      {% endfor %}
    dest: /etc/backends
    mode: "0644"

- name: Refuse to go on while a service is down
  ansible.builtin.assert:
    that: query('servicedns.consul.service', 'flapp1', url='http://192.168.100.4:8500') | length > 0
"""

RETURN = """
_raw:
  description: Instances, by node and id.
  type: list
  elements: dict
  contains:
    node:
      description: Node that it runs on.
      type: str
    id:
      description: Its id.
      type: str
    name:
      description: Name of the service.
      type: str
    address:
      description: Its own address, or its node's.
      type: str
    port:
      description: Its port, 0 where it has none.
      type: int
    tags:
      description: Its tags.
      type: list
      elements: str
    meta:
      description: Its meta.
      type: dict
    status:
      description: The worst that its checks say, V(passing) where it has none.
      type: str
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.plugin_utils.catalog import catalog_of

#: What may be returned for each wish.
HEALTHS = {
    "passing": ("passing",),
    "warning": ("passing", "warning"),
}


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core has no types
    """The lookup of this file."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """The instances of all services that are named."""
        self.set_options(var_options=variables, direct=kwargs)
        health, tag = self.get_option("health"), self.get_option("tag")
        found: list[dict[str, Any]] = []
        for term in terms:
            if not isinstance(term, str) or not term:
                raise AnsibleLookupError(f"service: {term!r} is no name of a service")
            try:
                instances = catalog_of(self.get_option).instances(term, tag)
            except HostError as error:
                raise AnsibleLookupError(f"service: {error}") from error
            found += [item for item in instances if health == "any" or item["status"] in HEALTHS[health]]
        return sorted(found, key=lambda item: (item["name"], item["node"], item["id"]))
