# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From captured packets and dnsmasq's query log to one time line a query."""

from __future__ import annotations

import ipaddress
import re
import struct
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import DNS_PORT
from ansible_collections.servicedns.consul.plugins.module_utils.dns import message as dns_message

PORTS = (53, DNS_PORT)
#: Of the host, in memory, and of root alone.
FOLDER = "/run/servicedns-dns-trace"
CAPTURE = f"{FOLDER}/capture.pcap"
#: What tcpdump calls the packets of all interfaces, and where in them the protocol and the payload are.
LINKS = {113: (14, 16), 276: (0, 20)}
UDP, TCP = 17, 6
#: What is logged of a query, or sent again, within this time after its answer still belongs to it.
LATE = 0.05  # seconds


class Packet(t.NamedTuple):
    """A message of DNS on its way."""

    time: float
    protocol: str
    source: str
    source_port: int
    target: str
    target_port: int
    message: bytes


class Event(t.NamedTuple):
    """Something that happened to a query."""

    time: float
    text: str
    asks: tuple[t.Any, ...] = ()  # what identifies the question, where it is one
    answers: tuple[t.Any, ...] = ()  # and where it is the answer to one


class Message(t.NamedTuple):
    """What a packet asks or answers."""

    identity: int
    answers: bool
    name: str
    kind: str
    text: str


TYPE_NAMES = {number: name for name, number in dns_message.TYPES.items()}


def read_message(packet: bytes) -> Message | None:
    """Read a message of DNS; None where it is none."""
    try:
        identity, flags, questions = struct.unpack_from("!HHH", packet)
        if questions != 1:
            return None
        name, position = dns_message.read_name(packet, dns_message.HEADER.size)
        number, _class = dns_message.QUESTION.unpack_from(packet, position)
    except (ValueError, IndexError, struct.error):
        return None
    kind = TYPE_NAMES.get(number, f"type {number}")
    answers = bool(flags & dns_message.RESPONSE)
    text = ""
    if answers:
        try:
            text = str(dns_message.parse(packet, kind if kind in dns_message.TYPES else "A"))
        except dns_message.NoAnswer as error:
            text = str(error)
    return Message(identity, answers, name, kind, text)


def packets(capture: bytes) -> t.Iterator[Packet]:
    """Read the messages of DNS in a file of tcpdump. One that is cut off at its end is read up to there."""
    if len(capture) < 24:
        return
    order = "<" if capture[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    fraction = 1e-9 if b"\x3c" in capture[:4] else 1e-6
    link = struct.unpack_from(f"{order}I", capture, 20)[0] & 0xFFFF
    if link not in LINKS:
        return
    position = 24
    while position + 16 <= len(capture):
        seconds, part, length, _original = struct.unpack_from(f"{order}IIII", capture, position)
        position += 16
        data = capture[position : position + length]
        position += length
        if len(data) == length:
            yield from _network(seconds + part * fraction, data, link)


def _network(time: float, data: bytes, link: int) -> t.Iterator[Packet]:
    """The message in what was captured on a link, if there is one."""
    protocol_at, start = LINKS[link]
    try:
        (protocol,) = struct.unpack_from("!H", data, protocol_at)
        ip = data[start:]
        if protocol == 0x0800:
            header = (ip[0] & 0x0F) * 4
            transport, source, target = ip[9], ipaddress.ip_address(ip[12:16]), ipaddress.ip_address(ip[16:20])
        elif protocol == 0x86DD:
            header = 40
            transport, source, target = ip[6], ipaddress.ip_address(ip[8:24]), ipaddress.ip_address(ip[24:40])
        else:
            return
        segment = ip[header:]
        source_port, target_port = struct.unpack_from("!HH", segment)
        if transport == UDP:
            message = segment[8:]
        elif transport == TCP:
            # The length stands before a message; a connection's other packets have none.
            message = segment[(segment[12] >> 4) * 4 :][2:]
        else:
            return
    except (IndexError, ValueError, struct.error):
        return
    if message:
        kind = "udp" if transport == UDP else "tcp"
        yield Packet(time, kind, str(source), source_port, str(target), target_port, message)


def once(found: t.Iterable[Packet]) -> list[Packet]:
    """Take each packet once: on the loopback interface one is captured as it leaves and again as it comes."""
    seen: dict[tuple[t.Any, ...], float] = {}
    kept = []
    for packet in sorted(found):
        key = packet[1:]
        if key not in seen or packet.time - seen[key] > 0.01:
            kept.append(packet)
        seen[key] = packet.time
    return kept


def hop(address: str, port: int, hops: t.Mapping[str, str]) -> str:
    """Name who listens at an address and port: a hop by its name, or the address."""
    return hops.get(f"{address}:{port}") or f"{address}:{port}"


def packet_events(found: t.Iterable[Packet], name: str, hops: t.Mapping[str, str]) -> t.Iterator[tuple[str, Event]]:
    """Tell what happened to queries for a name, each with the type that was asked for."""
    asked: dict[tuple[t.Any, ...], float] = {}
    for packet in once(found):
        message = read_message(packet.message)
        if message is None or message.name.lower() != name.lower().rstrip("."):
            continue
        here, there = (packet.source, packet.source_port), (packet.target, packet.target_port)
        if message.answers and packet.source_port in PORTS:
            who = hop(*here, hops)
            key = (*there, *here, packet.protocol, message.identity)
            start = asked.pop(key, None)
            took = "" if start is None else f" ({(packet.time - start) * 1000:.1f} ms)"
            yield message.kind, Event(packet.time, f"{who} answers {message.text}{took}", answers=key)
        elif not message.answers and packet.target_port in PORTS:
            who = hop(*there, hops)
            key = (*here, *there, packet.protocol, message.identity)
            again = " again" if key in asked else ""
            asked[key] = packet.time
            yield (
                message.kind,
                Event(packet.time, f"{who} is asked{again} over {packet.protocol} by {packet.source}", asks=key),
            )


def log_events(journal: t.Iterable[tuple[float, str]], name: str) -> t.Iterator[tuple[str, Event]]:
    """Tell what dnsmasq logged of queries for a name. The type stands in the first line of each, and in the address after that."""
    wanted = name.lower().rstrip(".")
    kinds: dict[str, str] = {}
    for time, line in journal:
        words = re.sub(r"^dnsmasq\[\d+\]: ", "", line).split()
        if wanted not in [word.lower().rstrip(".") for word in words]:
            continue
        # With log-queries=extra: a serial number, and who asked.
        serial = words[0] if words[0].isdigit() else ""
        said = words[2:] if serial else words
        query = re.match(r"query\[(\w+)\]", said[0]) if said else None
        if query:
            kinds[serial] = query.group(1)
        yield kinds.get(serial, "A"), Event(time, f"dnsmasq logs: {' '.join(said)}")


def time_lines(events: t.Iterable[tuple[str, Event]]) -> list[tuple[str, list[Event]]]:
    """Make one for each query: from the first question to the answer to it."""
    lines: list[tuple[str, list[Event]]] = []
    last: dict[str, list[Event]] = {}
    for kind, event in sorted(events, key=lambda item: item[1].time):
        line = last.get(kind)
        first = next((one.asks for one in line or [] if one.asks), ())
        answered = next((one.time for one in line or [] if first and one.answers == first), None)
        over = answered is not None and (bool(event.asks) or event.time - answered > LATE)
        if line is None or over:
            line = last[kind] = []
            lines.append((kind, line))
        line.append(event)
    return lines
