#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding
short_description: Run dnsmasq and make a host's resolver ask it, without one failed lookup
version_added: 0.1.0
description:
  - Runs dnsmasq as the service C(dnsmasq-consul), then makes systemd-resolved, or a plain C(/etc/resolv.conf), ask it.
  - The configuration is tried by a dnsmasq on another port before it takes the place of the former. This dnsmasq must know
    what the host knows, and stands in for the other while that restarts.
  - While systemd-resolved restarts, dnsmasq gets what its stub would get, because the C library gives up at once when nobody
    listens.
  - When anything fails, or a name that resolved before does not resolve after, everything is put back and the module fails
    with the reason.
author:
  - servicedns.consul contributors (@servicedns)
options:
  configuration:
    description: Configuration of dnsmasq.
    type: str
    required: true
  servers:
    description: The servers that dnsmasq asks. When nothing else changes, it goes on answering while it reads them again.
    type: str
    required: true
  service:
    description: The unit of the service.
    type: str
    required: true
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
  names:
    description: Names that resolve on this host, and must go on to. Looked up also when nothing changes.
    type: list
    elements: str
    default: []
  packages_before:
    description: The packages that the host had before dnsmasq was installed for this. What came with it goes with it.
    type: list
    elements: str
    default: []
  give_up:
    description: Put back what was made ready for a systemd-resolved that could not be installed.
    type: bool
    default: false
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
  servicedns.consul.forwarding:
    configuration: "{{ lookup('ansible.builtin.template', 'dnsmasq.conf.j2') }}"
    servers: "{{ lookup('ansible.builtin.template', 'dnsmasq.servers.j2') }}"
    service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul.service.j2') }}"
    resolver: systemd_resolved
    address: 127.0.0.2
    domains: [consul]
    consul: 127.0.0.1#8600
    names: [www.debian.org]
"""

RETURN = r"""# """

import subprocess
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, host, record, resolver, resolver_targets

KINDS = [*resolver_targets.TARGETS]


def packages() -> set[str]:
    """The packages that are installed."""
    return set(host.run("dpkg-query", "--show", "--showformat=${binary:Package}\n").split())


def consul_names(server: str, domain: str) -> list[str]:
    """A name that Consul has, if it answers at all."""
    address, _sharp, port = server.partition("#")
    name = f"consul.service.{domain}"
    return [name] if resolver.answers(address, name, port=int(port)) else []


def switch(targets: t.Sequence[resolver_targets.Target], names: t.Sequence[str]) -> None:
    """Switch, look again, and switch back if a name was lost. Raises L(host.HostError) with the reason."""
    begun: list[resolver_targets.Target] = []
    try:
        for target in targets:
            begun.append(target)
            target.apply(target.after)
        lost = dnsmasq.missing(names, resolver.resolves)
        if lost:
            raise host.HostError(f"after the switch {', '.join(lost)} did not resolve any more")
    except (OSError, host.HostError) as error:
        for target in reversed(begun):
            target.apply(target.before)
        paths = " and ".join(target.path for target in begun)
        raise host.HostError(f"{error}; {paths} was put back as it was") from error


def forward(service: dnsmasq.Service, pending: t.Sequence[resolver_targets.Target], names: t.Sequence[str]) -> bool:
    """Bring dnsmasq, and the switch that is still to be made, into force. Raises L(host.HostError) with the reason, after everything was put back."""
    changed = not service.in_force()
    try:
        if changed:
            service.start(names)
        else:
            service.check(names)
        if pending:
            switch(pending, names)
            changed = True
    except (OSError, host.HostError) as error:
        journal = host.run("journalctl", f"--unit={dnsmasq.UNIT}", "--lines=10", "--output=cat").strip()
        if changed:
            service.put_back()
        raise host.HostError(f"{error}\nThe end of dnsmasq's journal:\n{journal}") from error
    return changed


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            configuration=dict(type="str", required=True),
            servers=dict(type="str", required=True),
            service=dict(type="str", required=True),
            resolver=dict(type="str", choices=KINDS, required=True),
            address=dict(type="str", required=True),
            domains=dict(type="list", elements="str", required=True),
            reverse_networks=dict(type="list", elements="str", default=[]),
            consul=dict(type="str", required=True),
            names=dict(type="list", elements="str", default=[]),
            packages_before=dict(type="list", elements="str", default=[]),
            give_up=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    params = module.params
    service = dnsmasq.Service(params["configuration"], params["servers"], params["service"])
    zones = [zone for network in params["reverse_networks"] for zone in resolver.reverse_zones(network)]
    routes = [*params["domains"], *zones]
    targets = resolver_targets.choose(params["resolver"], params["address"], routes)
    diff = [
        dict(before_header=path, before=service.before[path], after_header=path, after=service.after[path])
        for path in service.changes()
    ]
    try:
        pending = [target for target in targets if not target.in_force()]
        diff += [
            dict(before_header=target.path, before=target.before, after_header=target.path, after=target.after)
            for target in pending
        ]
        if params["give_up"]:
            changed = False
            for target in targets:
                if isinstance(target, resolver_targets.ResolvedToCome):
                    target.apply(target.before)
                    changed = True
        elif module.check_mode:
            changed = bool(diff) or not service.in_force()
        else:
            came = packages() - set(params["packages_before"]) if params["packages_before"] else set()
            paths = [path for target in targets for path in target.paths()]
            record.Record().remember(
                paths, came, resolver=params["resolver"], address=params["address"], domains=routes
            )
            names = params["names"] + consul_names(params["consul"], params["domains"][0])
            changed = forward(service, pending, names)
    except (OSError, subprocess.SubprocessError, host.HostError) as error:
        module.fail_json(msg=f"dnsmasq_forwarding: {error}")
    module.exit_json(changed=changed, diff=diff)


if __name__ == "__main__":
    main()
