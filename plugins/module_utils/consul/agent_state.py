# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What there is of an agent on a host: whether it runs, where it answers, and what its data directory holds."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import addresses, agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.system import files

ABSENT, STOPPED, CRASHING, RUNNING = "absent", "stopped", "crashing", "running"

#: Larger than the log of a server that waits for its first election: of raft.db alone, a segment of the WAL has one size.
LARGE = 1024 * 1024


class AgentState(t.TypedDict):
    """What is found on a host."""

    container: str
    #: Of the agent that runs, which may have been started with other addresses than it is to have.
    url: str
    node_id: str
    #: Whether the data is that of a server which has been in a datacenter.
    raft: bool
    keyring: bool


def state_of(container: agent_container.Container | None, data_directory: str, url: str) -> AgentState:
    """Look at an agent.

    :arg container: the agent's, which is ours, or none
    :arg url: where it would answer if it were started now
    """
    return {
        "container": container_state(container),
        "url": running_url(container) or url,
        "node_id": files.read(os.path.join(data_directory, "node-id")).strip(),
        "raft": has_raft_data(data_directory),
        "keyring": os.path.exists(os.path.join(data_directory, "serf", "local.keyring")),
    }


def container_state(container: agent_container.Container | None) -> str:
    """Tell whether a container is there and runs. One that the engine starts again and again does not."""
    if not container:
        return ABSENT
    if agent_container.is_crashing(container):
        return CRASHING
    return RUNNING if container["State"]["Running"] else STOPPED


def running_url(container: agent_container.Container | None) -> str:
    """Where the agent of a container answers, by its command line; empty where that does not say."""
    flag = "-client="
    arguments = (container or {}).get("Config", {}).get("Cmd") or ()
    given = [argument[len(flag) :] for argument in arguments if argument.startswith(flag)]
    return addresses.agent_url(given[-1]) if given else ""


def has_raft_data(data_directory: str) -> bool:
    """Whether a server with this data has been in a datacenter. One that still waits for the first election has files as well.

    Its log is empty: a segment of the WAL has no header before the first entry, and the first entry of all is the servers.
    """
    raft = os.path.join(data_directory, "raft")
    if _names(os.path.join(raft, "snapshots")):
        return True
    wal = os.path.join(raft, "wal")
    if any(_begins(os.path.join(wal, name)) for name in _names(wal) if name.endswith(".wal")):
        return True
    log = os.path.join(raft, "raft.db")
    if not os.path.exists(log):
        return False
    if os.path.getsize(log) > LARGE:
        return True
    with open(log, "rb") as stream:
        return b"Suffrage" in stream.read()


def _names(path: str) -> list[str]:
    return os.listdir(path) if os.path.isdir(path) else []


def _begins(path: str) -> bool:
    """Whether a file has a header."""
    with open(path, "rb") as stream:
        return any(stream.read(32))
