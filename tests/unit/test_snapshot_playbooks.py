# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks snapshot and restore, and the modules that they use, with datacenters that the test makes.

A run of a playbook takes seconds, so what the modules decide is tried by many hosts of one run.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from plays import run_plays
from snapshots import GOOD, SECRET, Datacenter, archive, datacenter, of_datacenter

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
#: Nobody answers there.
NOWHERE = "http://127.0.0.1:9"
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
DC2 = archive(of_datacenter("dc2"))
FORMER = [f"consul-dc1-2020010{day}T000000Z.snap" for day in range(1, 5)]
#: Files that may be beside them, and are never removed.
OTHERS = ["consul-dc2-20200101T000000Z.snap", "notes"]


def run(
    folder: Path, plays: Sequence[Mapping[str, Any]], hosts: Mapping[str, Any], *arguments: str, **options: str
) -> subprocess.CompletedProcess[str]:
    """Run plays, or a playbook, which show no secret and leave nothing on the host."""
    temporary = {"ANSIBLE_REMOTE_TEMP": str(folder / "tmp"), "ANSIBLE_LOCAL_TEMP": str(folder / "local")}
    done = run_plays(folder, plays, hosts, "-vvv", *arguments, **options, **temporary)
    for secret in (SECRET, "Datacenter"):
        assert secret not in done.stdout + done.stderr
    left = [path for path in (folder / "tmp").rglob("*") if path.is_file()]
    assert left == [], "nothing stays on the host"
    return done


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir()) if directory.exists() else []


def fill(directory: Path, mode: int = 0o700) -> Path:
    """Make a directory that has snapshots, and other files."""
    directory.mkdir()
    directory.chmod(mode)
    for name in (*FORMER, *OTHERS):
        (directory / name).touch()
    return directory


class Operator:
    """Runs playbooks, and looks at what is left."""

    def __init__(self, folder: Path, server: Datacenter) -> None:
        self.folder, self.server = folder, server
        self.kept = folder / "consul-snapshots"
        self.urls = {"s1": server.url}
        self.away: set[str] = set()

    def run(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        servers = {
            host: {
                "consul_services_agent_url": url,
                "consul_agent_address": f"192.0.2.{host[1:]}",
                **(AWAY if host in self.away else {}),
            }
            for host, url in self.urls.items()
        }
        inventory = {
            "all": {"vars": {**LOCAL, "consul_snapshot_token": SECRET, "consul_agent_even_number_of_servers": True}},
            "consul_servers": {"hosts": servers},
        }
        return run(self.folder, [], inventory, *arguments, playbook=f"servicedns.consul.{playbook}")


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    with datacenter() as server:
        yield Operator(tmp_path, server)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """All of the output, whatever lines an ansible-core makes of it."""
    return " ".join((done.stdout + done.stderr).split())


def test_a_snapshot_by_the_first_agent_that_answers(operator: Operator) -> None:
    """Not by a host that is away, nor one whose agent is. Any server can be asked, and the last ones are kept."""
    url = operator.server.url
    operator.server.leader = ""
    operator.urls, operator.away = {"s1": NOWHERE, "s2": url, "s3": url, "s4": url}, {"s2"}
    fill(operator.kept)
    done = operator.run("snapshot", "-e", "consul_snapshot_count=3 consul_snapshot_stale=true")
    assert done.returncode == 0, done.stdout + done.stderr
    (name,) = {*names(operator.kept)} - {*FORMER, *OTHERS}
    assert names(operator.kept) == sorted([*FORMER[2:], *OTHERS, name])
    file = operator.kept / name
    assert file.read_bytes() == GOOD and oct(file.stat().st_mode)[-3:] == "600"
    assert [line for line in operator.server.asked if "snapshot" in line] == ["GET /v1/snapshot?stale="]
    assert operator.server.tokens == {SECRET}
    assert f"{file} has dc1 up to index 42" in said(done)


def test_no_leader_is_said(operator: Operator) -> None:
    operator.server.leader = ""
    operator.urls = {"s1": operator.server.url, "s2": NOWHERE}
    done = operator.run("snapshot")
    assert done.returncode != 0 and names(operator.kept) == []
    assert "There is no snapshot, since no agent of this run knows a leader of the datacenter" in said(done)
    assert "s1: none was elected" in said(done) and f"s2: GET {NOWHERE}/v1/status/leader: " in said(done)


def test_hosts_of_which_none_can_be_reached(operator: Operator) -> None:
    operator.away = {"s1"}
    done = operator.run("snapshot")
    assert done.returncode != 0 and names(operator.kept) == [], said(done)
    assert "There is no snapshot" in said(done) and "port 9: Connection refused" in said(done)


RESTORE = ["-e", "consul_restore_snapshot=old.snap", "-e"]


WRONG = (
    "consul_snapshot_directory: {0} is not for its owner alone",
    "consul_snapshot_count: '-1' must be a number",
    "consul_snapshot_stale: 'perhaps' is not true or false",
)
WRONG_TO_RESTORE = (
    *WRONG,
    "is no whole snapshot of Consul",
    "consul_restore_confirm: missing: a restore replaces all that the datacenter has stored",
)


@pytest.mark.parametrize(("playbook", "messages"), [("snapshot", WRONG), ("restore", WRONG_TO_RESTORE)])
def test_what_is_asked_for_is_checked_first(operator: Operator, playbook: str, messages: Sequence[str]) -> None:
    operator.kept.mkdir()
    operator.kept.chmod(0o755)
    (operator.folder / "old.snap").write_bytes(GOOD[:-8] + bytes(8))
    done = operator.run(playbook, *RESTORE, "consul_snapshot_count=-1 consul_snapshot_stale=perhaps")
    assert done.returncode != 0 and (operator.server.asked, names(operator.kept)) == ([], [])
    for message in messages:
        assert message.format(operator.kept) in said(done)


def test_a_restore_in_check_mode(operator: Operator) -> None:
    (operator.folder / "old.snap").write_bytes(DC2)
    done = operator.run("restore", *RESTORE, "consul_restore_confirm=dc1 consul_restore_from=dc2", "--check")
    assert done.returncode == 0 and (operator.server.restored, names(operator.kept)) == ([], []), said(done)
    assert "GET /v1/snapshot" not in operator.server.asked
    assert "would take a snapshot of dc1 to" in said(done) and "would restore the snapshot into dc1" in said(done)


def test_a_restore(operator: Operator) -> None:
    """It removes no snapshot: that could be the very one. The first host is away, and any other can do it."""
    url = operator.server.url
    operator.urls, operator.away = {"s1": url, "s2": url, "s3": url}, {"s1"}
    operator.kept.mkdir(mode=0o700)
    old = operator.kept / FORMER[0]
    old.write_bytes(GOOD)
    words = f"consul_restore_snapshot={old} consul_restore_confirm=dc1 consul_snapshot_count=1"
    done = operator.run("restore", "-e", words, "--diff")
    assert done.returncode == 0 and operator.server.restored == [GOOD], said(done)
    assert operator.server.tokens == {SECRET}
    assert old.exists() and len(names(operator.kept)) == 2, "one of what was there"
    asked = [line for line in operator.server.asked if "snapshot" in line]
    assert asked == ["GET /v1/snapshot", "PUT /v1/snapshot"]
    assert "that came: db on node2; that went: web on node2 (web-2)" in said(done)
    assert "+ db on node2" in done.stdout and "- web on node2 (web-2)" in done.stdout


#: What each host of one run saves, and how.
SAVES: dict[str, dict[str, Any]] = {
    "fresh": {},
    "counted": {"count": 3},
    "checked": {"count": 3, "check": True},
    "damaged": {"count": 1},
    "open": {},
}
#: What each restores, and into what.
RESTORES: dict[str, dict[str, Any]] = {
    "stranger": {"datacenter": "dc2"},
    "moved": {"datacenter": "dc1", "from_datacenter": "dc2"},
    "leaderless": {"datacenter": "dc1"},
    "missing": {"datacenter": "dc1"},
}
FILES = {"stranger": DC2, "moved": DC2, "leaderless": GOOD}
#: What is otherwise with a host's datacenter.
SERVERS: dict[str, dict[str, Any]] = {"damaged": {"snapshot": GOOD[:-9]}, "leaderless": {"leader": ""}}


class Outcome(NamedTuple):
    """What became of a host: its directory of snapshots, its datacenter, and what its module said."""

    directory: Path
    server: Datacenter
    failed: bool
    said: str


def play(hosts: str, module: str, **options: str) -> dict[str, Any]:
    """Let hosts run a module, and show what it said."""
    task = {
        f"servicedns.consul.{module}": {**options, "url": "{{ url }}", "token": SECRET},
        "check_mode": "{{ check | default(false) }}",
        "ignore_errors": True,
        "register": "done",
    }
    show = {"ansible.builtin.debug": {"msg": "SAID={{ [done is failed, done.msg] | to_json | b64encode }}=END"}}
    return {"name": "Test", "hosts": hosts, "gather_facts": False, "tasks": [task, show]}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Outcome]]:
    """Each host of one run, in which modules look at directory and file themselves."""
    folder = tmp_path_factory.mktemp("modules")
    for name in SAVES.keys() - {"fresh"}:
        fill(folder / name, 0o755 if name == "open" else 0o700)
    for name, content in FILES.items():
        (folder / f"{name}.snap").write_bytes(content)
    plays = [
        play("saves", "snapshot_save", directory="{{ inventory_hostname }}", count="{{ count | default(omit) }}"),
        play(
            "restores",
            "snapshot_restore",
            snapshot="{{ inventory_hostname }}.snap",
            datacenter="{{ datacenter }}",
            from_datacenter="{{ from_datacenter | default(omit) }}",
        ),
    ]
    with ExitStack() as stack:
        servers = {name: stack.enter_context(datacenter()) for name in (*SAVES, *RESTORES)}
        for name, changes in SERVERS.items():
            vars(servers[name]).update(changes)
        inventory = {
            group: {"vars": LOCAL, "hosts": {name: {**each, "url": servers[name].url} for name, each in hosts.items()}}
            for group, hosts in {"saves": SAVES, "restores": RESTORES}.items()
        }
        done = run(folder, plays, inventory)
        shown = dict(re.findall(r'ok: \[(\w+)\] => \{\s*"msg": "SAID=(.*?)=END"', done.stdout))
        assert shown.keys() == servers.keys(), said(done)
        yield {
            name: Outcome(folder / name, servers[name], *json.loads(base64.b64decode(text)))
            for name, text in shown.items()
        }


def test_a_snapshot_is_for_its_owner_alone(outcomes: dict[str, Outcome]) -> None:
    host = outcomes["fresh"]
    (name,) = names(host.directory)
    file = host.directory / name
    assert file.read_bytes() == GOOD and host.said == f"{file} has dc1 up to index 42"
    assert [oct(path.stat().st_mode)[-3:] for path in (host.directory, file)] == ["700", "600"]
    assert host.server.asked.count("GET /v1/snapshot") == 1 and host.server.tokens == {SECRET}


def test_the_last_ones_are_kept_and_other_files_are_left_alone(outcomes: dict[str, Outcome]) -> None:
    host = outcomes["counted"]
    (name,) = {*names(host.directory)} - {*FORMER, *OTHERS}
    assert names(host.directory) == sorted([*FORMER[2:], *OTHERS, name])
    first, second = (host.directory / former for former in FORMER[:2])
    assert host.said == f"{host.directory / name} has dc1 up to index 42; removed {first}, {second}"


def test_check_mode_says_what_would_be(outcomes: dict[str, Outcome]) -> None:
    host = outcomes["checked"]
    assert not host.failed and names(host.directory) == sorted([*FORMER, *OTHERS])
    assert "GET /v1/snapshot" not in host.server.asked
    first, second = (host.directory / former for former in FORMER[:2])
    assert host.said.startswith(f"would take a snapshot of dc1 to {host.directory}/consul-dc1-")
    assert host.said.endswith(f".snap; would remove {first}, {second}")


@pytest.mark.parametrize(
    ("name", "message"), [("damaged", "is no whole snapshot of Consul"), ("open", "{0} is not for its owner alone")]
)
def test_what_comes_damaged_or_would_lie_open_does_not_count(
    outcomes: dict[str, Outcome], name: str, message: str
) -> None:
    host = outcomes[name]
    assert host.failed and message.format(host.directory) in host.said
    assert names(host.directory) == sorted([*FORMER, *OTHERS])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("stranger", "the agent of this host is of the datacenter dc1, and dc2 is to be restored"),
        ("leaderless", "the datacenter has no leader: bring back the servers that are down"),
        ("missing", "there is no file {0}.snap"),
    ],
)
def test_what_is_not_restored(outcomes: dict[str, Outcome], name: str, message: str) -> None:
    host = outcomes[name]
    assert host.failed and message.format(host.directory) in host.said
    assert host.server.restored == []


def test_the_snapshot_of_another_datacenter_is_restored_where_it_is_said(outcomes: dict[str, Outcome]) -> None:
    host = outcomes["moved"]
    assert not host.failed and host.server.restored == [DC2] and host.server.tokens == {SECRET}
