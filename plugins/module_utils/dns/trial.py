# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Both dnsmasqs with new files on other ports, so that they are asked before they take the place of the former."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import tempfile
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, lookups
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, network, sockets, waiting

RUNTIME = "/run"


def free_ports(address: str, count: int) -> list[int]:
    """Ports of an address that nobody holds."""
    with contextlib.ExitStack() as probes:
        bound = [
            probes.enter_context(socket.socket(network.family(address), socket.SOCK_STREAM)) for _number in range(count)
        ]
        for probe in bound:
            probe.bind((address, 0))
        return [int(probe.getsockname()[1]) for probe in bound]


class Trial:
    """Both dnsmasqs with new files on other ports, so that they are asked before they take the place of the former."""

    def __init__(self, contents: t.Mapping[str, str], upstreams_file: str = "") -> None:
        """With contents as those of L(dnsmasq.FILES), and the resolv.conf(5) that lists the host's resolvers, if any does."""
        self.contents = contents
        self.upstreams_file = upstreams_file
        self.addresses = dnsmasq.option(contents["configuration"], "listen-address")
        self.address = self.addresses[0]
        self.port, self.upstreams_port = free_ports(self.address, 2)
        self.stack = contextlib.ExitStack()
        self.folder = ""

    def __enter__(self) -> Trial:
        with contextlib.ExitStack() as stack:
            self.folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="dnsmasq-consul-", dir=RUNTIME))
            os.chmod(self.folder, 0o755)  # noqa: S103  # dnsmasq reads its servers again as a user of its own
            if self.contents["upstreams_configuration"]:
                stack.enter_context(self._run("upstreams_configuration", self.upstreams_port, self._upstreams()))
            first = [f"servers-file={self._write('servers', self.contents['servers'])}"]
            # The test of the whole does not open this file.
            command.run("dnsmasq", "--test", f"--conf-file={self.folder}/servers")
            stack.enter_context(self._run("configuration", self.port, first))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stack.close()

    def _write(self, name: str, content: str) -> str:
        path = os.path.join(self.folder, name)
        files.write_atomically(path, content, mode=0o644)
        return path

    def _upstreams(self) -> list[str]:
        """The option that names a list of the host's resolvers, as the service is going to make it."""
        if not dnsmasq.option(self.contents["upstreams_configuration"], "resolv-file"):
            return []
        program = self._write("upstreams_list", self.contents["upstreams_list"])
        target = os.path.join(self.folder, "resolv.conf")
        command.run("sh", program, "once", self.upstreams_file, target, *self.addresses)
        return [f"resolv-file={target}"]

    @contextlib.contextmanager
    def _run(self, name: str, port: int, lines: t.Sequence[str]) -> t.Iterator[None]:
        """A dnsmasq with one of the configurations, in which some lines are other ones."""
        ours = f"server={self.address}#{dnsmasq.UPSTREAMS_PORT}"
        kept = [
            f"server={self.address}#{self.upstreams_port}" if line == ours else line
            for line in self.contents[name].splitlines()
            if not line.startswith(("port=", "pid-file=", "servers-file=", "resolv-file="))
        ]
        lines = [*kept, f"port={port}", f"pid-file={self.folder}/{name}.pid", *lines]
        configuration = self._write(name, "\n".join(lines) + "\n")
        command.run("dnsmasq", "--test", f"--conf-file={configuration}")
        path = self._write(f"{name}.log", "")
        with open(path, "wb") as log:
            process = subprocess.Popen(
                ["dnsmasq", "--keep-in-foreground", "--log-facility=-", f"--conf-file={configuration}"],
                stdout=log,
                stderr=log,
                env=command.environment(),
            )
        try:
            if (
                not waiting.eventually(lambda: process.poll() is not None or self._listens(port), lookups.PATIENCE)
                or process.poll() is not None
            ):
                raise HostError(f"dnsmasq does not start: {files.read(path).strip()}")
            yield
        finally:
            process.terminate()
            process.wait()

    @staticmethod
    def _listens(port: int) -> bool:
        return any(listener.port == port for listener in sockets.listeners())

    def check(self, names: t.Sequence[str]) -> None:
        """Refuse files with which dnsmasq does not know what the host knows."""
        dnsmasq.check(self.address, names, self.port)
