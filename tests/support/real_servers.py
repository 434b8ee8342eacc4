# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Three Consul servers of one datacenter for a test, from the lab's image: lab/images.py makes that."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from typing import ClassVar

from real_agent import IMAGE, LABEL

NETWORK = "servicedns-integration"
SUBNET = "172.31.113.0/24"
DOCKER = ("docker",)


def _docker(*arguments: str, check: bool = True) -> str:
    command = [*DOCKER, *arguments]
    return subprocess.run(command, check=check, capture_output=True, text=True).stdout.strip()


class RealServers:
    """Servers s1, s2 and s3, each at an address that this machine reaches; their data goes with their containers."""

    ADDRESSES: ClassVar[dict[str, str]] = {f"s{number}": f"172.31.113.{number + 10}" for number in (1, 2, 3)}

    def url(self, name: str) -> str:
        """Where the HTTP API of a server answers; its DNS answers there as well."""
        return f"http://{self.ADDRESSES[name]}:8500"

    def start(self, name: str) -> None:
        """Run a server that was never there, or is no longer."""
        others = [f"-retry-join={address}" for other, address in self.ADDRESSES.items() if other != name]
        flags = ["-server", "-bootstrap-expect=3", f"-node={name}", "-client=0.0.0.0", "-retry-interval=1s", *others]
        container = ["--name", f"{NETWORK}-{name}", "--network", NETWORK, "--ip", self.ADDRESSES[name]]
        _docker("run", "--detach", "--label", LABEL, *container, IMAGE, "agent", *flags)

    def restart(self, name: str) -> None:
        """Stop a server, and start it again over its data."""
        _docker("restart", f"{NETWORK}-{name}")

    def stop(self, name: str) -> None:
        """Let a server be away."""
        _docker("stop", f"{NETWORK}-{name}")

    def remove(self, name: str) -> None:
        """Take a server away with its data, before it can tell anybody."""
        _docker("rm", "--force", "--volumes", f"{NETWORK}-{name}", check=False)


@contextlib.contextmanager
def real_servers() -> Iterator[RealServers]:
    """Three servers that are gone afterwards, and those of a run that was killed before."""
    servers = RealServers()
    _remove_all(servers)
    _docker("network", "create", "--subnet", SUBNET, "--label", LABEL, NETWORK)
    try:
        for name in servers.ADDRESSES:
            servers.start(name)
        yield servers
    finally:
        _remove_all(servers)


def _remove_all(servers: RealServers) -> None:
    for name in servers.ADDRESSES:
        servers.remove(name)
    _docker("network", "rm", NETWORK, check=False)
