"""Ten thousand odd queries at dnsmasq and at the stub: nothing dies, nothing goes round, and names resolve after it."""

from __future__ import annotations

import base64
import random
import struct
import subprocess
import time

import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
from testinfra.host import Host

import lab

COUNT = 10_000
CONSUL, SERVER = "consul.service.consul", "192.168.106.4"
testinfra_hosts = [lab.backend("node1"), lab.backend("node3")]

# Sends what it reads to each server, a hundred at a time, and takes the answers off.
SENDER = """
import base64, select, socket, sys
packets = [base64.b64decode(line) for line in sys.stdin]
answers = 0
for server in sys.argv[1:]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((server, 53))
        for index, packet in enumerate(packets):
            client.send(packet)
            while select.select([client], [], [], 0.1 if index % 100 == 99 else 0)[0]:
                client.recv(65535)
                answers += 1
print(answers)
"""


def odd_name(chance: random.Random) -> bytes:
    """A name on the wire: ordinary ones, unknown ones, labels of any byte and length, and what is no name at all."""
    labels = chance.choice(
        [
            [b"few", b"service", b"consul"],
            [bytes(chance.choices(b"abc-_", k=chance.randint(1, 63))), b"service", b"consul"],
            [b"x" * 63] * chance.randint(1, 3) + [b"consul"],
            [chance.randbytes(chance.randint(1, 63)), b"node", b"consul"],
            [b"www", b"example", b"com"],
            [b"255", b"106", b"168", b"192", b"in-addr", b"arpa"],
            [b"*", b"consul"],
            [],
        ]
    )
    wire = b"".join(struct.pack("B", len(label)) + label for label in labels) + b"\0"
    # A pointer that points at itself, or a label that is cut off.
    return chance.choices([wire, wire[:-1] + b"\xc0\x0c", wire[: len(wire) // 2]], weights=[18, 1, 1])[0]


def odd_query(chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        # One that is right in itself.
        query = dns.message.make_query(
            dns.name.from_text(
                chance.choice(["few.service.consul.", "a.b.c.consul.", "www.example.com.", "consul.", "."])
            ),
            dns.rdatatype.RdataType.make(
                chance.choice([1, 2, 5, 6, 12, 15, 16, 28, 33, 43, 46, 48, 64, 251, 252, 255, 65280])
            ),
            dns.rdataclass.RdataClass.make(chance.choice([1, 1, 1, 3, 4, 254, 255])),
            use_edns=chance.choice([-1, 0, 1]),
            want_dnssec=chance.random() < 0.2,
            payload=chance.choice([0, 512, 1232, 65535]),
        )
        query.flags ^= chance.choice([0, 0, dns.flags.RD, dns.flags.TC, dns.flags.QR, dns.flags.AA])
        return query.to_wire()
    counts = [chance.choice([0, 1, 1, 1, 2, 65535]) for _section in range(4)]
    header = struct.pack("!HHHHHH", chance.randrange(65536), chance.randrange(65536), *counts)
    packet = header + odd_name(chance) + struct.pack("!HH", chance.randrange(65536), chance.randrange(65536))
    return packet[: chance.choice([len(packet), len(packet), chance.randrange(len(packet) + 1)])]


def processes(host: Host) -> list[str]:
    """What must not have been started anew."""
    units = "dnsmasq-consul systemd-resolved docker"
    return [
        host.check_output(f"systemctl show --property=MainPID --value {units}"),
        host.check_output("docker inspect --format '{{.State.Pid}}' consul"),
    ]


def test_odd_queries(host: Host) -> None:
    chance = random.Random(5)  # noqa: S311
    lines = b"".join(base64.b64encode(odd_query(chance)) + b"\n" for _query in range(COUNT))
    before = processes(host)
    servers = ["127.0.0.2", "127.0.0.53"][: 2 if host.service("systemd-resolved").is_running else 1]
    container = lab.container(host.check_output("hostname"))
    sent = subprocess.run(
        ["docker", "exec", "--interactive", container, "python3", "-c", SENDER, *servers],
        input=lines,
        stdout=subprocess.PIPE,
        check=True,
        timeout=300,
    )
    assert int(sent.stdout) > COUNT / 4, "they were no queries"
    assert processes(host) == before
    # Nothing goes round: agents get no more than the probe's questions.
    deadline = time.monotonic() + 30
    before_second = lab.sent_to_agents(host)
    while (after_second := lab.sent_to_agents(host)) - before_second > 20:
        before_second = after_second
        assert time.monotonic() < deadline
    assert lab.addresses(host, CONSUL) == {SERVER}
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
    assert lab.dig(host, f"@127.0.0.2 {CONSUL}") == [SERVER]
