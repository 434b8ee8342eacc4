# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots as Consul makes them, and a datacenter on this machine that takes and restores them."""

from __future__ import annotations

import gzip
import hashlib
import http.server
import io
import json
import tarfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

#: What a snapshot holds that nobody may see.
SECRET = "S3CRET-T0KEN"  # noqa: S105
INDEX, TERM = 42, 3


def packed(value: Any) -> bytes:
    """A value in MessagePack, as short as it can be: numbers, texts and mappings that are short, and nothing."""
    if isinstance(value, Mapping):
        return bytes([0x80 | len(value)]) + b"".join(packed(key) + packed(item) for key, item in value.items())
    if isinstance(value, str):
        return bytes([0xA0 | len(value)]) + value.encode()
    return b"\xc0" if value is None else bytes([value])


def state(*records: tuple[int, Mapping[str, Any]]) -> bytes:
    """The state of a datacenter: a header, and records with their kinds."""
    header = packed({"LastIndex": INDEX})
    return header + b"".join(bytes([kind]) + packed(record) for kind, record in records)


def of_datacenter(name: str) -> bytes:
    """The state of a datacenter with a node and a key that is a secret."""
    return state((0, {"Datacenter": name, "Node": "node1"}), (2, {"Key": "x", "Value": SECRET}))


def archive(content: bytes, **changes: bytes | None) -> bytes:
    """A snapshot with a state. Changes are other contents of its parts, by name with an underscore, or None for no such part."""
    meta = json.dumps({"Version": 1, "ID": "3-42-1", "Index": INDEX, "Term": TERM, "Size": len(content)}).encode()
    parts: dict[str, bytes | None] = {"meta.json": meta, "state.bin": content}
    sums = "".join(f"{hashlib.sha256(part or b'').hexdigest()}  {name}\n" for name, part in parts.items())
    parts |= {"SHA256SUMS": sums.encode()}
    parts |= {name.replace("_", "."): part for name, part in changes.items()}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, part in parts.items():
            if part is not None:
                member = tarfile.TarInfo(name)
                member.size = len(part)
                tar.addfile(member, io.BytesIO(part))
    return gzip.compress(stream.getvalue(), mtime=0)


GOOD = archive(of_datacenter("dc1"))


class Datacenter(http.server.ThreadingHTTPServer):
    """One that has a snapshot, and services by the state that was restored last."""

    leader = "192.0.2.1:8300"
    snapshot = GOOD
    #: Instances by service; those of a state that was restored are L(RESTORED).
    services: dict[str, list[dict[str, str]]]
    restored: list[bytes]
    asked: list[str]
    tokens: set[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


BEFORE = {"web": [{"ServiceID": "web", "Node": "node1"}, {"ServiceID": "web-2", "Node": "node2"}]}
RESTORED = {"web": [{"ServiceID": "web", "Node": "node1"}], "db": [{"ServiceID": "db", "Node": "node2"}]}


class Agent(http.server.BaseHTTPRequestHandler):
    """Any agent of it."""

    server: Datacenter
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path.removeprefix("/v1/")
        self._note()
        answers: dict[str, Any] = {
            "agent/self": {"Config": {"Datacenter": "dc1"}},
            "agent/members": [{"Name": "node1"}],
            "status/leader": self.server.leader,
            "catalog/services": {name: [] for name in self.server.services},
            **{f"catalog/service/{name}": found for name, found in self.server.services.items()},
        }
        if path == "snapshot":
            stale = urlsplit(self.path).query == "stale="
            good = bool(self.server.leader) or stale
            self._answer(200 if good else 500, self.server.snapshot if good else b"No cluster leader")
        else:
            self._answer(200, json.dumps(answers[path]).encode())

    def do_PUT(self) -> None:
        self._note()
        self.server.restored.append(b"".join(iter(self._chunk, b"")))
        self.server.services = RESTORED
        self._answer(200, b"")

    def _chunk(self) -> bytes:
        """What comes next of a body whose length was not said."""
        size = int(self.rfile.readline(), 16)
        chunk = self.rfile.read(size)
        self.rfile.readline()
        return chunk

    def _note(self) -> None:
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.tokens.add(self.headers.get("X-Consul-Token", ""))

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def datacenter() -> Iterator[Datacenter]:
    """A datacenter for a test."""
    with Datacenter(("127.0.0.1", 0), Agent) as running:
        running.services, running.restored, running.asked, running.tokens = BEFORE, [], [], set()
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()
