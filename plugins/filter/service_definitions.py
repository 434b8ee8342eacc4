# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.instances import definitions_findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.service import converted_service
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import Remark, decrypted, kind_of

DOCUMENTATION = """
name: service_definitions
short_description: Check the services of a host and make one list of them
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Takes lists of services in Consul's own schema by the names of the variables that they come from, and returns one list
    in that order. A number that is wanted may be a text, as some templates give it, and the other way round; Consul gets
    what it wants.
  - It fails when an agent or the catalog would refuse a service, or when two have the same id, with all that is wrong,
    each with the path to it.
  - No message shows a value that may be a secret.
options:
  _input:
    description: Lists of services by variable.
    type: dict
    required: true
  allow_unknown_keys:
    description: Let keys of services and checks pass that Consul 1.22 does not have, for a later Consul or Enterprise.
    type: bool
    default: false
seealso:
  - name: Services configuration reference
    description: The schema of services.
    link: https://developer.hashicorp.com/consul/docs/reference/service
  - name: Health check configuration reference
    description: The schema of checks.
    link: https://developer.hashicorp.com/consul/docs/reference/service/health-check
"""

EXAMPLES = """
- name: Show the services of the host and those of its group
  ansible.builtin.debug:
    msg: "{{ {'mine': mine, 'ours': ours} | servicedns.consul.service_definitions }}"
  vars:
    mine:
      - name: web
        port: 80
        check:
          http: http://localhost/health
          interval: 10s
    ours:
      - name: node-exporter
        port: 9100
"""

RETURN = """
_value:
  description: The services of all lists.
  type: list
  elements: dict
"""


def service_definitions(sources: Any, allow_unknown_keys: Any = False) -> list[Any]:
    """Make one list of all services, when nothing is wrong with any."""
    if not isinstance(sources, Mapping):
        raise AnsibleFilterError(f"service_definitions: needs a mapping of lists of services, not {kind_of(sources)}")
    if not isinstance(allow_unknown_keys, bool):
        raise AnsibleFilterError("service_definitions: allow_unknown_keys must be true or false")
    sources = decrypted(sources)
    findings = [
        finding for finding in definitions_findings(sources, allow_unknown_keys) if not isinstance(finding[1], Remark)
    ]
    if findings:
        count = "1 error" if len(findings) == 1 else f"{len(findings)} errors"
        raise AnsibleFilterError(
            "\n".join([f"{count} in the services:", *(f"{path}: {text}" for path, text in findings)])
        )
    return [converted_service(service) for services in sources.values() for service in services]


class FilterModule:
    """The filter of this file."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Filters by name."""
        return {"service_definitions": service_definitions}
