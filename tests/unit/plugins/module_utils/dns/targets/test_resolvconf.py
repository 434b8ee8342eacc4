# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""resolvconf and openresolv: their settings, and who is answered while a file is empty."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    relay,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    base,
    resolvconf,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, sockets

ROUTES = ["consul", "corp.example", "10.in-addr.arpa"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "nameserver 127.0.0.2\n"),
        ("# by hand\nnameserver 10.0.0.1\n", "# by hand\nnameserver 10.0.0.1\nnameserver 127.0.0.2\n"),
        ("# no newline at its end", "# no newline at its end\nnameserver 127.0.0.2\n"),
    ],
)
def test_head_of_resolvconf(etc_resolv_conf: Path, before: str, after: str) -> None:
    head = Path(resolvconf.ResolvconfTool.head)
    head.write_text(before)
    target = resolvconf.ResolvconfTool("127.0.0.2", ROUTES)
    assert target.after.replace(base.MANAGED, "") == after
    target.write()
    etc_resolv_conf.write_text("nameserver 127.0.0.2\nnameserver 10.0.0.1\n")
    assert resolvconf.ResolvconfTool("127.0.0.2", ROUTES).in_force()
    etc_resolv_conf.write_text("nameserver 10.0.0.1\nnameserver 127.0.0.2\n")
    assert not resolvconf.ResolvconfTool("127.0.0.2", ROUTES).in_force()


def test_setting_of_openresolv(etc_resolv_conf: Path) -> None:
    path = Path(resolvconf.ResolvconfTool.openresolv)
    path.write_text("resolv_conf=/etc/resolv.conf\nname_servers=10.0.0.9\n")
    target = resolvconf.ResolvconfTool("127.0.0.2", ROUTES)
    target.write()
    # A file for the shell, so what somebody set before stays.
    assert path.read_text().splitlines()[-2:] == ['name_servers="127.0.0.2 $name_servers"', "resolv_conf_local_only=NO"]
    assert path.read_text().startswith("resolv_conf=/etc/resolv.conf\nname_servers=10.0.0.9\n")
    assert resolvconf.ResolvconfTool("127.0.0.2", ROUTES).after == target.after


@pytest.mark.parametrize(
    ("openresolv", "listening", "stands_in"),
    [
        (True, [], ["127.0.0.1"]),
        (True, ["127.0.0.2", "127.0.0.53"], ["127.0.0.1"]),
        (True, ["127.0.0.1"], []),
        (True, ["*"], []),
        (False, [], []),
    ],
)
def test_who_reads_an_empty_file_is_answered(
    etc_resolv_conf: Path, monkeypatch: pytest.MonkeyPatch, openresolv: bool, listening: list[str], stands_in: list[str]
) -> None:
    """openresolv writes in place: a program may find no name server, and then asks the loopback."""
    asked: list[str] = []

    @contextlib.contextmanager
    def stand_in(addresses: list[str], *_arguments: object) -> Iterator[None]:
        asked.extend(addresses)
        yield

    if openresolv:
        Path(resolvconf.ResolvconfTool.openresolv).write_text("resolv_conf=/etc/resolv.conf\n")
    monkeypatch.setattr(relay, "StandIn", stand_in)
    monkeypatch.setattr(command, "run", lambda *_command: "")
    monkeypatch.setattr(
        sockets, "listeners", lambda: [sockets.Socket("udp", address, 53, "dnsmasq", 1) for address in listening]
    )
    resolvconf.ResolvconfTool("127.0.0.2", ROUTES).load()
    assert asked == stands_in


def test_openresolv_is_restored_where_nothing_can_stand_in(
    etc_resolv_conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way back must not need what only spares a lookup."""
    ran: list[tuple[str, ...]] = []

    def no_ss() -> list[sockets.Socket]:
        raise HostError("ss is not installed")

    path = Path(resolvconf.ResolvconfTool.openresolv)
    path.write_text("resolv_conf=/etc/resolv.conf\n")
    target = resolvconf.ResolvconfTool("127.0.0.2", ROUTES)
    before = target.keep()
    target.write()
    target.disturbed = True
    monkeypatch.setattr(command, "run", lambda *command: ran.append(command))
    monkeypatch.setattr(sockets, "listeners", no_ss)
    target.restore(before)
    assert (path.read_text(), ran) == ("resolv_conf=/etc/resolv.conf\n", [("resolvconf", "-u")])
