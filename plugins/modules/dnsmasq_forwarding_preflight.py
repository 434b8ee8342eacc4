#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnsmasq_forwarding_preflight
short_description: Check whether a host's resolver can be made to ask dnsmasq
version_added: 0.1.0
description:
  - Finds how the host resolves names, which names it depends on, and what keeps dnsmasq from answering them. Says all of it
    at once. Changes nothing.
author:
  - servicedns.consul contributors (@servicedns)
options:
  listen_addresses:
    description: Addresses that dnsmasq is to listen on.
    type: list
    elements: str
    required: true
  resolver:
    description: The resolver that is wanted, see the role dnsmasq_forwarding.
    type: str
    choices: [auto, systemd_resolved, networkmanager, resolvconf, resolv_conf, none]
    default: auto
  upstreams:
    description: Resolvers for all other names. Empty means those that the host uses.
    type: list
    elements: str
    default: []
  containers:
    description: Whether containers are to be answered.
    type: bool
    default: false
  network_address:
    description: Where other hosts are to be answered, address and port as dnsmasq writes them. Empty means nowhere.
    type: str
    default: ""
  probe_names:
    description:
      - Names to look up, as programs of the host do. Those that the host itself depends on come to them, which are its own
        name and its search domains, O(image)'s registry, and the mirrors of its package sources.
    type: list
    elements: str
    default: []
  domains:
    description: Other domains, each with the servers that are to be asked for it.
    type: dict
    default: {}
  consul_domains:
    description: Consul's domains.
    type: list
    elements: str
    default: [consul]
  image:
    description: An image that the host pulls.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Check the host
  servicedns.consul.dnsmasq_forwarding_preflight:
    listen_addresses: [127.0.0.2]
"""

RETURN = r"""
ansible_facts:
  description: What was found.
  returned: success
  type: dict
  contains:
    dnsmasq_forwarding:
      description: Facts for the role dnsmasq_forwarding.
      type: dict
      contains:
        resolver:
          description: What is to be switched.
          type: str
          sample: systemd_resolved
        resolved_installed:
          description: Whether the host has systemd-resolved.
          type: bool
        dnsmasq_installed:
          description: Whether the host has dnsmasq.
          type: bool
        names:
          description: The probe names that resolve, without those that take a second longer than others.
          type: list
          elements: str
        upstreams:
          description: Resolvers for all other names, as far as RV(ansible_facts.dnsmasq_forwarding.upstreams_file) does not
            list them.
          type: list
          elements: str
        bridges:
          description: Address of the default bridge, interfaces on which containers are, and others that only look so.
          type: dict
        network_answered:
          description: Whether other hosts are answered already.
          type: bool
        containers_answered:
          description: Whether containers are answered already.
          type: bool
        upstreams_file:
          description: The file in which the host keeps its resolvers. Empty when they were given.
          type: str
          sample: /run/systemd/resolve/resolv.conf
        patience:
          description: Seconds after which the host's programs ask the next name server.
          type: int
          sample: 5
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.dns import preflight
from ansible_collections.servicedns.consul.plugins.module_utils.dns.detect import KINDS
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

#: Of the options that messages name.
VARIABLES = {
    option: f"dnsmasq_forwarding_{option}"
    for option in (
        "containers",
        "domains",
        "listen_addresses",
        "network_address",
        "probe_names",
        "resolver",
        "upstreams",
    )
}


def act(params: dict[str, t.Any], _check_mode: bool) -> dict[str, t.Any]:
    """Look at the host."""
    facts, warnings = preflight.look(preflight.PreflightOptions(**params))
    return dict(warnings=warnings, ansible_facts=dict(dnsmasq_forwarding=facts))


def main() -> None:
    entry.run_module(
        dict(
            listen_addresses=dict(type="list", elements="str", required=True),
            resolver=dict(type="str", choices=["auto", *dict.fromkeys(KINDS.values()), "none"], default="auto"),
            upstreams=dict(type="list", elements="str", default=[]),
            domains=dict(type="dict", default={}),
            containers=dict(type="bool", default=False),
            network_address=dict(type="str", default=""),
            probe_names=dict(type="list", elements="str", default=[]),
            image=dict(type="str", default=""),
            consul_domains=dict(type="list", elements="str", default=["consul"]),
        ),
        saying_variables(act, VARIABLES),
    )


if __name__ == "__main__":
    main()
