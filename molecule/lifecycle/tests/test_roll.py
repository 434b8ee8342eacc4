"""Agents are restarted so that nobody misses them, whatever else is going on. Each test leaves a whole datacenter."""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

import lab

SERVERS, CLIENTS = ["node1", "node2", "node3"], ["node4", "node5"]
NODES = [*SERVERS, *CLIENTS]
PROBED = ["node1", "node5"]
IMPATIENT = "node5"  # by nss-dns: nss-resolve waits two minutes for an answer
SITE = "servicedns.consul.site"
RECOVER = "servicedns.consul.recover_quorum"
SEED = 12
KILLS = 10
STEPS = 40  # plays and tasks that restart three servers and two clients, or fewer
HEALTHY = (
    "curl --silent --fail http://127.0.0.1:8500/v1/operator/autopilot/health | grep --quiet '\"FailureTolerance\":1'"
)


def change(number: int) -> tuple[str, str]:
    """Arguments for a run that has to restart every agent: a flag that changes nothing else."""
    return "--extra-vars", json.dumps({"consul_agent_flags": {"log-rotate-max-files": number}})


def on(nodes: list[str], command: str) -> None:
    """Run a command on several hosts at once."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda node: lab.connect(node).check_output(command), nodes))


def containers() -> dict[str, str]:
    return {node: str(lab.inspect(lab.connect(node))["Id"]) for node in NODES}


def ids() -> dict[str, str]:
    """The nodes of the catalog, as the first server has it."""
    return {node["Node"]: node["ID"] for node in lab.api(lab.connect("node1"), "/v1/catalog/nodes")}


def leader() -> str:
    address = lab.api(lab.connect("node4"), "/v1/status/leader").partition(":")[0]
    return SERVERS[["192.168.113.4", "192.168.113.5", "192.168.113.6"].index(address)]


def away(node: str, since: str) -> list[tuple[float, float]]:
    """From when to when the agent of a host did not run, by the events of its engine."""
    printed = lab.connect(node).check_output(
        f"docker events --since {since} --until $(date +%s.%N) --filter container=consul --filter event=die"
        " --filter event=start --format '{{.TimeNano}} {{.Action}}'"
    )
    events = [line.split() for line in printed.splitlines()]
    times = [int(time) / 1e9 for time, _action in events]
    assert [action for _time, action in events] == ["die", "start"] * (len(events) // 2), printed
    return list(zip(times[::2], times[1::2], strict=True))


def now() -> str:
    return str(lab.connect("node1").check_output("date +%s.%N"))


@pytest.fixture(autouse=True)
def whole() -> Iterator[None]:
    """The datacenter before and after each test: all servers vote, what was stored is there, and nobody has the lock."""
    host = lab.connect("node1")
    host.check_output("curl --silent --fail --request PUT --data kept http://127.0.0.1:8500/v1/kv/kept")
    yield
    for node in SERVERS:
        lab.until(lab.connect(node), HEALTHY, 90)
    assert lab.api(host, "/v1/kv/kept")[0]["Value"] == "a2VwdA=="
    assert lab.api(host, "/v1/operator/autopilot/configuration")["MinQuorum"] == 3
    assert len(lab.api(host, "/v1/operator/raft/configuration")["Servers"]) == 3
    assert host.run("curl --silent --fail http://127.0.0.1:8500/v1/kv/servicedns.consul/rollout").rc == 22, "not found"
    for node in NODES:
        lab.until_dig(lab.connect(node), "web.service.consul", "192.168.113.7", "192.168.113.8")


def failed_during(act: Callable[[], None]) -> dict[str, list[object]]:
    """The lookups that failed meanwhile, or were lost, by host."""
    since = float(now())
    act()
    found = {}
    for node in PROBED:
        host = lab.connect(node)
        assert lab.lookups_failed_during(host, lambda: None) == []
        found[node] = [lookup for lookup in lab.failed_lookups(host) + lab.lost_lookups(host) if lookup[0] >= since]
    return {node: lookups for node, lookups in found.items() if lookups}


def rolled(number: int, *arguments: str) -> str:
    """A run that restarts agents, and fails no lookup."""
    printed = []

    def act() -> None:
        run = lab.play(SITE, *change(number), *arguments)
        assert run.returncode == 0, run.stdout
        printed.append(run.stdout)

    assert failed_during(act) == {}
    return str(printed[0])


def test_a_change_of_all_agents() -> None:
    before, known, leads, since = containers(), ids(), leader(), now()
    check = lab.play(SITE, *change(1), "--check")
    assert check.returncode == 0, check.stdout
    followers = [node for node in SERVERS if node != leads]
    order = f"restart one after the other: {', '.join(followers)}, {leads}, which leads now"
    assert order in check.stdout
    assert containers() == before
    assert order in rolled(1)
    after = containers()
    assert all(before[node] != after[node] for node in NODES)
    assert ids() == known
    times = {node: away(node, since) for node in NODES}
    turns = [time for node in (*followers, leads) for time in times[node]]
    assert len(turns) == 3 and turns == sorted(turns)
    assert all(back < gone for (_gone, back), (gone, _back) in zip(turns, turns[1:], strict=False))
    assert all(turns[-1][1] < gone for node in CLIENTS for gone, _back in times[node])


def test_the_probe_counts_what_nobody_answers() -> None:
    """The control: the same probe, and every agent away in the same moment."""

    def act() -> None:
        before = len(lab.failed_lookups(lab.connect(IMPATIENT)))
        on(NODES, "docker stop consul")
        failed = f"[ $(grep -o Errno /run/lookup-probe.json | wc -l) -gt {before} ]"
        lab.until(lab.connect(IMPATIENT), failed, 60)
        on(NODES, "docker start consul")
        for node in SERVERS:
            lab.until(lab.connect(node), HEALTHY, 90)
        for node in NODES:
            lab.until_dig(lab.connect(node), "web.service.consul", "192.168.113.7", "192.168.113.8")

    assert IMPATIENT in failed_during(act)


@pytest.mark.long
def test_one_server() -> None:
    before = containers()
    rolled(2, "--limit", "node2")
    after = containers()
    assert [name for name in NODES if before[name] != after[name]] == ["node2"]


def test_a_server_that_is_away() -> None:
    """No other is restarted without it. In a run with it, it comes first."""
    before = containers()
    lab.connect("node3").check_output("docker stop consul")
    lab.until(lab.connect("node1"), "docker exec consul consul members | grep '^node3 ' | grep --quiet failed")
    run = lab.play(SITE, *change(3), "--limit", "node1,node2,node4")
    assert run.returncode != 0, run.stdout
    assert "node1, node2 are to be restarted, and cannot be missed: node3 is away" in " ".join(run.stdout.split()), (
        run.stdout
    )
    assert containers() == before
    # What restarts no server is no matter of it.
    assert lab.play(SITE, *change(3), "--limit", "node4").returncode == 0
    after = containers()
    assert [name for name in NODES if before[name] != after[name]] == ["node4"]
    assert "start together (they are away): node3" in rolled(3, "--limit", "consul_servers")
    after = containers()
    assert all(before[node] != after[node] for node in SERVERS)


@pytest.mark.long
def test_a_role_for_several_servers_at_once(tmp_path: Path) -> None:
    """In a playbook of the user's: one is restarted, the others are refused. One after the other all are."""
    play = {
        "name": "Run servers",
        "hosts": "consul_servers",
        "gather_facts": False,
        "tasks": [
            {
                "name": "Work out what applies to each host",
                "servicedns.consul.effective_values": {"servers": SERVERS},
                "register": "__servicedns_effective",
            },
            {
                "name": "Run a server",
                "ansible.builtin.include_role": {"name": "servicedns.consul.consul_server"},
                "vars": {"consul_server_bootstrap_expect": 3},
            },
        ],
    }
    before = containers()
    (tmp_path / "at_once.yml").write_text(json.dumps([play]))

    def act() -> None:
        run = lab.play(str(tmp_path / "at_once.yml"), *change(4))
        assert run.returncode != 0
        assert " ".join(run.stdout.split()).count("set serial: 1 in the play") >= 1
        after = containers()
        assert 1 <= sum(before[node] != after[node] for node in SERVERS) < 3

    assert failed_during(act) == {}
    (tmp_path / "serial.yml").write_text(json.dumps([{**play, "serial": 1}]))
    run = lab.play(str(tmp_path / "serial.yml"), *change(4))
    assert run.returncode == 0, run.stdout
    after = containers()
    assert all(before[node] != after[node] for node in SERVERS)


@pytest.mark.parametrize(
    "kill",
    # The sample is killed while a server has the lock.
    [pytest.param(kill, marks=[pytest.mark.long] if kill != 1 else []) for kill in range(KILLS)],
)
def test_a_run_that_is_killed(kill: int) -> None:
    """At a task among those that restart agents. The next run ends what it began."""
    known, number = ids(), 10 + kill
    steps = random.Random(SEED + kill).randrange(STEPS)  # noqa: S311 - no secret
    print(f"seed {SEED + kill}: killed at {lab.cut_off(SITE, 'PLAY [Restart servers', steps, *change(number))}")
    run = lab.play(SITE, *change(number))
    assert run.returncode == 0, run.stdout
    assert ids() == known
    flags = {node: lab.flags(lab.connect(node))["-log-rotate-max-files"] for node in NODES}
    assert flags == dict.fromkeys(NODES, [str(number)])


def test_two_runs_at_once() -> None:
    """One waits for the other's lock or finds its work done, or is refused; no two servers are away."""
    since = now()
    found: list[subprocess.CompletedProcess[str]] = []

    def act() -> None:
        with ThreadPoolExecutor() as pool:
            runs = pool.map(lambda _run: lab.play(SITE, *change(8), "--limit", "consul_servers"), range(2))
            found.extend(runs)

    assert failed_during(act) == {}
    assert any(run.returncode == 0 for run in found), found[0].stdout + found[1].stdout
    turns = sorted(time for node in SERVERS for time in away(node, since))
    assert all(back < gone for (_gone, back), (gone, _back) in zip(turns, turns[1:], strict=False)), turns


@contextmanager
def removed(folder: Path, **nodes: dict[str, Any]) -> Iterator[None]:
    """Nodes are in the group consul_removed meanwhile, with these variables."""
    mine = yaml.safe_load((lab.ROOT / "molecule/lifecycle/inventory.yml").read_text())
    went: dict[str, Any] = {}
    mine["consul_removed"] = {"hosts": went}
    for node, variables in nodes.items():
        hosts = mine["consul_servers" if node in SERVERS else "consul_clients"]["hosts"]
        went[node] = {**hosts.pop(node), **variables}
    (folder / "inventory.yml").write_text(yaml.safe_dump(mine))
    molecule = Path(os.environ["MOLECULE_FILE"]).read_text()
    (folder / "molecule.yml").write_text(
        re.sub(r"--inventory=\S+/inventory\.yml", f"--inventory={folder}/inventory.yml", molecule)
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MOLECULE_FILE", str(folder / "molecule.yml"))
        yield


def test_hosts_that_go_for_good(tmp_path: Path) -> None:
    """A server, and a client that is gone and cannot be reached. They come again, the server as a new one."""
    known = ids()
    words = json.dumps({"consul_agent_even_number_of_servers": True, "consul_agent_remove_data": True})
    remove = "servicedns.consul.remove_node"
    on(["node4"], "docker stop consul")

    def act() -> None:
        run = lab.play(remove, "--extra-vars", words)
        assert run.returncode == 0, run.stdout

    with removed(tmp_path, node3={}, node4={"ansible_port": 9}):
        check = lab.play(remove, "--extra-vars", words, "--check")
        assert check.returncode == 0, check.stdout
        assert ids() == known
        assert failed_during(act) == {}
    assert ids().keys() == {"node1", "node2", "node5"}
    raft = lab.api(lab.connect("node1"), "/v1/operator/raft/configuration")["Servers"]
    assert {server["Node"] for server in raft} == {"node1", "node2"}
    assert lab.api(lab.connect("node1"), "/v1/operator/autopilot/configuration")["MinQuorum"] == 2
    lab.until_dig(lab.connect("node5"), "web.service.consul", "192.168.113.8")
    assert "192.168.113.6" not in lab.connect("node5").check_output("dig +short @127.0.0.2 CH TXT servers.bind")
    gone = lab.connect("node3")
    assert gone.check_output("docker ps --all --quiet") == "" and not gone.file("/var/lib/consul").exists
    assert not gone.file("/etc/consul.d/agent.json").exists
    assert lab.addresses(gone, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
    assert lab.addresses(gone, "web.service.consul") == set()
    run = lab.play(SITE)
    assert run.returncode == 0, run.stdout
    after = ids()
    assert after.keys() == known.keys() and [node for node in NODES if after[node] != known[node]] == ["node3"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--extra-vars", "consul_recover_quorum_confirm=dc1"), "The datacenter has a leader"),
        (("--limit", "node1"), "Run it without --limit"),
        ((), "say -e consul_recover_quorum_confirm=dc1"),
    ],
)
def test_a_quorum_that_is_there_is_left_alone(arguments: tuple[str, ...], expected: str) -> None:
    before = containers()
    refused = lab.play(RECOVER, *arguments)
    assert refused.returncode != 0 and expected in " ".join(refused.stdout.split()), refused.stdout
    assert containers() == before


@pytest.mark.long
def test_most_servers_are_lost(tmp_path: Path) -> None:
    """The one that is left goes on, with all that was registered. New ones join."""
    known = ids()
    left, kept = lab.connect("node1"), "ls /var/lib/consul | grep raft.before- || true"
    before = len(left.check_output(kept).split())
    with removed(tmp_path, node2={}, node3={}):
        on(["node2", "node3"], "docker rm --force consul && rm -rf /var/lib/consul")
        alone = '[ "$(curl --silent http://127.0.0.1:8500/v1/status/leader)" = \'""\' ]'
        lab.until(left, alone, 60)
        run = lab.play(RECOVER, "--extra-vars", "consul_recover_quorum_confirm=dc1")
        assert run.returncode == 0, run.stdout
        raft = lab.api(lab.connect("node1"), "/v1/operator/raft/configuration")["Servers"]
        assert [server["Node"] for server in raft] == ["node1"]
        assert len(left.check_output(kept).split()) == before + 1
        assert not left.file("/var/lib/consul/raft/peers.json").exists
        lab.until_dig(lab.connect("node5"), "web.service.consul", "192.168.113.7", "192.168.113.8")
        run = lab.play("servicedns.consul.remove_node")
        assert run.returncode == 0, run.stdout
    run = lab.play(SITE)
    assert run.returncode == 0, run.stdout
    after = ids()
    assert after.keys() == known.keys()
    assert [node for node in NODES if after[node] != known[node]] == ["node2", "node3"]


@pytest.mark.long
def test_all_servers_were_off() -> None:
    known = ids()
    on(SERVERS, "docker stop consul")
    run = lab.play(SITE, *change(8))
    assert run.returncode == 0, run.stdout
    assert "start together (no agent of this run knows a leader): node1, node2, node3" in run.stdout
    assert ids() == known


@pytest.mark.long
def test_a_server_that_is_made_anew() -> None:
    """Its data is gone. It joins under its name, at once, while the others still think its former agent alive."""
    known = ids()
    lab.connect("node3").check_output("docker rm --force consul && rm -rf /var/lib/consul /etc/consul.d")
    run = lab.play(SITE, *change(8))
    assert run.returncode == 0, run.stdout
    assert "start as new servers, one after the other: node3" in run.stdout
    after = ids()
    assert after.keys() == known.keys() and [node for node in NODES if after[node] != known[node]] == ["node3"]
