# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A dnsmasq beside dnsmasq-consul, which keeps nothing that it could lose: its files, its service, and how both were before."""

from __future__ import annotations

import os

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, lookups, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import (
    command,
    file_swap,
    files,
    sockets,
    systemd,
    waiting,
)
from ansible_collections.servicedns.consul.plugins.module_utils.system.contents import Contents

#: Those that there may be: for containers, and for other hosts.
CONTAINERS, NETWORK = "dnsmasq-consul-containers", "dnsmasq-consul-network"
SYSTEMD = "/etc/systemd/system"
CONFIGURATIONS = "/etc"


def paths(name: str) -> tuple[str, str]:
    """Tell where configuration and unit of one are."""
    return f"{CONFIGURATIONS}/{name}.conf", f"{SYSTEMD}/{name}.service"


class Beside(Contents):
    """A service, with the configuration and the unit that it is to have; without them it is not to be there.

    As a context, it keeps the way back open to its end.
    """

    def __init__(self, name: str, configuration: str = "", service: str = "") -> None:
        self.unit = f"{name}.service"
        self.configuration, self.service = paths(name)
        super().__init__({self.configuration: configuration, self.service: service})
        self.swap = file_swap.FileSwap(self.after, modes={})

    def __enter__(self) -> Beside:
        self.swap.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self.swap.__exit__(*error)

    def in_force(self) -> bool:
        """Whether the service runs, also after a boot, with what its files say, or is not there where it should not be."""
        if self.changes():
            return False
        if not self.after[self.service]:
            return True
        return systemd.runs(self.unit)

    def start(self, address: str, port: int = dnsmasq.PORT) -> None:
        """Run the service with its new files, or as it was before where it then does not listen.

        :raises HostError: with the reason, after everything was restored that could be
        """
        try:
            self.swap.stage()
            self.swap.replace()
            command.run("dnsmasq", "--test", f"--conf-file={self.configuration}")
            self._run()
            if not waiting.eventually(
                lambda: any((found.address, found.port) == (address, port) for found in sockets.listeners()),
                lookups.PATIENCE,
            ):
                raise HostError(f"{self.unit} does not listen on {address}, port {port}")
        except (OSError, HostError) as error:
            steps = [(self.unit, self.restore)] if self.swap.replaced else []
            raise state_before.restored(error, steps) from error

    def restore(self) -> None:
        """Run the service as it was before, or not at all where it was not there."""
        if self.before[self.service]:
            self.swap.restore()
            self._run()
        else:
            self.stop()

    def stop(self) -> None:
        """Stop the service and remove its files."""
        if os.path.exists(self.service):
            command.run("systemctl", "disable", "--now", self.unit)
        for path in self.after:
            files.remove(path)
        command.run("systemctl", "daemon-reload")

    def _run(self) -> None:
        """Run the service with the files that are there."""
        command.run("systemctl", "daemon-reload")
        command.run("systemctl", "enable", self.unit)
        command.run("systemctl", "restart", self.unit)
