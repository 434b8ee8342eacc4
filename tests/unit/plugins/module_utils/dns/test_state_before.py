# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was on a host is there again, whatever it was."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    state_before,
)


@pytest.fixture
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(state_before, "DIRECTORY", str(tmp_path / "record"))
    monkeypatch.setattr(state_before, "PATH", str(tmp_path / "record" / "before.json"))
    return tmp_path


def test_record(kept_in: Path) -> None:
    file, link, folder, none = (kept_in / name for name in ("file", "link", "folder", "none"))
    file.write_bytes(b"\xff\x00 bytes\n")
    file.chmod(0o604)
    link.symlink_to("nowhere")
    paths = [str(path) for path in (file, link, folder, none)]
    state_before.StateBefore().remember(
        {path: state_before.keep(path) for path in paths}, packages=["b", "a"], resolvers=["x"]
    )
    # A later run, on a host that is changed already.
    file.write_text("changed")
    link.unlink()
    link.write_text("a file now")
    folder.mkdir()
    none.write_text("new")
    known = state_before.StateBefore()
    known.remember({path: state_before.keep(path) for path in paths}, packages=["c", "a"], resolvers=["y", "x"])
    assert state_before.StateBefore().listed("packages") == ["b", "a", "c"]
    assert state_before.StateBefore().listed("resolvers") == ["x", "y"]
    for path in paths:
        state_before.restore(path, state_before.StateBefore().files[path])
    assert file.read_bytes() == b"\xff\x00 bytes\n"
    assert file.stat().st_mode & 0o777 == 0o604
    assert os.readlink(link) == "nowhere"
    assert not folder.exists()
    assert not none.exists()
    known.forget()
    assert not Path(state_before.DIRECTORY).exists()


def test_a_directory_with_something_of_others_stays(tmp_path: Path) -> None:
    (tmp_path / "of-others").touch()
    state_before.restore(str(tmp_path), {})
    assert tmp_path.exists()
