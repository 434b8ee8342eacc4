# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a datacenter says of its servers and members."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from made_up_datacenter import MadeUp, served

from ansible_collections.servicedns.consul.plugins.module_utils.consul import datacenter
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.modules import agent_preflight

LEADS = {"id": "id-s1", "node": "s1", "voter": True, "leads": True, "alive": True, "healthy": True, "last_index": 7}
AWAY = {"id": "id-s2", "node": "s2", "voter": True, "leads": False, "alive": False, "healthy": False, "last_index": 7}


def members() -> list[dict[str, Any]]:
    plain = {"address": "192.0.2.1", "server": True, "version": "1.22.7"}
    return [{"id": f"id-{name}", "node": name, "alive": name == "s1", **plain} for name in ("s1", "s2")]


def made_up() -> MadeUp:
    """One of two servers is away, which autopilot says with another status and the same body."""
    made = MadeUp("s1", "s2")
    made.servers["s2"].update(alive=False, healthy=False)
    return made


def test_servers_and_members() -> None:
    with served(made_up()) as url:
        assert datacenter.told_by(ConsulClient(url)) == {"servers": [LEADS, AWAY], "members": members()}


def test_a_leader_that_was_elected_just_now() -> None:
    """It does not say yet who is healthy, or says what the one before it did. Gossip tells who is away."""
    made = made_up()
    made.errors["operator/autopilot/health"] = [(429, '{"Healthy": false, "Servers": null}')]
    with served(made) as url:
        first, second = datacenter.servers_of(ConsulClient(url))
    assert (first["alive"], first["healthy"]) == (True, False)
    assert (second["alive"], second["healthy"]) == (False, False)


@pytest.mark.parametrize("path", ["operator/raft/configuration", "operator/autopilot/health", "agent/members"])
def test_who_may_not_ask_learns_nothing(path: str) -> None:
    made = made_up()
    made.errors[path] = [(403, "Permission denied")]
    with served(made) as url:
        assert datacenter.told_by(ConsulClient(url)) is None


def test_a_leader_is_waited_for() -> None:
    made = MadeUp("s1", leader="")
    made.errors["status/leader"] = [(500, "No known servers"), (200, "")]
    asked: list[str] = []

    def elect(path: str) -> None:
        asked.append(path)
        made.leader = "s1" if asked[3:] else ""

    made.meanwhile = elect
    with served(made) as url:
        assert datacenter.leader_of(ConsulClient(url)) == ""
        assert datacenter.leader_of(ConsulClient(url), 20) == "s1:8300"


CONTAINER = {"Config": {"Cmd": ["agent"]}, "State": {"Running": True, "Restarting": False}}


@pytest.mark.parametrize(("server", "raft", "seconds"), [(True, True, 9), (True, False, 0), (False, True, 0)])
def test_the_preflight_waits_for_an_election_where_there_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, server: bool, raft: bool, seconds: int
) -> None:
    waited: list[float] = []

    def leader_of(_client: ConsulClient, patience: float) -> str:
        waited.append(patience)
        return ""

    monkeypatch.setattr(datacenter, "ELECTION", 9)
    monkeypatch.setattr(datacenter, "leader_of", leader_of)
    if raft:
        (tmp_path / "raft/snapshots/1").mkdir(parents=True)
    found = agent_preflight.of_agent(
        CONTAINER, "http://127.0.0.1:9", {"data_directory": str(tmp_path), "server": server}
    )
    assert (waited, found["leader"], found["datacenter"]) == ([seconds], "", None)


def test_the_preflight_tells_what_the_datacenter_says(tmp_path: Path) -> None:
    params = {"data_directory": str(tmp_path), "server": True}
    with served(made_up()) as url:
        found = agent_preflight.of_agent(CONTAINER, url, params)
        assert (found["leader"], found["datacenter"]["servers"]) == ("s1:8300", [LEADS, AWAY])
        assert agent_preflight.of_agent(None, url, params)["datacenter"] is None
    silent = agent_preflight.of_agent(CONTAINER, "http://127.0.0.1:9", params)
    assert (silent["container"], silent["leader"], silent["datacenter"]) == ("running", "", None)
