# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder, for what changes files of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    lookups,
    resolv_conf,
    resolved,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    networkmanager,
    plain_file,
    resolvconf,
    systemd_resolved,
)

PLAIN = "search a.example\nnameserver 10.0.0.1\noptions timeout:1\n"


@pytest.fixture
def etc_resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plain /etc/resolv.conf, with everything else that a switch touches beside it, and no patience, which is for services."""
    monkeypatch.setattr(lookups, "missing", lambda names, has, _patience=0: [name for name in names if not has(name)])
    path = tmp_path / "resolv.conf"
    path.write_text(PLAIN)
    path.chmod(0o640)
    monkeypatch.setattr(resolv_conf, "BEFORE_RESOLVED", str(tmp_path / "before_resolved"))
    monkeypatch.setattr(resolved, "STUB_FILE", str(tmp_path / "resolved_stub"))
    monkeypatch.setattr(resolved, "DROP_IN", str(tmp_path / "resolved.conf.d" / "drop-in.conf"))
    monkeypatch.setattr(resolv_conf, "RESOLV_CONF", str(path))
    monkeypatch.setattr(plain_file.PlainResolvConf, "path", str(path))
    monkeypatch.setattr(systemd_resolved.ResolvedToCome, "path", str(path))
    monkeypatch.setattr(systemd_resolved.Resolved, "path", str(tmp_path / "resolved.conf.d" / "drop-in.conf"))
    for target, name in (
        (networkmanager.NetworkManager, "nm.conf"),
        (networkmanager.NetworkManagerDnsmasq, "nm-dnsmasq.conf"),
    ):
        monkeypatch.setattr(target, "path", str(tmp_path / "nm" / name))
    for name in ("path", "service", "script"):
        monkeypatch.setattr(plain_file.Keeper, name, str(tmp_path / "keeper" / name))
    monkeypatch.setattr(resolvconf.ResolvconfTool, "head", str(tmp_path / "head"))
    monkeypatch.setattr(resolvconf.ResolvconfTool, "openresolv", str(tmp_path / "openresolv.conf"))
    return path
