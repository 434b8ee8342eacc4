# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries that are on their way while a resolver restarts: they are taken over, and waited for."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq
from ansible_collections.servicedns.consul.plugins.module_utils.system import network, sockets, waiting

DRAIN = 2.0  # seconds for which a resolver that is to stop may wait for its upstreams
LISTENS_ON = (dnsmasq.PORT, dnsmasq.UPSTREAMS_PORT, 5353, 5355)  # DNS, and systemd-resolved's mDNS and LLMNR


class StandIn:
    """Takes the queries that are sent to dnsmasq while it restarts, and hands them to another one.

    dnsmasq opens its UDP sockets with SO_REUSEADDR, and Linux gives a datagram to the socket that was bound last. So what
    comes after this one is bound comes here, and what comes after the new dnsmasq is there goes to it. A socket that is
    bound to an interface, as that of systemd-resolved's stub is, comes before all that are not. So one that is keeps a
    new dnsmasq from being asked to the end.
    """

    def __init__(
        self,
        addresses: t.Sequence[str],
        port: int,
        other: str = "",
        interface: str = "",
        listen_port: int | None = None,
    ) -> None:
        """To another port of the same addresses, or to one other address."""
        self.port = port
        self.other = other
        self.selector = selectors.DefaultSelector()
        self.listeners: list[socket.socket] = []
        self.waiting = 0
        self.idle = False
        self.over = False
        for address in addresses:
            listener = self._socket(address)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if interface:
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
            listener.bind((address, dnsmasq.PORT if listen_port is None else listen_port))
            self.selector.register(listener, selectors.EVENT_READ, (address, None, None))
            self.listeners.append(listener)
        self.thread = threading.Thread(target=self._serve, daemon=True)

    @staticmethod
    def _socket(address: str) -> socket.socket:
        return socket.socket(network.family(address), socket.SOCK_DGRAM)

    def _serve(self) -> None:
        while not self.over:
            ready = self.selector.select(0.02)
            self.idle = not ready and not self.waiting
            for key, _events in ready:
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
        for listener in self.listeners:
            # From here on it is a socket as any other, so that one that was bound later is asked.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"")
        # Until what it was asked before is read and answered.
        self.idle = False
        waiting.eventually(lambda: self.idle, DRAIN)
        self.over = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            t.cast(socket.socket, key.fileobj).close()
        self.selector.close()


def busy(pid: int) -> bool:
    """Whether a resolver has queries to read, or to answer: it has a socket for each that it passed on."""
    return any(
        (found.protocol, found.pid) == ("udp", pid) and (found.unread or found.port not in LISTENS_ON)
        for found in sockets.listed("-a")
    )


def drain(pid: int) -> None:
    """Wait, not for long, until nobody waits for an answer of a resolver that gets no more queries."""
    if pid:
        # Twice, as a query may be read and not yet passed on.
        waiting.eventually(lambda: not busy(pid) and not busy(pid), DRAIN)
