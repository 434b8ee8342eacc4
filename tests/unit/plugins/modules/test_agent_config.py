# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a changed configuration comes into force: what a running agent reads, what its container is made anew for, and what waits."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from agent_host import TRIED, Engine, configure, refuse
from containers import container

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    agent_container,
    agent_files,
    agent_reload,
    change_class,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    AgentRefused,
    AgentSilent,
    ConsulClient,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files
from ansible_collections.servicedns.consul.plugins.modules import agent_config

CONFIG = {"log_level": "info", "retry_join": ["192.0.2.1"], "server": False}


class Killed(BaseException):
    """The run was cut off."""


class Agent(ConsulClient):
    """An agent that reads its file when it is told to, or does what a test wants of it instead."""

    def __init__(self) -> None:
        super().__init__("http://127.0.0.1:8500")
        self.has: dict[str, Any] = {}
        #: By the level that the file has by then.
        self.instead: dict[str, BaseException] = {}
        #: Said for any level that the file has.
        self.level = ""

    def reread(self) -> None:
        self.has = json.loads(files.read(agent_files.AGENT))

    def put(self, *_path: str, body: Any = None, **_query: str) -> Any:
        level = json.loads(files.read(agent_files.AGENT))["log_level"]
        if level in self.instead:
            raise self.instead[level]
        self.reread()

    def get(self, *_path: str, **_query: str) -> Any:
        return {"DebugConfig": {"Logging": {"LogLevel": self.level or self.has["log_level"]}}}


@pytest.fixture
def agent(engine: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Agent:
    """The agent of a host that is configured, in its container."""
    agent = Agent()
    monkeypatch.setattr(agent_config, "client_of", lambda *_arguments, **_options: agent)
    monkeypatch.setattr(agent_reload, "PATIENCE", 0.0)
    monkeypatch.setattr(
        agent_container, "user", lambda container: os.getuid() if container["State"]["Running"] else None
    )
    engine.fails = refuse(TRIED)
    run(engine, tmp_path, configure(tmp_path, CONFIG))
    agent.reread()
    return agent


def run(engine: Engine, directory: Path, result: dict[str, Any], *flags: str) -> None:
    """Do what the role does next: make the container, or start the one that has the labels."""
    now = engine.containers.get("consul")
    if now and {**now["Config"]["Labels"], **result["labels"]} == now["Config"]["Labels"]:
        now["State"]["Running"] = True
        return
    made = container(result["labels"], data=str(directory / "data"), config=str(directory / "consul.d"))
    made["Config"]["Cmd"] = ["agent", *flags]
    made["State"] |= {"Running": True, "StartedAt": f"{(now or made)['State']['StartedAt']}0"}
    engine.containers["consul"] = made


def restart(engine: Engine, agent: Agent) -> None:
    """Let the container start again by itself."""
    engine.containers["consul"]["State"]["StartedAt"] += "1"
    agent.reread()


def in_file(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "consul.d" / "agent.json").read_text())
    return found


def kept(directory: Path) -> list[str]:
    """What was left beside the files."""
    return [name for name in os.listdir(directory / "consul.d") if name != "agent.json"]


@pytest.mark.parametrize(
    ("change", "flags", "what", "read", "anew"),
    [
        ({}, (), "", False, False),
        ({"log_level": "debug"}, (), "reload", True, False),
        ({"retry_join": ["192.0.2.2"]}, (), "next start", False, False),
        ({"log_level": "debug", "retry_join": []}, (), "reload", True, False),
        ({"ports": {"https": 8501}}, (), "restart", False, True),
        ({"log_level": "debug", "ports": {"https": 8501}}, (), "restart", False, True),
        ({}, ("-ui",), "restart", False, True),
        ({"bootstrap_expect": 3}, (), "next start", False, False),
    ],
)
def test_what_a_change_does(
    engine: Engine,
    agent: Agent,
    tmp_path: Path,
    change: dict[str, Any],
    flags: tuple[str, ...],
    what: str,
    read: bool,
    anew: bool,
) -> None:
    before, had = engine.containers["consul"], agent.has
    wanted = {**CONFIG, **change}
    would = configure(tmp_path, wanted, *flags, check_mode=True)
    assert (would["change"], would["changed"]) == (what, bool(change))
    assert in_file(tmp_path) == CONFIG and agent.has == had, "nothing is done in check mode"
    result = configure(tmp_path, wanted, *flags)
    assert (result["change"], result["changed"], result["labels"]) == (what, bool(change), would["labels"])
    assert in_file(tmp_path) == wanted
    assert (agent.has == wanted) is (read or not change)
    run(engine, tmp_path, result, *flags)
    assert (engine.containers["consul"] is not before) is anew
    again = configure(tmp_path, wanted, *flags)
    assert (again["change"], again["changed"], kept(tmp_path)) == ("", False, [])


def test_the_image_counts_and_not_its_name(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    engine.images |= {"other:tag": {"Id": "sha256:1154"}, "new:1": {"Id": "sha256:2"}}
    engine.fails = refuse("==> what is tried already is not tried again")
    assert configure(tmp_path, CONFIG, image="other:tag")["change"] == ""
    engine.fails = refuse(TRIED)
    assert configure(tmp_path, CONFIG, image="new:1")["change"] == "restart"
    assert configure(tmp_path, CONFIG, image="of:none", check_mode=True)["change"] == "restart"


def test_the_version_of_an_image_that_is_to_come(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    """Whatever its name says. One that is there already is not asked."""
    engine.images |= {
        "other:1.15.4": {"Id": "sha256:1154"},
        "old:1.22.7": {"Id": "sha256:2"},
        "new:latest": {"Id": "sha256:3"},
    }
    engine.versions = {"new:latest": "1.22.7", "other:1.15.4": "1.15.4"}

    def version(image: str, **options: Any) -> str:
        return str(configure(tmp_path, CONFIG, image=image, **options)["version"])

    for check in (True, False):
        assert version("new:latest", restart=False, check_mode=check) == "1.22.7"
        assert version("old:1.22.7", restart=False, check_mode=check) == "", "it does not tell"
        assert version("other:1.15.4", restart=False, check_mode=check) == ""
        assert version("of:none", restart=False, check_mode=True) == ""
    assert version("new:latest") == "", "it was told before"


def test_a_container_that_does_not_run_is_started(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    engine.containers["consul"]["State"]["Running"] = False
    result = configure(tmp_path, CONFIG)
    assert (result["change"], result["changed"]) == ("start", False)
    run(engine, tmp_path, result)
    assert configure(tmp_path, CONFIG)["change"] == ""


def test_more_servers_than_one_that_elected_itself(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    """It would elect itself again, where it lost its data. One of several that is to be alone has time."""
    for expected, what in ((1, "next start"), (3, "next start"), (1, "next start")):
        result = configure(tmp_path, {**CONFIG, "bootstrap_expect": expected})
        assert result["change"] == what
        run(engine, tmp_path, result)
    del engine.containers["consul"]
    run(engine, tmp_path, configure(tmp_path, {**CONFIG, "bootstrap_expect": 1}))
    assert configure(tmp_path, {**CONFIG, "bootstrap_expect": 3})["change"] == "restart"


def test_a_container_of_a_time_without_the_label_is_made_anew_once(
    engine: Engine, agent: Agent, tmp_path: Path
) -> None:
    engine.containers["consul"]["Config"]["Labels"] = {"servicedns.consul.config": "7"}
    result = configure(tmp_path, CONFIG)
    assert result["change"] == "restart"
    run(engine, tmp_path, result)
    assert configure(tmp_path, CONFIG)["change"] == ""


def test_a_run_cut_off_before_the_reload_is_completed(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    wanted = {**CONFIG, "log_level": "debug"}
    agent.instead = {"debug": Killed()}
    with pytest.raises(Killed):
        configure(tmp_path, wanted)
    assert in_file(tmp_path) == wanted and agent.has == CONFIG
    agent.instead = {}
    assert configure(tmp_path, wanted, check_mode=True)["change"] == "reload"
    result = configure(tmp_path, wanted)
    assert (result["change"], result["changed"], agent.has) == ("reload", True, wanted)
    assert (configure(tmp_path, wanted)["changed"], kept(tmp_path)) == (False, [])


def test_what_was_cut_off_and_is_refused_has_its_former_file_again(
    engine: Engine, agent: Agent, tmp_path: Path
) -> None:
    agent.instead = {"debug": Killed()}
    with pytest.raises(Killed):
        configure(tmp_path, {**CONFIG, "log_level": "debug"})
    agent.instead = {"trace": AgentRefused("PUT: no", 500)}
    with pytest.raises(HostError, match="it has the former one again"):
        configure(tmp_path, {**CONFIG, "log_level": "trace"})
    assert in_file(tmp_path) == agent.has == CONFIG


def test_an_agent_that_started_meanwhile_is_not_told_again(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    wanted = {**CONFIG, "log_level": "debug"}
    agent.instead = {"debug": Killed()}
    with pytest.raises(Killed):
        configure(tmp_path, wanted)
    restart(engine, agent)
    assert (configure(tmp_path, wanted)["changed"], kept(tmp_path)) == (False, [])


def test_a_run_cut_off_before_the_restart_is_completed(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    wanted = {**CONFIG, "log_level": "debug", "ports": {"https": 8501}}
    configure(tmp_path, wanted)
    result = configure(tmp_path, wanted)
    assert (result["change"], result["changed"]) == ("restart", False)
    run(engine, tmp_path, result)
    assert configure(tmp_path, wanted)["change"] == ""


def test_what_needs_a_restart_can_wait_for_it(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    """It is tried and told. An agent that starts by itself until then has the file that fits its container."""
    wanted = {**CONFIG, "log_level": "debug", "ports": {"https": 8501}}
    engine.commands.clear()
    for check_mode in (True, False, False):
        result = configure(tmp_path, wanted, restart=False, check_mode=check_mode)
        assert (result["change"], result["changed"], result["diff"]["prepared"]) == ("restart", False, "")
        assert in_file(tmp_path) == CONFIG and agent.has == CONFIG
    assert engine.commands == ["run --rm"] * 2, "it was tried"
    engine.fails = refuse("==> unknown port")
    with pytest.raises(HostError, match="unknown port"):
        configure(tmp_path, wanted, restart=False)
    engine.fails = refuse(TRIED)
    result = configure(tmp_path, wanted)
    assert (result["change"], result["changed"], in_file(tmp_path)) == ("restart", True, wanted)


@pytest.mark.parametrize(
    ("change", "what"), [({"log_level": "debug"}, "reload"), ({"retry_join": ["192.0.2.2"]}, "next start")]
)
def test_what_needs_none_does_not_wait(
    engine: Engine, agent: Agent, tmp_path: Path, change: dict[str, Any], what: str
) -> None:
    result = configure(tmp_path, {**CONFIG, **change}, restart=False)
    assert (result["change"], result["changed"], in_file(tmp_path)) == (what, True, {**CONFIG, **change})


def test_the_first_file_does_not_wait(engine: Engine, tmp_path: Path) -> None:
    engine.fails = refuse(TRIED)
    assert configure(tmp_path, CONFIG, restart=False)["change"] == "start"
    assert in_file(tmp_path) == CONFIG


def test_a_restart_that_is_no_longer_wanted_leaves_a_reload(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    """The run was cut off, and what needed the restart is taken back: the rest must still be read."""
    configure(tmp_path, {**CONFIG, "log_level": "debug", "ports": {"https": 8501}})
    wanted = {**CONFIG, "log_level": "debug"}
    assert configure(tmp_path, wanted)["change"] == "reload"
    assert agent.has == wanted


@pytest.mark.parametrize(
    ("instead", "level", "said"),
    [
        (AgentRefused("PUT: 500 S3CRET", 500), "", r"the agent refused its new configuration: PUT: 500 \*\*\*"),
        (
            AgentSilent("PUT: connection refused"),
            "",
            "the agent did not answer when it was to read its new configuration",
        ),
        (None, "warn", "the agent refused its new configuration: it read the file, and has another log_level: see "),
    ],
)
def test_a_reload_that_fails_leaves_the_former_file(
    engine: Engine, agent: Agent, tmp_path: Path, instead: BaseException | None, level: str, said: str
) -> None:
    agent.instead = {"debug": instead} if instead else {}
    former = {**CONFIG, "log_level": "warn"}
    configure(tmp_path, former)
    agent.level = level
    with pytest.raises(HostError, match=f"^{said}.*; it has the former one again$"):
        configure(tmp_path, {**CONFIG, "log_level": "debug", "acl": {"tokens": {"agent": "S3CRET"}}})
    assert in_file(tmp_path) == agent.has == former
    assert kept(tmp_path) == []


def test_an_agent_that_reads_neither_file_is_told_the_next_time(engine: Engine, agent: Agent, tmp_path: Path) -> None:
    agent.instead = {level: AgentRefused(f"PUT: no {level}", 500) for level in ("info", "debug")}
    with pytest.raises(
        HostError, match="no debug; the former one is in its file again, and was not read either: PUT: no info$"
    ):
        configure(tmp_path, {**CONFIG, "log_level": "debug"})
    assert in_file(tmp_path) == CONFIG
    agent.instead = {}
    assert (configure(tmp_path, CONFIG)["change"], kept(tmp_path)) == ("reload", [])


@pytest.mark.parametrize("former", ["", '{"log_le', "[]", '{"no_such_key": 1}'])
def test_no_file_comes_back_with_which_no_agent_starts(
    engine: Engine, agent: Agent, tmp_path: Path, former: str
) -> None:
    """Somebody else changed it since the agent read it."""
    (tmp_path / "consul.d" / "agent.json").write_text(former)

    def trial(command: tuple[str, ...]) -> str:
        volume = next((each for each in command if each.startswith("--volume=")), "")
        if not volume:
            return ""
        text = Path(volume.partition("=")[2].partition(":")[0], "agent.json").read_text()
        return "==> invalid" if text == former else TRIED

    engine.fails = trial
    wanted = {**CONFIG, "log_level": "debug"}
    agent.instead = {"debug": AgentRefused("PUT: no", 500)}
    with pytest.raises(
        HostError, match="PUT: no; it stays in its file, as no agent starts with the former one: .* invalid$"
    ):
        configure(tmp_path, wanted)
    assert in_file(tmp_path) == wanted
    agent.instead = {}
    assert (configure(tmp_path, wanted)["change"], kept(tmp_path)) == ("reload", [])


@pytest.mark.parametrize("state", [{"Running": False}, {"Restarting": True}])
def test_an_agent_that_does_not_run_reads_the_file_as_it_starts(
    engine: Engine, agent: Agent, tmp_path: Path, state: dict[str, bool]
) -> None:
    engine.containers["consul"]["State"] |= state
    wanted = {**CONFIG, "log_level": "debug"}
    configure(tmp_path, wanted)
    assert (in_file(tmp_path), agent.has) == (wanted, CONFIG)
    assert (engine.commands[-1] == "restart consul") is ("Restarting" in state)
    assert change_class.CONTAINER_LABEL in configure(tmp_path, wanted)["labels"]


@pytest.mark.parametrize(
    ("wanted", "shown", "flags", "found"),
    [
        ({"log_level": "debug"}, {"Logging": {"LogLevel": "DEBUG"}}, [], []),
        ({"log_level": "debug"}, {"Logging": {"LogLevel": "info"}}, [], ["log_level"]),
        ({"log_level": "debug"}, {"Logging": {"LogLevel": "info"}}, ["agent", "-log-level=info"], []),
        ({"log_level": "debug"}, {}, [], []),
        ({}, {"Logging": {"LogLevel": "info"}}, [], []),
        ({"dns_config": {"node_ttl": "65s"}}, {"DNSNodeTTL": "1m5s"}, [], []),
        ({"dns_config": {"node_ttl": "65s"}}, {"DNSNodeTTL": "1m6s"}, [], ["dns_config.node_ttl"]),
        ({"dns_config": {"service_ttl": {"*": "60s"}}}, {"DNSServiceTTL": {"*": "1m0s"}}, [], []),
        (
            {"dns_config": {"service_ttl": {"*": "60s"}}},
            {"DNSServiceTTL": {"*": "1m0s", "web": "1s"}},
            [],
            ["dns_config.service_ttl"],
        ),
        ({"dns_config": {"only_passing": True}}, {"DNSOnlyPassing": False}, [], ["dns_config.only_passing"]),
        ({"recursors": ["192.0.2.1"]}, {"DNSRecursors": ["192.0.2.1"]}, [], []),
        ({"recursors": []}, {"DNSRecursors": ["192.0.2.1"]}, [], ["recursors"]),
        ({"node_meta": {"rack": "7"}}, {"NodeMeta": {"rack": "8"}}, [], ["node_meta"]),
        ({"node_meta": {"rack": "7"}}, {"NodeMeta": {"rack": "8", "a": "b"}}, ["-node-meta=a:b"], []),
    ],
)
def test_what_an_agent_has_otherwise(
    wanted: dict[str, Any], shown: dict[str, Any], flags: list[str], found: list[str]
) -> None:
    assert agent_reload.differences(wanted, shown, flags) == found
