#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: resolver_switch
short_description: Make a host's resolver ask a name server, without one failed lookup
version_added: 0.1.0
description:
  - Makes systemd-resolved, or a plain C(/etc/resolv.conf), ask a name server that answers already.
  - While systemd-resolved restarts, C(/etc/resolv.conf) names that server beside it, because the C library gives up at once
    when nobody listens.
  - When a name that resolved before does not resolve after, everything is put back and the module fails.
author:
  - servicedns.consul contributors (@servicedns)
options:
  resolver:
    description:
      - What the programs of the host resolve names with. Where systemd-resolved is not installed yet, everything is made
        ready for it, and its package is to be installed next.
    type: str
    choices: [systemd_resolved, resolv_conf]
    required: true
  address:
    description: Address of the name server, on port 53.
    type: str
    required: true
  domain:
    description: Domain that systemd-resolved asks this name server alone for.
    type: str
    required: true
  probe_names:
    description: Names that must resolve after the switch if they resolved before.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    description: Says what would change.
  diff_mode:
    support: full
    description: Shows the file that changes.
"""

EXAMPLES = r"""
- name: Make systemd-resolved ask dnsmasq
  servicedns.consul.resolver_switch:
    resolver: systemd_resolved
    address: 127.0.0.2
    domain: consul
    probe_names: [deb.debian.org]
"""

RETURN = r"""
probed:
  description: Names that resolved before and after.
  returned: when something changed
  type: list
  elements: str
"""

import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver

STUB = "127.0.0.53"
PATIENCE = 10.0  # seconds that a name may take to resolve again before the switch counts as failed


def eventually(condition: t.Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether a condition holds within some seconds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Resolved:
    """systemd-resolved, configured by a drop-in that it reads when it starts."""

    path = resolver.RESOLVED_DROP_IN

    def __init__(self, address: str, domain: str) -> None:
        self.address = address
        self.domain = domain
        self.before = host.read(self.path)
        # A second server would be asked for the domain as well: a domain belongs to all global servers, so reset the list.
        self.after = f"# Managed by servicedns.consul.\n[Resolve]\nDNS=\nDNS={address}\nDomains=~{domain}\n"

    def in_force(self) -> bool:
        """Whether the running service has what the file says, also when an earlier run was cut off."""
        if self.before != self.after or os.path.islink(resolver.ORIGINAL_LINK):
            return False
        servers, domains = (host.run("resolvectl", what).splitlines()[0].split()[1:] for what in ("dns", "domain"))
        return servers == [self.address] and f"~{self.domain}" in domains

    def write(self, content: str) -> None:
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        if content:
            host.write_atomically(self.path, content)
        elif os.path.exists(self.path):
            os.unlink(self.path)

    def apply(self, content: str) -> None:
        self.write(content)
        self._stand_in()
        try:
            host.run("systemctl", "restart", "systemd-resolved.service")
        finally:
            os.rename(resolver.ORIGINAL_LINK, resolver.RESOLV_CONF)

    def _stand_in(self) -> None:
        if not os.path.islink(resolver.ORIGINAL_LINK):
            os.symlink(os.readlink(resolver.RESOLV_CONF), resolver.ORIGINAL_LINK)
        servers = f"nameserver {STUB}\nnameserver {self.address}\n"
        others = [line for line in host.read(resolver.RESOLVED_STUB).splitlines() if line.startswith(("search", "options"))]
        # A rename replaces the link itself: at no moment there is no /etc/resolv.conf.
        staged = "/etc/.resolv.conf.servicedns-stand-in"
        host.write_atomically(staged, servers + "".join(f"{line}\n" for line in others), mode=0o644)
        os.rename(staged, resolver.RESOLV_CONF)


class ResolvedToCome:
    """systemd-resolved, about to be installed: what it will find, so that names resolve until it runs.

    Its package links /etc/resolv.conf to the stub's file and starts the service later, unless the link is there already.
    """

    path = resolver.RESOLV_CONF

    def __init__(self, address: str, domain: str) -> None:
        self.drop_in = Resolved(address, domain)
        self.before = host.read(self.path)
        kept = [line for line in self.before.splitlines() if line.startswith(("search", "options"))]
        self.after = "\n".join([f"nameserver {address}", *kept]) + "\n"

    def in_force(self) -> bool:
        return os.path.realpath(self.path) == resolver.RESOLVED_STUB

    def apply(self, content: str) -> None:
        if content == self.before:
            host.write_atomically(self.path, content)
            os.unlink(self.drop_in.path)
            return
        host.write_atomically(resolver.BEFORE_RESOLVED, self.before)
        self.drop_in.write(self.drop_in.after)
        os.makedirs(os.path.dirname(resolver.RESOLVED_STUB), exist_ok=True)
        host.write_atomically(resolver.RESOLVED_STUB, content)
        os.symlink(f"..{resolver.RESOLVED_STUB}", resolver.ORIGINAL_LINK)
        os.rename(resolver.ORIGINAL_LINK, self.path)


class ResolvConf:
    """A plain /etc/resolv.conf, which every program reads by itself when it changes."""

    path = resolver.RESOLV_CONF

    def __init__(self, address: str, domain: str) -> None:
        self.before = host.read(self.path)
        # The others stay: dnsmasq asks them, and programs do while dnsmasq is away.
        self.after = resolver.with_nameserver_first(self.before, address)

    def in_force(self) -> bool:
        return self.before == self.after

    def apply(self, content: str) -> None:
        host.write_atomically(self.path, content)


Target = t.Union[Resolved, ResolvedToCome, ResolvConf]


def choose(kind: str, address: str, domain: str) -> Target:
    """What is to be switched on this host."""
    if kind == "resolv_conf":
        return ResolvConf(address, domain)
    return (Resolved if resolver.resolved_installed() else ResolvedToCome)(address, domain)


def switch(target: Target, address: str, probe_names: list[str]) -> list[str]:
    """Switch, look again, and switch back if a name was lost. Raises L(host.HostError) with the reason."""
    probed = [name for name in probe_names if resolver.resolves(name)]
    unanswered = [name for name in probed if not eventually(lambda name=name: resolver.answers(address, name))]  # type: ignore[misc]
    if unanswered:
        raise host.HostError(
            f"dnsmasq at {address} does not answer for {', '.join(unanswered)}, which this host resolves; "
            "the resolver was left as it was. See journalctl -u dnsmasq-consul"
        )
    try:
        target.apply(target.after)
        lost = [name for name in probed if not eventually(lambda name=name: resolver.resolves(name))]  # type: ignore[misc]
        if lost:
            raise host.HostError(f"after the switch {', '.join(lost)} did not resolve any more")
    except (OSError, host.HostError) as error:
        target.apply(target.before)
        raise host.HostError(f"{error}; {target.path} was put back as it was") from error
    return probed


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            resolver=dict(type="str", choices=["systemd_resolved", "resolv_conf"], required=True),
            address=dict(type="str", required=True),
            domain=dict(type="str", required=True),
            probe_names=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    params = module.params
    try:
        target = choose(params["resolver"], params["address"], params["domain"])
        if target.in_force():
            module.exit_json(changed=False)
        diff = dict(before_header=target.path, before=target.before, after_header=target.path, after=target.after)
        if module.check_mode:
            module.exit_json(changed=True, diff=diff)
        probed = switch(target, params["address"], params["probe_names"])
    except host.HostError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=True, diff=diff, probed=probed)


if __name__ == "__main__":
    main()
