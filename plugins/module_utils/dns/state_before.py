# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was on a host before names were forwarded on it, so that it can be there again."""

from __future__ import annotations

import base64
import json
import os
import stat
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files

DIRECTORY = "/var/lib/dnsmasq-consul"
PATH = f"{DIRECTORY}/before.json"

#: A file, a link or a directory as it was; empty where there was nothing.
Kept = t.Dict[str, t.Any]
#: What is restored, as the operator calls it, and how.
Step = t.Tuple[str, t.Callable[[], object]]


def keep(path: str) -> Kept:
    """Keep what is at a path."""
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
    """Tell the content of a file that was kept."""
    return base64.b64decode(kept.get("content", "")).decode(errors="surrogateescape")


def with_text(kept: Kept, content: str) -> Kept:
    """Give a file that was kept another content; nothing where it is to have none."""
    encoded = base64.b64encode(content.encode(errors="surrogateescape")).decode()
    return {**kept, "content": encoded} if content.strip() else {}


def restore(path: str, kept: Kept) -> None:
    """Put at a path what was there, in one step. A directory that was not there goes when nothing else is in it.

    What is as it was already is not written: that needs no space, and no right.
    """
    if keep(path) == kept:
        return
    if not kept:
        if os.path.isdir(path) and not os.path.islink(path):
            if not os.listdir(path):
                os.rmdir(path)
        else:
            files.remove(path)
    elif "link" in kept or "content" in kept:
        staged = os.path.join(os.path.dirname(path), f".servicedns.{os.path.basename(path)}")
        files.remove(staged)
        try:
            if "link" in kept:
                os.symlink(kept["link"], staged)
            else:
                files.write_atomically(staged, text(kept), mode=kept["mode"], owner=kept["owner"])
                os.chown(staged, -1, kept["group"])
            os.rename(staged, path)
        except OSError:
            files.remove(staged)
            raise
    elif not os.path.isdir(path):
        os.mkdir(path)
        os.chown(path, kept["owner"], kept["group"])
        os.chmod(path, kept["mode"])


def restore_all(kept: t.Mapping[str, Kept]) -> None:
    """Put at paths, directories before what is in them, what was there."""
    for path, former in kept.items():
        if former and "content" not in former and "link" not in former:
            restore(path, former)
    for path in reversed(list(kept)):
        restore(path, kept[path])


class NotRestored(HostError):
    """Something failed, and something could not be restored after it."""


def restored(reason: Exception, steps: t.Iterable[Step]) -> HostError:
    """Restore everything, each by itself: what cannot be restored keeps nothing else from it.

    :arg reason: why
    :return: the error to raise, which says the reason and what became of each; a L(NotRestored) where one failed
    """
    done, failed = [], []
    for what, step in steps:
        try:
            step()
            done.append(what)
        except Exception as error:  # whatever it is, the others come first
            failed.append(f"{what} COULD NOT BE PUT BACK: {entry.sentence(error)}")
    said = [entry.sentence(reason), *([f"{' and '.join(done)} was put back as it was"] if done else []), *failed]
    return (NotRestored if failed else HostError)("; ".join(said))


def now() -> str:
    """The time, as the Docker engine writes it, without parts of seconds."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime())


class StateBefore:
    """The file that remembers. What it has of a path is never replaced: the first run saw the host as it was."""

    def __init__(self) -> None:
        try:
            self.data: dict[str, t.Any] = json.loads(files.read(PATH) or "{}")
        except ValueError:
            # As good as lost, and made anew from what the host still shows.
            self.data = {}

    @property
    def files(self) -> dict[str, Kept]:
        """What was at paths, by path."""
        return t.cast("dict[str, Kept]", self.data.get("files", {}))

    def listed(self, name: str) -> list[str]:
        """All that was ever remembered under a name, the latest last."""
        return t.cast("list[str]", self.data.get(name, []))

    def remember(self, paths: t.Mapping[str, Kept], **lists: t.Iterable[str]) -> None:
        """Note what was at paths, unless it is known already, and add to lists.

        :arg lists: C(resolvers) and C(addresses) that were ever switched, C(packages) that came, C(containers)' addresses,
            and since when these were C(told), and C(untold), to containers
        """
        after = {**self.data, "files": {**paths, **self.files}}
        for name, items in lists.items():
            after[name] = list(dict.fromkeys([*self.listed(name), *items]))
        if after != self.data:
            self.data = after
            os.makedirs(DIRECTORY, mode=0o700, exist_ok=True)
            files.write_atomically(PATH, json.dumps(self.data, indent=2, sort_keys=True) + "\n", mode=0o600)

    def told_to_ask(self, started: str) -> bool:
        """Whether containers that were started then were told to ask us, as far as is known; else, that they were.

        :arg started: as L(now)
        """
        events = sorted([(since, name) for name in ("told", "untold") for since in self.listed(name)])
        before = [name for since, name in events if since <= started]
        return before[-1] == "told" if before else not self.listed("told")

    def note_telling(self, name: str) -> None:
        """Note that containers are told to ask us from now on, or are C(untold), unless that is how it is."""
        other = {"told": "untold", "untold": "told"}[name]
        if not self.listed(name) or max(self.listed(name)) < max(self.listed(other), default=""):
            self.remember({}, **{name: [now()]})

    def forget(self) -> None:
        """Remove the file."""
        files.remove(PATH)
        if os.path.isdir(DIRECTORY) and not os.listdir(DIRECTORY):
            os.rmdir(DIRECTORY)
