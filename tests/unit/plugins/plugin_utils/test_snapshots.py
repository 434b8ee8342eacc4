# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook of snapshots is asked for, and which snapshots the control node keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from snapshots import GOOD, archive, of_datacenter

from ansible_collections.servicedns.consul.plugins.plugin_utils.snapshots import (
    Kept,
    restore_faults,
    save_faults,
)

COUNT = "must be a number of snapshots to keep, or 0 to keep all"


@pytest.mark.parametrize(
    ("count", "stale", "expected"),
    [
        (14, False, []),
        ("0", "yes", []),
        (9999, "off", []),
        (-1, True, [f"consul_snapshot_count: -1 {COUNT}"]),
        ("", True, [f"consul_snapshot_count: '' {COUNT}"]),
        (1.5, True, [f"consul_snapshot_count: 1.5 {COUNT}"]),
        (True, True, [f"consul_snapshot_count: true {COUNT}"]),
        (["5"], True, [f"consul_snapshot_count: a list {COUNT}"]),
        (10000, True, [f"consul_snapshot_count: 10000 {COUNT}"]),
        (1, "perhaps", ["consul_snapshot_stale: 'perhaps' is not true or false"]),
        (1, None, ["consul_snapshot_stale: an empty value is not true or false"]),
        ("x", "", [f"consul_snapshot_count: 'x' {COUNT}", "consul_snapshot_stale: '' is not true or false"]),
    ],
)
def test_save_faults(tmp_path: Path, count: Any, stale: Any, expected: list[str]) -> None:
    assert list(save_faults(str(tmp_path / "new"), count, stale)) == expected


def test_a_directory_that_others_may_read(tmp_path: Path) -> None:
    for mode, good in ((0o700, True), (0o750, False), (0o701, False), (0o500, True)):
        tmp_path.chmod(mode)
        found = list(save_faults(str(tmp_path), 1, False))
        assert (found == []) == good, found
    tmp_path.chmod(0o755)
    (fault,) = save_faults(str(tmp_path), 1, False)
    assert fault == (
        f"consul_snapshot_directory: {tmp_path} is not for its owner alone, and a snapshot has secrets: chmod 700 it, or "
        "name another"
    )
    (tmp_path / "file").touch()
    assert list(save_faults(str(tmp_path / "file"), 1, False)) == [
        f"consul_snapshot_directory: {tmp_path / 'file'} is no directory"
    ]


DC2 = archive(of_datacenter("dc2"))
MISSING = (
    "consul_restore_confirm: missing: a restore replaces all that the datacenter has stored, be it services, keys or ACL "
    "tokens, by what the snapshot has; say which one is meant, as in -e consul_restore_confirm=dc1"
)
STRANGE = "FILE: the snapshot has the nodes of the datacenter dc2, and not of {}; where that is meant, consul_restore_from has to be dc2"


@pytest.mark.parametrize(
    ("content", "confirm", "origin", "expected"),
    [
        (GOOD, "dc1", "", []),
        (GOOD, "dc1", "dc1", []),
        (DC2, "dc1", "dc2", []),
        (GOOD, "", "", [MISSING]),
        (GOOD, None, None, [MISSING]),
        (b"", "", "", [MISSING, "FILE: PATH is no whole snapshot of Consul: empty file"]),
        (None, "dc1", "", ["FILE: there is no file PATH"]),
        (GOOD[:-8] + bytes(8), "dc1", "", ["FILE: PATH is no whole snapshot of Consul: CRC check failed"]),
        (DC2, "dc1", "", [STRANGE.format("dc1")]),
        (DC2, "dc1", "dc3", [STRANGE.format("dc3")]),
    ],
    ids=range(10),
)
def test_restore_faults(
    tmp_path: Path, content: bytes | None, confirm: str | None, origin: str | None, expected: list[str]
) -> None:
    file = tmp_path / "x"
    if content is not None:
        file.write_bytes(content)
    found = list(restore_faults({"snapshot": "x", "confirm": confirm, "origin": origin}, lambda name: tmp_path / name))
    assert [line.partition(" 0x")[0] for line in found] == [
        line.replace("FILE", "consul_restore_snapshot").replace("PATH", str(file)) for line in expected
    ]


def test_no_file_is_named() -> None:
    wanted = {"snapshot": "", "confirm": "dc1", "origin": ""}
    (fault,) = restore_faults(wanted, Path)
    assert fault == "consul_restore_snapshot: missing: say which one, as in -e consul_restore_snapshot=FILE"


def test_a_new_one_takes_the_place_of_the_oldest(tmp_path: Path) -> None:
    names = [f"consul-dc1-202001{day:02}T000000Z.snap" for day in range(1, 4)]
    for name in names:
        (tmp_path / name).touch()
    (tmp_path / "new").write_text("x")
    (tmp_path / "new").chmod(0o644)
    kept = Kept(tmp_path, "dc1", 2)
    assert kept.surplus == [str(tmp_path / name) for name in names[:2]]
    kept.keep(tmp_path / "new")
    assert sorted(path.name for path in tmp_path.iterdir()) == [names[2], kept.new.name]
    assert (kept.new.read_text(), oct(kept.new.stat().st_mode)[-3:]) == ("x", "600")
    assert Kept(tmp_path, "dc1", 0).surplus == []
