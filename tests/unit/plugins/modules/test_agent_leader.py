# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits for a leader, and what every module of the action group takes from module_defaults."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from http_server import serving
from module_runs import run_main
from plays import ROOT, run_plays
from snapshots import GOOD

from ansible_collections.servicedns.consul.plugins.modules import agent_leader


def test_a_leader_that_is_elected_meanwhile() -> None:
    with serving() as server:
        server.before = [(500, b"No cluster leader"), (200, b'""')]
        server.answer = (200, b'"192.0.2.1:8300"')
        result = run_main(agent_leader.main, url=f"http://127.0.0.1:{server.server_port}")
    assert (result["leader"], result["changed"]) == ("192.0.2.1:8300", False)
    assert server.asked == ("GET", "/v1/status/leader", b"")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [((200, b'""'), "none was elected"), ((500, b"No known servers"), "GET {url}: No known servers")],
)
def test_no_leader_in_time(answer: tuple[int, bytes], reason: str) -> None:
    with serving() as server:
        server.before = [answer]
        server.answer = (200, b'[{"Name": "node2"}, {"Name": "node1"}]')
        url = f"http://127.0.0.1:{server.server_port}"
        result = run_main(agent_leader.main, url=url, timeout=-1)
    reason = reason.format(url=f"{url}/v1/status/leader")
    assert result["failed"] and result["msg"] == f"the agent knows no leader: {reason}"
    assert (result["reason"], result["members"]) == (reason, ["node1", "node2"])


def test_nobody_answers() -> None:
    result = run_main(agent_leader.main, url="http://127.0.0.1:9", timeout=-1)
    assert result["failed"] and "Connection refused" in result["reason"] and result["members"] == []


TASKS: dict[str, dict[str, Any]] = {
    "agent_leader": {"timeout": 0},
    "agent_maintenance": {"enabled": False},
    "agent_services": {"definitions": "[]"},
    "agent_step": {"state": "begin", "servers": 3},
    "external_services": {"services": "[]"},
    "node_removal": {"state": "begin", "node": "s2"},
    "prepared_queries": {"queries": "[]"},
    "snapshot_restore": {"snapshot": "whole.snap", "datacenter": "dc1"},
    "snapshot_save": {"directory": "snapshots"},
}


def test_all_that_ask_consul_are_an_action_group(tmp_path: Path) -> None:
    """module_defaults give all of them the URL and the token once."""
    groups = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
    modules = (ROOT / "plugins" / "modules").glob("*.py")
    asking = sorted(file.stem for file in modules if "consul_api" in file.read_text(encoding="utf-8"))
    # Only an agent that runs is asked by agent_config, and there is none here.
    assert groups == {"consul": asking} and asking == sorted([*TASKS, "agent_config"])
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (tmp_path / "whole.snap").write_bytes(GOOD)
    with serving() as server:
        server.answer = (403, b"Permission denied")
        play = {
            "hosts": "all",
            "gather_facts": False,
            "module_defaults": {
                "group/servicedns.consul.consul": {
                    "url": f"http://127.0.0.1:{server.server_port}",
                    "token": "7e57-70ke",
                }
            },
            "tasks": [
                {f"servicedns.consul.{name}": options, "ignore_errors": True, "check_mode": True}
                for name, options in TASKS.items()
            ],
        }
        run = run_plays(tmp_path, [play], {"all": {"hosts": {"one": local}}})
    assert run.stdout.count("Permission denied") >= len(TASKS), run.stdout + run.stderr
    assert f"ignored={len(TASKS)}" in run.stdout and server.headers["X-Consul-Token"] == "7e57-70ke"
    assert "7e57" not in run.stdout + run.stderr
