# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries by hand, against packets that are right, cut off, or made to confuse, and against real sockets."""

from __future__ import annotations

import socket
import socketserver
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils.dns import message as dns_message
from ansible_collections.servicedns.consul.plugins.module_utils.dns.message import Answer, NoAnswer

NAME = "flapp1.service.consul"
#: Records as a zone file has them, what is asked for, and what is found.
ANSWERS: list[tuple[str, list[tuple[str, str]], list[str]]] = [
    ("A", [("A", "192.0.2.7"), ("A", "192.0.2.5")], ["192.0.2.5", "192.0.2.7"]),
    ("A", [("CNAME", "other.example."), ("A", "192.0.2.5")], ["192.0.2.5"]),
    ("AAAA", [("AAAA", "2001:db8::1")], ["2001:db8::1"]),
    ("SRV", [("SRV", "1 2 5000 node2.node.dc1.consul.")], ["1 2 5000 node2.node.dc1.consul"]),
    ("PTR", [("PTR", "www.example.com.")], ["www.example.com"]),
    ("CNAME", [("CNAME", "www.example.com.")], ["www.example.com"]),
    ("TXT", [("TXT", '"x" "yz"')], ["xyz"]),
    ("A", [], []),
]


def reply(kind: str, records: list[tuple[str, str]], rcode: int = 0, identity: int = 7) -> bytes:
    """A packet as a name server sends it, with names compressed."""
    question = dns.message.make_query(NAME, kind, id=identity)
    answer = dns.message.make_response(question)
    answer.set_rcode(dns.rcode.Rcode.make(rcode))
    answer.answer += [dns.rrset.from_text(f"{NAME}.", 0, "IN", found, data) for found, data in records]
    return answer.to_wire()


@pytest.mark.parametrize(("kind", "records", "expected"), ANSWERS)
def test_parse(kind: str, records: list[tuple[str, str]], expected: list[str]) -> None:
    found = dns_message.parse(reply(kind, records), kind)
    assert (found.code, found.records, found.truncated) == ("NOERROR", expected, False)
    assert found.good == bool(expected)


@pytest.mark.parametrize(
    ("rcode", "text"),
    [(0, "NOERROR without a record"), (2, "SERVFAIL"), (3, "NXDOMAIN"), (5, "REFUSED"), (9, "code 9")],
)
def test_codes(rcode: int, text: str) -> None:
    found = dns_message.parse(reply("A", [], rcode), "A")
    assert (str(found), found.good) == (text, False)


def test_truncated() -> None:
    packet = bytearray(reply("A", []))
    packet[2] |= 0x02
    assert dns_message.parse(bytes(packet), "A").truncated


@pytest.mark.parametrize("kind", dns_message.TYPES)
def test_query_is_what_dnspython_reads(kind: str) -> None:
    found = dns.message.from_wire(dns_message.query(f"{NAME}.", kind, 4711))
    assert (found.id, str(found.question[0].name)) == (4711, f"{NAME}.")
    assert dns.rdatatype.to_text(found.question[0].rdtype) == kind


@pytest.mark.parametrize("name", ["a..b", "x" * 64, "", "caf\u00e9.consul"])
def test_query_refuses(name: str) -> None:
    with pytest.raises(ValueError):
        dns_message.query(name, "A", 1)


QUESTION = b"\x01a\x00\x00\x01\x00\x01"


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"\0" * 11,
        reply("A", [("A", "192.0.2.5")])[:-1],
        reply("A", [("A", "192.0.2.5")])[:20],
        struct.pack("!HHHHHH", 7, 0x8180, 1, 0, 0, 0) + b"\xc0\x0c\0\1\0\1",  # a name that points at itself
        struct.pack("!HHHHHH", 7, 0x8180, 1, 0, 0, 0) + b"\xc0\xff\0\1\0\1",  # and one that points beyond the end
        struct.pack("!HHHHHH", 7, 0x8180, 1, 0, 0, 0) + b"\x80a\0\0\1\0\1",
        struct.pack("!HHHHHH", 7, 0x8180, 1, 9, 0, 0) + QUESTION,
    ],
)
def test_what_is_no_answer(packet: bytes) -> None:
    with pytest.raises(NoAnswer):
        dns_message.parse(packet, "A")


@given(st.binary(max_size=200))
def test_any_packet_is_read_or_refused(packet: bytes) -> None:
    try:
        dns_message.parse(packet, "A")
    except NoAnswer:
        return


@given(st.integers(0, 200), st.integers(0, 255))
def test_any_broken_packet_is_read_or_refused(position: int, octet: int) -> None:
    packet = bytearray(reply("SRV", [("SRV", "1 2 5000 node2.node.dc1.consul.")]))
    packet[position % len(packet)] = octet
    try:
        dns_message.parse(bytes(packet), "SRV")
    except NoAnswer:
        return


class Udp(socketserver.BaseRequestHandler):
    """Answers with the identity of the query, or with another one."""

    off = 0

    def handle(self) -> None:
        query, client = self.request
        identity = (int.from_bytes(query[:2], "big") + self.off) % 65536
        client.sendto(reply("A", [("A", "192.0.2.5")], identity=identity), self.client_address)


class OtherIdentity(Udp):
    off = 1


class Echo(socketserver.BaseRequestHandler):
    """Sends the query itself back."""

    def handle(self) -> None:
        query, client = self.request
        client.sendto(query, self.client_address)


class Tcp(socketserver.BaseRequestHandler):
    """Answers in pieces, as TCP may."""

    def handle(self) -> None:
        length = struct.unpack("!H", self.request.recv(2))[0]
        packet = reply("A", [("A", "192.0.2.5")], identity=int.from_bytes(self.request.recv(length)[:2], "big"))
        for octet in struct.pack("!H", len(packet)) + packet:
            self.request.sendall(bytes([octet]))


class Short(socketserver.BaseRequestHandler):
    """Hangs up in the middle."""

    def handle(self) -> None:
        self.request.recv(512)
        self.request.sendall(b"\x00\x40half")


@contextmanager
def serving(handler: type[socketserver.BaseRequestHandler], tcp: bool) -> Iterator[int]:
    kind = socketserver.ThreadingTCPServer if tcp else socketserver.ThreadingUDPServer
    with kind(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.mark.parametrize(("handler", "tcp"), [(Udp, False), (Tcp, True)])
def test_ask(handler: type[socketserver.BaseRequestHandler], tcp: bool) -> None:
    with serving(handler, tcp) as port:
        found = dns_message.ask("127.0.0.1", port, NAME, tcp=tcp)
    assert found._replace(milliseconds=0) == Answer("NOERROR", ["192.0.2.5"], 0)
    assert 0 < found.milliseconds < 2000


@pytest.mark.parametrize(
    ("handler", "tcp", "message"),
    [
        (OtherIdentity, False, "a packet that answers another query"),
        (Echo, False, "a packet that answers another query"),
        (Short, True, "the connection was closed"),
    ],
)
def test_ask_refuses(handler: type[socketserver.BaseRequestHandler], tcp: bool, message: str) -> None:
    with serving(handler, tcp) as port, pytest.raises(NoAnswer, match=f"^{message}$"):
        dns_message.ask("127.0.0.1", port, NAME, tcp=tcp)


@pytest.mark.parametrize("tcp", [False, True])
def test_nobody_listens(tcp: bool) -> None:
    with socket.socket(type=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    with pytest.raises(NoAnswer, match="^Connection refused$"):
        dns_message.ask("127.0.0.1", port, NAME, tcp=tcp)


def test_silence_has_a_limit() -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(NoAnswer, match=r"^no answer within 0\.1 s$"):
            dns_message.ask("127.0.0.1", silent.getsockname()[1], NAME, timeout=0.1)
