# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How snapshots are named, and which are kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot_files import (
    file_name,
    moment_of,
    surplus,
    taken,
)


def test_names(tmp_path: Path) -> None:
    names = [file_name("dc1", moment) for moment in (1e9, 1.7e9, 0)]
    assert names[0] == "consul-dc1-20010909T014640Z.snap"
    assert [moment_of(name) for name in names] == [1e9, 1.7e9, 0]
    others = ["consul-dc1-x-20010909T014640Z.snap", "consul-dc1-20010909T014640Z.snap.new", "consul-dc1-2001.snap", "x"]
    for name in (*names, *others, file_name("dc1.x", 1e9)):
        (tmp_path / name).touch()
    assert taken(str(tmp_path), "dc1") == [names[2], names[0], names[1]]
    assert taken(str(tmp_path), "dc1-x") == others[:1]
    assert taken(str(tmp_path), "dc.") == taken(str(tmp_path / "none"), "dc1") == []


@pytest.mark.parametrize(("count", "expected"), [(0, []), (1, ["a", "b"]), (2, ["a"]), (3, []), (9, [])])
def test_surplus(count: int, expected: list[str]) -> None:
    assert surplus(["a", "b", "c"], count) == expected
