# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager, without a dnsmasq of its own and with one."""

from __future__ import annotations

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, lookups, relay
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import base
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, sockets, waiting


class NetworkManager(base.Target):
    """NetworkManager, kept off /etc/resolv.conf. It goes on to write the resolvers that it learns to a file of its own."""

    path = "/etc/NetworkManager/conf.d/zz-servicedns-consul.conf"

    def wanted(self, domains: t.Sequence[str]) -> str:
        return f"{base.MANAGED}[main]\nrc-manager=unmanaged\n"

    def load(self) -> None:
        command.run("systemctl", "reload", "NetworkManager.service")


class NetworkManagerDnsmasq(base.Target):
    """The dnsmasq that NetworkManager runs, which gets Consul's domains beside those of its own."""

    path = "/etc/NetworkManager/dnsmasq.d/servicedns-consul.conf"
    listens = base.LOOPBACK

    def wanted(self, domains: t.Sequence[str]) -> str:
        return base.MANAGED + "".join(f"server=/{domain}/{self.address}\n" for domain in domains)

    def load(self) -> None:
        before, asked = self._pid(), dnsmasq.asks(self.listens) - {f"{self.address}#{dnsmasq.PORT}"}
        # It listens before NetworkManager has told it whom to ask.
        with relay.StandIn([self.listens], dnsmasq.PORT, self.address, interface="lo"):
            relay.drain(before)
            self.load_anyway()
            if not waiting.eventually(lambda: self._pid() not in (0, before), lookups.PATIENCE):
                raise HostError("NetworkManager's dnsmasq did not come back")
            # Or until it is clear that they are others by now.
            waiting.eventually(lambda: dnsmasq.asks(self.listens) >= asked, lookups.PATIENCE)

    def load_anyway(self) -> None:
        command.run("nmcli", "general", "reload", "dns-full")

    def _pid(self) -> int:
        return next(
            (
                found.pid
                for found in sockets.listeners()
                if (found.protocol, found.address, found.port) == ("tcp", self.listens, dnsmasq.PORT)
            ),
            0,
        )
