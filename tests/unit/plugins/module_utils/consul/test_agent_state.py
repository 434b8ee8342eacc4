# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found of an agent on a host. The bytes are those that Consul 1.22.7 writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_state

#: A segment of the WAL before the first entry, and after it.
EMPTY, WRITTEN = b"\0" * 64, bytes.fromhex("0d6beb58000000000100000000000000") + b"\0" * 48


def data(directory: Path, **files: bytes) -> str:
    """A data directory; the names of files have two underscores for a slash."""
    for name, content in files.items():
        file = directory / name.replace("__", "/").replace("_db", ".db").replace("_wal", ".wal")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return str(directory)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, False),
        ({"node-id": b"7", "serf__local.snapshot": b"x", "raft__peers.info": b"x"}, False),
        ({"raft__wal__1_wal": EMPTY, "raft__wal__wal-meta_db": b"CurrentTerm"}, False),
        ({"raft__wal__1_wal": WRITTEN, "raft__wal__wal-meta_db": b"CurrentTerm"}, True),
        ({"raft__raft_db": b"\0" * 32768}, False),
        ({"raft__raft_db": b"\0" * 4096 + b"\x88Suffrage" + b"\0" * 4096}, True),
        ({"raft__raft_db": b"\0" * (agent_state.LARGE + 1)}, True),
        ({"raft__snapshots__2-16384-1__meta.json": b"{}"}, True),
    ],
)
def test_a_server_that_has_been_in_a_datacenter(tmp_path: Path, files: dict[str, bytes], expected: bool) -> None:
    assert agent_state.has_raft_data(data(tmp_path, **files)) is expected


def container(*arguments: str, running: bool = True, **state: Any) -> dict[str, Any]:
    return {"Config": {"Cmd": ["agent", *arguments]}, "State": {"Running": running, "Restarting": False, **state}}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, "absent"),
        (container(), "running"),
        (container(running=False), "stopped"),
        (container(Restarting=True), "crashing"),
    ],
)
def test_container(found: dict[str, Any] | None, expected: str) -> None:
    assert agent_state.container_state(found) == expected


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], "http://new:8500"),
        (["-client=192.0.2.4"], "http://192.0.2.4:8500"),
        (["-client=192.0.2.4 127.0.0.1"], "http://127.0.0.1:8500"),
        (["-client=0.0.0.0", "-client=::1"], "http://[::1]:8500"),
    ],
)
def test_where_the_agent_that_runs_answers(tmp_path: Path, arguments: list[str], expected: str) -> None:
    state = agent_state.state_of(container(*arguments), str(tmp_path), "http://new:8500")
    assert state["url"] == expected


def test_state(tmp_path: Path) -> None:
    path = data(tmp_path, **{"node-id": b"id-1\n", "serf__local.keyring": b"[]", "raft__wal__1_wal": WRITTEN})
    assert agent_state.state_of(None, path, "http://new:8500") == {
        "container": "absent",
        "url": "http://new:8500",
        "node_id": "id-1",
        "raft": True,
        "keyring": True,
    }
