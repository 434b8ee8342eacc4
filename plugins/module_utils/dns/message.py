# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queries by hand (RFC 1035), over UDP and TCP, because a host has no DNS library."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.system import network

TYPES = {"A": 1, "CNAME": 5, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33}
#: What a server says of a query, as dig names it.
CODES = {0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED"}
HEADER = struct.Struct("!HHHHHH")
RECORD = struct.Struct("!HHIH")
QUESTION = struct.Struct("!HH")
TRUNCATED = 0x0200
RETRY = 5.0  # seconds for which programs wait for an answer before they ask again: RES_TIMEOUT in resolv.h
RESPONSE = 0x8000
IN, CHAOS = 1, 3  # of the Internet, and of what a server says of itself: classes of RFC 1035


class NoAnswer(Exception):
    """Nobody answers, or with something that is no answer; the message says what came back."""


class Answer(t.NamedTuple):
    """What a name server says."""

    code: str
    records: list[str]
    milliseconds: float
    truncated: bool = False

    @property
    def good(self) -> bool:
        """Whether the name has what was asked for."""
        return self.code == "NOERROR" and bool(self.records)

    def __str__(self) -> str:
        if self.code != "NOERROR":
            return self.code
        return ", ".join(self.records) or "NOERROR without a record"


def query(name: str, kind: str, identity: int, of: int = IN) -> bytes:
    """Make a recursive query.

    :raises ValueError: when the name can be no name of DNS.
    """
    packet = HEADER.pack(identity, 0x0100, 1, 0, 0, 0)
    for label in name.rstrip(".").split("."):
        octets = label.encode("ascii")
        if not 1 <= len(octets) <= 63:
            raise ValueError(f"{name!r} has a label that is empty or longer than 63 characters")
        packet += struct.pack("B", len(octets)) + octets
    return packet + b"\0" + QUESTION.pack(TYPES[kind], of)


def read_name(packet: bytes, position: int) -> tuple[str, int]:
    """Read the name at a position, and where it ends. Compression points backwards only, so this ends."""
    labels: list[str] = []
    end = 0
    limit = position
    while True:
        length = packet[position]
        if length & 0xC0 == 0xC0:
            target = struct.unpack_from("!H", packet, position)[0] & 0x3FFF
            end = end or position + 2
            if target >= limit:
                raise ValueError("a name points forwards")
            position = limit = target
            continue
        if length & 0xC0:
            raise ValueError("a label of an unknown kind")
        position += 1
        if not length:
            return ".".join(labels), end or position
        if position + length > len(packet):
            raise ValueError("a label is cut off")
        labels.append(packet[position : position + length].decode("ascii", "backslashreplace"))
        position += length


def _data(packet: bytes, position: int, length: int, kind: int) -> str:
    """The data of a record as text."""
    octets = packet[position : position + length]
    if len(octets) != length:
        raise ValueError("a record is cut off")
    if kind == TYPES["A"]:
        return str(ipaddress.IPv4Address(octets))
    if kind == TYPES["AAAA"]:
        return str(ipaddress.IPv6Address(octets))
    if kind in (TYPES["CNAME"], TYPES["PTR"]):
        return read_name(packet, position)[0]
    if kind == TYPES["SRV"]:
        priority, weight, port = struct.unpack_from("!HHH", octets)
        return f"{priority} {weight} {port} {read_name(packet, position + 6)[0]}"
    if kind == TYPES["TXT"]:
        return b"".join(_strings(octets)).decode("ascii", "backslashreplace")
    return octets.hex()


def _strings(octets: bytes) -> t.Iterator[bytes]:
    """The strings of a TXT record, each of which has its length before it."""
    position = 0
    while position < len(octets):
        end = position + 1 + octets[position]
        if end > len(octets):
            raise ValueError("a string is cut off")
        yield octets[position + 1 : end]
        position = end


def parse(packet: bytes, kind: str) -> Answer:
    """Read the answer in a packet, with the records of one type, sorted, since servers turn them around.

    :raises NoAnswer: when the packet is none.
    """
    try:
        _identity, flags, questions, answers, _authority, _additional = HEADER.unpack_from(packet)
        position = HEADER.size
        for _number in range(questions):
            position = read_name(packet, position)[1] + QUESTION.size
        records = []
        for _number in range(answers):
            position = read_name(packet, position)[1]
            found, _class, _ttl, length = RECORD.unpack_from(packet, position)
            position += RECORD.size
            data = _data(packet, position, length, found)
            if found == TYPES[kind]:
                records.append(data)
            position += length
    except (ValueError, IndexError, struct.error) as error:
        raise NoAnswer(f"a packet that is no answer ({error})") from error
    code = flags & 0x0F
    return Answer(CODES.get(code, f"code {code}"), sorted(records), 0.0, bool(flags & TRUNCATED))


def _receive(client: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = client.recv(length - len(received))
        if not part:
            raise NoAnswer("the connection was closed")
        received += part
    return received


def _over_tcp(client: socket.socket, packet: bytes) -> bytes:
    client.sendall(struct.pack("!H", len(packet)) + packet)
    return _receive(client, struct.unpack("!H", _receive(client, 2))[0])


def _over_udp(client: socket.socket, packet: bytes) -> bytes:
    client.send(packet)
    return client.recv(65535)


def ask(
    server: str, port: int, name: str, kind: str = "A", tcp: bool = False, timeout: float = 2.0, of: int = IN
) -> Answer:
    """Ask a name server.

    :arg timeout: seconds
    :arg of: the class
    :raises NoAnswer: says why there is none.
    """
    identity = int.from_bytes(os.urandom(2), "big")
    packet = query(name, kind, identity, of)
    start = time.monotonic()
    try:
        with socket.socket(network.family(server), socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM) as client:
            client.settimeout(timeout)
            client.connect((server, port))
            reply = (_over_tcp if tcp else _over_udp)(client, packet)
    except socket.timeout as error:
        raise NoAnswer(f"no answer within {timeout:g} s") from error
    except OSError as error:
        raise NoAnswer(error.strerror or str(error)) from error
    milliseconds = (time.monotonic() - start) * 1000
    if len(reply) < HEADER.size or reply[:2] != packet[:2] or not HEADER.unpack_from(reply)[1] & RESPONSE:
        raise NoAnswer("a packet that answers another query")
    return parse(reply, kind)._replace(milliseconds=round(milliseconds, 2))
