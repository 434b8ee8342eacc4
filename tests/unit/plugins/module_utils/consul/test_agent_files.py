# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mark of a data directory, and one run at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_files
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


def test_a_directory_is_marked_once(tmp_path: Path) -> None:
    assert not agent_files.is_marked(str(tmp_path))
    agent_files.mark(str(tmp_path))
    assert agent_files.is_marked(str(tmp_path))
    assert (tmp_path / agent_files.MARK).stat().st_mode & 0o777 == 0o600
    (tmp_path / agent_files.MARK).write_text("theirs")
    agent_files.mark(str(tmp_path))
    assert (tmp_path / agent_files.MARK).read_text() == "theirs", "one that is there stays"


def test_one_run_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(agent_files, "LOCK", str(tmp_path / "lock"))
    with agent_files.locked():
        second = agent_files.locked(patience=0)
        with pytest.raises(HostError, match=r"^another run is at work on the agent of this host .* run again$"):
            second.__enter__()
    with agent_files.locked(patience=0):
        pass
