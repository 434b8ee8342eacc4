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
  give_up:
    description: Put back what was made ready for a systemd-resolved that could not be installed.
    type: bool
    default: false
  names:
    description:
      - Names that resolve on this host, and must go on to. The name server must have them before anything is switched,
        and also when there is nothing to switch.
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
    names: [deb.debian.org]
"""

RETURN = r"""# """

import functools
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
        try:
            servers, domains = (
                host.run("resolvectl", what, timeout=5).splitlines()[0].split()[1:] for what in ("dns", "domain")
            )
        except host.HostError:
            # Installed a moment ago, the service may have come before the bus knew its user: it needs a restart.
            return False
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
        others = [
            line for line in host.read(resolver.RESOLVED_STUB).splitlines() if line.startswith(("search", "options"))
        ]
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
        self.before = host.read(resolver.BEFORE_RESOLVED) or host.read(self.path)
        kept = [line for line in self.before.splitlines() if line.startswith(("search", "options"))]
        self.after = "\n".join([f"nameserver {address}", *kept]) + "\n"

    def in_force(self) -> bool:
        return os.path.realpath(self.path) == resolver.RESOLVED_STUB

    def apply(self, content: str) -> None:
        if content == self.before:
            host.write_atomically(self.path, content)
            self.drop_in.write("")
            os.unlink(resolver.BEFORE_RESOLVED)
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


def missing(names: list[str], has: t.Callable[[str], bool]) -> list[str]:
    """The names that are not to be had, even after some patience."""
    return [name for name in names if not eventually(functools.partial(has, name))]


def check(address: str, names: list[str]) -> None:
    """Refuse a name server that does not know what the host knows."""
    unanswered = missing(names, functools.partial(resolver.answers, address))
    if unanswered:
        raise host.HostError(
            f"dnsmasq at {address} does not answer for {', '.join(unanswered)}, which this host resolves; "
            "the resolver was left as it was. See journalctl -u dnsmasq-consul"
        )


def switch(target: Target, names: list[str]) -> None:
    """Switch, look again, and switch back if a name was lost. Raises L(host.HostError) with the reason."""
    try:
        target.apply(target.after)
        lost = missing(names, resolver.resolves)
        if lost:
            raise host.HostError(f"after the switch {', '.join(lost)} did not resolve any more")
    except (OSError, host.HostError) as error:
        target.apply(target.before)
        raise host.HostError(f"{error}; {target.path} was put back as it was") from error


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            resolver=dict(type="str", choices=["systemd_resolved", "resolv_conf"], required=True),
            address=dict(type="str", required=True),
            domain=dict(type="str", required=True),
            give_up=dict(type="bool", default=False),
            names=dict(type="list", elements="str", default=[]),
        ),
        supports_check_mode=True,
    )
    params = module.params
    try:
        target = choose(params["resolver"], params["address"], params["domain"])
        if params["give_up"] and isinstance(target, ResolvedToCome):
            target.apply(target.before)
            module.exit_json(changed=True)
        changed = not target.in_force()
        if not module.check_mode:
            check(params["address"], params["names"])
            if changed:
                switch(target, params["names"])
    except (OSError, host.HostError) as error:
        module.fail_json(msg=f"the host's resolver could not be switched: {error}")
    after = target.after if changed else target.before
    module.exit_json(
        changed=changed,
        diff=dict(before_header=target.path, before=target.before, after_header=target.path, after=after),
    )


if __name__ == "__main__":
    main()
