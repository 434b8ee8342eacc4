# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service dnsmasq-consul: its files, a trial of new ones, and a change that costs no lookup."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import selectors
import socket
import subprocess
import tempfile
import threading
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver

UNIT = "dnsmasq-consul.service"
CONFIGURATION = "/etc/dnsmasq-consul.conf"
SERVERS = "/etc/dnsmasq-consul.servers"
SERVICE = f"/etc/systemd/system/{UNIT}"
# There while the service does not run with what its files say, so that a run that was cut off is completed by the next.
PENDING = "/run/dnsmasq-consul.pending"
PORT = 53
PATIENCE = 10.0  # seconds that a name may take to resolve again before a change counts as failed
DRAIN = 2.0  # seconds for which a resolver that is to stop may wait for its upstreams
LISTENS_ON = (PORT, 5353, 5355)  # DNS, and systemd-resolved's mDNS and LLMNR


def eventually(condition: t.Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether a condition holds within some seconds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def missing(names: t.Sequence[str], has: t.Callable[[str], bool], patience: float = PATIENCE) -> list[str]:
    """The names that are not to be had, even after some patience."""
    return [name for name in names if not eventually(functools.partial(has, name), patience)]


def option(configuration: str, name: str) -> list[str]:
    """The values that a configuration of dnsmasq gives to an option."""
    return re.findall(rf"^{re.escape(name)}=(.*)$", configuration, re.MULTILINE)


def free_port(address: str) -> int:
    """A port of an address that nobody holds."""
    with socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])


class StandIn:
    """Takes the queries that are sent to dnsmasq while it restarts, and hands them to another one.

    dnsmasq opens its UDP sockets with SO_REUSEADDR, and Linux gives a datagram to the socket that was bound last. So what
    comes after this one is bound comes here, and what comes after the new dnsmasq is there goes to it. A socket that is
    bound to an interface, as that of systemd-resolved's stub is, comes before all that are not.
    """

    def __init__(self, addresses: t.Sequence[str], port: int, other: str = "", interface: str = "") -> None:
        """To another port of the same addresses, or to one other address."""
        self.port = port
        self.other = other
        self.selector = selectors.DefaultSelector()
        self.waiting = 0
        self.over = False
        for address in addresses:
            listener = self._socket(address)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if interface:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            listener.bind((address, PORT))
            self.selector.register(listener, selectors.EVENT_READ, (address, None, None))
        self.thread = threading.Thread(target=self._serve, daemon=True)

    @staticmethod
    def _socket(address: str) -> socket.socket:
        return socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)

    def _serve(self) -> None:
        while not self.over:
            for key, _events in self.selector.select(0.02):
                # What one client or one dead socket does must not end the others' lookups.
                with contextlib.suppress(OSError):
                    self._pass_on(t.cast(socket.socket, key.fileobj), *key.data)

    def _pass_on(self, source: socket.socket, address: str, listener: socket.socket | None, client: t.Any) -> None:
        if listener:
            self.selector.unregister(source)
            self.waiting -= 1
            with source:
                listener.sendto(source.recv(65535), client)
            return
        query, client = source.recvfrom(65535)
        asked = self._socket(self.other or address)
        asked.connect((self.other or address, self.port))
        self.selector.register(asked, selectors.EVENT_READ, (address, source, client))
        self.waiting += 1
        asked.send(query)

    def __enter__(self) -> StandIn:
        self.thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        eventually(lambda: not self.waiting, DRAIN)
        self.over = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            t.cast(socket.socket, key.fileobj).close()
        self.selector.close()


class Trial:
    """A dnsmasq with new files on another port, so that they are asked before they take the place of the former."""

    def __init__(self, configuration: str, servers: str) -> None:
        self.addresses = option(configuration, "listen-address")
        self.address = self.addresses[0]
        self.port = free_port(self.address)
        self.folder = tempfile.mkdtemp(prefix="dnsmasq-consul-")
        os.chmod(self.folder, 0o755)  # noqa: S103  # dnsmasq reads its servers again as a user of its own
        upstreams = [self._without_ourselves(path) for path in option(configuration, "resolv-file")]
        lines = [
            line
            for line in configuration.splitlines()
            if not line.startswith(("pid-file=", "servers-file=", "resolv-file=", "dns-loop-detect"))
        ]
        lines += [f"port={self.port}", f"pid-file={self.folder}/pid", f"servers-file={self._write('servers', servers)}"]
        lines += [f"resolv-file={self._write('upstreams', content)}" for content in upstreams]
        self.configuration = self._write("configuration", "\n".join(lines) + "\n")
        self.log = self._write("log", "")
        self.process: subprocess.Popen[bytes] | None = None

    def _write(self, name: str, content: str) -> str:
        path = os.path.join(self.folder, name)
        host.write_atomically(path, content, mode=0o644)
        return path

    def _without_ourselves(self, path: str) -> str:
        """The host's resolvers without the dnsmasq that is about to be replaced."""
        servers = [server for server in resolver.nameservers(host.read(path)) if server not in self.addresses]
        return "".join(f"nameserver {server}\n" for server in servers)

    def __enter__(self) -> Trial:
        try:
            host.run("dnsmasq", "--test", f"--conf-file={self.configuration}")
            # The test does not open this file.
            host.run("dnsmasq", "--test", f"--conf-file={self.folder}/servers")
            with open(self.log, "wb") as log:
                self.process = subprocess.Popen(
                    ["dnsmasq", "--keep-in-foreground", "--log-facility=-", f"--conf-file={self.configuration}"],
                    stdout=log,
                    stderr=log,
                )
            if not eventually(self._listens):
                raise host.HostError(f"dnsmasq does not start: {host.read(self.log).strip()}")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _listens(self) -> bool:
        if self.process and self.process.poll() is not None:
            raise host.HostError(f"dnsmasq does not start: {host.read(self.log).strip()}")
        return any(listener.port == self.port for listener in host.listeners())

    def __exit__(self, *_error: object) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait()
        for name in os.listdir(self.folder):
            os.unlink(os.path.join(self.folder, name))
        os.rmdir(self.folder)

    def check(self, names: t.Sequence[str]) -> None:
        """Refuse files with which dnsmasq does not know what the host knows."""
        # It has no past that it could need to recover from.
        check(self.address, names, self.port, patience=4)


def check(address: str, names: t.Sequence[str], port: int = PORT, patience: float = PATIENCE) -> None:
    """Refuse a name server that does not know what the host knows."""
    unanswered = missing(names, lambda name: resolver.answers(address, name, port=port), patience)
    if unanswered:
        raise host.HostError(
            f"dnsmasq at {address} does not answer for {', '.join(unanswered)}, which this host resolves; "
            "the resolver was left as it was"
        )


class Service:
    """The service, its files, and how both were before."""

    def __init__(self, configuration: str, servers: str, service: str) -> None:
        self.after = {CONFIGURATION: configuration, SERVERS: servers, SERVICE: service}
        self.before = {path: host.read(path) for path in self.after}

    def changes(self) -> list[str]:
        """The files that are not as they should be."""
        return [path for path in self.after if self.before[path] != self.after[path]]

    def in_force(self) -> bool:
        """Whether the service runs, also after a boot, with what its files say."""
        if self.changes() or os.path.exists(PENDING):
            return False
        return _show("ActiveState", "UnitFileState") == {"ActiveState": "active", "UnitFileState": "enabled"}

    def start(self, names: t.Sequence[str]) -> None:
        """Run the service with its new files, once a trial has answered for the names."""
        self._run(self.after, names)

    def check(self, names: t.Sequence[str]) -> None:
        """Refuse a service that runs but does not know what the host knows."""
        check(option(self.after[CONFIGURATION], "listen-address")[0], names)

    def put_back(self) -> None:
        """Run the service as it was before, or not at all where it was not there."""
        if self.before[SERVICE]:
            self._run(self.before)
        else:
            remove()

    def _run(self, files: dict[str, str], names: t.Sequence[str] = ()) -> None:
        with Trial(files[CONFIGURATION], files[SERVERS]) as trial:
            trial.check(names)
            pid = main_pid()
            # Only the servers' file is read again on a reload, see SIGHUP in dnsmasq(8).
            reloadable = not os.path.exists(PENDING) and all(
                host.read(path) == files[path] for path in (CONFIGURATION, SERVICE)
            )
            listening = set(option(host.read(CONFIGURATION), "listen-address")).intersection(trial.addresses)
            host.write_atomically(PENDING, "")
            for path, content in files.items():
                host.write_atomically(path, content, mode=0o644)
            host.run("systemctl", "daemon-reload")
            host.run("systemctl", "enable", UNIT)
            if pid and reloadable:
                host.run("systemctl", "reload", UNIT)
            else:
                with StandIn(sorted(listening), trial.port) if pid else contextlib.nullcontext():
                    drain(pid)
                    host.run("systemctl", "restart", UNIT)
            os.unlink(PENDING)


def _show(*properties: str, unit: str = UNIT) -> dict[str, str]:
    """Properties of a service, as systemd has them."""
    lines = host.run("systemctl", "show", f"--property={','.join(properties)}", unit).splitlines()
    return dict(line.split("=", 1) for line in lines)


def main_pid(unit: str = UNIT) -> int:
    """The process of a service, 0 where it does not run."""
    return int(_show("MainPID", unit=unit)["MainPID"] or 0)


def busy(pid: int) -> bool:
    """Whether a resolver has queries to read, or to answer: it has a socket for each that it passed on."""
    return any(
        (found.protocol, found.pid) == ("udp", pid) and (found.unread or found.port not in LISTENS_ON)
        for found in host.sockets("-a")
    )


def drain(pid: int) -> None:
    """Wait, not for long, until nobody waits for an answer of a resolver that gets no more queries."""
    if pid:
        # Twice, as a query may be read and not yet passed on.
        eventually(lambda: not busy(pid) and not busy(pid), DRAIN)


def remove() -> None:
    """Stop the service and remove its files."""
    if os.path.exists(SERVICE):
        host.run("systemctl", "disable", "--now", UNIT)
    for path in (CONFIGURATION, SERVERS, SERVICE):
        if os.path.exists(path):
            os.unlink(path)
    host.run("systemctl", "daemon-reload")
