# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an agent: who may read them, and whether Consul finds them valid."""

from __future__ import annotations

import os

from ansible_collections.servicedns.consul.plugins.module_utils import host

#: Mounted into the container as CONTAINER_DIRECTORY. A directory, because a mounted file would keep its old inode.
DIRECTORY = "/etc/consul.d"
CONTAINER_DIRECTORY = "/consul/config"
AGENT = f"{DIRECTORY}/agent.json"
SERVICES = f"{DIRECTORY}/services.json"


def in_container(path: str) -> str:
    """The path under which the agent sees a file of the directory."""
    return f"{CONTAINER_DIRECTORY}/{os.path.basename(path)}"


def write(path: str, content: str, owner: int) -> None:
    """Replace a file, readable by the agent's user alone since it may hold secrets."""
    host.write_atomically(path, content, mode=0o600, owner=owner)


def validate(*paths: str, image: str = "") -> None:
    """Let Consul judge files of the directory, with the binary of ``image`` or else of the agent's container."""
    command = ("validate", "-config-format=json", *map(in_container, paths))
    if not image:
        container = host.docker_get(f"/containers/{host.CONTAINER}/json")
        if not container:
            raise host.HostError(f"there is no container {host.CONTAINER} on this host")
        if container["State"]["Running"]:
            host.run("docker", "exec", host.CONTAINER, "consul", *command)
            return
        image = container["Config"]["Image"]
    mount = f"--volume={DIRECTORY}:{CONTAINER_DIRECTORY}:ro"
    host.run("docker", "run", "--rm", "--network=none", "--entrypoint=consul", mount, image, *command)
