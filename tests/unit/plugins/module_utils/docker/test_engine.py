# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Docker engine answers, and what it refuses."""

from __future__ import annotations

import contextlib
import http.server
import re
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


def test_a_silent_engine_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine, "SOCKET", str(tmp_path / "docker.sock"))
    with pytest.raises(HostError, match=r"does not answer at .*docker\.sock .*apt install docker\.io"):
        engine.get("/info")


@contextlib.contextmanager
def answering(folder: Path, status: int, body: bytes) -> Iterator[str]:
    """A Docker engine that gives one answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body)

        def address_string(self) -> str:
            return "a local program"

        def log_message(self, *_arguments: object) -> None:
            pass

    path = str(folder / "docker.sock")
    with socketserver.UnixStreamServer(path, Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        yield path
        thread.join()


@pytest.mark.parametrize(
    ("status", "body", "answer"),
    [(200, b'{"Id": "1"}', {"Id": "1"}), (404, b'{"message": "No such container: consul"}', None)],
)
def test_get(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, body: bytes, answer: object) -> None:
    with answering(tmp_path, status, body) as path:
        monkeypatch.setattr(engine, "SOCKET", path)
        assert engine.get("/containers/consul/json") == answer


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (403, b'{"message": "authorization denied by plugin opa"}\n', "403, authorization denied by plugin opa"),
        (500, b'{"message": "layer does not exist"}', "500, layer does not exist"),
        (502, b"<html>no gateway</html>", "502, <html>no gateway</html>"),
        (503, b"", "503, Service Unavailable"),
        (200, b"<html>", "200, <html>"),
    ],
)
def test_what_the_engine_refuses_is_not_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, status: int, body: bytes, words: str
) -> None:
    with answering(tmp_path, status, body) as path:
        monkeypatch.setattr(engine, "SOCKET", path)
        with pytest.raises(HostError, match=f"^{re.escape(f'the Docker engine answers GET /info with {words}')}$"):
            engine.get("/info")
