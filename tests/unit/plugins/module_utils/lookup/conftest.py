# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host on which the doctor finds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import resolv_conf
from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine
from ansible_collections.servicedns.consul.plugins.module_utils.system import command


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A host with no command, no name server and no engine. Commands may be put into its folder."""
    commands = tmp_path / "bin"
    commands.mkdir()
    (tmp_path / "resolv.conf").write_bytes(b"# Gr\xfc\xdfe\n")
    monkeypatch.setenv("PATH", str(commands))
    monkeypatch.setattr(command, "ADMINISTRATION", ())
    monkeypatch.setattr(engine, "SOCKET", str(tmp_path / "docker.sock"))
    monkeypatch.setattr(resolv_conf, "RESOLV_CONF", str(tmp_path / "resolv.conf"))
    return commands
