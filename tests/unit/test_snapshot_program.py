# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program that the timer runs, with commands that stand in for Docker and the clock of a wait."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from plays import ROOT
from snapshots import GOOD

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot_files

PROGRAM = ROOT / "roles" / "consul_agent" / "files" / "servicedns-consul-snapshot"
# The container's /tmp is the folder; `info` is what the agent says of itself, once for each time that it is asked.
DOCKER = """#!/bin/sh
cd "${0%/*}"
echo "$*" >> asked
[ "$1 $2 $3 $4 $5 $6" = "exec --env CONSUL_HTTP_ADDR --env CONSUL_HTTP_TOKEN consul" ] || exit 64
shift 6
case "$1 $2 $3" in
"consul info "*) [ -e info ] || exit 1; head -1 info; sed -i 1d info ;;
"mktemp -d "*) mkdir inside; echo "$PWD/inside" ;;
"consul snapshot save") [ -e source ] || { echo "Unexpected response code: 500" >&2; exit 1; }; cp source "$4" ;;
"consul snapshot inspect") grep -q . "$4" || exit 1; echo "ID 2-18-1" ;;
*) "$@" ;;
esac
"""
INFO = "consul: acl = disabled leader = {} leader_addr = {} server = true raft: x = a:b\n"
LEADS, FOLLOWS, NOBODY = (
    INFO.format(*words) for words in (("true", "192.0.2.1:8300"), ("false", "192.0.2.1:8300"), ("false", ""))
)
SIX = "[2001:db8::1]:8300"


class Server:
    """A host with an agent, and with a directory of snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.directory = folder, folder / "backups"
        for name, text in (("docker", DOCKER), ("sleep", "#!/bin/sh\necho $1 >> ${0%/*}/slept\n")):
            (folder / name).write_text(text)
            (folder / name).chmod(0o755)
        self.directory.mkdir()
        (folder / "source").write_bytes(GOOD)

    def run(self, info: str, count: int = 2) -> subprocess.CompletedProcess[str]:
        (self.folder / "info").write_text(info)
        return subprocess.run(
            [PROGRAM, self.directory, "dc1", str(count)],
            env={"PATH": f"{self.folder}:{os.environ['PATH']}", "CONSUL_HTTP_TOKEN": "7e57"},
            capture_output=True,
            text=True,
            check=False,
        )

    def left(self) -> list[str]:
        return sorted(path.name for path in self.directory.iterdir())


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(tmp_path)


@pytest.mark.parametrize("info", [LEADS, INFO.format("true", SIX)])
def test_the_leader_takes_one(server: Server, info: str) -> None:
    done = server.run(info)
    assert done.returncode == 0, done.stderr
    (name,) = server.left()
    assert snapshot_files.taken(str(server.directory), "dc1") == [name], "it is named as those on the control node"
    assert (server.directory / name).read_bytes() == GOOD
    assert oct((server.directory / name).stat().st_mode)[-3:] == "600"
    assert done.stdout.splitlines()[-1] == f"took {server.directory / name}"
    assert not (server.folder / "inside").exists()
    assert "7e57" not in (server.folder / "asked").read_text() + done.stdout + done.stderr


def test_the_others_skip(server: Server) -> None:
    done = server.run(FOLLOWS)
    assert (done.returncode, done.stdout) == (0, "another server leads dc1, and takes the snapshot\n")
    assert server.left() == []


def test_an_election_is_waited_for(server: Server) -> None:
    assert server.run(NOBODY * 2 + LEADS).returncode == 0
    assert len(server.left()) == 1 and (server.folder / "slept").read_text() == "10\n" * 2


@pytest.mark.parametrize("info", [NOBODY * 9, ""])
def test_without_a_leader_it_fails(server: Server, info: str) -> None:
    done = server.run(info)
    assert (done.returncode, server.left()) == (1, [])
    assert done.stderr.splitlines()[-1] == "dc1 has no leader, so there is no snapshot"
    assert (server.folder / "slept").read_text() == "10\n" * 5


@pytest.mark.parametrize("content", [None, b"", GOOD[:-9], GOOD[:-8] + bytes(8)])
def test_what_is_damaged_does_not_count(server: Server, content: bytes | None) -> None:
    (server.folder / "source").unlink()
    if content is not None:
        (server.folder / "source").write_bytes(content)
    (server.directory / "consul-dc1-20200101T000000Z.snap").touch()
    assert server.run(LEADS, count=1).returncode != 0
    assert server.left() == ["consul-dc1-20200101T000000Z.snap"]
    assert not (server.folder / "inside").exists()


def test_the_last_ones_are_kept_and_other_files_are_left_alone(server: Server) -> None:
    former = [f"consul-dc1-2020010{day}T000000Z.snap" for day in (1, 2, 3)]
    others = ["consul-dc1-x-20200101T000000Z.snap", "consul-dc2-20200101T000000Z.snap", "consul-dc1-2020.snap", "notes"]
    for name in (*former, *others):
        (server.directory / name).touch()
    assert server.run(LEADS).returncode == 0
    (new,) = set(server.left()) - {*former, *others}
    assert set(server.left()) == {former[2], new, *others}
