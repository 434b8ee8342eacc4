# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of the host, of which every byte survives."""

from __future__ import annotations

import os
import tempfile


def read(path: str) -> str:
    """Read a file; nothing when there is no such file. L(write_atomically) makes the same bytes of it.

    Those that are no UTF-8 are kept as surrogates, and the ends of lines as they are.
    """
    try:
        with open(path, encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def write_atomically(path: str, content: str, mode: int | None = None, owner: int | None = None) -> None:
    """Replace a file in one step, keeping its owner and mode unless they are given."""
    before = os.stat(path) if os.path.exists(path) else None
    # The leading dot and the missing suffix keep a leftover from being read as configuration.
    handle, staged = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".servicedns.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if owner is not None:
            os.chown(staged, owner, -1)
        elif before:
            os.chown(staged, before.st_uid, before.st_gid)
        os.chmod(staged, mode if mode is not None else (before.st_mode & 0o7777 if before else 0o644))
        os.rename(staged, path)
    except BaseException:
        os.unlink(staged)
        raise


def remove(path: str) -> None:
    """Remove a file or a link, if it is there."""
    if os.path.lexists(path):
        os.unlink(path)
