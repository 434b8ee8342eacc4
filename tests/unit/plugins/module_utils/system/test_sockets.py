# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sockets of a host, from what ss prints."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.system import sockets

SS = """\
udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=1517,fd=16))
udp   UNCONN 768    0          127.0.0.11:46155     0.0.0.0:*
tcp   LISTEN 0      4096       127.0.0.1:8500       0.0.0.0:*    users:(("consul",pid=1087,fd=23),("consul",pid=9,fd=3))
tcp   LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=73,fd=4))
tcp   LISTEN 0      128                *:80               *:*    users:(("nginx: master",pid=80,fd=4))
udp   UNCONN 0      0                  *:*                *:*    users:(("dnsmasq",pid=53,fd=4))
"""


def test_parse_sockets() -> None:
    assert sockets.parse_sockets(SS) == [
        sockets.Socket("udp", "127.0.0.53", 53, "systemd-resolve", 1517),
        sockets.Socket("udp", "127.0.0.11", 46155, "", 0, unread=768),
        sockets.Socket("tcp", "127.0.0.1", 8500, "consul", 1087),
        sockets.Socket("tcp", "::", 22, "sshd", 73),
        sockets.Socket("tcp", "*", 80, "nginx: master", 80),
        sockets.Socket("udp", "*", 0, "dnsmasq", 53),
    ]
    assert sockets.parse_sockets("") == []


@pytest.mark.parametrize(
    ("listens", "address", "covers"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.2", False),
        ("0.0.0.0", "127.0.0.2", True),
        ("0.0.0.0", "::1", False),
        ("::", "::1", True),
        ("::", "127.0.0.2", True),  # an IPv6 wildcard takes IPv4 as well, unless told otherwise
        ("*", "192.168.100.4", True),
        ("::1", "127.0.0.1", False),
    ],
)
def test_covers(listens: str, address: str, covers: bool) -> None:
    assert sockets.Socket("tcp", listens, 53, "named", 1).covers(address) is covers


def test_a_listener_says_who_holds_what() -> None:
    assert str(sockets.Socket("udp", "0.0.0.0", 53, "named", 7)) == "udp 0.0.0.0:53 is held by named (pid 7)"
    assert str(sockets.Socket("tcp", "::1", 53, "", 0)) == "tcp ::1:53 is held by an unknown process (pid 0)"


def test_descends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert sockets.descends(child.pid, os.getpid())
        assert sockets.descends(child.pid, child.pid)
        assert not sockets.descends(os.getpid(), child.pid)
        child.communicate(b"\n")
    assert not sockets.descends(child.pid, os.getpid()), "it is gone"
    assert not sockets.descends(0, os.getpid())


def test_descends_from_a_program_of_any_name() -> None:
    """The kernel keeps the bytes of a name, which a program may choose."""
    with subprocess.Popen(
        [sys.executable, "-c", "open('/proc/self/comm', 'wb').write(b'\\xfc) 1 ('); input()"], stdin=subprocess.PIPE
    ) as child:
        while b"\xfc" not in Path(f"/proc/{child.pid}/stat").read_bytes():
            assert child.poll() is None
        assert sockets.descends(child.pid, os.getpid())
        child.communicate(b"\n")
