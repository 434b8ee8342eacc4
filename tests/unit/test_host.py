# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host is found to have, from what its commands print."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils import host

SS = """\
udp   UNCONN 0      0      127.0.0.53%lo:53         0.0.0.0:*    users:(("systemd-resolve",pid=1517,fd=16))
udp   UNCONN 768    0          127.0.0.11:46155     0.0.0.0:*
tcp   LISTEN 0      4096       127.0.0.1:8500       0.0.0.0:*    users:(("consul",pid=1087,fd=23),("consul",pid=9,fd=3))
tcp   LISTEN 0      128             [::]:22            [::]:*    users:(("sshd",pid=73,fd=4))
tcp   LISTEN 0      128                *:80               *:*    users:(("nginx: master",pid=80,fd=4))
udp   UNCONN 0      0                  *:*                *:*    users:(("dnsmasq",pid=53,fd=4))
"""


def test_parse_sockets() -> None:
    assert host.parse_sockets(SS) == [
        host.Socket("udp", "127.0.0.53", 53, "systemd-resolve", 1517),
        host.Socket("udp", "127.0.0.11", 46155, "", 0, unread=768),
        host.Socket("tcp", "127.0.0.1", 8500, "consul", 1087),
        host.Socket("tcp", "::", 22, "sshd", 73),
        host.Socket("tcp", "*", 80, "nginx: master", 80),
        host.Socket("udp", "*", 0, "dnsmasq", 53),
    ]
    assert host.parse_sockets("") == []


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
    assert host.Socket("tcp", listens, 53, "named", 1).covers(address) is covers


def test_a_listener_says_who_holds_what() -> None:
    assert str(host.Socket("udp", "0.0.0.0", 53, "named", 7)) == "udp 0.0.0.0:53 is held by named (pid 7)"
    assert str(host.Socket("tcp", "::1", 53, "", 0)) == "tcp ::1:53 is held by an unknown process (pid 0)"


def test_parse_addresses() -> None:
    output = [
        {"ifname": "lo", "addr_info": [{"local": "127.0.0.1", "prefixlen": 8, "scope": "host"}]},
        {
            "ifname": "eth0",
            "addr_info": [
                {"local": "10.0.0.4", "prefixlen": 24, "scope": "global"},
                {"local": "fd00::4", "prefixlen": 64, "scope": "global"},
                {"local": "fe80::1", "prefixlen": 64, "scope": "link"},
            ],
        },
        {"ifname": "tunnel0"},
    ]
    assert [(name, str(address)) for name, address in host.parse_addresses(json.dumps(output))] == [
        ("eth0", "10.0.0.4/24"),
        ("eth0", "fd00::4/64"),
    ]


HAS = [
    ("eth0", ipaddress.ip_interface("172.16.0.4/24")),
    ("eth1", ipaddress.ip_interface("192.168.100.4/24")),
    ("eth2", ipaddress.ip_interface("192.168.100.9/24")),
    ("eth3", ipaddress.ip_interface("fd00::4/64")),
]
LIST = "eth0 172.16.0.4/24, eth1 192.168.100.4/24, eth2 192.168.100.9/24, eth3 fd00::4/64"


@pytest.mark.parametrize(
    ("network", "address", "expected"),
    [
        ("", "", "172.16.0.4"),
        ("172.16.0.0/16", "", "172.16.0.4"),
        ("192.168.100.0/29", "", "192.168.100.4"),
        ("fd00::/8", "", "fd00::4"),
        ("192.168.100.0/24", "192.168.100.9", "192.168.100.9"),
        ("", "fd00:0::4", "fd00:0::4"),
    ],
)
def test_choose_address(network: str, address: str, expected: str) -> None:
    assert host.choose_address(HAS, "eth0", network, address) == expected


@pytest.mark.parametrize(
    ("network", "address", "message"),
    [
        ("", "10.9.9.9", f"consul_agent_address: '10.9.9.9' is no address of this host; it has {LIST}"),
        ("10.0.0.0/8", "", f"consul_agent_network: '10.0.0.0/8': no interface of this host is in it; it has {LIST}"),
        (
            "192.168.100.0/24",
            "",
            "consul_agent_network: '192.168.100.0/24': 192.168.100.4 and 192.168.100.9 of this host are in it; "
            f"set consul_agent_address, or a network with one of {LIST}",
        ),
    ],
)
def test_choose_address_refuses(network: str, address: str, message: str) -> None:
    with pytest.raises(host.HostError, match=f"^{re.escape(message)}$"):
        host.choose_address(HAS, "eth0", network, address)


@pytest.mark.parametrize("interface", ["", "eth9"])
def test_choose_address_without_default_route(interface: str) -> None:
    with pytest.raises(host.HostError, match=r"^consul_agent_network: this host has no default route"):
        host.choose_address(HAS, interface)


def test_descends() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert host.descends(child.pid, os.getpid())
        assert host.descends(child.pid, child.pid)
        assert not host.descends(os.getpid(), child.pid)
        child.communicate(b"\n")
    assert not host.descends(child.pid, os.getpid()), "it is gone"
    assert not host.descends(0, os.getpid())


def test_run() -> None:
    assert host.run("echo", "word") == "word\n"
    with pytest.raises(host.HostError, match="^no-such-command is not installed$"):
        host.run("no-such-command")
    with pytest.raises(host.HostError, match=r"^sh -c echo bad >&2; exit 3: bad$"):
        host.run("sh", "-c", "echo bad >&2; exit 3")


def test_write_atomically(tmp_path: Path) -> None:
    path = tmp_path / "file"
    host.write_atomically(str(path), "one")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("one", 0o644)
    path.chmod(0o640)
    host.write_atomically(str(path), "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o640)
    host.write_atomically(str(path), "three", mode=0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("three", 0o600)
    assert list(tmp_path.iterdir()) == [path], "nothing half done is left behind"


def test_write_atomically_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "directory"
    path.mkdir()
    with pytest.raises(OSError):
        host.write_atomically(str(path), "content")
    assert list(tmp_path.iterdir()) == [path]


def test_read(tmp_path: Path) -> None:
    assert host.read(str(tmp_path / "missing")) == ""


def test_docker_get_says_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(host, "DOCKER_SOCKET", str(tmp_path / "docker.sock"))
    with pytest.raises(host.HostError, match=r"does not answer at .*docker\.sock .*apt install docker\.io"):
        host.docker_get("/info")


def test_run_has_a_limit() -> None:
    with pytest.raises(host.HostError, match=r"^sleep 9: no answer within 0\.1 s$"):
        host.run("sleep", "9", timeout=0.1)
