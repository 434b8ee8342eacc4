# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be made to ask a name server: each way to resolve names, its configuration before and after, and the change."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver

STUB = "127.0.0.53"


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


def choose(kind: str, address: str, domain: str) -> Target | None:
    """What is to be switched on this host."""
    if kind == "none":
        return None
    if kind == "resolv_conf":
        return ResolvConf(address, domain)
    return (Resolved if resolver.resolved_installed() else ResolvedToCome)(address, domain)
