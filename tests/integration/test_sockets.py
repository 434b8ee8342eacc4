# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of this machine, as ss(8) lists them."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import relay
from ansible_collections.servicedns.consul.plugins.module_utils.system import sockets


def test_a_socket_that_listens_is_a_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [each for each in sockets.listeners() if each.port == port and each.pid == os.getpid()]
        assert [(each.protocol, each.address) for each in found] == [("tcp", "127.0.0.1")]
    assert port not in [each.port for each in sockets.listeners() if each.pid == os.getpid()]


def test_who_waits_for_an_answer_is_busy() -> None:
    """Bound as dnsmasq's sockets are, or connected as systemd-resolved's: both have a port of their own."""
    assert not relay.busy(os.getpid())
    with socket.socket(type=socket.SOCK_DGRAM) as bound:
        bound.bind(("0.0.0.0", 0))
        assert relay.busy(os.getpid())
    with socket.socket(type=socket.SOCK_DGRAM) as connected:
        connected.connect(("127.0.0.1", 53))
        assert relay.busy(os.getpid())
    assert not relay.busy(os.getpid())


def test_who_listens_is_busy_when_there_is_something_to_read(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        socket.socket(type=socket.SOCK_DGRAM) as listener,
        socket.socket(type=socket.SOCK_DGRAM) as client,
    ):
        listener.bind(("127.0.0.1", 0))
        client.connect(listener.getsockname())
        ports = (listener.getsockname()[1], client.getsockname()[1])
        monkeypatch.setattr(relay, "LISTENS_ON", ports)
        assert not relay.busy(os.getpid())
        client.send(b"query")
        assert relay.busy(os.getpid())
        listener.recv(512)
        assert not relay.busy(os.getpid())
