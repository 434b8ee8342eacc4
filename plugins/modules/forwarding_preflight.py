#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding_preflight
short_description: Check whether a host's resolver can be made to ask dnsmasq
version_added: 0.1.0
description:
  - Finds how the host resolves names and looks who holds port 53 of the addresses that dnsmasq is to listen on.
    Changes nothing.
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
    choices: [auto, systemd_resolved, resolv_conf, none]
    default: auto
  upstreams:
    description: Resolvers for all other names. Empty means those that the host uses.
    type: list
    elements: str
    default: []
  probe_names:
    description: Names to look up, as programs of the host do.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Check the host
  servicedns.consul.forwarding_preflight:
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
        apt_present:
          description: Whether the host's Python has the apt library, without which Ansible cannot try an installation.
          type: bool
        names:
          description: The probe names that resolve.
          type: list
          elements: str
        upstreams:
          description: Resolvers for all other names, as far as RV(ansible_facts.dnsmasq_forwarding.upstreams_file) does not
            list them.
          type: list
          elements: str
        upstreams_file:
          description: The file in which the host keeps its resolvers. Empty when they were given.
          type: str
          sample: /run/systemd/resolve/resolv.conf
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver

UNIT = "dnsmasq-consul.service"
DNSMASQ = "/usr/sbin/dnsmasq"


def foreign_listeners(found: list[host.Listener], addresses: list[str], our_pid: int) -> list[host.Listener]:
    """The sockets that keep our dnsmasq from listening."""
    return [
        listener
        for listener in found
        if listener.port == 53
        and any(listener.covers(address) for address in addresses)
        and not (our_pid and host.descends(listener.pid, our_pid))
    ]


def found_upstreams(chosen: str, found: resolver.Host) -> tuple[list[str], str]:
    """The resolvers the host uses: those to be written down, and the file that keeps the others current."""
    if not (chosen == "systemd_resolved" or found.resolved_active):
        return [], resolver.RESOLV_CONF
    # Our drop-in takes the place of the global servers, so dnsmasq has to ask them now.
    static = (
        resolver.global_servers(host.run("systemd-analyze", "cat-config", "systemd/resolved.conf"))
        if found.resolved_installed
        else []
    )
    before = host.read(resolver.BEFORE_RESOLVED) or (found.resolv_conf if not found.resolved_installed else "")
    return static + resolver.nameservers(before), resolver.RESOLVED_UPLINK


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            listen_addresses=dict(type="list", elements="str", required=True),
            resolver=dict(type="str", choices=["auto", "systemd_resolved", "resolv_conf", "none"], default="auto"),
            upstreams=dict(type="list", elements="str", default=[]),
            probe_names=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    params = module.params
    problems = []
    found = resolver.this_host()
    chosen = ""
    upstreams, upstreams_file = params["upstreams"], ""
    try:
        chosen = resolver.choose(params["resolver"], found)
        if not upstreams:
            upstreams, upstreams_file = found_upstreams(chosen, found)
            upstreams = [server for server in upstreams if server not in params["listen_addresses"]]
    except host.HostError as error:
        problems.append(str(error))
    our_pid = int(host.run("systemctl", "show", "--property=MainPID", "--value", UNIT) or 0)
    held = foreign_listeners(host.listeners(), params["listen_addresses"], our_pid)
    problems += [f"{listener}, but dnsmasq needs it (dnsmasq_forwarding_listen_addresses)" for listener in held]
    if problems:
        module.fail_json(msg="; ".join(problems))
    module.exit_json(
        changed=False,
        ansible_facts=dict(
            dnsmasq_forwarding=dict(
                resolver=chosen,
                resolved_installed=found.resolved_installed,
                dnsmasq_installed=os.path.exists(DNSMASQ),
                apt_present=host.has_python_module("apt"),
                # A name of /etc/hosts says nothing about a name server.
                names=[
                    name
                    for name in params["probe_names"]
                    if name not in host.read("/etc/hosts").split() and resolver.resolves(name)
                ],
                upstreams=upstreams,
                upstreams_file=upstreams_file,
            )
        ),
    )


if __name__ == "__main__":
    main()
