# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tool resolvconf, of which there are two."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, relay, resolv_conf, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import base
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, sockets


class ResolvconfTool(base.Target):
    """resolvconf, which puts what its head says before what it collects; openresolv, which has a setting for that."""

    openresolv = "/etc/resolvconf.conf"
    head = "/etc/resolvconf/resolv.conf.d/head"

    def __init__(self, address: str, domains: t.Sequence[str], former: t.Sequence[str] = ()) -> None:
        self.is_openresolv = os.path.exists(self.openresolv)
        self.path = self.openresolv if self.is_openresolv else self.head
        super().__init__(address, domains, former)

    def wanted(self, domains: t.Sequence[str]) -> str:
        # The others stay in the file: dnsmasq finds them there.
        return self._without(self.before) + self._ours(self.address)

    def _ours(self, address: str) -> str:
        return base.MANAGED + (
            f'name_servers="{address} $name_servers"\nresolv_conf_local_only=NO\n'
            if self.is_openresolv
            else f"nameserver {address}\n"
        )

    def _without(self, content: str) -> str:
        ours = {line for address in self.addresses for line in self._ours(address).splitlines()}
        return "".join(f"{line}\n" for line in content.splitlines() if line not in ours)

    def first(self) -> dict[str, state_before.Kept]:
        kept = state_before.keep(self.path)
        content = state_before.text(kept)
        if base.MANAGED in content:
            kept = state_before.with_text(kept, self._without(content))
        return {os.path.dirname(self.path): state_before.keep(os.path.dirname(self.path)), self.path: kept}

    def withdraw(self, before: base.Files) -> None:
        without = self._without(files.read(self.path))
        # Somebody's later change of a file stays.
        if without.strip() == state_before.text(before[self.path]).strip():
            super().withdraw(before)
        else:
            files.write_atomically(self.path, without)
            self.load()

    def in_force(self) -> bool:
        return self.before == self.after and resolv_conf.nameservers(files.read(resolv_conf.RESOLV_CONF))[:1] == [
            self.address
        ]

    def load(self) -> None:
        with self._stand_in():
            self.load_anyway()

    def load_anyway(self) -> None:
        command.run("resolvconf", "-u")

    def _stand_in(self) -> t.ContextManager[object]:
        """Answers whoever reads the file while it is empty, since openresolv writes it in place.

        A program that finds no name server asks the loopback, see resolv.conf(5).
        """
        if not self.is_openresolv or any(
            found.port == dnsmasq.PORT and found.covers(base.LOOPBACK) for found in sockets.listeners()
        ):
            return contextlib.nullcontext()
        return relay.StandIn([base.LOOPBACK], dnsmasq.PORT, self.address)
