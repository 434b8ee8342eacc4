# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the file of an agent tells others, who may have it damaged, or none."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_file, agent_files


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ('{"retry_join": ["192.0.2.4", "s1.example.com:8301"]}', ["192.0.2.4", "s1.example.com:8301"]),
        ('{"retry_join": ["provider=aws secret_access_key=S3CRET", "192.0.2.4"]}', ["192.0.2.4"]),
        ('{"retry_join": "192.0.2.4"}', []),
        ("{}", []),
        ('["192.0.2.4"]', []),
        ('{"retry_join": [', []),
        (None, []),
    ],
)
def test_whom_an_agent_joins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | None, servers: list[str]
) -> None:
    """A search in a cloud may hold a key, and is told to nobody."""
    monkeypatch.setattr(agent_files, "AGENT", str(tmp_path / "agent.json"))
    if text is not None:
        (tmp_path / "agent.json").write_text(text)
    assert agent_file.joined() == servers
