# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""NetworkManager's own dnsmasq: what it is told, and when it is asked again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    relay,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    networkmanager,
)

ROUTES = ["consul", "corp.example", "10.in-addr.arpa"]


def test_networkmanagers_own_dnsmasq_gets_the_domains(etc_resolv_conf: Path) -> None:
    target = networkmanager.NetworkManagerDnsmasq("127.0.0.2", ROUTES)
    assert target.after.splitlines()[1:] == [f"server=/{route}/127.0.0.2" for route in ROUTES]


def test_networkmanagers_dnsmasq_is_not_asked_before_it_asks_anybody(
    etc_resolv_conf: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It listens at once, and hears of its servers later."""
    happened: list[str] = []

    @contextlib.contextmanager
    def stand_in(*_arguments: object, **options: object) -> Iterator[None]:
        happened.append(f"stood in for, {options['interface']}")
        yield
        happened.append("not any more")

    asked = iter([{"10.0.0.1#53", "127.0.0.2#53"}, set(), {"127.0.0.2#53"}, {"10.0.0.1#53", "127.0.0.2#53"}])
    pids = iter([7, 0, 8])

    def asks(_address: str) -> set[str]:
        servers = next(asked)
        happened.append(f"asks {len(servers)}")
        return servers

    target = networkmanager.NetworkManagerDnsmasq("127.0.0.2", ROUTES)
    monkeypatch.setattr(relay, "StandIn", stand_in)
    monkeypatch.setattr(relay, "drain", lambda _pid: None)
    monkeypatch.setattr(dnsmasq, "asks", asks)
    monkeypatch.setattr(target, "_pid", lambda: next(pids))
    monkeypatch.setattr(target, "load_anyway", lambda: happened.append("reload"))
    target.load()
    assert happened == ["asks 2", "stood in for, lo", "reload", "asks 0", "asks 1", "asks 2", "not any more"]
