# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the bytes of a capture and the lines of a log to time lines."""

from __future__ import annotations

import ipaddress
import struct

import dns.message
import dns.rrset
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils.dns import capture as dns_capture
from ansible_collections.servicedns.consul.plugins.module_utils.dns.capture import Event, Packet

NAME = "flapp1.service.consul"
HOPS = {"127.0.0.2:53": "dnsmasq", "127.0.0.1:8600": "the agent"}


def question(identity: int = 7, kind: str = "A", name: str = NAME) -> bytes:
    return dns.message.make_query(name, kind, id=identity).to_wire()


def answer(identity: int = 7, kind: str = "A", address: str = "192.0.2.5", name: str = NAME) -> bytes:
    reply = dns.message.make_response(dns.message.make_query(name, kind, id=identity))
    reply.answer.append(dns.rrset.from_text(f"{name}.", 0, "IN", kind, address))
    return reply.to_wire()


def captured(packet: Packet, link: int) -> bytes:
    """A packet as the kernel hands it to a capture of all interfaces."""
    ports = struct.pack("!HH", packet.source_port, packet.target_port)
    if packet.protocol == "udp":
        transport, segment = 17, ports + struct.pack("!HH", 8 + len(packet.message), 0) + packet.message
    else:
        length = struct.pack("!H", len(packet.message)) if packet.message else b""
        transport, segment = 6, ports + b"\0" * 8 + b"\x60\x18" + b"\0" * 10 + length + packet.message
    source, target = ipaddress.ip_address(packet.source), ipaddress.ip_address(packet.target)
    if source.version == 4:
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), 0, 0, 64, transport, 0)
    else:
        head = struct.pack("!IHBB", 6 << 28, len(segment), transport, 64)
    protocol = struct.pack("!H", 0x0800 if source.version == 4 else 0x86DD)
    cooked = b"\0" * 14 + protocol if link == 113 else protocol + b"\0" * 18
    return cooked + head + source.packed + target.packed + segment


def pcap(packets: list[Packet], link: int = 276, order: str = "<", nano: bool = False) -> bytes:
    scale, magic = (1e9, 0xA1B23C4D) if nano else (1e6, 0xA1B2C3D4)
    content = struct.pack(f"{order}IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for packet in packets:
        data = captured(packet, link)
        part = round((packet.time - int(packet.time)) * scale)
        content += struct.pack(f"{order}IIII", int(packet.time), part, len(data), len(data)) + data
    return content


def udp(time: float, source: str, target: str, message: bytes) -> Packet:
    (source_address, source_port), (target_address, target_port) = (text.rsplit(":", 1) for text in (source, target))
    return Packet(time, "udp", source_address, int(source_port), target_address, int(target_port), message)


ASKED = udp(100.25, "127.0.0.1:4000", "127.0.0.2:53", question())
ANSWERED = udp(100.5, "127.0.0.2:53", "127.0.0.1:4000", answer())
SIX = udp(100.5, "2001:db8::1:4000", "2001:db8::2:53", question())


@pytest.mark.parametrize("link", [113, 276])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nano", [False, True])
def test_packets(link: int, order: str, nano: bool) -> None:
    wanted = [ASKED, SIX, ASKED._replace(protocol="tcp")]
    assert list(dns_capture.packets(pcap(wanted, link, order, nano))) == wanted


def test_other_packets_are_left_out() -> None:
    """A connection's packets without data, and protocols that carry no DNS."""
    assert list(dns_capture.packets(pcap([ASKED._replace(protocol="tcp", message=b"")]))) == []
    arp = bytearray(pcap([ASKED]))
    arp[40:42] = b"\x08\x06"
    assert list(dns_capture.packets(bytes(arp))) == []
    assert list(dns_capture.packets(pcap([ASKED], link=1 + 112)))
    assert list(dns_capture.packets(b"")) == []


def test_a_capture_of_another_kind_has_none() -> None:
    ethernet = bytearray(pcap([ASKED]))
    ethernet[20:24] = struct.pack("<I", 1)
    assert list(dns_capture.packets(bytes(ethernet))) == []


@given(st.integers(0, 400))
def test_a_capture_that_is_cut_off_is_read_up_to_there(length: int) -> None:
    capture = pcap([ASKED, ANSWERED])
    found = list(dns_capture.packets(capture[:length]))
    assert found == [ASKED, ANSWERED][: len(found)]


@given(st.integers(24, 300), st.integers(0, 255))
def test_a_capture_with_a_wrong_octet_is_read(position: int, octet: int) -> None:
    capture = bytearray(pcap([ASKED, ANSWERED]))
    capture[position % len(capture)] = octet
    list(dns_capture.packet_events(dns_capture.packets(bytes(capture)), NAME, HOPS))


def test_a_packet_of_the_loopback_interface_counts_once() -> None:
    again = ASKED._replace(time=ASKED.time + 0.00001)
    later = ASKED._replace(time=ASKED.time + 5)
    assert dns_capture.once([again, ASKED, later]) == [ASKED, later]


def texts(packets: list[Packet], name: str = NAME) -> list[tuple[str, float, str]]:
    return [(kind, event.time, event.text) for kind, event in dns_capture.packet_events(packets, name, HOPS)]


def test_events() -> None:
    agent = udp(100.25, "127.0.0.1:4001", "127.0.0.1:8600", question(8))
    silent = udp(101.0, "127.0.0.1:4001", "127.0.0.1:8600", question(8))
    elsewhere = udp(102.0, "192.0.2.1:4000", "192.0.2.53:53", question(9))
    others = [
        udp(100.3, "127.0.0.1:4002", "127.0.0.2:53", question(name="other.service.consul")),
        udp(100.3, "127.0.0.1:4003", "127.0.0.2:53", b"no DNS at all"),
    ]
    assert texts([ASKED, agent, ANSWERED, silent, elsewhere, *others]) == [
        ("A", 100.25, "dnsmasq is asked over udp by 127.0.0.1"),
        ("A", 100.25, "the agent is asked over udp by 127.0.0.1"),
        ("A", 100.5, "dnsmasq answers 192.0.2.5 (250.0 ms)"),
        ("A", 101.0, "the agent is asked again over udp by 127.0.0.1"),
        ("A", 102.0, "192.0.2.53:53 is asked over udp by 192.0.2.1"),
    ]


def test_names_are_the_same_in_any_case() -> None:
    packet = udp(1.0, "127.0.0.1:4000", "127.0.0.2:53", question(name=NAME.upper()))
    assert texts([packet], f"{NAME}.") == [("A", 1.0, "dnsmasq is asked over udp by 127.0.0.1")]


def test_kinds() -> None:
    packets = [
        udp(1.0, "127.0.0.1:4000", "127.0.0.2:53", question(kind="AAAA")),
        udp(1.5, "127.0.0.2:53", "127.0.0.1:4000", answer(kind="AAAA", address="2001:db8::5")),
        udp(2.0, "127.0.0.1:4000", "127.0.0.2:53", question(kind="MX")),
    ]
    assert [(kind, text) for kind, _time, text in texts(packets)] == [
        ("AAAA", "dnsmasq is asked over udp by 127.0.0.1"),
        ("AAAA", "dnsmasq answers 2001:db8::5 (500.0 ms)"),
        ("type 15", "dnsmasq is asked over udp by 127.0.0.1"),
    ]


def test_log_events() -> None:
    journal = [
        (1.0, "dnsmasq[9]: 4 127.0.0.1/4000 query[AAAA] flapp1.service.consul from 127.0.0.1"),
        (1.1, "4 127.0.0.1/4000 forwarded flapp1.service.consul to 127.0.0.1#8600"),
        (1.2, "5 127.0.0.1/4001 query[A] other.service.consul from 127.0.0.1"),
        (1.3, "6 127.0.0.1/4001 query[A] flapp1.service.consul from 127.0.0.1"),
        (1.4, "4 127.0.0.1/4000 reply flapp1.service.consul is NODATA-IPv6"),
        (1.5, "query[SRV] flapp1.service.consul from 127.0.0.1"),
        (1.6, "started, version 2.90 cachesize 150"),
        (1.7, ""),
    ]
    assert [(kind, *event[:2]) for kind, event in dns_capture.log_events(journal, NAME)] == [
        ("AAAA", 1.0, "dnsmasq logs: query[AAAA] flapp1.service.consul from 127.0.0.1"),
        ("AAAA", 1.1, "dnsmasq logs: forwarded flapp1.service.consul to 127.0.0.1#8600"),
        ("A", 1.3, "dnsmasq logs: query[A] flapp1.service.consul from 127.0.0.1"),
        ("AAAA", 1.4, "dnsmasq logs: reply flapp1.service.consul is NODATA-IPv6"),
        ("SRV", 1.5, "dnsmasq logs: query[SRV] flapp1.service.consul from 127.0.0.1"),
    ]


def test_time_lines() -> None:
    """A line ends with the answer to its first question; what is logged of it a moment later still belongs to it."""
    first = [
        Event(1.0, "asked", asks=(1,)),
        Event(1.1, "asked behind", asks=(2,)),
        Event(1.2, "answered behind", answers=(2,)),
        Event(1.3, "answered", answers=(1,)),
        Event(1.301, "logged"),
    ]
    second = [Event(1.302, "asked", asks=(3,)), Event(6.302, "asked again", asks=(3,))]
    late = [Event(9.0, "asked", asks=(4,)), Event(9.1, "answered", answers=(4,))]
    log = [Event(9.2, "logged")]
    other = [Event(1.15, "asked for another type", asks=(5,))]
    events = [("A", event) for event in [*log, *second, *first]] + [("AAAA", event) for event in other]
    assert dns_capture.time_lines(events) == [("A", first), ("AAAA", other), ("A", [*second, *log])]
    assert dns_capture.time_lines([("A", event) for event in [*late, *log]]) == [("A", late), ("A", log)]
    assert dns_capture.time_lines([]) == []
