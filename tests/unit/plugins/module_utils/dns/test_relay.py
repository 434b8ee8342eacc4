# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No query is lost while a resolver restarts."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from concurrent import futures

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    relay,
)


def echo(server: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    query, client = server.recvfrom(512)
    server.sendto(answer(query), client)


@pytest.mark.parametrize("interface", ["", "lo"])
def test_stand_in_takes_over_and_hands_on(monkeypatch: pytest.MonkeyPatch, interface: str) -> None:
    """Two servers with the same address: what comes after the stand-in is bound is answered by the other one."""
    with socket.socket(type=socket.SOCK_DGRAM) as old, socket.socket(type=socket.SOCK_DGRAM) as other:
        old.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        old.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        old.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        monkeypatch.setattr(dnsmasq, "PORT", old.getsockname()[1])
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(old.getsockname())
            thread = threading.Thread(target=echo, args=(other, bytes.upper))
            thread.start()
            with relay.StandIn(["127.0.0.1"], other.getsockname()[1], interface=interface):
                client.send(b"query")
                assert client.recv(512) == b"QUERY"
            thread.join()
            thread = threading.Thread(target=echo, args=(old, bytes.title))
            thread.start()
            client.send(b"query")
            assert client.recv(512) == b"Query"
            thread.join()


def test_no_query_is_lost_when_a_stand_in_goes() -> None:
    """It keeps a server that was bound later from being asked, until it goes, and all the while programs ask."""

    def answer(server: socket.socket) -> None:
        # Until nobody asks any more, or it is closed.
        with contextlib.suppress(OSError):
            while True:
                echo(server, bytes.upper)

    def ask() -> bool:
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect(("127.0.0.1", port))
            client.send(b"query")
            with contextlib.suppress(TimeoutError):
                return client.recv(512) == b"QUERY"
        return False

    for _time in range(8):
        with (
            socket.socket(type=socket.SOCK_DGRAM) as other,
            socket.socket(type=socket.SOCK_DGRAM) as later,
            futures.ThreadPoolExecutor(max_workers=8) as pool,
        ):
            for server in (other, later):
                server.settimeout(3)
                server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(("127.0.0.1", 0))
            threading.Thread(target=answer, args=(other,)).start()
            with relay.StandIn(["127.0.0.1"], other.getsockname()[1], interface="lo", listen_port=0) as stand_in:
                port = stand_in.listeners[0].getsockname()[1]
                later.bind(("127.0.0.1", port))
                assert ask()
                answers = [pool.submit(ask) for _number in range(500)]
                threading.Thread(target=answer, args=(later,)).start()
                assert answers[100].result()
            assert all(each.result() for each in answers)
