# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a real datacenter: taken, inspected by Consul too, restored, and taken by the program of the timer."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plays import ROOT
from real_agent import RealAgent, real_agent

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    agent_container,
    snapshot,
    snapshot_api,
    snapshot_files,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentRefused, ConsulClient
from ansible_collections.servicedns.consul.plugins.modules import snapshot_restore, snapshot_save

EXTERNAL = {"Node": "db", "Address": "192.0.2.9", "Service": {"ID": "db-1", "Service": "db", "Port": 5432}}
#: What stands for the agent's container, which has another name here.
DOCKER = """#!/bin/sh
for word; do
    shift
    case $word in
    consul) [ -n "$named" ] || { word=CONTAINER; named=1; } ;;
    consul:*) word=CONTAINER:${word#consul:} ;;
    esac
    set -- "$@" "$word"
done
exec DOCKER "$@"
"""


@pytest.fixture(name="agent", scope="module")
def _agent() -> Iterator[RealAgent]:
    with real_agent() as agent:
        yield agent


@pytest.fixture(name="client")
def _client(agent: RealAgent) -> ConsulClient:
    return ConsulClient(agent.url)


@pytest.fixture(autouse=True)
def _container(agent: RealAgent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands of the collection name the agent's container as on a host."""
    docker = shutil.which("docker")
    assert docker
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "docker").write_text(DOCKER.replace("CONTAINER", agent.container).replace("DOCKER", docker))
    (folder / "docker").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setattr(agent_container, "inspect", lambda: {"State": {"Running": True}})


def saved(client: ConsulClient, file: Path) -> dict[str, Any]:
    """What the module returns for a snapshot that is taken into a file."""
    parameters = {"url": client.url, "token": "", "ca_path": None, "validate_certs": True, "stale": False}
    return snapshot_save.save({**parameters, "path": str(file)}, False)


def restored(client: ConsulClient, file: Path) -> dict[str, Any]:
    """What the module returns for a snapshot that is restored."""
    parameters = {"url": client.url, "token": "", "ca_path": None, "validate_certs": True, "timeout": 30}
    return snapshot_restore.restore({**parameters, "datacenter": "dc1", "path": str(file)}, False)


def test_a_registration_that_was_removed_is_back(agent: RealAgent, client: ConsulClient, tmp_path: Path) -> None:
    file = tmp_path / "snapshot"
    client.put("catalog", "register", body=EXTERNAL)
    client.put("kv", "kept", body="x")
    told = saved(client, file)
    assert (told["datacenter"], told["index"] > 0) == ("dc1", True)
    assert snapshot.inspected(str(file)).datacenter == "dc1"

    client.put("catalog", "deregister", body={"Node": "db"})
    client.delete("kv", "kept")
    client.put("kv", "new", body="x")
    assert agent.dns("db.service.consul") == []
    told = restored(client, file)
    assert (told["added"], told["removed"]) == (["db on db (db-1)"], [])
    assert agent.dns("db.service.consul") == ["192.0.2.9"]
    assert [key["Key"] for key in client.get("kv", "", recurse="")] == ["kept"]


def test_consul_refuses_what_is_damaged_as_we_do(client: ConsulClient, tmp_path: Path) -> None:
    file = tmp_path / "snapshot"
    saved(client, file)
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    file.write_bytes(damaged)
    with pytest.raises(Exception, match="is no whole snapshot"):
        snapshot.inspected(str(file))
    with pytest.raises(AgentRefused):
        snapshot_api.restore(client, str(file))


def in_tmp_of_the_agent() -> list[str]:
    """Consul itself leaves there what it was refused."""
    listed = subprocess.run(["docker", "exec", "consul", "ls", "/tmp"], capture_output=True, text=True, check=True)
    return listed.stdout.split()


def test_the_program_of_the_timer(tmp_path: Path) -> None:
    before = in_tmp_of_the_agent()
    program = ROOT / "roles/consul_agent/files/servicedns-consul-snapshot"
    directory = tmp_path / "backups"
    directory.mkdir(mode=0o700)
    environment = {**os.environ, "CONSUL_HTTP_ADDR": "http://127.0.0.1:8500"}
    done = subprocess.run(
        [program, directory, "dc1", "1"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (name,) = snapshot_files.taken(str(directory), "dc1")
    assert snapshot.inspected(str(directory / name)).datacenter == "dc1"
    assert in_tmp_of_the_agent() == before
