#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnsmasq_forwarding_containers
short_description: Let the containers of a host ask its dnsmasq
version_added: 0.1.0
description:
  - Runs a second dnsmasq as the service C(dnsmasq-consul-containers), which answers on the bridges of the Docker engine alone
    and asks the first.
  - Makes it the first name server of C(/etc/docker/daemon.json). Everything else in that file stays, as do other name servers.
  - When that file changes the engine is restarted, as it reads its name servers at no other time. Containers go on running, except in a swarm.
    They have the new name server when they are started the next time.
  - Containers that are made for it, on the default bridge and on a network of its own, must resolve names by asking this dnsmasq
    before that file is written, and without being told to after it. Otherwise all is put back, with the reason.
  - Containers that run go on asking what they were told when they were started. While there is one that asks this dnsmasq,
    V(absent) writes the file and leaves the service, with a warning that names the container.
author:
  - servicedns.consul contributors (@servicedns)
options:
  state:
    description: Whether containers are answered.
    type: str
    choices: [present, absent]
    default: present
  configuration:
    description: Configuration of the second dnsmasq.
    type: str
    default: ""
  service:
    description: The unit of its service.
    type: str
    default: ""
  address:
    description: Address of the host on the default bridge.
    type: str
    default: ""
  server:
    description: Address of the first dnsmasq.
    type: str
    default: ""
  names:
    description: Names to look up in containers, as far as the first dnsmasq knows them. Two are enough.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Says what would change.
  diff_mode:
    support: full
    description: Shows the files that change.
"""

EXAMPLES = r"""
- name: Answer containers
  servicedns.consul.dnsmasq_forwarding_containers:
    configuration: "{{ lookup('ansible.builtin.template', 'dnsmasq-containers.conf.j2') }}"
    service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul-containers.service.j2') }}"
    address: 172.17.0.1
    server: 127.0.0.2
    names: [consul.service.consul, www.debian.org]
"""

RETURN = r"""# """

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq
from ansible_collections.servicedns.consul.plugins.module_utils.docker import forwarding
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

#: Of the options that messages name.
VARIABLES = {"state": "dnsmasq_forwarding_containers"}


def act(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Answer containers, or stop that."""
    options = ("configuration", "service", "address")
    change = forwarding.Change(**{name: params[name] for name in options if params["state"] == "present"})
    warnings = change.make(params["server"], params["names"], check_mode)
    return dict(changed=change.is_needed(), warnings=warnings, diff=change.diff())


def main() -> None:
    entry.run_module(
        dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            configuration=dict(type="str", default=""),
            service=dict(type="str", default=""),
            address=dict(type="str", default=""),
            server=dict(type="str", default=""),
            names=dict(type="list", elements="str", default=[]),
        ),
        saying_variables(dnsmasq.one_at_a_time(act), VARIABLES),
        "dnsmasq_forwarding_containers",
    )


if __name__ == "__main__":
    main()
