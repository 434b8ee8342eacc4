# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host has: its addresses, who listens on it, and what its Docker engine says."""

from __future__ import annotations

import http.client
import importlib.util
import ipaddress
import json
import os
import re
import socket
import subprocess
import tempfile
import typing as t

DOCKER_SOCKET = "/var/run/docker.sock"
CONTAINER = "consul"


class HostError(Exception):
    """The host lacks something; the message says what, and what to do."""


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


def run(*command: str, timeout: float | None = None) -> str:
    """The output of a command, or L(HostError) with what it complained of."""
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=timeout).stdout
    except FileNotFoundError as error:
        raise HostError(f"{command[0]} is not installed") from error
    except subprocess.TimeoutExpired as error:
        raise HostError(f"{' '.join(command)}: no answer within {timeout:g} s") from error
    except subprocess.CalledProcessError as error:
        raise HostError(f"{' '.join(command)}: {error.stderr.strip() or error.stdout.strip()}") from error


def parse_sockets(output: str) -> list[Socket]:
    """Parse ``ss -Hntup``. Several processes may share a socket: the first stands for it."""
    found = []
    for line in output.splitlines():
        fields = line.split()
        address, _colon, port = fields[4].rpartition(":")
        user = re.search(r'\("(?P<process>[^"]+)",pid=(?P<pid>\d+)', line)
        found.append(
            Socket(
                protocol=fields[0],
                address=address.partition("%")[0].strip("[]"),
                port=0 if port == "*" else int(port),  # not bound yet
                process=user["process"] if user else "",
                pid=int(user["pid"]) if user else 0,
                unread=int(fields[2]),
            )
        )
    return found


def sockets(which: str) -> list[Socket]:
    """The TCP and UDP sockets of the host that an option of ss(8) chooses."""
    # Both protocols, as ss leaves the column out where there is one.
    return parse_sockets(run("ss", which, "-H", "-n", "-t", "-u", "-p"))


def listeners() -> list[Socket]:
    """Every listening TCP and UDP socket of the host."""
    return sockets("-l")


def parse_addresses(output: str) -> list[tuple[str, ipaddress.IPv4Interface | ipaddress.IPv6Interface]]:
    """Parse ``ip -json address``: the name of an interface and one of its global addresses, as often as there are any."""
    return [
        (link["ifname"], ipaddress.ip_interface(f"{info['local']}/{info['prefixlen']}"))
        for link in json.loads(output)
        for info in link.get("addr_info", [])
        if info.get("scope") == "global"
    ]


def choose_address(
    addresses: list[tuple[str, ipaddress.IPv4Interface | ipaddress.IPv6Interface]],
    default_route_interface: str,
    network: str = "",
    address: str = "",
) -> str:
    """The address of the agent: the explicit one, the one in ``network``, or the one of the default route.

    Raises L(HostError), which lists what the host has, when there is none or more than one.
    """
    has = ", ".join(f"{name} {interface}" for name, interface in addresses) or "none"
    if address:
        if ipaddress.ip_address(address) not in [interface.ip for _name, interface in addresses]:
            raise HostError(f"consul_agent_address: '{address}' is no address of this host; it has {has}")
        return address
    if network:
        variable = f"consul_agent_network: '{network}'"
        inside = [interface for _name, interface in addresses if interface.ip in ipaddress.ip_network(network)]
        if not inside:
            raise HostError(f"{variable}: no interface of this host is in it; it has {has}")
        if len(inside) > 1:
            many = " and ".join(str(interface.ip) for interface in inside)
            raise HostError(
                f"{variable}: {many} of this host are in it; set consul_agent_address, or a network with one of {has}"
            )
        return str(inside[0].ip)
    for name, interface in addresses:
        if name == default_route_interface:
            return str(interface.ip)
    raise HostError(
        f"consul_agent_network: this host has no default route to take the address from; set it to one of {has}"
    )


def agent_address(network: str, address: str) -> str:
    """As L(choose_address), for this host."""
    routes = json.loads(run("ip", "-json", "route", "show", "default") or "[]")
    return choose_address(
        parse_addresses(run("ip", "-json", "address")), routes[0].get("dev", "") if routes else "", network, address
    )


def descends(pid: int, ancestor: int) -> bool:
    """Whether process ``pid`` is ``ancestor`` or was started below it."""
    while pid > 1 and pid != ancestor:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                # The command's name is in parentheses and may hold anything; the parent is the second field after it.
                pid = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            return False
    return 0 < pid == ancestor


class _UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(DOCKER_SOCKET)


def docker_get(path: str) -> t.Any:
    """The answer of the Docker engine's API to a GET, or None when it knows no such thing.

    Raises L(HostError) when no engine answers.
    """
    connection = _UnixConnection("localhost", timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return json.loads(response.read()) if response.status == 200 else None
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise HostError(
            f"the Docker engine does not answer at {DOCKER_SOCKET} ({error}); install it "
            "(on Debian: apt install docker.io) and start it (systemctl start docker)"
        ) from error
    finally:
        connection.close()


def write_atomically(path: str, content: str, mode: int | None = None, owner: int | None = None) -> None:
    """Replace a file in one step, keeping its owner and mode unless they are given."""
    try:
        before: os.stat_result | None = os.stat(path)
    except FileNotFoundError:
        before = None
    # The leading dot and the missing suffix keep a leftover from being read as configuration.
    handle, staged = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".servicedns.")
    try:
        with os.fdopen(handle, "w", errors="surrogateescape") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if owner is not None:
            os.chown(staged, owner, -1)
        elif before:
            os.chown(staged, before.st_uid, before.st_gid)
        os.chmod(staged, mode if mode is not None else (before.st_mode & 0o7777 if before else 0o644))
        os.rename(staged, path)
    except BaseException:
        os.unlink(staged)
        raise


def read(path: str) -> str:
    """The content of a file; nothing when there is no such file."""
    try:
        with open(path) as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def has_python_module(name: str) -> bool:
    """Whether the Python that Ansible uses on this host has a module."""
    return importlib.util.find_spec(name) is not None
