# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of an agent: good answers, bad ones, and none."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.agent_api import AgentApi, AgentRefused, AgentSilent


class Server(http.server.HTTPServer):
    """Answers everything with one status and body, and remembers what was asked."""

    answer: tuple[int, bytes] = (200, b"{}")
    asked: tuple[str, str, bytes]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked = (self.command, self.path, body)
        status, content = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def api(server: Server) -> AgentApi:
    return AgentApi(f"http://127.0.0.1:{server.server_port}")


def test_what_is_asked(server: Server, api: AgentApi) -> None:
    api.get("agent", "services")
    assert server.asked == ("GET", "/v1/agent/services", b"")
    api.put("agent", "service", "maintenance", "a b/c", enable="true", reason="x&y")
    assert server.asked == ("PUT", "/v1/agent/service/maintenance/a%20b%2Fc?enable=true&reason=x%26y", b"")
    api.post("query", body={"Name": "é"})
    assert server.asked == ("POST", "/v1/query", b'{"Name": "\\u00e9"}')
    api.delete("kv", "x", cas="1")
    assert server.asked == ("DELETE", "/v1/kv/x?cas=1", b"")


@pytest.mark.parametrize(
    ("body", "expected"), [(b"", None), (b"\n", None), (b"true", True), (b'{"a": [1]}', {"a": [1]})]
)
def test_answers(server: Server, api: AgentApi, body: bytes, expected: Any) -> None:
    server.answer = (200, body)
    assert api.get("x") == expected


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b"No cluster leader\n"), "No cluster leader"),
        ((403, b""), "403 Forbidden"),
        ((404, b"\xff"), "\ufffd"),
        ((200, b"<html>" + b"x" * 100), "the answer is not JSON: '<html>" + "x" * 74 + "'"),
    ],
)
def test_refusals(server: Server, api: AgentApi, answer: tuple[int, bytes], words: str) -> None:
    server.answer = answer
    with pytest.raises(AgentRefused) as raised:
        api.put("x", body="secret")
    assert str(raised.value) == f"PUT {api.url}/v1/x: {words}"
    assert raised.value.status == answer[0]


def test_nobody_answers(server: Server, api: AgentApi) -> None:
    server.shutdown()
    server.server_close()
    with pytest.raises(AgentSilent, match=r"^GET http://127\.0\.0\.1:\d+/v1/x: .*Connection refused$"):
        api.get("x")
