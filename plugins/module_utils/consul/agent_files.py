# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an agent: where they are, who may read them, and one run at a time."""

from __future__ import annotations

import os
import stat
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.system import files, run_lock

#: Mounted into the container as CONTAINER_DIRECTORY. A directory, because a mounted file would keep its old inode.
DIRECTORY = "/etc/consul.d"
CONTAINER_DIRECTORY = "/consul/config"
AGENT = f"{DIRECTORY}/agent.json"
SERVICES = f"{DIRECTORY}/services.json"
RUN = "/run"
LOCK = f"{RUN}/servicedns.consul.lock"
PRIVATE = 0o700
PRIVATE_FILE = 0o600


def locked() -> t.ContextManager[None]:
    """Keep other runs from the agent's files meanwhile, see L(run_lock.locked)."""
    return run_lock.locked(LOCK, "the agent")


def owner(container: agent_container.Container | None) -> int:
    """The id of the user who reads the files: as whom the agent runs, else who has the directory, which the image gave it."""
    running = agent_container.user(container) if container else None
    return os.stat(DIRECTORY).st_uid if running is None else running


def belongs(path: str, user: int, mode: int | None = None) -> bool:
    """Whether a path is a user's, with a mode where one is given."""
    status = os.lstat(path)
    return status.st_uid == user and mode in (None, stat.S_IMODE(status.st_mode))


def write(path: str, text: str, user: int) -> None:
    """Replace a file, readable by the agent's user alone since it may hold secrets."""
    files.write_atomically(path, text, mode=PRIVATE_FILE, owner=user)
