# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real agent reads what we say that it reloads, and goes on with its former file where it refuses the new one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_agent import RealAgent, real_agent

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_files, agent_reload
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

CONFIG: dict[str, Any] = {
    "dns_config": {"node_ttl": "5s", "service_ttl": {"*": "5s"}},
    "log_level": "info",
    "node_meta": {"rack": "seven"},
    "recursors": ["192.0.2.53"],
}
CONTAINER = {"State": {"StartedAt": "2024-03-01T10:00:01.123456789Z"}, "Config": {"Cmd": ["agent"]}}


class Agent:
    """A real agent, and the directory that it reads."""

    def __init__(self, running: RealAgent, directory: Path) -> None:
        self.running = running
        self.directory = directory
        self.api = ConsulClient(running.url)

    def apply(self, **changes: Any) -> None:
        text = json.dumps({**CONFIG, **changes})
        agent_reload.apply(self.api, CONTAINER, text, os.getuid(), lambda _text: None)

    def has(self) -> tuple[str, str, list[str], set[int]]:
        """Its level, its rack, its recursors, and for how long the address of a service may be kept."""
        found = self.api.get("agent", "self")
        debug = found["DebugConfig"]
        ttls = self.running.ttls("consul.service.consul")
        return debug["Logging"]["LogLevel"], found["Meta"]["rack"], debug["DNSRecursors"], ttls


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Agent]:
    tmp_path.chmod(0o755)
    monkeypatch.setattr(agent_files, "DIRECTORY", str(tmp_path))
    monkeypatch.setattr(agent_files, "AGENT", str(tmp_path / "agent.json"))
    # The agent is another user than the one who runs the test.
    monkeypatch.setattr(agent_files, "PRIVATE_FILE", 0o644)
    (tmp_path / "agent.json").write_text(json.dumps(CONFIG))
    with real_agent(config=tmp_path) as running:
        yield Agent(running, tmp_path)


FORMER = ("info", "seven", ["192.0.2.53"], {5})


def test_what_is_reloaded_is_in_force(agent: Agent) -> None:
    assert agent.has() == FORMER
    agent.apply(
        dns_config={"node_ttl": "65s", "service_ttl": {"*": "65s"}},
        log_level="DEBUG",
        node_meta={"rack": "eight"},
        recursors=["192.0.2.54"],
    )
    assert agent.has() == ("DEBUG", "eight", ["192.0.2.54"], {65})
    assert os.listdir(agent.directory) == ["agent.json"]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"recursors": ["192.0.2.53:1:2"], "node_meta": {"rack": "eight"}}, "Failed reloading dns config"),
        ({"no_such_key": 1}, "invalid config key no_such_key"),
        # It only warns of this one, and keeps its own.
        ({"log_level": "loud"}, "it read the file, and has another log_level"),
    ],
)
def test_what_it_refuses_leaves_it_as_it_was(agent: Agent, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(HostError, match=f"(?s)^the agent refused its new .*{said}.*; it has the former one again$"):
        agent.apply(**changes)
    assert agent.has() == FORMER
    assert json.loads((agent.directory / "agent.json").read_text()) == CONFIG


def test_what_is_read_at_the_start_is_shown_before_it_is_in_force(agent: Agent) -> None:
    """So a reload proves nothing of these, and what an agent was started with cannot be asked of it."""
    agent.apply(retry_join=["192.0.2.9"], log_level="debug")
    assert agent.api.get("agent", "self")["DebugConfig"]["RetryJoinLAN"] == ["192.0.2.9"]
    assert "192.0.2.9" not in agent.running.log()
