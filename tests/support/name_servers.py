# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A name server of a test, on a port of its own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rrset


@contextmanager
def name_server(
    records: list[str], code: int = dns.rcode.NOERROR, response: bool = True, seconds: float = 0
) -> Iterator[int]:
    """The port of a name server that says the same of every name.

    :arg seconds: that it takes for an answer
    """
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def serve() -> None:
            while True:
                packet, client = server.recvfrom(512)
                if not packet:
                    return
                query = dns.message.from_wire(packet)
                (question,) = query.question
                time.sleep(seconds)
                answer = dns.message.make_response(query)
                answer.set_rcode(dns.rcode.Rcode(code))
                answer.answer = [
                    dns.rrset.from_text(question.name, 5, "IN", *record.split())
                    for record in records
                    if record.split()[0] in ("CNAME", question.rdtype.name)
                ]
                if not response:
                    answer.flags &= ~dns.flags.QR
                server.sendto(answer.to_wire(), client)

        thread = threading.Thread(target=serve)
        thread.start()
        port = server.getsockname()[1]
        try:
            yield port
        finally:
            with socket.socket(type=socket.SOCK_DGRAM) as stop:
                stop.sendto(b"", ("127.0.0.1", port))
            thread.join()
