# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules of the agent do to real files, with an engine that only remembers what it was told."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from agent_host import TRIED, Engine, configure, refuse
from containers import OURS, container
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    agent_files,
    foreign,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentSilent, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files
from ansible_collections.servicedns.consul.plugins.modules import (
    agent_adoption,
    agent_config,
    agent_services,
)

OTHER_USER = 4711


def test_a_fresh_host_is_configured_once(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse(TRIED)
    assert configure(tmp_path, {"b": 1, "a": 2}, check_mode=True)["changed"]
    assert not (tmp_path / "consul.d").exists()
    assert configure(tmp_path, {"b": 1, "a": 2})["changed"]
    for path, mode in (("consul.d", 0o700), ("data", 0o700), ("consul.d/agent.json", 0o600)):
        assert (tmp_path / path).stat().st_mode & 0o777 == mode
    again = configure(tmp_path, {"a": "2", "b": 1})
    assert not again["changed"], "other order, and a number that a template made a text"


def test_a_data_directory_is_marked(engine: Engine, tmp_path: Path) -> None:
    """So that it is ours when its container is gone."""
    engine.fails = refuse(TRIED)
    configure(tmp_path, {})
    mark = tmp_path / "data" / foreign.MARK
    assert mark.exists()
    (tmp_path / "data" / "raft").mkdir()
    assert not configure(tmp_path, {})["changed"]
    # An installation of a time when there was no mark has its container, and is marked once.
    mark.unlink()
    engine.containers["consul"] = container(OURS, data=str(tmp_path / "data"), config=str(tmp_path / "consul.d"))
    assert configure(tmp_path, {}, check_mode=True)["changed"]
    assert not mark.exists()
    assert configure(tmp_path, {})["changed"]
    assert mark.exists()


def test_data_of_others_is_left_as_it_is(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "data" / "raft").mkdir(parents=True)
    (tmp_path / "data").chmod(0o755)
    with pytest.raises(HostError, match="holds data of Consul or Nomad"):
        configure(tmp_path, {})
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o755
    assert os.listdir(tmp_path / "data") == ["raft"]


def test_numbers_that_a_template_made_texts_are_written_as_numbers(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse(TRIED)
    texts = configure(tmp_path, {"ports": {"dns": "8600"}, "log_json": "True"})
    written = json.loads((tmp_path / "consul.d" / "agent.json").read_text())
    assert written == {"ports": {"dns": 8600}, "log_json": True}
    numbers = configure(tmp_path, written)
    assert not numbers["changed"]
    assert numbers["labels"] == texts["labels"]


def test_what_consul_refuses_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse("Usage:\n  -all of them\n==> error parsing flags: flag provided but not defined: -log-levell")
    with pytest.raises(
        HostError, match="Consul refuses them: error parsing flags: flag provided but not defined: -log-levell$"
    ):
        configure(tmp_path, {}, "-log-levell=x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lock"]


def test_what_consul_refuses_is_said_without_secrets(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse(
        '==> encrypt has invalid key: "S3CRET", and retry_join is provider=aws secret_access_key=OTHER'
    )
    with pytest.raises(HostError, match=r"encrypt has invalid key: \"\*\*\*\", and .*secret_access_key=\*\*\*$"):
        configure(tmp_path, {"encrypt": "S3CRET"})


def test_another_command_line_or_image_is_tried_and_the_same_is_not(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse(TRIED)
    configure(tmp_path, {})
    engine.containers["consul"] = container(OURS, data=str(tmp_path / "data"), config=str(tmp_path / "consul.d"))
    engine.fails = refuse("==> no")
    assert not configure(tmp_path, {})["changed"]
    with pytest.raises(HostError, match="Consul refuses them: no$"):
        configure(tmp_path, {}, "-new")


@pytest.mark.parametrize("content", ['{"a": ', "[]", "", "\udcff"])
def test_a_damaged_file_is_written_anew(engine: Engine, tmp_path: Path, content: str) -> None:
    engine.fails = refuse(TRIED)
    configure(tmp_path, {"a": 1})
    file = tmp_path / "consul.d" / "agent.json"
    file.write_bytes(content.encode(errors="surrogateescape"))
    assert configure(tmp_path, {"a": 1})["changed"]
    assert json.loads(file.read_text()) == {"a": 1}


@pytest.fixture
def owners(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Whose the paths are that were given to anyone, which only root may do in truth. The agent runs as OTHER_USER."""
    owners: dict[str, int] = {}

    def belongs(path: str, user: int, mode: int | None = None) -> bool:
        return owners.get(path, os.getuid()) == user and mode in (None, os.lstat(path).st_mode & 0o7777)

    monkeypatch.setattr(agent_files, "belongs", belongs)
    monkeypatch.setattr(agent_files, "owner", lambda _container: OTHER_USER)
    monkeypatch.setattr(os, "chown", lambda path, user, _group, **_options: owners.__setitem__(str(path), user))
    return owners


def test_a_wrong_owner_or_mode_is_put_right(engine: Engine, owners: dict[str, int], tmp_path: Path) -> None:
    engine.fails = refuse(TRIED)
    configure(tmp_path, {"a": 1})
    etc, data = tmp_path / "consul.d", tmp_path / "data"
    owners[str(etc / "agent.json")] = OTHER_USER
    (etc / "services.json").write_text("{}")
    (data / "raft").mkdir()
    (data / "raft" / "raft.db").touch()
    (data / "mine.ready").touch()
    wrong = [str(path) for path in (etc / "services.json", data / "raft", data / "raft" / "raft.db")]
    assert configure(tmp_path, {"a": 1}, check_mode=True)["repaired"] == wrong
    assert configure(tmp_path, {"a": 1})["repaired"] == wrong
    assert (etc / "services.json").stat().st_mode & 0o777 == 0o600
    assert {owners[path] for path in wrong} == {OTHER_USER}
    assert str(data / "mine.ready") not in owners, "not Consul's"
    (etc / "agent.json").chmod(0o644)
    assert configure(tmp_path, {"a": 1})["repaired"] == [str(etc / "agent.json")]
    assert not configure(tmp_path, {"a": 1})["changed"]


def test_services_that_keep_an_agent_from_starting_are_put_aside(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse(TRIED)
    configure(tmp_path, {})
    crashing = container(OURS, data=str(tmp_path / "data"), config=str(tmp_path / "consul.d"))
    crashing["State"] |= {"Running": True, "Restarting": True}
    engine.containers["consul"] = crashing
    services = tmp_path / "consul.d" / "services.json"
    services.write_text('{"services": [')
    result = configure(tmp_path, {})
    assert result["repaired"] == [str(services)]
    assert "is put aside" in result["warnings"][0]
    assert not services.exists()
    assert engine.commands[-1] == "restart consul"
    assert not configure(tmp_path, {})["changed"]


def test_a_container_or_directory_of_somebody_else_stops_it(engine: Engine, tmp_path: Path) -> None:
    engine.containers["consul"] = container(None)
    (tmp_path / "data").mkdir(mode=0o755)
    (tmp_path / "data" / "www").touch()
    message = run_main(
        agent_config.main, config="{}", image="consul:1.15.4", data_directory=str(tmp_path / "data"), container={}
    )["msg"]
    assert re.search("is not of this collection.*; consul_agent_data_directory: .* holds www", message)
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o755


@pytest.fixture
def made_by_hand(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """A container as of a blog post, and what its agent says of itself."""
    engine.containers["consul"] = container(None, config=str(tmp_path / "consul.d"))
    (tmp_path / "consul.d").mkdir()
    (tmp_path / "consul.d" / "flapp1.json").write_text("{}")
    seen = {
        "Config": {"NodeName": "node1", "Datacenter": "dc1", "Server": True},
        "Member": {"Addr": "192.168.100.4"},
        "DebugConfig": {"DataDir": "/consul/data", "DNSDomain": "consul."},
    }
    monkeypatch.setattr(agent_adoption, "http_url", lambda _container: "http://127.0.0.1:8500")
    monkeypatch.setattr(ConsulClient, "get", lambda _api, *_path: seen)
    yield seen


def adopt(tmp_path: Path, check_mode: bool = False, **parameters: Any) -> dict[str, Any]:
    wanted = {
        "address": "192.168.100.4",
        "node_name": "node1",
        "datacenter": "dc1",
        "domain": "consul",
        "server": True,
        "data_directory": str(tmp_path / "data"),
    }
    return agent_adoption.adopt({**wanted, **parameters}, check_mode)


def test_a_container_is_taken_over(engine: Engine, made_by_hand: dict[str, Any], tmp_path: Path) -> None:
    assert adopt(tmp_path, check_mode=True)["changed"]
    assert engine.commands == []
    assert adopt(tmp_path)["changed"]
    assert engine.commands == ["stop -t", "update --restart=no", "cp --archive", "rename consul"]
    assert (tmp_path / "data" / "node-id").exists()
    assert foreign.directory_faults(str(tmp_path / "data"), None) == [], "it is marked"
    assert (tmp_path / "consul.d.before" / "flapp1.json").exists()
    assert not (tmp_path / "consul.d").exists()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"node_name": "other"}, "its consul_agent_node_name is 'node1', not 'other'"),
        ({"datacenter": "dc2"}, "its consul_agent_datacenter is 'dc1', not 'dc2'"),
        ({"domain": "example"}, "its consul_agent_domain is 'consul', not 'example'"),
        ({"address": "10.0.0.1"}, "its consul_agent_address is '192.168.100.4', not '10.0.0.1'"),
        ({"server": False}, "it is a server: put the host into consul_servers"),
    ],
)
def test_what_does_not_fit_is_left_as_it_is(
    engine: Engine, made_by_hand: dict[str, Any], tmp_path: Path, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(HostError, match=f"is left as it is: {message}$"):
        adopt(tmp_path, **parameters)
    assert engine.commands == []


def test_what_is_in_the_way_is_named(engine: Engine, made_by_hand: dict[str, Any], tmp_path: Path) -> None:
    engine.containers[agent_adoption.KEPT] = container(None)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "node-id").touch()
    with pytest.raises(HostError, match="there is a container consul-before-servicedns.*is not empty"):
        adopt(tmp_path)
    assert engine.commands == []


def test_data_that_is_in_place_is_not_copied(engine: Engine, made_by_hand: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "node-id").touch()
    engine.containers["consul"] = container(None, data=str(tmp_path / "data"))
    adopt(tmp_path)
    assert "cp --archive" not in engine.commands
    assert foreign.directory_faults(str(tmp_path / "data"), None) == [], "it is marked"


def test_data_in_place_is_not_marked_when_a_step_fails(
    engine: Engine, made_by_hand: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "node-id").touch()
    engine.containers["consul"] = container(None, data=str(tmp_path / "data"))
    engine.fails = lambda command: "no" if command[1] == "rename" else ""
    with pytest.raises(HostError, match="all is as it was"):
        adopt(tmp_path)
    assert os.listdir(tmp_path / "data") == ["node-id"]


@pytest.mark.parametrize("step", ["stop", "update", "cp", "rename"])
@pytest.mark.parametrize("there", [False, True])
def test_a_step_that_fails_is_undone(
    engine: Engine, made_by_hand: dict[str, Any], tmp_path: Path, step: str, there: bool
) -> None:
    def fails(command: tuple[str, ...]) -> str:
        first = [each.split()[0] for each in engine.commands].count(step) == 1
        return "no space left on device" if command[1] == step and first else ""

    if there:
        (tmp_path / "data").mkdir()
    engine.fails = fails
    with pytest.raises(HostError, match="no space left on device; all is as it was, and the container runs$"):
        adopt(tmp_path)
    assert engine.commands[-1] == "start consul"
    assert (tmp_path / "data").exists() is there
    assert not there or not [*(tmp_path / "data").iterdir()]
    assert (tmp_path / "consul.d" / "flapp1.json").exists()


def test_none_and_ours_are_left_alone(engine: Engine, tmp_path: Path) -> None:
    assert adopt(tmp_path) == {"changed": False, "adopted": ""}
    engine.containers["consul"] = container(OURS)
    assert adopt(tmp_path) == {"changed": False, "adopted": ""}


class Agent(ConsulClient):
    """An agent that reads its services whenever it is told to, and may be away at a time."""

    def __init__(self, *away_at_reload: int) -> None:
        super().__init__("http://127.0.0.1:8500")
        self.away_at_reload = away_at_reload
        self.reloads = 0
        self.services: dict[str, Any] = {}
        self.refuses: set[str] = set()
        self.foreign: dict[str, Any] = {}

    def get(self, *path: str, **_query: str) -> Any:
        if path == ("agent", "checks"):
            return {}
        return {**self.services, **self.foreign}

    def put(self, *_path: str, body: Any = None, **_query: str) -> Any:
        self.reloads += 1
        definitions = json.loads(files.read(agent_files.SERVICES) or '{"services": []}')["services"]
        if self.refuses & {each["name"] for each in definitions}:
            tokens = [each["token"] for each in definitions if "token" in each]
            raise HostError(f"PUT: 500 refused {' '.join(tokens)}")
        self.services = {each["name"]: {"Service": each["name"]} for each in definitions}
        if self.reloads in self.away_at_reload:
            raise AgentSilent("PUT: connection refused")  # it reads the file as it starts


@pytest.fixture
def agent(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Agent:
    agent = Agent()
    (tmp_path / "consul.d").mkdir()
    monkeypatch.setattr(agent_services, "client_of", lambda *_arguments, **_options: agent)
    running = container(OURS)
    running["State"]["Running"] = True
    engine.containers["consul"] = running
    return agent


def serve(*names: str, check_mode: bool = False) -> dict[str, Any]:
    definitions = json.dumps([{"name": name} for name in names])
    return agent_services.serve({"url": "http://127.0.0.1:8500", "definitions": definitions}, check_mode)


def held(tmp_path: Path) -> list[dict[str, Any]]:
    definitions: list[dict[str, Any]] = json.loads((tmp_path / "consul.d" / "services.json").read_text())["services"]
    return definitions


@pytest.mark.parametrize(
    "content", ['{"services": [{"na', "[]", '{"services": [{}]}', '{"services": {"a": 1}}', "\udcff"]
)
def test_damaged_services_are_written_anew(agent: Agent, tmp_path: Path, content: str) -> None:
    serve("web")
    (tmp_path / "consul.d" / "services.json").write_bytes(content.encode(errors="surrogateescape"))
    assert serve("web", check_mode=True)["changed"]
    assert serve("web")["changed"]
    assert held(tmp_path) == [{"name": "web"}]
    assert not serve("web")["changed"]


def test_services_of_others_stay_theirs_when_the_file_is_damaged(agent: Agent, tmp_path: Path) -> None:
    agent.foreign = {"web": {"Service": "web"}}
    (tmp_path / "consul.d" / "services.json").write_text("{")
    with pytest.raises(HostError, match="^others registered web with this agent already"):
        serve("web")


def test_services_for_all_to_read_are_closed(agent: Agent, tmp_path: Path) -> None:
    serve("web")
    (tmp_path / "consul.d" / "services.json").chmod(0o644)
    assert serve("web")["changed"]
    assert (tmp_path / "consul.d" / "services.json").stat().st_mode & 0o777 == 0o600


def test_an_agent_that_restarts_meanwhile_has_the_services(agent: Agent, tmp_path: Path) -> None:
    serve("web")
    agent.away_at_reload = (agent.reloads + 1,)
    assert serve("web", "api")["changed"]
    assert [each["name"] for each in held(tmp_path)] == ["web", "api"]


def test_what_the_agent_refuses_is_said_without_secrets(agent: Agent) -> None:
    agent.refuses = {"web"}
    definitions = json.dumps([{"name": "web", "token": "S3CRET"}])
    with pytest.raises(HostError, match=r"^the agent refused the services, .*: PUT: 500 refused \*\*\*$"):
        agent_services.serve({"url": "http://127.0.0.1:8500", "definitions": definitions}, False)


def test_no_invented_state_stays_behind(agent: Agent, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It refuses, and restarts while it gets its former services back."""
    check = {"id": "c", "ttl": "9s"}
    before = [{"name": "web", "check": check}]
    served = agent_services.Served({"web": {}}, {"c": {"Status": "passing"}})
    agent.away_at_reload = (1,)
    with pytest.raises(AgentSilent):
        agent_services.put_back(agent, before, served)
    assert held(tmp_path) == before


def test_an_agent_of_another_role_is_told_apart(agent: Agent, tmp_path: Path) -> None:
    (tmp_path / "consul.d").rmdir()
    with pytest.raises(HostError, match=r"^an agent answers at http://127.0.0.1:8500, and there is no .*consul\.d"):
        serve("web")


@pytest.mark.parametrize("text", ["{}", '["web"]', '[{"id": "web"}]', '[{"name": ["web"]}]'])
def test_what_is_no_service_is_a_sentence(agent: Agent, text: str) -> None:
    with pytest.raises(HostError, match="^must be a list of services, each with a name$"):
        agent_services.serve({"definitions": text}, False)
