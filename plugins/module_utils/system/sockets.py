# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of the host, and whose they are."""

from __future__ import annotations

import ipaddress
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.system import command


class Socket(t.NamedTuple):
    """A socket of the host and its process, as ``ss`` lists it."""

    protocol: str
    address: str
    port: int
    process: str
    pid: int
    unread: int = 0  # bytes that the process has still to read

    def covers(self, address: str) -> bool:
        """Whether this socket takes what is sent to ``address``."""
        if self.address == "*":
            return True
        mine, other = ipaddress.ip_address(self.address), ipaddress.ip_address(address)
        return mine == other or (mine.is_unspecified and (mine.version == other.version or mine.version == 6))

    def __str__(self) -> str:
        return f"{self.protocol} {self.address}:{self.port} is held by {self.process or 'an unknown process'} (pid {self.pid})"


def parse_sockets(output: str) -> list[Socket]:
    """Parse ``ss -Hntup``. Several processes may share a socket: the first stands for it."""
    parsed = []
    for line in output.splitlines():
        fields = line.split()
        address, _colon, port = fields[4].rpartition(":")
        user = re.search(r'\("(?P<process>[^"]+)",pid=(?P<pid>\d+)', line)
        parsed.append(
            Socket(
                protocol=fields[0],
                address=address.partition("%")[0].strip("[]"),
                port=0 if port == "*" else int(port),  # not bound yet
                process=user["process"] if user else "",
                pid=int(user["pid"]) if user else 0,
                unread=int(fields[2]),
            )
        )
    return parsed


def listed(option: str) -> list[Socket]:
    """List the TCP and UDP sockets of the host that an option of ss(8) chooses."""
    # Both protocols, as ss leaves the column out where there is one.
    return parse_sockets(command.run("ss", option, "-H", "-n", "-t", "-u", "-p"))


def listeners() -> list[Socket]:
    """List every listening TCP and UDP socket of the host."""
    return listed("-l")


def descends(pid: int, ancestor: int) -> bool:
    """Whether process ``pid`` is ``ancestor`` or was started below it."""
    while pid > 1 and pid != ancestor:
        try:
            # The command's name is in parentheses and may hold anything; the parent is the second field after it.
            with open(f"/proc/{pid}/stat", "rb") as stat:
                pid = int(stat.read().rpartition(b")")[2].split()[1])
        except OSError:
            return False
    return 0 < pid == ancestor
