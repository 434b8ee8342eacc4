# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd-resolved: what its drop-in says, and what is made ready before it is installed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    resolv_conf,
    resolved,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    systemd_resolved,
)

ROUTES = ["consul", "corp.example", "10.in-addr.arpa"]
PLAIN = "search a.example\nnameserver 10.0.0.1\noptions timeout:1\n"


def test_systemd_resolved_that_is_still_to_be_installed(etc_resolv_conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolved, "is_installed", lambda: False)
    (target,) = switch.targets_for("systemd_resolved", "127.0.0.2", ROUTES)
    assert isinstance(target, systemd_resolved.ResolvedToCome)


def test_drop_in(etc_resolv_conf: Path) -> None:
    target = systemd_resolved.Resolved("127.0.0.2", ROUTES)
    assert not target.in_force()
    target.write()
    lines = [line for line in Path(target.path).read_text().splitlines() if not line.startswith("#")]
    # The empty assignment first: a second server would be asked for the domain as well.
    assert lines == ["[Resolve]", "DNS=", "DNS=127.0.0.2", "Domains=~consul ~corp.example ~10.in-addr.arpa"]


def test_drop_in_beside_a_plain_file_keeps_its_search_domains(etc_resolv_conf: Path) -> None:
    target = systemd_resolved.ResolvedBeside("127.0.0.2", ["consul"])
    assert target.after.endswith("\nDomains=~consul a.example\n")


def test_ready_for_systemd_resolved_and_back(etc_resolv_conf: Path) -> None:
    target = systemd_resolved.ResolvedToCome("127.0.0.2", ROUTES)
    target.apply()
    assert os.readlink(etc_resolv_conf) == f"..{resolved.STUB_FILE}"
    stub = Path(resolved.STUB_FILE).read_text()
    assert stub == "nameserver 127.0.0.2\nsearch a.example\noptions timeout:1\n"
    assert os.path.exists(resolved.DROP_IN)
    # Another run gives up, and knows only what lies on the host.
    assert resolved.is_to_come()
    systemd_resolved.abandon()
    assert not etc_resolv_conf.is_symlink()
    assert etc_resolv_conf.read_text() == PLAIN
    assert etc_resolv_conf.stat().st_mode & 0o777 == 0o640
    assert not os.path.exists(resolved.DROP_IN)
    assert not os.path.exists(resolv_conf.BEFORE_RESOLVED)
