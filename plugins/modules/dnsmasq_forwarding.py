#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnsmasq_forwarding
short_description: Run dnsmasq and make a host's resolver ask it, without one failed lookup
version_added: 0.1.0
description:
  - Runs dnsmasq as the service C(dnsmasq-consul), then makes systemd-resolved, or a plain C(/etc/resolv.conf), ask it.
  - The configuration is tried by a dnsmasq on another port before it takes the place of the former. This dnsmasq must know
    what the host knows, and stands in for the other while that restarts.
  - While systemd-resolved restarts, dnsmasq gets what its stub would get, because the C library gives up at once when nobody
    listens.
  - What an earlier run made ask it, in another way or at another address, is taken away as part of the switch.
  - When anything fails, or a name that resolved before does not resolve after, everything is put back and the module fails
    with the reason.
author:
  - servicedns.consul contributors (@servicedns)
options:
  files:
    description:
      - The contents of all files of the two dnsmasqs. One that is empty is not there.
      - When nothing but V(servers) changes, dnsmasq goes on answering while it reads them again.
    type: dict
    required: true
    suboptions:
      configuration:
        description: Configuration of the dnsmasq that takes all queries.
        type: str
        required: true
      servers:
        description: The servers that it asks for Consul's names, and for other domains with servers of their own.
        type: str
        required: true
      service:
        description: The unit of its service.
        type: str
        required: true
      upstreams_configuration:
        description: Configuration of the dnsmasq that asks the host's resolvers for all other names, in their order.
        type: str
        required: true
      upstreams_service:
        description: The unit of its service.
        type: str
        required: true
      upstreams_list:
        description: The program that copies the host's list of resolvers, without the addresses of dnsmasq.
        type: str
        default: ""
      upstreams_list_service:
        description: The unit that runs this program, which does so whenever the list changes.
        type: str
        default: ""
  upstreams_file:
    description: The resolv.conf(5) in which the host lists its resolvers. Empty where the configuration names them.
    type: str
    default: ""
  resolver:
    description:
      - What the programs of the host resolve names with. V(none) leaves it alone.
      - Where systemd-resolved is not installed yet, everything is made ready for it, and its package is to be installed next.
    type: str
    choices:
      - systemd_resolved
      - networkmanager
      - networkmanager_dnsmasq
      - resolvconf
      - resolv_conf
      - resolv_conf_and_resolved
      - none
    required: true
  address:
    description: Address on which dnsmasq answers, on port 53.
    type: str
    required: true
  domains:
    description: Domains that dnsmasq alone is asked for, where the resolver can tell domains apart. The first is Consul's.
    type: list
    elements: str
    required: true
  reverse_networks:
    description: CIDRs whose addresses' names dnsmasq alone is asked for.
    type: list
    elements: str
    default: []
  consul:
    description: Where Consul's DNS answers, as dnsmasq writes it. If it does, dnsmasq must answer for Consul's names.
    type: str
    required: true
  consul_required:
    description: Whether to change nothing, and to fail, when something is to change and Consul's DNS does not answer. Otherwise that is a warning.
    type: bool
    default: false
  names:
    description: Names that resolve on this host, and must go on to. Looked up also when nothing changes.
    type: list
    elements: str
    default: []
  installation:
    description: What C(apt-get) said when it installed something for this. What was new on the host goes with it.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Says what would change.
  diff_mode:
    support: full
    description: Shows the files that change.
"""

EXAMPLES = r"""
- name: Forward Consul's names
  servicedns.consul.dnsmasq_forwarding:
    files:
      configuration: "{{ lookup('ansible.builtin.template', 'dnsmasq.conf.j2') }}"
      servers: "{{ lookup('ansible.builtin.template', 'dnsmasq.servers.j2') }}"
      service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul.service.j2') }}"
      upstreams_configuration: "{{ lookup('ansible.builtin.template', 'upstreams.conf.j2') }}"
      upstreams_service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul-upstreams.service.j2') }}"
    resolver: systemd_resolved
    address: 127.0.0.2
    domains: [consul]
    consul: 127.0.0.1#8600
    names: [www.debian.org]
"""

RETURN = r"""# """

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, forwarding, switch


def act(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Make the change, or tell it."""
    change = forwarding.Change(forwarding.ForwardingOptions(**params))
    diff = change.diff()
    if check_mode:
        return {"changed": change.is_needed(), "diff": diff}
    changed, warnings = change.make()
    return {"changed": changed, "diff": diff, "warnings": warnings}


def main() -> None:
    entry.run_module(
        dict(
            files=dict(
                type="dict",
                required=True,
                options={
                    name: dict(type="str", default="")
                    if name.startswith("upstreams_list")
                    else dict(type="str", required=True)
                    for name in dnsmasq.FILES
                },
            ),
            upstreams_file=dict(type="str", default=""),
            resolver=dict(type="str", choices=[*switch.TARGETS], required=True),
            address=dict(type="str", required=True),
            domains=dict(type="list", elements="str", required=True),
            reverse_networks=dict(type="list", elements="str", default=[]),
            consul=dict(type="str", required=True),
            consul_required=dict(type="bool", default=False),
            names=dict(type="list", elements="str", default=[]),
            installation=dict(type="str", default=""),
        ),
        dnsmasq.one_at_a_time(act),
        "dnsmasq_forwarding",
    )


if __name__ == "__main__":
    main()
