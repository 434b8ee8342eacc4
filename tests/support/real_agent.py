# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Consul agent of its own for a test, from the lab's image: lab/images.py makes that."""

from __future__ import annotations

import contextlib
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dns import message, query, rdatatype, rrset

IMAGE = "servicedns-lab/consul"
LABEL = "servicedns.lab=integration"
PATIENCE = 30.0  # seconds


class RealAgent(NamedTuple):
    """Where a running agent answers, and the id of its container."""

    url: str
    dns_port: int
    container: str

    def dns(self, name: str, kind: str = "A") -> list[str]:
        """The answers of one type to a question of that type, as dig shows them, sorted."""
        return sorted(record.to_text() for answer in self._answers(name, kind) for record in answer)

    def ttls(self, name: str, kind: str = "A") -> set[int]:
        """The times to live of those answers, in seconds."""
        return {answer.ttl for answer in self._answers(name, kind)}

    def log(self, *arguments: str) -> str:
        """What it wrote into its log: ``docker logs``, which has it in the one stream or the other."""
        command = ["docker", "logs", *arguments, self.container]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True).stdout

    def _answers(self, name: str, kind: str) -> list[rrset.RRset]:
        question = message.make_query(name, kind)
        reply = query.udp(question, "127.0.0.1", timeout=5, port=self.dns_port)
        return [answer for answer in reply.answer if answer.rdtype == rdatatype.from_text(kind)]


def _docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def _has_leader(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/v1/status/leader", timeout=2) as answer:  # noqa: S310
            return len(answer.read().strip(b'"\n')) > 0
    except OSError:
        return False


@contextlib.contextmanager
def real_agent(*arguments: str, config: Path | None = None) -> Iterator[RealAgent]:
    """An agent with its own datacenter that is gone afterwards.

    :arg arguments: flags beside ``agent -dev -client 0.0.0.0``
    :arg config: a directory that becomes the agent's configuration directory
    """
    # Without this the entrypoint would give the directory to a user that the test does not know.
    mount = ["-e", "CONSUL_DISABLE_PERM_MGMT=", "-v", f"{config}:/consul/config"] if config else []
    ports = ["-p", "127.0.0.1::8500", "-p", "127.0.0.1::8600/udp"]
    command = ["agent", "-dev", "-client", "0.0.0.0", *arguments]
    container = _docker("run", "--detach", "--label", LABEL, *ports, *mount, IMAGE, *command)
    try:
        http, dns = (_docker("port", container, port).rpartition(":")[2] for port in ("8500/tcp", "8600/udp"))
        agent = RealAgent(f"http://127.0.0.1:{http}", int(dns), container)
        end = time.monotonic() + PATIENCE
        while not _has_leader(agent.url):
            assert time.monotonic() < end, _docker("logs", "--tail", "20", container)
            time.sleep(0.1)
        yield agent
    finally:
        _docker("rm", "--force", "--volumes", container)
