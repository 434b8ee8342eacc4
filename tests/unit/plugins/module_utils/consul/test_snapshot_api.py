# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots by the HTTP API: what is asked, what comes into the file, and what Consul's own inspection is asked."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from containers import container
from snapshots import GOOD, INDEX, TERM, Datacenter, datacenter

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, snapshot_api
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentRefused, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot import Snapshot
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command


@pytest.fixture(name="server")
def _server() -> Iterator[Datacenter]:
    with datacenter() as running:
        yield running


@pytest.fixture
def client(server: Datacenter) -> ConsulClient:
    return ConsulClient(server.url)


@pytest.mark.parametrize(("stale", "asked"), [(False, "GET /v1/snapshot"), (True, "GET /v1/snapshot?stale=")])
def test_save(server: Datacenter, client: ConsulClient, tmp_path: Path, stale: bool, asked: str) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 1234, 2345)
    file = tmp_path / "x"
    snapshot_api.save(client, str(file), stale)
    assert (file.read_bytes(), server.asked) == (GOOD, [asked])
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert (file.stat().st_uid, file.stat().st_gid) == (tmp_path.stat().st_uid, tmp_path.stat().st_gid)


def test_save_without_a_leader_has_consuls_words(server: Datacenter, client: ConsulClient, tmp_path: Path) -> None:
    server.leader = ""
    with pytest.raises(AgentRefused, match=r"GET http://127\.0\.0\.1:\d+/v1/snapshot: No cluster leader$"):
        snapshot_api.save(client, str(tmp_path / "x"), stale=False)


def test_save_follows_no_link(client: ConsulClient, tmp_path: Path) -> None:
    (tmp_path / "x").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        snapshot_api.save(client, str(tmp_path / "x"), stale=False)
    assert not (tmp_path / "elsewhere").exists()


def test_restore_sends_the_file_as_it_is(server: Datacenter, client: ConsulClient, tmp_path: Path) -> None:
    large = GOOD * 1000
    (tmp_path / "x").write_bytes(large)
    snapshot_api.restore(client, str(tmp_path / "x"))
    assert (server.asked, server.restored) == (["PUT /v1/snapshot"], [large])


def test_instances(client: ConsulClient) -> None:
    assert snapshot_api.instances(client) == {"web on node1", "web on node2 (web-2)"}


def test_a_catalog_that_answers_in_time(server: Datacenter, client: ConsulClient) -> None:
    assert snapshot_api.wait_for_instances(client, 0) == {"web on node1", "web on node2 (web-2)"}
    server.leader = ""
    with pytest.raises(
        HostError, match=r"^it is restored, and the catalog does not answer: the datacenter has no leader: bring back"
    ):
        snapshot_api.wait_for_instances(client, -1)


class Engine:
    """Commands of a host whose agent's container inspects a snapshot."""

    def __init__(self, told: str) -> None:
        self.told = told
        self.commands: list[tuple[str, ...]] = []

    def run(self, *arguments: str, timeout: float = 0) -> str:
        self.commands.append(arguments)
        if "inspect" in arguments and not self.told:
            raise HostError("Error reading snapshot: unexpected EOF")
        return self.told if "inspect" in arguments else ""


def running(**state: Any) -> dict[str, Any]:
    return container() | {"State": {"Running": True, **state}}


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"Index": INDEX, "Term": TERM}, ""),
        ({"Index": 7, "Term": TERM}, "reads index 7 and term 3 in /x, which has 42 and 3"),
        ({"Index": INDEX, "Term": 9}, "reads index 42 and term 9 in /x, which has 42 and 3"),
        (None, "Error reading snapshot: unexpected EOF"),
    ],
)
def test_consul_has_to_agree(monkeypatch: pytest.MonkeyPatch, told: dict[str, int] | None, message: str) -> None:
    engine = Engine(json.dumps({"Meta": told}) if told else "")
    monkeypatch.setattr(command, "run", engine.run)
    monkeypatch.setattr(agent_container, "inspect", running)
    if message:
        with pytest.raises(HostError, match=message):
            snapshot_api.refuse_unless_consul_agrees("/x", Snapshot(INDEX, TERM, "dc1"))
    else:
        snapshot_api.refuse_unless_consul_agrees("/x", Snapshot(INDEX, TERM, "dc1"))
    copied, inspected, removed = engine.commands
    assert copied[:3] == ("docker", "cp", "/x")
    assert inspected[-1] == removed[-1] == copied[3].removeprefix("consul:")
    assert removed[:5] == ("docker", "exec", "consul", "rm", "-f"), "whatever it says"


def test_without_a_container_that_runs_nobody_else_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_engine() -> None:
        raise HostError("the Docker engine does not answer")

    engine = Engine("")
    monkeypatch.setattr(command, "run", engine.run)
    for inspect in (no_engine, lambda: None, lambda: running(Running=False)):
        monkeypatch.setattr(agent_container, "inspect", inspect)
        snapshot_api.refuse_unless_consul_agrees("/x", Snapshot(INDEX, TERM, "dc1"))
    assert engine.commands == []
