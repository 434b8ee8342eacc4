#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_preflight
short_description: Check whether a Consul agent can run on a host
version_added: 0.1.0
description:
  - Finds the address of the agent, asks the Docker engine, and looks who holds the ports of Consul. Changes nothing.
  - Reports everything that is wrong with the host at once.
author:
  - servicedns.consul contributors (@servicedns)
options:
  network:
    description: CIDR of which the host must have exactly one address.
    type: str
    default: ""
  address:
    description: Address of the agent. It must be one of the host's.
    type: str
    default: ""
  client_address:
    description: Addresses, separated by spaces, of the agent's HTTP and DNS.
    type: str
    default: 127.0.0.1
  image:
    description: Image of the agent. Empty when only the address matters.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Check the host
  servicedns.consul.agent_preflight:
    network: 192.168.100.0/24
    image: hashicorp/consul:1.22.7
"""

RETURN = r"""
ansible_facts:
  description: What was found.
  returned: success
  type: dict
  contains:
    consul_agent:
      description: Facts for the roles of this collection.
      type: dict
      contains:
        address:
          description: Address of the agent on this host.
          type: str
          sample: 192.168.100.4
        http_url:
          description: Where the agent's HTTP API answers this host.
          type: str
          sample: http://127.0.0.1:8500
        dns_server:
          description: Where the agent's DNS answers this host, as dnsmasq writes it.
          type: str
          sample: 127.0.0.1#8600
        image_present:
          description: Whether the engine has the image already.
          type: bool
        requests_present:
          description: Whether the host's Python has the requests library, which community.docker needs.
          type: bool
        apt_present:
          description: Whether the host's Python has the apt library, without which Ansible cannot try an installation.
          type: bool
"""

import shutil
import typing as t
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import agent, host

AGENT_PORTS = (8300, 8301, 8302)
CLIENT_PORTS = (8500, 8600)


def foreign_listeners(
    found: list[host.Socket], address: str, client_addresses: list[str], is_ours: t.Callable[[int], bool]
) -> list[host.Socket]:
    """The sockets that keep an agent of ours from listening."""
    wanted = [(address, port) for port in AGENT_PORTS]
    wanted += [(client, port) for client in client_addresses for port in CLIENT_PORTS]
    return [
        listener
        for listener in found
        if any(listener.port == port and listener.covers(where) for where, port in wanted) and not is_ours(listener.pid)
    ]


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            network=dict(type="str", default=""),
            address=dict(type="str", default=""),
            client_address=dict(type="str", default="127.0.0.1"),
            image=dict(type="str", default=""),
        ),
        supports_check_mode=True,
    )
    params = module.params
    client_addresses = params["client_address"].split()
    problems = []
    address = ""
    container = image = None
    try:
        address = host.agent_address(params["network"], params["address"])
    except host.HostError as error:
        problems.append(str(error))
    try:
        container = host.docker_get(f"/containers/{host.CONTAINER}/json")
        if params["image"]:
            image = host.docker_get(f"/images/{quote(params['image'], safe='')}/json")
    except host.HostError as error:
        problems.append(str(error))
    if shutil.which("docker") is None:
        problems.append("the docker command is not installed (on Debian 13 and later: apt install docker-cli)")
    if address:
        pid = container["State"]["Pid"] if container else 0
        held = foreign_listeners(
            host.listeners(), address, client_addresses, lambda other: pid > 0 and host.descends(other, pid)
        )
        problems += [
            f"{listener}, but the Consul agent needs it; stop that, or move it to another port" for listener in held
        ]
    if problems:
        module.fail_json(msg="; ".join(problems))
    module.exit_json(
        changed=False,
        ansible_facts=dict(
            consul_agent=dict(
                address=address,
                http_url=agent.agent_url(params["client_address"]),
                dns_server=f"{agent.reachable_address(params['client_address'])}#8600",
                image_present=image is not None,
                requests_present=host.has_python_module("requests"),
                apt_present=host.has_python_module("apt"),
            )
        ),
    )


if __name__ == "__main__":
    main()
