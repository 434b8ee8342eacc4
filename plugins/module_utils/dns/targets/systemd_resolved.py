# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-resolved: one that runs, one beside a plain file, and one that is about to be installed."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    relay,
    resolv_conf,
    resolved,
    state_before,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import base, plain_file
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, systemd


class Resolved(base.Target):
    """systemd-resolved, configured by a drop-in that it reads when it starts."""

    path = resolved.DROP_IN

    def wanted(self, domains: t.Sequence[str]) -> str:
        self.routes = [f"~{domain}" for domain in domains]
        # A second server would be asked for the domain as well: a domain belongs to all global servers, so reset the list.
        return f"{base.MANAGED}[Resolve]\nDNS=\nDNS={self.address}\nDomains={' '.join(self.routes)}\n"

    def there(self) -> bool:
        return super().there() or (resolved.is_installed() and bool(set(self.addresses) & set(self._runs_with("dns"))))

    def _runs_with(self, setting: str) -> list[str]:
        """What systemd-resolved itself says of a global setting; nothing when it does not run."""
        try:
            # Asking it would start it.
            return resolved.global_setting(resolved.show(setting)) if systemd.is_active(resolved.RESOLVED_UNIT) else []
        except HostError:
            # Installed a moment ago, the service may have come before the bus knew its user: it needs a restart.
            return []

    def in_force(self) -> bool:
        if self.before != self.after:
            return False
        return self._runs_with("dns") == [self.address] and set(self.routes) <= set(self._runs_with("domain"))

    def load(self) -> None:
        if not resolved.is_installed():
            return
        # It keeps its sockets to the end, but answers nothing that comes while it stops.
        with relay.StandIn([resolved.STUB], dnsmasq.PORT, self.address, interface="lo"):
            relay.drain(systemd.main_pid(resolved.RESOLVED_UNIT))
            self.load_anyway()

    def load_anyway(self) -> None:
        command.run("systemctl", "restart", resolved.RESOLVED_UNIT)


class ResolvedBeside(Resolved):
    """systemd-resolved beside a plain file, from which it takes the search domains, too, until it has servers of its own."""

    def wanted(self, domains: t.Sequence[str]) -> str:
        search = resolv_conf.search_domains(files.read(resolv_conf.RESOLV_CONF))
        return super().wanted(domains).rstrip("\n") + "".join(f" {domain}" for domain in search) + "\n"


class ResolvedToCome(base.Target):
    """systemd-resolved, about to be installed: what it will find, so that names resolve until it runs.

    Its package links /etc/resolv.conf to the stub's file and starts the service later, unless the link is there already.
    """

    path = resolv_conf.RESOLV_CONF

    def wanted(self, domains: t.Sequence[str]) -> str:
        self.drop_in = Resolved(self.address, domains)
        self.before = files.read(resolv_conf.BEFORE_RESOLVED) or self.before
        kept = [line for line in self.before.splitlines() if line.startswith(("search", "options"))]
        return "\n".join([f"nameserver {self.address}", *kept]) + "\n"

    def there(self) -> bool:
        return resolved.is_to_come()

    def first(self) -> dict[str, state_before.Kept]:
        ours: dict[str, state_before.Kept] = {path: {} for path in (resolv_conf.BEFORE_RESOLVED, resolved.STUB_FILE)}
        return {**super().first(), **ours, **plain_file.PlainResolvConf(self.address, [], self.addresses).first()}

    def in_force(self) -> bool:
        return os.path.realpath(self.path) == resolved.STUB_FILE

    def paths(self) -> list[str]:
        return [
            self.path,
            *self.drop_in.paths(),
            resolv_conf.BEFORE_RESOLVED,
            os.path.dirname(resolved.STUB_FILE),
            resolved.STUB_FILE,
        ]

    def write(self) -> None:
        if not os.path.exists(resolv_conf.BEFORE_RESOLVED):
            files.write_atomically(resolv_conf.BEFORE_RESOLVED, self.before)
            state_before.restore(
                resolv_conf.BEFORE_RESOLVED,
                state_before.keep(self.path) or state_before.keep(resolv_conf.BEFORE_RESOLVED),
            )
        self.drop_in.write()
        os.makedirs(os.path.dirname(resolved.STUB_FILE), exist_ok=True)
        files.write_atomically(resolved.STUB_FILE, self.after)
        state_before.restore(self.path, {"link": f"..{resolved.STUB_FILE}"})


def abandon() -> None:
    """Restore /etc/resolv.conf where everything was made ready for a systemd-resolved that could not be installed."""
    state_before.restore(resolv_conf.RESOLV_CONF, state_before.keep(resolv_conf.BEFORE_RESOLVED))
    for path in (resolved.DROP_IN, resolv_conf.BEFORE_RESOLVED):
        state_before.restore(path, {})
