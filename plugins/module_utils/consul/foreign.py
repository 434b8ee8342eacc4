# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent would take and is somebody else's: a container of its name, and directories."""

from __future__ import annotations

import contextlib
import os
import stat
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, agent_files

#: How the names begin of files of ours that Consul does not read.
OWN_FILES = (".services.", ".servicedns.")
#: What Consul leaves in its data directory, whichever of them it needs.
OF_CONSUL = {"node-id", "serf", "raft", "checkpoint-signature", "services", "checks", "server_metadata.json"}
#: Those of them that tell a directory of Consul's, or of Nomad's, from others.
SIGNS = {"node-id", "serf", "raft"}
#: Marks a data directory as one that this collection made or took over, whether or not its container is there.
MARK = ".servicedns.consul"
#: Directories of the system: https://refspecs.linuxfoundation.org/FHS_3.0/fhs/index.html. The first are emptied at a boot.
VOLATILE = ("/tmp", "/run", "/var/run", "/dev", "/proc", "/sys")  # noqa: S108  # refused, not used
SYSTEM = ("/bin", "/boot", "/etc", "/home", "/lib", "/media", "/mnt", "/opt", "/root", "/sbin", "/srv", "/usr", "/var")


def describe(container: agent_container.Container) -> str:
    """A container as its owner knows it: its image, when it was made, and what it mounts."""
    mounts = [
        f"{mount['Destination']} is "
        + (
            f"the volume {mount['Name'][:12]}"
            if mount["Type"] == "volume"
            else f"{mount.get('Source', '')} of the host"
        )
        for mount in container["Mounts"]
    ]
    return (
        f"the container {container['Name'].lstrip('/')} (image {container['Config']['Image']}, "
        f"made {container['Created'][:16].replace('T', ' ')}, {', '.join(mounts) or 'without mounts'})"
    )


def container_fault(container: agent_container.Container | None) -> str:
    """Why the name of a container cannot be taken for an agent of ours; empty when it can."""
    if not container or agent_container.is_ours(container):
        return ""
    return (
        f"{describe(container)} is not of this collection, and is left alone: take it over with its data by the playbook "
        "servicedns.consul.adopt, or remove it yourself, with its data or without"
    )


def is_marked(path: str) -> bool:
    """Whether a data directory was made or taken over by this collection."""
    return os.path.lexists(os.path.join(path, MARK))


def mark(path: str) -> None:
    """Mark a data directory as ours. The agent's user may write there, so nothing that is there is followed."""
    with contextlib.suppress(FileExistsError):
        os.close(os.open(os.path.join(path, MARK), os.O_CREAT | os.O_EXCL | os.O_WRONLY, agent_files.PRIVATE_FILE))


def is_private_directory(path: str) -> bool:
    """Whether a directory is there, for its owner alone."""
    return os.path.isdir(path) and stat.S_IMODE(os.stat(path).st_mode) == agent_files.PRIVATE


def content(path: str) -> set[str]:
    """The names in a directory; none when there is no such directory. What a new file system has does not count."""
    return {*os.listdir(path)} - {"lost+found"} if os.path.isdir(path) else set()


def has_data(path: str) -> bool:
    """Whether a directory holds data of Consul."""
    return bool(path) and not SIGNS.isdisjoint(content(path))


def _names(names: t.Iterable[str]) -> str:
    """Names to show, the first of many."""
    listed = sorted(names)
    return ", ".join(listed[:4]) + (f" and {len(listed) - 4} more" if len(listed) > 4 else "")


def _is_file(path: str) -> bool:
    return os.path.lexists(path) and not os.path.isdir(path)


def _mounts(container: agent_container.Container | None, destination: str, path: str) -> bool:
    """Whether a container of ours has a directory of the host at a path."""
    if not container or not agent_container.is_ours(container):
        return False
    source = agent_container.source(container, destination)
    return bool(source) and os.path.realpath(source) == os.path.realpath(path)


def directory_faults(data_directory: str, container: agent_container.Container | None) -> list[str]:
    """Why the directories of an agent cannot be taken for it: they are, or hold, somebody else's.

    :arg container: the container named as the agent's, whoever made it
    """
    found = []
    names = content(agent_files.DIRECTORY)
    ours = is_private_directory(agent_files.DIRECTORY) and any(
        name == "agent.json" or name.startswith(OWN_FILES) for name in names
    )
    if _is_file(agent_files.DIRECTORY):
        found.append(f"{agent_files.DIRECTORY} is no directory: move it away")
    elif names and not ours and not _mounts(container, agent_files.CONTAINER_DIRECTORY, agent_files.DIRECTORY):
        found.append(
            f"{agent_files.DIRECTORY} holds {_names(names)}, which this collection did not write: the agent would read it, "
            "and it would be closed to others; move it away, and say in variables what it says"
        )
    if not _mounts(container, agent_container.DATA, data_directory):
        found += [f"O(data_directory): {data_directory!r} {fault}" for fault in _data_faults(data_directory, container)]
    return found


def _data_faults(path: str, container: agent_container.Container | None) -> t.Iterator[str]:
    """Why a directory where no agent of ours has its data cannot become one."""
    real, names = os.path.realpath(path), content(path)
    if real == "/" or f"{real}/".startswith(f"{os.path.realpath(agent_files.DIRECTORY)}/"):
        yield "is taken: use a directory of its own, such as /var/lib/consul"
    elif f"{real}/".startswith(tuple(f"{each}/" for each in VOLATILE)):
        yield "is emptied when the host boots: use a directory that stays, such as /var/lib/consul"
    elif _is_file(path):
        yield "is no directory"
    elif names and SIGNS.isdisjoint(names) and not is_marked(path):
        yield (
            f"holds {_names(names)}, and no data of Consul: it would be closed to whose they are; "
            f"use a directory of its own, such as {os.path.join(path, 'consul')}"
        )
    elif names and not is_marked(path):
        yield (
            f"holds data of Consul or Nomad ({_names(SIGNS & names)}), and this collection has not marked it as its own: "
            "to take over a container that was made by hand, run the playbook servicedns.consul.adopt; to take over the data "
            f"of a Consul agent otherwise, stop it, touch {os.path.join(path, MARK)}, and run again; "
            "or use another directory"
        )
    elif not names and path in SYSTEM:
        yield f"is the system's: use a directory of its own, such as {os.path.join(path, 'consul')}"
    elsewhere = agent_container.source(container, agent_container.DATA) if container else ""
    if container and agent_container.is_ours(container) and has_data(elsewhere):
        touch = "" if is_marked(elsewhere) else f" && touch {os.path.join(path, MARK)}"
        yield (
            f"is not where the agent of this host keeps its data: to move it from {elsewhere}, "
            f"docker stop {agent_container.CONTAINER} && mv -T {elsewhere} {path}{touch}, and run again"
        )
