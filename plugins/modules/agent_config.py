#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_config
short_description: Write the configuration file of a Consul agent
version_added: 0.1.0
description:
  - Makes the directories of an agent that runs in a container, and writes its configuration file.
  - Numbers and booleans that a template gave as text are written as what Consul wants.
  - File and command line are tried by the very image that will read them before the file takes the place of the former.
  - Directories and files are for the agent's user alone, which the image says on a fresh host. The image's entry point gives
    the directories to that user. A wrong owner or mode is put right, and a damaged file is written anew.
  - The data directory is marked as this collection's, by the file C(.servicedns.consul) in it. One that holds anything and has
    neither the mark nor a container of this collection is refused, and so is a container of somebody else.
author:
  - servicedns.consul contributors (@servicedns)
options:
  config:
    description: The configuration, as JSON text, so that a secret in it is never logged.
    type: str
    required: true
  image:
    description: Image of the agent. It must be on the host already.
    type: str
    required: true
  data_directory:
    description: Directory of the host that keeps the agent's data.
    type: path
    required: true
  command:
    description: The agent's command line, C(agent) and its flags.
    type: list
    elements: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says what would change, and tries nothing.
  diff_mode:
    support: full
    description: Names the keys that change, and shows no value.
"""

EXAMPLES = r"""
- name: Write the configuration
  servicedns.consul.agent_config:
    config: "{{ {'data_dir': '/consul/data', 'bind_addr': '192.168.100.4'} | to_json }}"
    image: hashicorp/consul:1.22.7
    data_directory: /var/lib/consul
    command: [agent, -node=node1]
"""

RETURN = r"""
digest:
  description: Tells this configuration from every other, whatever the order of its keys.
  returned: success
  type: str
  sample: 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a
repaired:
  description: Paths whose owner, mode or place is put right.
  returned: success
  type: list
  elements: str
  sample: [/etc/consul.d/agent.json]
"""

import contextlib
import hashlib
import json
import os
import re
import tempfile
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    agent_container,
    agent_files,
    foreign,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_types import typed
from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.consul.masking import masked
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

#: Of the options that messages name.
VARIABLES = {"data_directory": "consul_agent_data_directory"}
#: Where services that no agent can read are put.
DAMAGED = f"{agent_files.DIRECTORY}/.services.damaged"
#: No file can be there. An agent finds that out when it has read its flags and files, and before it starts anything.
NO_LOG = "/dev/null/trial"
TRIAL_PATIENCE = 60.0  # seconds

Path = t.Tuple[str, t.Optional[int]]  # and the mode that it must have


def image_user(image: str) -> int:
    """The user of the image that the agent runs as; root where the image has no user of its own for it."""
    try:
        return int(command.run("docker", "run", "--rm", "--network=none", "--entrypoint=id", image, "-u", "consul"))
    except HostError:
        return 0


def parse(text: str) -> dict[str, t.Any]:
    """The configuration in a file; none where there is no file, or a damaged one."""
    try:
        config = json.loads(text or "{}")
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def digest(config: t.Any) -> str:
    """What tells one configuration from another that means something else to Consul."""
    return hashlib.sha256(json.dumps(canonical(config), sort_keys=True).encode()).hexdigest()


def canonical(value: t.Any) -> t.Any:
    """A value with its numbers and booleans as such. Templates make texts of them before ansible-core 2.19."""
    if isinstance(value, dict):
        return {name: canonical(item) for name, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, str) and re.fullmatch("-?(0|[1-9][0-9]*)", value, re.ASCII):
        return int(value)
    if isinstance(value, str) and value in ("True", "False", "true", "false"):
        return value.lower() == "true"
    return value


def is_readable(path: str) -> bool:
    """Whether a file is JSON, or is not there."""
    try:
        json.loads(files.read(path) or "{}")
    except ValueError:
        return False
    return True


def try_out(text: str, image: str, arguments: t.Sequence[str]) -> None:
    """Let Consul read a file and a command line, up to where it would start.

    :raises HostError: with what it says against them
    """
    # In memory, since there may be secrets in it, and where the engine finds it.
    with tempfile.TemporaryDirectory(dir=agent_files.RUN, prefix="servicedns.consul.") as directory:
        files.write_atomically(os.path.join(directory, "agent.json"), text, mode=agent_files.PRIVATE_FILE)
        mount = f"--volume={directory}:{agent_files.CONTAINER_DIRECTORY}:ro"
        docker = ("docker", "run", "--rm", "--network=host", "--entrypoint=consul", mount, image)
        last = (
            f"-data-dir={agent_container.DATA}",
            f"-config-dir={agent_files.CONTAINER_DIRECTORY}",
            f"-log-file={NO_LOG}",
        )
        try:
            command.run(*docker, *arguments, *last, timeout=TRIAL_PATIENCE)
        except HostError as error:
            # Where a flag is wrong it explains all of its flags first.
            _usage, mark, words = str(error).rpartition("==> ")
            if not (mark and NO_LOG in words):
                words = masked(words, json.loads(text))
                raise HostError(f"consul_agent_config, consul_agent_flags: Consul refuses them: {words}") from error


def expected(data_directory: str, running: bool) -> list[Path]:
    """What must be the agent's user's.

    A running agent has its directories, and what is in its data, from the image. Before it runs, the image gives it the
    directories, and nothing that is in them.
    """
    paths: list[Path] = [(path, agent_files.PRIVATE_FILE) for path in (agent_files.AGENT, agent_files.SERVICES)]
    if running:
        return [*paths, (agent_files.DIRECTORY, None), (data_directory, None)]
    if foreign.has_data(data_directory):
        for name in sorted(foreign.OF_CONSUL & foreign.content(data_directory)):
            top = os.path.join(data_directory, name)
            paths.append((top, None))
            paths += [
                (os.path.join(where, each), None) for where, below, files in os.walk(top) for each in (*below, *files)
            ]
    return paths


def refuse_others(container: agent_container.Container | None, data_directory: str) -> None:
    """:raises HostError: the container or a directory is somebody else's"""
    faults = [foreign.container_fault(container), *foreign.directory_faults(data_directory, container)]
    if any(faults):
        raise HostError("; ".join(filter(None, faults)))


def is_tried(container: agent_container.Container | None, image: str, command: t.Sequence[str]) -> bool:
    """Whether a container runs this very command line of this image."""
    return container is not None and [container["Config"]["Image"], *(container["Config"]["Cmd"] or ())] == [
        image,
        *command,
    ]


def repair(wrong: t.Sequence[Path], owner: int) -> None:
    """Make files and directories the agent's user's. One may be gone by now."""
    for path, mode in wrong:
        if os.path.lexists(path):
            os.chown(path, owner, -1, follow_symlinks=False)
            if mode is not None:
                os.chmod(path, mode)


def configure(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Make directories and file what they have to be."""
    config, image, arguments = typed(json.loads(params["config"])), params["image"], params["command"]
    data_directory = params["data_directory"]
    with contextlib.nullcontext() if check_mode else agent_files.locked():
        container = agent_container.inspect()
        refuse_others(container, data_directory)
        crashing = container is not None and agent_container.is_crashing(container)
        running = container is not None and not crashing and agent_container.user(container) is not None
        before = files.read(agent_files.AGENT)
        former = parse(before)
        differs = not before or canonical(former) != canonical(config)
        directories = [
            path for path in (agent_files.DIRECTORY, data_directory) if not foreign.is_private_directory(path)
        ]
        marked = foreign.is_marked(data_directory)
        damaged = not is_readable(agent_files.SERVICES)
        text = json.dumps(config, indent=4, sort_keys=True) + "\n"
        if not check_mode:
            if differs or not is_tried(container, image, arguments):
                try_out(text, image, arguments)
            for path in directories:
                os.makedirs(path, exist_ok=True)
                os.chmod(path, agent_files.PRIVATE)
            foreign.mark(data_directory)
        owner = agent_files.owner(container) if os.path.isdir(agent_files.DIRECTORY) else 0
        if not running and not check_mode:
            owner = owner or image_user(image)
        wrong = [
            (path, mode)
            for path, mode in (expected(data_directory, running) if running or owner else ())
            if os.path.lexists(path) and not agent_files.belongs(path, owner, mode)
        ]
        if not check_mode:
            if damaged:
                os.rename(agent_files.SERVICES, DAMAGED)
            repair(wrong, owner)
            if differs:
                agent_files.write(agent_files.AGENT, text, owner)
            if crashing and (wrong or damaged):
                # The engine waits longer and longer before it tries again.
                command.run("docker", "restart", agent_container.CONTAINER)
    repaired = [path for path, _mode in wrong] + ([agent_files.SERVICES] if damaged else [])
    changed_keys = [key for key in config if key in former and former[key] != config[key]]
    return dict(
        changed=bool(directories or differs or repaired or not marked),
        digest=digest(config),
        repaired=repaired,
        diff=dict(
            prepared=summary(set(config) - set(former), dict.fromkeys(changed_keys, ()), set(former) - set(config)),
        ),
        warnings=[
            f"{agent_files.SERVICES} was damaged, with which no agent starts. It is put aside as {DAMAGED}, and the role "
            "consul_services writes it anew."
        ]
        if damaged
        else [],
    )


def main() -> None:
    run_module(
        dict(
            config=dict(type="str", required=True, no_log=True),
            image=dict(type="str", required=True),
            data_directory=dict(type="path", required=True),
            command=dict(type="list", elements="str", required=True),
        ),
        saying_variables(configure, VARIABLES),
    )


if __name__ == "__main__":
    main()
