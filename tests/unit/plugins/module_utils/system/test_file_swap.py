# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files are swapped together, and come back together."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.system import file_swap, files


@pytest.fixture
def etc(tmp_path: Path) -> dict[str, Path]:
    """A file that is to change, one that is to go, and one that is to come."""
    found = {name: tmp_path / "etc" / name for name in ("changes", "goes", "comes")}
    found["changes"].parent.mkdir()
    found["changes"].write_text("former")
    found["changes"].chmod(0o640)
    found["goes"].write_text("former")
    return found


def swap_of(etc: dict[str, Path]) -> file_swap.FileSwap:
    return file_swap.FileSwap(
        {str(etc["changes"]): "new", str(etc["goes"]): "", str(etc["comes"]): "new"},
        modes={str(etc["comes"]): 0o755},
    )


def test_files_are_swapped(etc: dict[str, Path]) -> None:
    with swap_of(etc) as swap:
        swap.stage()
        assert etc["changes"].read_text() == "former"
        swap.replace()
    assert etc["changes"].read_text() == "new"
    assert not etc["goes"].exists()
    assert etc["comes"].stat().st_mode & 0o777 == 0o755
    assert sorted(os.listdir(etc["goes"].parent)) == ["changes", "comes"]


def test_files_come_back_without_room_on_the_disk(etc: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    number = etc["changes"].stat().st_ino
    with swap_of(etc) as swap:
        swap.stage()
        swap.replace()
        monkeypatch.setattr(files, "write_atomically", full)
        swap.restore()
    assert etc["changes"].stat().st_ino == number
    assert etc["changes"].stat().st_mode & 0o777 == 0o640
    assert etc["goes"].read_text() == "former"
    assert not etc["comes"].exists()
    assert sorted(os.listdir(etc["goes"].parent)) == ["changes", "goes"]


def full(*_arguments: object, **_options: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_nothing_is_swapped_where_there_is_no_room(etc: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "write_atomically", full)
    with swap_of(etc) as swap:
        with pytest.raises(OSError, match="No space left"):
            swap.stage()
        assert not swap.replaced
    assert sorted(os.listdir(etc["goes"].parent)) == ["changes", "goes"]
