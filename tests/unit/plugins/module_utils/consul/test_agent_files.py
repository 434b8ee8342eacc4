# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_files
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import run_lock


def test_one_run_at_a_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(agent_files, "LOCK", str(tmp_path / "lock"))
    monkeypatch.setattr(run_lock, "LOCK_PATIENCE", 0)
    with agent_files.locked():
        second = agent_files.locked()
        with pytest.raises(HostError, match=r"^another run is at work on the agent of this host .* run again$"):
            second.__enter__()
    with agent_files.locked():
        pass
