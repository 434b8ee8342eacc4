#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_adoption
short_description: Take over a container named consul that was made by hand
version_added: 0.1.0
description:
  - Stops the container, copies its data (node id, Raft log, and all that Consul has stored) to where the role
    consul_agent keeps it, and renames the container, so that the role can run an agent of its own over the same data. The
    directory is marked as this collection's, see M(servicedns.consul.agent_config).
  - The former container is kept as C(consul-before-servicedns). It is not started with the host any more.
  - Where the running agent is not the one that the inventory describes, nothing is stopped, and the module fails and names
    every difference. When a later step fails, all is undone and the container is started again.
  - Files in C(/etc/consul.d) that others wrote are moved to C(/etc/consul.d.before-servicedns). What they say is
    to be said in variables.
author:
  - servicedns.consul contributors (@servicedns)
options:
  address:
    description: Address of the agent.
    type: str
    required: true
  node_name:
    description: Name of the node.
    type: str
    required: true
  datacenter:
    description: Name of the datacenter.
    type: str
    required: true
  domain:
    description: Domain of the agent's DNS.
    type: str
    required: true
  server:
    description: Whether the agent is a server.
    type: bool
    required: true
  data_directory:
    description: Directory of the host for the data. It must be empty or not there, unless the container has it already.
    type: path
    required: true
attributes:
  check_mode:
    support: full
    description: Makes every check, and changes nothing.
"""

EXAMPLES = r"""
- name: Take over the container
  servicedns.consul.agent_adoption:
    address: 192.168.100.4
    node_name: node1
    datacenter: dc1
    domain: consul
    server: true
    data_directory: /var/lib/consul
"""

RETURN = r"""
adopted:
  description: The container as it was, and what became of it. Empty when there was none, or one of this collection.
  returned: success
  type: str
"""

import contextlib
import os
import shutil
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import addresses as agent_addresses
from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, agent_files, foreign
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, sockets

KEPT = f"{agent_container.CONTAINER}-before-servicedns"
KEPT_DIRECTORY = f"{agent_files.DIRECTORY}.before-servicedns"
Container = agent_container.Container
Step = t.Callable[[], object]


def http_url(container: Container) -> str:
    """Where the agent of a running container answers its host, on the port that Consul has by default.

    :raises HostError: it does not listen there
    """
    pid = container["State"]["Pid"]
    addresses = [
        socket.address if agent_addresses.ip(socket.address) else "127.0.0.1"
        for socket in sockets.listeners()
        if (socket.protocol, socket.port) == ("tcp", agent_addresses.HTTP_PORT)
        and pid
        and sockets.descends(socket.pid, pid)
    ]
    if not addresses:
        raise HostError(
            f"{foreign.describe(container)} cannot be asked what it is, as it does not listen on tcp port "
            f"{agent_addresses.HTTP_PORT} of this host: start it (docker start {agent_container.CONTAINER}), with the host's network"
        )
    return agent_addresses.agent_url(" ".join(addresses))


def misfits(seen: dict[str, t.Any], params: dict[str, t.Any]) -> list[str]:
    """What an agent is otherwise than the inventory says.

    :arg seen: its answer to C(/v1/agent/self)
    """
    config, member, debug = seen["Config"], seen["Member"], seen["DebugConfig"]
    facts = (
        ("consul_agent_node_name", params["node_name"], config["NodeName"]),
        ("consul_agent_datacenter", params["datacenter"], config["Datacenter"]),
        ("consul_agent_domain", params["domain"].strip("."), debug.get("DNSDomain", params["domain"]).strip(".")),
        ("consul_agent_address", params["address"], member["Addr"]),
    )
    found = [f"its {variable} is {theirs!r}, not {ours!r}" for variable, ours, theirs in facts if ours != theirs]
    if config["Server"] != params["server"]:
        found.append(
            "it is a server: put the host into consul_servers"
            if config["Server"]
            else "it is a client: put the host into consul_clients"
        )
    return found


def obstacles(container: Container, data_directory: str) -> list[str]:
    """What is in the way of taking a container over."""
    found = []
    if agent_container.inspect(KEPT):
        found.append(f"there is a container {KEPT} of an earlier time: rename or remove it")
    if os.path.lexists(KEPT_DIRECTORY):
        found.append(f"there is a {KEPT_DIRECTORY} of an earlier time: move it away")
    if foreign.content(data_directory) and not is_data_of(container, data_directory):
        found.append(
            f"consul_agent_data_directory: {data_directory!r} is not empty: the data of the container would be mixed "
            "with what is there"
        )
    return found


def is_data_of(container: Container, directory: str) -> bool:
    """Whether a container has a directory of the host as its data."""
    source = agent_container.source(container, agent_container.DATA)
    return bool(source) and os.path.realpath(source) == os.path.realpath(directory)


def take_over(container: Container, data: str, data_directory: str) -> None:
    """Stop, copy, rename; or undo all of it.

    :arg data: where the agent keeps its data, in the container
    """
    undo: list[Step] = []
    name, policy = agent_container.CONTAINER, container["HostConfig"]["RestartPolicy"]
    count = f":{policy['MaximumRetryCount']}" if policy.get("MaximumRetryCount") else ""
    try:
        undo.append(lambda: command.run("docker", "start", name))
        command.run("docker", "stop", "-t", "30", name)
        undo.append(lambda: command.run("docker", "update", f"--restart={policy['Name'] or 'no'}{count}", name))
        command.run("docker", "update", "--restart=no", name)
        if not is_data_of(container, data_directory):
            there = os.path.isdir(data_directory)
            undo.append(lambda: clear(data_directory, keep=there))
            os.makedirs(data_directory, mode=agent_files.PRIVATE, exist_ok=True)
            command.run("docker", "cp", "--archive", f"{name}:{data}/.", data_directory, timeout=3600.0)
            foreign.mark(data_directory)
        elif not foreign.is_marked(data_directory):
            foreign.mark(data_directory)
            undo.append(lambda: os.unlink(os.path.join(data_directory, foreign.MARK)))
        if foreign_files():
            os.rename(agent_files.DIRECTORY, KEPT_DIRECTORY)
            undo.append(lambda: os.rename(KEPT_DIRECTORY, agent_files.DIRECTORY))
        command.run("docker", "rename", name, KEPT)
    except (HostError, OSError) as error:
        wrong = []
        for step in reversed(undo):
            try:
                step()
            except (HostError, OSError) as second:
                wrong.append(str(second))
        after = f"not all could be undone: {'; '.join(wrong)}" if wrong else "all is as it was, and the container runs"
        raise HostError(f"{error}; {after}") from error


def clear(directory: str, keep: bool) -> None:
    """Empty a directory, and remove it unless it is to be kept."""
    for name in foreign.content(directory):
        path = os.path.join(directory, name)
        shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)
    if not keep:
        os.rmdir(directory)


def foreign_files() -> bool:
    """Whether the directory of our files has files that an agent would read."""
    return any(name.endswith((".json", ".hcl")) for name in foreign.content(agent_files.DIRECTORY))


def adopt(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Take a container over, unless there is none, or one of this collection."""
    with contextlib.nullcontext() if check_mode else agent_files.locked():
        container = agent_container.inspect()
        if not container or agent_container.is_ours(container):
            return dict(changed=False, adopted="")
        described = foreign.describe(container)
        seen = ConsulClient(http_url(container)).get("agent", "self")
        wrong = misfits(seen, params) + obstacles(container, params["data_directory"])
        if wrong:
            raise HostError(f"{described} is left as it is: {'; '.join(wrong)}")
        moved = f", {agent_files.DIRECTORY} as {KEPT_DIRECTORY}" if foreign_files() else ""
        if not check_mode:
            take_over(container, seen["DebugConfig"].get("DataDir") or agent_container.DATA, params["data_directory"])
    return dict(
        changed=True, adopted=f"{described} is kept as {KEPT}{moved}; its data is in {params['data_directory']}"
    )


def main() -> None:
    run_module(
        dict(
            address=dict(type="str", required=True),
            node_name=dict(type="str", required=True),
            datacenter=dict(type="str", required=True),
            domain=dict(type="str", required=True),
            server=dict(type="bool", required=True),
            data_directory=dict(type="path", required=True),
        ),
        adopt,
    )


if __name__ == "__main__":
    main()
