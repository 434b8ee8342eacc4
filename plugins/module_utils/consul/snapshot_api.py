# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots of a datacenter by an agent's HTTP API: taken into a file, and restored from one."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import time

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot import Snapshot
from ansible_collections.servicedns.consul.plugins.module_utils.consul.snapshot_files import PRIVATE_SNAPSHOT
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command

SNAPSHOT_PATIENCE = 300.0  # seconds that the agent may be silent: it writes a snapshot whole before it sends it


def datacenter(client: ConsulClient) -> str:
    """Ask an agent for its datacenter."""
    return str(client.get("agent", "self")["Config"]["Datacenter"])


def require_leader(client: ConsulClient) -> str:
    """Ask for the leader.

    :raises HostError: there is none
    """
    leader = client.get("status", "leader")
    if not leader:
        raise HostError("the datacenter has no leader: bring back the servers that are down")
    return str(leader)


def save(client: ConsulClient, path: str, stale: bool) -> None:
    """Take a snapshot into a new file, which belongs to whom its directory belongs to.

    :arg stale: whether any server may answer, also without a leader
    """
    client.timeout = SNAPSHOT_PATIENCE
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
    with os.fdopen(os.open(path, flags, PRIVATE_SNAPSHOT), "wb") as file:
        owner = os.stat(os.path.dirname(path))
        os.fchown(file.fileno(), owner.st_uid, owner.st_gid)

        def into_file(response: http.client.HTTPResponse) -> bytes:
            if response.status >= 300:
                return response.read()
            shutil.copyfileobj(response, file)
            return b""

        client.read = into_file
        client.get("snapshot", **({"stale": ""} if stale else {}))


def restore(client: ConsulClient, path: str) -> None:
    """Restore a snapshot: all servers have what it has, and nothing else."""
    client.timeout = SNAPSHOT_PATIENCE
    with open(path, "rb") as file:
        client.put("snapshot", body=file)


def instances(client: ConsulClient) -> set[str]:
    """List the instances of all services in the catalog, as C(NAME on NODE), with the id where it is not the name.

    :raises HostError: there is no leader, or the catalog does not answer
    """
    found = set()
    for name in client.get("catalog", "services", consistent=""):
        for entry in client.get("catalog", "service", name, consistent=""):
            identifier = "" if entry["ServiceID"] == name else f" ({entry['ServiceID']})"
            found.add(f"{name} on {entry['Node']}{identifier}")
    return found


def wait_for_instances(client: ConsulClient, patience: float) -> set[str]:
    """List the instances as soon as there is a leader, and the catalog answers.

    :raises HostError: not in time
    """
    end = time.monotonic() + patience
    while True:
        try:
            require_leader(client)
            return instances(client)
        except HostError as error:
            if time.monotonic() > end:
                raise HostError(f"it is restored, and the catalog does not answer: {error}") from error
        time.sleep(0.2)


def refuse_unless_consul_agrees(path: str, snapshot: Snapshot) -> None:
    """Let Consul itself inspect a snapshot, where the host has an agent's container that runs.

    :raises HostError: it finds it damaged, or reads something else in it
    """
    try:
        container = agent_container.inspect()
    except HostError:
        return
    if not container or not container["State"]["Running"]:
        return
    inside = ("docker", "exec", agent_container.CONTAINER)
    # Its own /tmp is no volume. The agent's user cannot guess the name, and so has no link there.
    copy = f"/tmp/servicedns.{os.urandom(8).hex()}"  # noqa: S108
    try:
        command.run("docker", "cp", path, f"{agent_container.CONTAINER}:{copy}")
        told = command.run(*inside, "consul", "snapshot", "inspect", "-format=json", copy)
    finally:
        with contextlib.suppress(HostError):
            command.run(*inside, "rm", "-f", copy)
    meta = json.loads(told)["Meta"]
    if (meta["Index"], meta["Term"]) != (snapshot.raft_index, snapshot.term):
        raise HostError(
            f"consul snapshot inspect reads index {meta['Index']} and term {meta['Term']} in {path}, which has "
            f"{snapshot.raft_index} and {snapshot.term}"
        )
