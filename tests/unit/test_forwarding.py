# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch of the resolver on files of a test: what it writes, and that it puts back what it found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver, resolver_targets
from ansible_collections.servicedns.consul.plugins.modules import forwarding

PLAIN = "search a.example\nnameserver 10.0.0.1\noptions timeout:1\n"


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plain /etc/resolv.conf, with everything else that a switch touches beside it."""
    path = tmp_path / "resolv.conf"
    path.write_text(PLAIN)
    path.chmod(0o640)
    for name in ("BEFORE_RESOLVED", "RESOLVED_STUB", "ORIGINAL_LINK"):
        monkeypatch.setattr(resolver, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(resolver_targets.ResolvConf, "path", str(path))
    monkeypatch.setattr(resolver_targets.ResolvedToCome, "path", str(path))
    monkeypatch.setattr(resolver_targets.Resolved, "path", str(tmp_path / "resolved.conf.d" / "drop-in.conf"))
    # Patience is for services that start; nothing here does.
    monkeypatch.setattr(forwarding, "eventually", lambda condition: condition())
    return path


def test_choose() -> None:
    assert resolver_targets.choose("none", "127.0.0.2", "consul") is None
    assert isinstance(resolver_targets.choose("resolv_conf", "127.0.0.2", "consul"), resolver_targets.ResolvConf)


def test_plain_file(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvConf("127.0.0.2", "consul")
    assert not target.in_force()
    forwarding.switch(target, ["localhost"])
    assert resolver.nameservers(resolv_conf.read_text()) == ["127.0.0.2", "10.0.0.1"]
    assert resolv_conf.stat().st_mode & 0o777 == 0o640
    assert resolver_targets.ResolvConf("127.0.0.2", "consul").in_force()


def test_a_lost_name_puts_the_file_back(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvConf("127.0.0.2", "consul")
    with pytest.raises(
        host.HostError, match=r"^after the switch lost\.invalid did not resolve any more; .* was put back"
    ):
        forwarding.switch(target, ["localhost", "lost.invalid"])
    assert resolv_conf.read_text() == PLAIN


def test_the_name_server_must_know_what_the_host_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "eventually", lambda condition: condition())
    forwarding.check("127.0.0.77", [])
    with pytest.raises(
        host.HostError, match=r"^dnsmasq at 127\.0\.0\.77 does not answer for a\.example, which this host"
    ):
        forwarding.check("127.0.0.77", ["a.example"])


def test_drop_in(resolv_conf: Path) -> None:
    target = resolver_targets.Resolved("127.0.0.2", "consul")
    assert not target.in_force()
    target.write(target.after)
    lines = [line for line in Path(target.path).read_text().splitlines() if not line.startswith("#")]
    # The empty assignment first: a second server would be asked for the domain as well.
    assert lines == ["[Resolve]", "DNS=", "DNS=127.0.0.2", "Domains=~consul"]
    target.write("")
    target.write("")
    assert not os.path.exists(target.path)


def test_ready_for_systemd_resolved_and_back(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvedToCome("127.0.0.2", "consul")
    target.apply(target.after)
    assert os.readlink(resolv_conf) == f"..{resolver.RESOLVED_STUB}"
    stub = Path(resolver.RESOLVED_STUB).read_text()
    assert stub == "nameserver 127.0.0.2\nsearch a.example\noptions timeout:1\n"
    assert os.path.exists(target.drop_in.path)
    # Another run gives up, and knows only what lies on the host.
    again = resolver_targets.ResolvedToCome("127.0.0.2", "consul")
    again.apply(again.before)
    assert not resolv_conf.is_symlink()
    assert resolv_conf.read_text() == PLAIN
    assert not os.path.exists(target.drop_in.path)
    assert not os.path.exists(resolver.BEFORE_RESOLVED)


def test_eventually() -> None:
    tries = iter([False, False, True])
    assert forwarding.eventually(lambda: next(tries), patience=5)
    assert not forwarding.eventually(lambda: False, patience=0)
