# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server on this machine, of HTTP or HTTPS, that answers what a test wants."""

from __future__ import annotations

import http.server
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


class Server(http.server.ThreadingHTTPServer):
    """Answers everything with one status and body, and remembers what was asked."""

    answer: tuple[int, bytes] = (200, b"{}")
    #: Those that come before it.
    before: list[tuple[int, bytes]]
    asked: tuple[str, str, bytes]
    headers: dict[str, str]
    delay = 0.0  # seconds


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked = (self.command, self.path, body)
        self.server.headers = dict(self.headers)
        time.sleep(self.server.delay)
        status, content = self.server.before.pop(0) if self.server.before else self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = answer

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Server]:
    """A server, of HTTPS where it has a certificate."""
    with Server(("127.0.0.1", 0), Handler) as running:
        running.before = []
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            running.socket = context.wrap_socket(running.socket, server_side=True)
        running.handle_error = lambda *_arguments: None  # type: ignore[method-assign]  # of who does not trust it
        threading.Thread(target=running.serve_forever, args=(0.01,), daemon=True).start()
        yield running
        running.shutdown()
