#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnsmasq_forwarding_network
short_description: Answer other hosts for Consul's names
version_added: 0.1.0
description:
  - Runs a dnsmasq as the service C(dnsmasq-consul-network), which other hosts ask while their own agent is away. It asks the
    agent of its host, and refuses all names that are not Consul's.
author:
  - servicedns.consul contributors (@servicedns)
options:
  state:
    description: Whether other hosts are answered.
    type: str
    choices: [present, absent]
    default: present
  configuration:
    description: Configuration of this dnsmasq.
    type: str
    default: ""
  service:
    description: The unit of its service.
    type: str
    default: ""
  address:
    description: Where it answers, address and port as dnsmasq writes them.
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
- name: Answer other hosts
  servicedns.consul.dnsmasq_forwarding_network:
    configuration: "{{ lookup('ansible.builtin.template', 'dnsmasq-network.conf.j2') }}"
    service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul-network.service.j2') }}"
    address: 192.168.100.4#8600
"""

RETURN = r"""# """

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, dnsmasq_beside


def forward(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Run the service, or remove it."""
    present = params["state"] == "present"
    files = {name: params[name] for name in ("configuration", "service") if present}
    service = dnsmasq_beside.Beside(dnsmasq_beside.NETWORK, **files)
    changed = not service.in_force()
    if changed and not check_mode:
        if present:
            address, _sharp, port = params["address"].partition("#")
            with service:
                service.start(address, int(port))
        else:
            service.stop()
    return dict(changed=changed, diff=service.diff())


def main() -> None:
    entry.run_module(
        dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            configuration=dict(type="str", default=""),
            service=dict(type="str", default=""),
            address=dict(type="str", default=""),
        ),
        dnsmasq.one_at_a_time(forward),
        "dnsmasq_forwarding_network_address",
    )


if __name__ == "__main__":
    main()
