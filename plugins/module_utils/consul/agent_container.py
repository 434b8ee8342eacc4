# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The container of an agent: whose it is, what it keeps where, and as whom the agent runs."""

from __future__ import annotations

import datetime
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine
from ansible_collections.servicedns.consul.plugins.module_utils.system import files

#: The name of the agent's container.
CONTAINER = "consul"
#: A container with a label that begins so was made by the role consul_agent.
OWNED = "servicedns.consul."
#: Where the image keeps its data.
DATA = "/consul/data"
#: The engine waits a minute at most before it starts one again.
SETTLED = datetime.timedelta(minutes=2)

Container = t.Dict[str, t.Any]


def inspect(name: str = CONTAINER) -> Container | None:
    """What the engine says of a container; None when there is no such container.

    :raises HostError: no engine answers
    """
    return t.cast("Container | None", engine.get(f"/containers/{name}/json"))


def is_ours(container: Container) -> bool:
    """Whether the role consul_agent made a container."""
    return any(label.startswith(OWNED) for label in container["Config"].get("Labels") or {})


def source(container: Container, destination: str) -> str:
    """The directory of the host that a container has at a path; empty when it is none."""
    return next((mount["Source"] for mount in container["Mounts"] if mount["Destination"] == destination), "")


def is_crashing(container: Container) -> bool:
    """Whether the engine starts a container again and again. It runs for moments then, and looks as any that runs."""
    if container["State"]["Restarting"]:
        return True
    if not container.get("RestartCount"):
        return False
    started = datetime.datetime.strptime(container["State"]["StartedAt"][:19], "%Y-%m-%dT%H:%M:%S")
    return datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) - started < SETTLED


def user(container: Container) -> int | None:
    """The id of the user as which the agent of a container runs; None while it does not run."""
    pid = container["State"]["Pid"]
    try:
        # The first process is the image's dumb-init, as root.
        children = files.read(f"/proc/{pid}/task/{pid}/children").split()
        return os.stat(f"/proc/{children[0] if children else pid}").st_uid if pid else None
    except OSError:
        return None
