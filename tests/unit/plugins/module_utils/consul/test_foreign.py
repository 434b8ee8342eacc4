# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose the directories of an agent are."""

from __future__ import annotations

from pathlib import Path

import pytest
from containers import OURS, container

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_files, foreign


@pytest.fixture
def etc(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The directory of the agent's files. Where tests have their files is as good as any other place."""
    path = tmp_path / "consul.d"
    monkeypatch.setattr(foreign, "VOLATILE", ("/run",))
    monkeypatch.setattr(agent_files, "DIRECTORY", str(path))
    return path


def test_a_container_of_somebody_else_is_named() -> None:
    other = container(None, config="/root/consul.d")
    other["Mounts"].append({"Type": "volume", "Name": "a" * 64, "Source": "/var/x", "Destination": "/consul/data"})
    fault = foreign.container_fault(other)
    assert fault.startswith(
        "the container consul (image consul:1.15.4, made 2024-03-01 10:00, /consul/config is /root/consul.d of the host, "
        "/consul/data is the volume aaaaaaaaaaaa) is not of this collection, and is left alone"
    )
    assert "servicedns.consul.adopt" in fault
    assert foreign.container_fault(None) == ""


def test_a_directory_is_marked_once(tmp_path: Path) -> None:
    assert not foreign.is_marked(str(tmp_path))
    foreign.mark(str(tmp_path))
    assert foreign.is_marked(str(tmp_path))
    assert (tmp_path / foreign.MARK).stat().st_mode & 0o777 == 0o600
    (tmp_path / foreign.MARK).write_text("theirs")
    foreign.mark(str(tmp_path))
    assert (tmp_path / foreign.MARK).read_text() == "theirs", "one that is there stays"


@pytest.mark.parametrize(
    ("holds", "fault"),
    [
        ([], ""),
        (["lost+found"], ""),
        ([foreign.MARK], ""),
        (["raft", "flapp1-b.ready", foreign.MARK], ""),
        # A native Consul's, or a server's of Nomad.
        (["node-id", "serf"], "holds data of Consul or Nomad (node-id, serf), and this collection has not marked it"),
        (["raft", "flapp1-b.ready"], "holds data of Consul or Nomad (raft), and"),
        (["www"], "holds www, and no data of Consul: it would be closed to whose they are; use a directory of its own"),
        (["a", "b", "c", "d", "e", "f"], "holds a, b, c, d and 2 more, and no data of Consul"),
    ],
)
def test_a_data_directory_of_others_is_refused(etc: Path, tmp_path: Path, holds: list[str], fault: str) -> None:
    data = tmp_path / "data"
    assert foreign.directory_faults(str(data), None) == [], "one that is not there is made"
    data.mkdir()
    for name in holds:
        (data / name).mkdir()
    (found,) = foreign.directory_faults(str(data), None) or [""]
    assert fault in found
    assert bool(fault) == bool(found)
    # An installation whose agent never got to write anything is ours by its container.
    assert foreign.directory_faults(str(data), container(OURS, data=str(data))) == []
    assert len(foreign.directory_faults(str(data), container(None, data=str(data)))) == bool(fault)


def test_data_without_a_mark_is_taken_over_on_request(etc: Path, tmp_path: Path) -> None:
    (tmp_path / "raft").mkdir()
    (fault,) = foreign.directory_faults(str(tmp_path), None)
    assert "to take over a container that was made by hand, run the playbook servicedns.consul.adopt" in fault
    assert f"stop it, touch {tmp_path / foreign.MARK}, and run again" in fault
    foreign.mark(str(tmp_path))
    assert foreign.directory_faults(str(tmp_path), None) == []


def test_other_paths_that_are_no_data_directory(etc: Path, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert foreign.directory_faults(str(file), None) == [f"O(data_directory): '{file}' is no directory"]
    (fault,) = foreign.directory_faults("/run/consul", None)
    assert "'/run/consul' is emptied when the host boots" in fault
    for taken in (etc, etc / "data"):
        (fault,) = foreign.directory_faults(str(taken), None)
        assert "is taken: use a directory of its own" in fault


def test_an_empty_directory_of_the_system_is_the_systems(
    etc: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(foreign, "SYSTEM", {str(tmp_path / "srv")})
    (tmp_path / "srv").mkdir()
    (fault,) = foreign.directory_faults(str(tmp_path / "srv"), None)
    assert f"is the system's: use a directory of its own, such as {tmp_path}/srv/consul" in fault
    foreign.mark(str(tmp_path / "srv"))
    assert foreign.directory_faults(str(tmp_path / "srv"), None) == [], "an agent has it already"


def test_data_elsewhere_is_not_left_behind(etc: Path, tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    running = container(OURS, data=str(before))
    assert foreign.directory_faults(str(after), running) == [], "there is none yet"
    (before / "node-id").touch()
    assert foreign.directory_faults(str(before), running) == []
    (fault,) = foreign.directory_faults(str(after), running)
    move = f"to move it from {before}, docker stop consul && mv -T {before} {after}"
    # An installation of a time when there was no mark.
    assert f"{move} && touch {after}/{foreign.MARK}, and run again" in fault
    foreign.mark(str(before))
    (fault,) = foreign.directory_faults(str(after), running)
    assert f"{move}, and run again" in fault
    before.rename(after)
    assert foreign.directory_faults(str(after), running) == []
    link = tmp_path / "link"
    link.symlink_to(after)
    assert foreign.directory_faults(str(link), container(OURS, data=str(after))) == [], "the same place by another name"


def test_files_of_others_are_refused(etc: Path, tmp_path: Path) -> None:
    data = str(tmp_path / "data")
    etc.mkdir(mode=0o755)
    assert foreign.directory_faults(data, None) == [], "an empty one"
    (etc / "consul.hcl").touch()
    (fault,) = foreign.directory_faults(data, None)
    assert "holds consul.hcl, which this collection did not write" in fault
    # Ours: beside its file those of others are merged by Consul.
    (etc / "agent.json").touch()
    assert len(foreign.directory_faults(data, None)) == 1, "open to all, so of others by chance"
    assert foreign.directory_faults(data, container(OURS, config=str(etc))) == []
    etc.chmod(0o700)
    assert foreign.directory_faults(data, None) == []
