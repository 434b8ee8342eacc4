# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read is written again, byte for byte, or nothing is written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files


def test_write_atomically(tmp_path: Path) -> None:
    path = tmp_path / "file"
    files.write_atomically(str(path), "one")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("one", 0o644)
    path.chmod(0o640)
    files.write_atomically(str(path), "two")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("two", 0o640)
    files.write_atomically(str(path), "three", mode=0o600)
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("three", 0o600)
    assert list(tmp_path.iterdir()) == [path], "nothing half done is left behind"


def test_write_atomically_leaves_nothing_when_it_fails(tmp_path: Path) -> None:
    path = tmp_path / "directory"
    path.mkdir()
    with pytest.raises(OSError):
        files.write_atomically(str(path), "content")
    assert list(tmp_path.iterdir()) == [path]


def test_read(tmp_path: Path) -> None:
    assert files.read(str(tmp_path / "missing")) == ""


@pytest.mark.parametrize(
    "content",
    [b"# Gr\xfc\xdfe\nnameserver 192.0.2.1\n", b"# of Windows\r\nnameserver 192.0.2.1\r\n", bytes(range(256))],
    ids=["Latin-1", "CRLF", "every byte"],
)
def test_any_bytes_survive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "resolv.conf"
    path.write_bytes(content)
    files.write_atomically(str(path), files.read(str(path)))
    assert path.read_bytes() == content
    assert command.run("cat", str(path)).encode(errors="surrogateescape") == content.replace(b"\r\n", b"\n").replace(
        b"\r", b"\n"
    )


def test_bytes_survive_whatever_the_locale(tmp_path: Path) -> None:
    """A host without a locale, or with one of its own, has Python read and write in that."""
    path = tmp_path / "file"
    path.write_bytes("# Grüße\n".encode())
    program = (
        f"import sys; sys.path.insert(0, {os.getcwd()!r} + '/.collections'); "
        "from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files; "
        f"files.write_atomically({str(path)!r}, files.read({str(path)!r}) + command.run('cat', {str(path)!r}))"
    )
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    subprocess.run([sys.executable, "-c", program], env=environment, check=True)
    assert path.read_bytes() == "# Grüße\n".encode() * 2
