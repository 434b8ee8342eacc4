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
        recursors:
          description: Addresses of all resolvers for all other names, as they are now.
          type: list
          elements: str
        bridges:
          description: Address of the default bridge, interfaces on which containers are, and others that only look so.
          type: dict
        containers_answered:
          description: Whether containers are answered already.
          type: bool
        upstreams_file:
          description: The file in which the host keeps its resolvers. Empty when they were given.
          type: str
          sample: /run/systemd/resolve/resolv.conf
"""

import os
import socket

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import engine, host, resolver

UNIT = "dnsmasq-consul.service"
CONTAINERS_UNIT = "dnsmasq-consul-containers.service"
DNSMASQ = "/usr/sbin/dnsmasq"
WISHES = ["auto", "systemd_resolved", "networkmanager", "resolvconf", "resolv_conf", "none"]


def foreign_listeners(found: list[host.Socket], addresses: list[str], our_pids: list[int]) -> list[host.Socket]:
    """The sockets that keep our dnsmasq from listening."""
    return [
        listener
        for listener in found
        if listener.port == 53
        and any(listener.covers(address) for address in addresses)
        and not any(host.descends(listener.pid, pid) for pid in our_pids if pid)
    ]


def foreign_addresses(addresses: list[str]) -> list[str]:
    """The addresses that the host does not have: nothing can be bound to them."""
    foreign = []
    for address in addresses:
        with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind((address, 0))
            except OSError:
                foreign.append(address)
    return foreign


def found_upstreams(kind: str, found: resolver.Host) -> tuple[list[str], str]:
    """The resolvers the host uses: those to be written down, and the file that keeps the others current."""
    path = resolver.upstreams_file(kind, found)
    if path != resolver.RESOLVED_UPLINK:
        return [], path
    # Our drop-in takes the place of the global servers, so dnsmasq has to ask them now.
    static = (
        resolver.global_servers(host.run("systemd-analyze", "cat-config", "systemd/resolved.conf"))
        if found.resolved_installed
        else []
    )
    before = host.read(resolver.BEFORE_RESOLVED) or (found.resolv_conf if not found.resolved_installed else "")
    return static + resolver.nameservers(before), path


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            listen_addresses=dict(type="list", elements="str", required=True),
            resolver=dict(type="str", choices=WISHES, default="auto"),
            upstreams=dict(type="list", elements="str", default=[]),
            containers=dict(type="bool", default=False),
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
    wanted = list(params["listen_addresses"])
    bridges = engine.Bridges("", [], [])
    if params["containers"]:
        try:
            bridges = engine.this_engine()
            engine.parse(host.read(engine.CONFIGURATION))
            wanted.append(bridges.address)
        except host.HostError as error:
            problems.append(str(error))
    our_pids = [
        int(host.run("systemctl", "show", "--property=MainPID", "--value", unit) or 0)
        for unit in (UNIT, CONTAINERS_UNIT)
    ]
    problems += [
        f"dnsmasq_forwarding_listen_addresses: '{address}' is no address of this host; it has "
        + ", ".join(str(interface) for _name, interface in host.parse_addresses(host.run("ip", "-json", "address")))
        + " and those in 127.0.0.0/8"
        for address in foreign_addresses(params["listen_addresses"])
    ]
    held = foreign_listeners(host.listeners(), wanted, our_pids)
    problems += [f"{listener}, but dnsmasq needs it (dnsmasq_forwarding_listen_addresses)" for listener in held]
    if problems:
        module.fail_json(msg="; ".join(problems))
    ours = params["listen_addresses"]
    listed = resolver.nameservers(host.read(upstreams_file)) if upstreams_file else []
    recursors = list(dict.fromkeys(server.partition("#")[0] for server in [*upstreams, *listed]))
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
                bridges=bridges._asdict(),
                containers_answered=os.path.exists(f"/etc/systemd/system/{CONTAINERS_UNIT}"),
                recursors=[server for server in recursors if server not in (*ours, resolver.STUB)],
            )
        ),
    )


if __name__ == "__main__":
    main()
