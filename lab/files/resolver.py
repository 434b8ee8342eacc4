"""A name server of the lab: knows some names, asks the outside world for all others, and tells what it was asked.

    resolver.py OUTSIDE '{"NAME": "ADDRESS", ...}'

Prints a line with name and type for each question. The files /seconds and /seconds-to-deny say how long it takes for an
answer, and for an NXDOMAIN.
"""

from __future__ import annotations

import contextlib
import ipaddress
import json
import pathlib
import socket
import socketserver
import struct
import sys
import threading
import time
from collections.abc import Callable
from io import BufferedIOBase

OUTSIDE = sys.argv[1]
NAMES = json.loads(sys.argv[2])
TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 65: "HTTPS"}
A = 1
NXDOMAIN = 3
TIMEOUT = 5  # seconds


def question(query: bytes) -> tuple[str, int, int]:
    """Name and type that a query asks for, and where its question ends."""
    labels, position = [], 12
    while query[position]:
        labels.append(query[position + 1 : position + 1 + query[position]].decode("latin-1").lower())
        position += 1 + query[position]
    return ".".join(labels), struct.unpack_from("!H", query, position + 1)[0], position + 5


def own_answer(query: bytes, kind: int, end: int, address: str) -> bytes:
    """What is known of a name of this server: its address, and nothing of another type."""
    answers = []
    if kind == A:
        answers.append(struct.pack("!HHHIH", 0xC00C, A, 1, 0, 4) + ipaddress.ip_address(address).packed)
    flags = 0x8580 if query[2] & 1 else 0x8480
    # The rest of the query is its OPT record.
    return query[:2] + struct.pack("!HHH", flags, 1, len(answers)) + query[8:end] + b"".join(answers) + query[end:]


def answer(query: bytes, ask_outside: Callable[[bytes], bytes]) -> bytes:
    """What the server says, in its time.

    :raises TimeoutError: when the outside world says nothing.
    """
    name, kind, end = question(query)
    print(name, TYPES.get(kind, kind), flush=True)
    # Every label below one of its names has the same address, so that a thousand lookups are a thousand questions.
    address = NAMES.get(name) or NAMES.get(name.partition(".")[2])
    reply = own_answer(query, kind, end, address) if address else ask_outside(query)
    wait = "/seconds-to-deny" if reply[3] & 15 == NXDOMAIN else "/seconds"
    with contextlib.suppress(FileNotFoundError):
        time.sleep(float(pathlib.Path(wait).read_text()))
    return reply


def by_datagram(query: bytes) -> bytes:
    with socket.socket(type=socket.SOCK_DGRAM) as outside:
        outside.settimeout(TIMEOUT)
        outside.connect((OUTSIDE, 53))
        outside.send(query)
        return outside.recv(65535)


def by_stream(query: bytes) -> bytes:
    with socket.create_connection((OUTSIDE, 53), TIMEOUT) as outside:
        with outside.makefile("wb") as stream:
            write(stream, query)
        with outside.makefile("rb") as stream:
            return read(stream)


def read(stream: BufferedIOBase) -> bytes:
    return stream.read(struct.unpack("!H", stream.read(2))[0])


def write(stream: BufferedIOBase, message: bytes) -> None:
    stream.write(struct.pack("!H", len(message)) + message)
    stream.flush()


class Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        query, server = self.request
        with contextlib.suppress(TimeoutError):
            server.sendto(answer(query, by_datagram), self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(TimeoutError, struct.error):
            write(self.wfile, answer(read(self.rfile), by_stream))


class Datagrams(socketserver.ThreadingUDPServer):
    daemon_threads = True


class Streams(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


def main() -> None:
    threading.Thread(target=Streams(("", 53), Stream).serve_forever, daemon=True).start()
    Datagrams(("", 53), Datagram).serve_forever()


if __name__ == "__main__":
    main()
