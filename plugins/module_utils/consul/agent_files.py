# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an agent: who may read them, one run at a time, and whether Consul finds them valid."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, run_lock

#: Mounted into the container as CONTAINER_DIRECTORY. A directory, because a mounted file would keep its old inode.
DIRECTORY = "/etc/consul.d"
CONTAINER_DIRECTORY = "/consul/config"
AGENT = f"{DIRECTORY}/agent.json"
SERVICES = f"{DIRECTORY}/services.json"
RUN = "/run"
LOCK = f"{RUN}/servicedns.consul.lock"
#: Marks a data directory as one that this collection made or took over, whether or not its container is there.
MARK = ".servicedns.consul"
PRIVATE = 0o700
PRIVATE_FILE = 0o600


def in_container(path: str) -> str:
    """The path under which the agent sees a file of the directory."""
    return f"{CONTAINER_DIRECTORY}/{os.path.basename(path)}"


def is_marked(path: str) -> bool:
    """Whether a data directory was made or taken over by this collection."""
    return os.path.lexists(os.path.join(path, MARK))


def mark(path: str) -> None:
    """Mark a data directory as ours. The agent's user may write there, so nothing that is there is followed."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(os.path.join(path, MARK), os.O_CREAT | os.O_EXCL | os.O_WRONLY, PRIVATE_FILE))


def locked(patience: float | None = None) -> t.ContextManager[None]:
    """Keep other runs from the agent's files meanwhile, see L(run_lock.locked)."""
    return run_lock.locked(LOCK, "the agent", patience)


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


def validate(*paths: str) -> None:
    """Let Consul judge files of the directory, with the binary of the agent's container."""
    container = agent_container.inspect()
    if not container:
        raise HostError(f"there is no container {agent_container.CONTAINER} on this host")
    arguments = ("validate", "-config-format=json", *map(in_container, paths))
    if container["State"]["Running"] and not agent_container.is_crashing(container):
        command.run("docker", "exec", agent_container.CONTAINER, "consul", *arguments)
        return
    mount = f"--volume={DIRECTORY}:{CONTAINER_DIRECTORY}:ro"
    image = container["Config"]["Image"]
    command.run("docker", "run", "--rm", "--network=none", "--entrypoint=consul", mount, image, *arguments)
