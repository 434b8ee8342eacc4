# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of this machine, as ss(8) lists them."""

from __future__ import annotations

import os
import socket

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, host


def test_a_socket_that_listens_is_a_listener() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        found = [each for each in host.listeners() if each.port == port and each.pid == os.getpid()]
        assert [(each.protocol, each.address) for each in found] == [("tcp", "127.0.0.1")]
    assert port not in [each.port for each in host.listeners() if each.pid == os.getpid()]


def test_who_waits_for_an_answer_asks() -> None:
    """Bound as dnsmasq's sockets are, or connected as systemd-resolved's: both have a port of their own."""
    assert not dnsmasq.asks(os.getpid())
    with socket.socket(type=socket.SOCK_DGRAM) as bound:
        bound.bind(("0.0.0.0", 0))
        assert dnsmasq.asks(os.getpid())
    with socket.socket(type=socket.SOCK_DGRAM) as connected:
        connected.connect(("127.0.0.1", 53))
        assert dnsmasq.asks(os.getpid())
    assert not dnsmasq.asks(os.getpid())


def test_who_listens_for_questions_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        monkeypatch.setattr(dnsmasq, "LISTENS_ON", (listener.getsockname()[1],))
        assert not dnsmasq.asks(os.getpid())
