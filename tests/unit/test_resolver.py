# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host resolves names is read right, and a set-up that is not known is refused with the reason."""

from __future__ import annotations

import re
import socket
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver

PLAIN = resolver.Host(
    resolv_conf_target=resolver.RESOLV_CONF,
    resolv_conf="nameserver 10.0.0.1\n",
    resolved_installed=False,
    resolved_active=False,
    networkmanager_active=False,
    resolvconf_installed=False,
)
STUB = PLAIN._replace(resolv_conf_target=resolver.RESOLVED_STUB, resolved_installed=True, resolved_active=True)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("nameserver 10.0.0.1\n", "nameserver 127.0.0.2\nnameserver 10.0.0.1\n"),
        (
            "# by hand\nsearch a b\nnameserver 10.0.0.1\noptions timeout:1\nnameserver 10.0.0.2",
            "# by hand\nsearch a b\nnameserver 127.0.0.2\nnameserver 10.0.0.1\noptions timeout:1\nnameserver 10.0.0.2\n",
        ),
        ("nameserver 10.0.0.1\nnameserver  127.0.0.2\n", "nameserver 127.0.0.2\nnameserver 10.0.0.1\n"),
        ("search a\n", "search a\nnameserver 127.0.0.2\n"),
        ("", "nameserver 127.0.0.2\n"),
    ],
)
def test_with_nameserver_first(content: str, expected: str) -> None:
    assert resolver.with_nameserver_first(content, "127.0.0.2") == expected


@given(
    st.lists(st.sampled_from(["nameserver 127.0.0.2", "nameserver 10.0.0.1", "search a", "# x", "options rotate", ""]))
)
def test_with_nameserver_first_settles(lines: list[str]) -> None:
    once = resolver.with_nameserver_first("\n".join(lines), "127.0.0.2")
    assert resolver.with_nameserver_first(once, "127.0.0.2") == once
    assert resolver.nameservers(once)[0] == "127.0.0.2"
    others = [line for line in "\n".join(lines).splitlines() if line != "nameserver 127.0.0.2"]
    assert [line for line in once.splitlines() if line != "nameserver 127.0.0.2"] == others


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("", []),
        ("# /etc/systemd/resolved.conf\n[Resolve]\n#DNS=1.1.1.1\nFallbackDNS=8.8.8.8\n", []),
        ("# /etc/systemd/resolved.conf\n[Resolve]\nDNS=10.0.0.1 10.0.0.2\n", ["10.0.0.1", "10.0.0.2"]),
        (
            "[Resolve]\nDNS=10.0.0.1\n# /etc/systemd/resolved.conf.d/a.conf\n[Resolve]\nDNS=\nDNS=10.0.0.3\n",
            ["10.0.0.3"],
        ),
        (
            f"[Resolve]\nDNS=10.0.0.1\n# {resolver.RESOLVED_DROP_IN}\n[Resolve]\nDNS=\nDNS=127.0.0.2\nDomains=~consul\n",
            ["10.0.0.1"],
        ),
        ("DNS=9.9.9.9#dns.quad9.net\n", ["9.9.9.9"]),
    ],
)
def test_global_servers(configuration: str, expected: list[str]) -> None:
    assert resolver.global_servers(configuration) == expected


@pytest.mark.parametrize(
    ("wanted", "found", "expected"),
    [
        ("auto", STUB, "systemd_resolved"),
        ("systemd_resolved", STUB, "systemd_resolved"),
        ("auto", STUB._replace(networkmanager_active=True), "systemd_resolved"),
        ("systemd_resolved", STUB._replace(resolved_active=False, resolved_to_come=True), "systemd_resolved"),
        ("auto", PLAIN, "resolv_conf"),
        ("auto", PLAIN._replace(resolved_installed=True), "resolv_conf"),
        ("resolv_conf", PLAIN, "resolv_conf"),
        ("systemd_resolved", PLAIN, "systemd_resolved"),
        ("none", PLAIN, "none"),
        ("none", PLAIN._replace(networkmanager_active=True), "none"),
    ],
)
def test_choose(wanted: str, found: resolver.Host, expected: str) -> None:
    assert resolver.choose(wanted, found) == expected


@pytest.mark.parametrize(
    ("wanted", "found", "message"),
    [
        ("resolv_conf", STUB, "'resolv_conf' is not what this host resolves names with; it has systemd_resolved"),
        (
            "systemd_resolved",
            PLAIN._replace(resolved_installed=True),
            "'systemd_resolved' is not what this host resolves names with; it has resolv_conf",
        ),
        ("auto", STUB._replace(resolved_active=False), f"/etc/resolv.conf leads to {resolver.RESOLVED_STUB}, a set-up"),
        (
            "auto",
            STUB._replace(resolv_conf_target=resolver.RESOLVED_UPLINK),
            f"/etc/resolv.conf leads to {resolver.RESOLVED_UPLINK}, a set-up that is not supported yet",
        ),
        ("auto", PLAIN._replace(resolved_active=True), "is a plain file beside systemd-resolved"),
        ("auto", PLAIN._replace(networkmanager_active=True), "is a plain file beside NetworkManager"),
        ("systemd_resolved", PLAIN._replace(resolvconf_installed=True), "is a plain file beside resolvconf"),
        ("auto", PLAIN._replace(resolv_conf="options ndots:2 rotate\nnameserver 10.0.0.1\n"), "has 'options rotate'"),
    ],
)
def test_choose_refuses(wanted: str, found: resolver.Host, message: str) -> None:
    with pytest.raises(host.HostError, match=r"^dnsmasq_forwarding_resolver: .*" + re.escape(message)):
        resolver.choose(wanted, found)


def test_is_resolvconf(tmp_path: Path) -> None:
    (tmp_path / "resolvectl").touch()
    (tmp_path / "link").symlink_to("resolvectl")
    (tmp_path / "resolvconf").touch()
    found = {name: resolver.is_resolvconf(str(tmp_path / name)) for name in ("link", "resolvconf", "missing")}
    assert found == {"link": False, "resolvconf": True, "missing": False}


REPLY = b"\x81\x80\x00\x01\x00\x01\x00\x00\x00\x00"


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (REPLY, True),
        (b"\x81\x83" + REPLY[2:], False),  # NXDOMAIN
        (b"\x81\x82" + REPLY[2:], False),  # SERVFAIL
        (REPLY[:4] + b"\x00\x00" + REPLY[6:], False),  # no answer in it
        (b"", False),
    ],
)
def test_answers(monkeypatch: pytest.MonkeyPatch, rest: bytes, expected: bool) -> None:
    """A real socket answers; only the port, which is fixed, is moved."""
    connect = socket.socket.connect
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        port = server.getsockname()[1]
        monkeypatch.setattr(socket.socket, "connect", lambda self, address: connect(self, (address[0], port)))
        queries = []

        def answer() -> None:
            query, client = server.recvfrom(512)
            queries.append(query)
            server.sendto(query[:2] + rest, client)

        thread = threading.Thread(target=answer)
        thread.start()
        assert resolver.answers("127.0.0.1", "www.example.com") is expected
        thread.join()
    assert queries[0].endswith(b"\x03www\x07example\x03com\x00\x00\x01\x00\x01")


def test_nobody_answers() -> None:
    """Nobody listens on the port of names there, which the kernel says at once."""
    assert not resolver.answers("127.0.0.77", "www.example.com")
