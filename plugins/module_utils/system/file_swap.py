# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are replaced together, and restored together without any room on the disk."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.system import files


class FileSwap:
    """New contents for some files. As a context, it forgets the former ones at its end."""

    def __init__(self, contents: t.Mapping[str, str], modes: t.Mapping[str, int]) -> None:
        """A file without content is to be removed. The mode of a file is 0644, unless ``modes`` has another."""
        self.contents = contents
        self.modes = modes
        self.replaced = False

    @staticmethod
    def beside(path: str, what: str) -> str:
        """A name in the same directory, which nobody reads as configuration."""
        return os.path.join(os.path.dirname(path), f".servicedns.{os.path.basename(path)}.{what}")

    def __enter__(self) -> FileSwap:
        return self

    def __exit__(self, *_error: object) -> None:
        for path in self.contents:
            for what in ("former", "new"):
                # The next run removes what is left, and this one is done.
                with contextlib.suppress(OSError):
                    files.remove(self.beside(path, what))

    def stage(self) -> None:
        """Write everything that is new beside what it is to replace.

        :raises OSError: where there is no room, or no permission; no file is replaced then.
        """
        for path, content in self.contents.items():
            files.remove(self.beside(path, "former"))
            if content:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                files.write_atomically(self.beside(path, "new"), content, mode=self.modes.get(path, 0o644))
            if os.path.exists(path):
                os.link(path, self.beside(path, "former"))

    def replace(self) -> None:
        """Replace everything that was staged."""
        self.replaced = True
        for path, content in self.contents.items():
            if content:
                os.rename(self.beside(path, "new"), path)
            else:
                files.remove(path)

    def restore(self) -> None:
        """Give every file its former content, or remove it where there was none."""
        for path in self.contents:
            former = self.beside(path, "former")
            if os.path.exists(former):
                os.rename(former, path)
            else:
                files.remove(path)
