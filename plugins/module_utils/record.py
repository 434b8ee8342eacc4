# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was on a host before names were forwarded on it, so that it can be there again."""

from __future__ import annotations

import base64
import json
import os
import stat
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import host

DIRECTORY = "/var/lib/dnsmasq-consul"
PATH = f"{DIRECTORY}/before.json"

#: A file, a link or a directory as it was; empty where there was nothing.
Kept = t.Dict[str, t.Any]


def keep(path: str) -> Kept:
    """What is at a path."""
    try:
        status = os.lstat(path)
    except FileNotFoundError:
        return {}
    if stat.S_ISLNK(status.st_mode):
        return {"link": os.readlink(path)}
    kept: Kept = {"mode": stat.S_IMODE(status.st_mode), "owner": status.st_uid, "group": status.st_gid}
    if stat.S_ISREG(status.st_mode):
        with open(path, "rb") as stream:
            kept["content"] = base64.b64encode(stream.read()).decode()
    return kept


def text(kept: Kept) -> str:
    """The content of a file that was kept."""
    return base64.b64decode(kept.get("content", "")).decode(errors="surrogateescape")


def restore(path: str, kept: Kept) -> None:
    """Put at a path what was there, in one step. A directory that was not there goes when nothing else is in it."""
    if not kept:
        if os.path.isdir(path) and not os.path.islink(path):
            if not os.listdir(path):
                os.rmdir(path)
        elif os.path.lexists(path):
            os.unlink(path)
    elif "link" in kept or "content" in kept:
        staged = os.path.join(os.path.dirname(path), f".servicedns.{os.path.basename(path)}")
        if os.path.lexists(staged):
            os.unlink(staged)
        if "link" in kept:
            os.symlink(kept["link"], staged)
        else:
            host.write_atomically(staged, text(kept), mode=kept["mode"], owner=kept["owner"])
            os.chown(staged, -1, kept["group"])
        os.rename(staged, path)


class Record:
    """The file that remembers. What it has is never replaced: the first run saw the host as it was."""

    def __init__(self) -> None:
        self.data: dict[str, t.Any] = json.loads(host.read(PATH) or "{}")

    @property
    def files(self) -> dict[str, Kept]:
        """What was at paths, by path."""
        found: dict[str, Kept] = self.data.get("files", {})
        return found

    @property
    def packages(self) -> list[str]:
        """Packages that came with dnsmasq."""
        found: list[str] = self.data.get("packages", [])
        return found

    def remember(self, paths: t.Iterable[str] = (), packages: t.Iterable[str] = (), **others: t.Any) -> None:
        """Note what is at paths now, and anything else, unless it is known already."""
        after: dict[str, t.Any] = {**others, **self.data}
        after["files"] = {**{path: keep(path) for path in paths if path not in self.files}, **self.files}
        after["packages"] = sorted({*self.packages, *packages})
        if after != self.data:
            self.data = after
            os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
            host.write_atomically(PATH, json.dumps(self.data, indent=2, sort_keys=True) + "\n", mode=0o600)

    def forget(self) -> None:
        """Remove the file."""
        if os.path.exists(PATH):
            os.unlink(PATH)
        if os.path.isdir(DIRECTORY) and not os.listdir(DIRECTORY):
            os.rmdir(DIRECTORY)
