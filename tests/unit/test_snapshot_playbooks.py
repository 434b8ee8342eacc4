# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The playbooks snapshot and restore, on this machine as the one host that there is, with a datacenter that the test makes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from plays import run_plays, run_tasks
from snapshots import GOOD, SECRET, Datacenter, archive, datacenter, of_datacenter

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "ansible_become": False}
#: Nobody answers there.
NOWHERE = "http://127.0.0.1:9"
AWAY = {"ansible_connection": "ssh", "ansible_host": "127.0.0.1", "ansible_port": 9}
OTHER = "consul-dc2-20200101T000000Z.snap"


@pytest.fixture(name="server")
def _server() -> Iterator[Datacenter]:
    with datacenter() as running:
        yield running


class Operator:
    """Runs playbooks, and looks at what is left."""

    def __init__(self, folder: Path, server: Datacenter) -> None:
        self.folder, self.server = folder, server
        self.kept = folder / "consul-snapshots"
        self.hosts: dict[str, Any] = {
            "all": {"vars": {**LOCAL, "consul_snapshot_token": SECRET}},
            "consul_servers": {"hosts": {"s1": self.host(server.url, 1)}},
        }

    @staticmethod
    def host(url: str, number: int) -> dict[str, Any]:
        return {"consul_services_agent_url": url, "consul_agent_address": f"192.0.2.{number}"}

    def run(self, playbook: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        name = f"servicedns.consul.{playbook}"
        temporary = {"ANSIBLE_REMOTE_TEMP": str(self.folder / "tmp"), "ANSIBLE_LOCAL_TEMP": str(self.folder / "local")}
        done = run_plays(self.folder, [], self.hosts, "-vvv", *arguments, playbook=name, **temporary)
        for secret in (SECRET, "Datacenter"):
            assert secret not in done.stdout + done.stderr
        left = [path for path in (self.folder / "tmp").rglob("*") if path.is_file()]
        assert left == [], "nothing stays on the host"
        return done

    def snapshots(self) -> list[str]:
        return sorted(path.name for path in self.kept.iterdir()) if self.kept.exists() else []

    def puts(self) -> list[bytes]:
        return self.server.restored


@pytest.fixture
def operator(tmp_path: Path, server: Datacenter) -> Operator:
    return Operator(tmp_path, server)


def said(done: subprocess.CompletedProcess[str]) -> str:
    """All of the output, whatever lines an ansible-core makes of it."""
    return " ".join((done.stdout + done.stderr).split())


def test_a_snapshot_by_the_first_agent_that_answers(operator: Operator) -> None:
    """Not by a host that is away, nor one whose agent is."""
    url = operator.server.url
    operator.hosts["consul_servers"] = {
        "hosts": {
            "s1": operator.host(NOWHERE, 1),
            "s2": {**operator.host(url, 2), **AWAY},
            "s3": operator.host(url, 3),
            "s4": operator.host(url, 4),
        }
    }
    done = operator.run("snapshot")
    assert done.returncode == 0, done.stdout + done.stderr
    (name,) = operator.snapshots()
    file = operator.kept / name
    assert file.read_bytes() == GOOD
    assert [oct(path.stat().st_mode)[-3:] for path in (operator.kept, file)] == ["700", "600"]
    assert operator.server.asked.count("GET /v1/snapshot") == 1
    assert operator.server.tokens == {SECRET}
    assert f"{file} has dc1 up to index 42" in said(done)


def test_the_last_ones_are_kept_and_other_files_are_left_alone(operator: Operator) -> None:
    operator.kept.mkdir(mode=0o700)
    former = [f"consul-dc1-2020010{day}T000000Z.snap" for day in range(1, 5)]
    for name in (*former, OTHER, "notes"):
        (operator.kept / name).touch()
    before = operator.snapshots()
    check = operator.run("snapshot", "--check", "-e", "consul_snapshot_count=3")
    assert check.returncode == 0 and operator.snapshots() == before, said(check)
    assert "GET /v1/snapshot" not in operator.server.asked
    for part in (
        "would take a snapshot of dc1 to",
        f"would remove {operator.kept / former[0]}, {operator.kept / former[1]}",
    ):
        assert part in said(check)
    done = operator.run("snapshot", "-e", "consul_snapshot_count=3")
    assert done.returncode == 0, said(done)
    assert set(former[2:] + [OTHER, "notes"]) < set(operator.snapshots()) and len(operator.snapshots()) == 5


def test_what_comes_damaged_does_not_count(operator: Operator) -> None:
    operator.kept.mkdir(mode=0o700)
    old = operator.kept / "consul-dc1-20200101T000000Z.snap"
    old.touch()
    operator.server.snapshot = GOOD[:-9]
    done = operator.run("snapshot", "-e", "consul_snapshot_count=1")
    assert done.returncode != 0 and "is no whole snapshot of Consul" in said(done)
    assert operator.snapshots() == [old.name]


def test_no_leader_is_said_and_any_server_can_be_asked(operator: Operator) -> None:
    operator.server.leader = ""
    done = operator.run("snapshot")
    assert done.returncode != 0 and operator.snapshots() == []
    assert "There is no snapshot, since no agent of this run knows a leader of the datacenter" in said(done)
    assert "s1: none was elected" in said(done)
    done = operator.run("snapshot", "-e", "consul_snapshot_stale=true")
    assert done.returncode == 0 and len(operator.snapshots()) == 1, said(done)
    assert "GET /v1/snapshot?stale=" in operator.server.asked


def test_hosts_of_which_none_can_be_reached(operator: Operator) -> None:
    operator.hosts["consul_servers"]["hosts"]["s1"].update(AWAY)
    done = operator.run("snapshot")
    assert done.returncode != 0 and operator.snapshots() == [], said(done)
    assert "There is no snapshot" in said(done) and "port 9: Connection refused" in said(done)


def test_what_is_asked_for_is_checked_first(operator: Operator) -> None:
    operator.kept.mkdir(mode=0o755)
    operator.kept.chmod(0o755)
    done = operator.run("snapshot", "-e", "consul_snapshot_count=-1 consul_snapshot_stale=perhaps")
    assert done.returncode != 0 and operator.server.asked == []
    for part in (
        f"consul_snapshot_directory: {operator.kept} is not for its owner alone",
        "consul_snapshot_count: '-1' must be a number",
        "consul_snapshot_stale: 'perhaps' is not true or false",
    ):
        assert part in said(done)


RESTORE = ["-e", "consul_restore_snapshot=old.snap", "-e"]


def test_a_restore(operator: Operator) -> None:
    (operator.folder / "old.snap").write_bytes(GOOD)
    check = operator.run("restore", *RESTORE, "consul_restore_confirm=dc1", "--check")
    assert check.returncode == 0 and (operator.puts(), operator.snapshots()) == ([], []), said(check)
    assert "would restore the snapshot into dc1" in said(check)
    done = operator.run("restore", *RESTORE, "consul_restore_confirm=dc1", "--diff")
    assert done.returncode == 0 and operator.puts() == [GOOD], said(done)
    assert operator.server.tokens == {SECRET}
    assert len(operator.snapshots()) == 1, "of what was there"
    asked = operator.server.asked
    assert asked.index("GET /v1/snapshot") < asked.index("PUT /v1/snapshot")
    assert "that came: db on node2; that went: web on node2 (web-2)" in said(done)
    assert "+ db on node2" in done.stdout and "- web on node2 (web-2)" in done.stdout


def test_a_restore_removes_no_snapshot(operator: Operator) -> None:
    """It could be the very one."""
    operator.kept.mkdir(mode=0o700)
    old = operator.kept / "consul-dc1-20200101T000000Z.snap"
    old.write_bytes(GOOD)
    words = f"consul_restore_snapshot={old} consul_restore_confirm=dc1 consul_snapshot_count=1"
    assert operator.run("restore", "-e", words).returncode == 0
    assert old.exists() and len(operator.snapshots()) == 2 and operator.puts() == [GOOD]


DC2 = archive(of_datacenter("dc2"))


@pytest.mark.parametrize(
    ("content", "words", "message"),
    [
        (GOOD[:-8] + bytes(8), "consul_restore_confirm=dc1", "is no whole snapshot of Consul"),
        (GOOD, "x=y", "consul_restore_confirm: missing: a restore replaces all that the datacenter has stored"),
    ],
)
def test_what_is_not_restored(operator: Operator, content: bytes, words: str, message: str) -> None:
    (operator.folder / "old.snap").write_bytes(content)
    done = operator.run("restore", *RESTORE, words)
    assert done.returncode != 0 and message in said(done), said(done)
    assert (operator.server.asked, operator.snapshots()) == ([], [])


def test_the_wrong_datacenter_is_refused_and_the_snapshot_of_another_restored_where_it_is_said(
    operator: Operator,
) -> None:
    (operator.folder / "old.snap").write_bytes(DC2)
    done = operator.run("restore", *RESTORE, "consul_restore_confirm=dc2")
    assert done.returncode != 0 and operator.puts() == []
    assert "the agent of this host is of the datacenter dc1, and dc2 is to be restored" in said(done)
    done = operator.run("restore", *RESTORE, "consul_restore_confirm=dc1 consul_restore_from=dc2")
    assert done.returncode == 0 and operator.puts() == [DC2], said(done)


def test_without_a_leader_nothing_is_restored(operator: Operator) -> None:
    (operator.folder / "old.snap").write_bytes(GOOD)
    operator.server.leader = ""
    done = operator.run("restore", *RESTORE, "consul_restore_confirm=dc1 consul_snapshot_stale=true")
    assert done.returncode != 0 and operator.puts() == []
    assert "the datacenter has no leader: bring back the servers that are down" in said(done)


def test_the_modules_in_a_playbook_of_ones_own(operator: Operator) -> None:
    """They look at directory and file themselves."""
    (operator.folder / "open").mkdir()
    (operator.folder / "open").chmod(0o755)
    tasks: list[dict[str, Any]] = [
        {"servicedns.consul.snapshot_save": {"directory": "open"}, "ignore_errors": True},
        {"servicedns.consul.snapshot_restore": {"snapshot": "none", "datacenter": "dc1"}, "ignore_errors": True},
    ]
    done = run_tasks(operator.folder, tasks, {"all": {"hosts": {"one": LOCAL}}})
    assert "is not for its owner alone" in said(done) and f"there is no file {operator.folder / 'none'}" in said(done)
