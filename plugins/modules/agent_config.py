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
  - An agent that runs reads what Consul reloads at once, and is compared with it. Where it refuses, it has its former file again.
    What Consul reads at its start alone, such as C(retry_join), waits for that. All else, and another definition of the container,
    needs a new container, which is for the caller to make, with the labels that this returns.
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
  container:
    description:
      - The definition of the agent's container, as options of M(community.docker.docker_container). C(command), which is C(agent)
        and its flags, is a list.
    type: dict
    required: true
  restart:
    description:
      - Whether a change that needs a restart is written too. Without it such a change is tried and told, and all else is done, so that
        the file goes with the container until that is made anew.
    type: bool
    default: true
extends_documentation_fragment:
  - servicedns.consul.consul_api
attributes:
  check_mode:
    support: full
    description: Says what would change, and what it would need to be in force, and tries nothing.
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
    container:
      command: [agent, -node=node1]
      network_mode: host
"""

RETURN = r"""
labels:
  description: The labels that the container must have. One that has others, or none, has to be made anew.
  returned: success
  type: dict
  sample: {servicedns.consul.restart: 44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a}
change:
  description:
    - What brings that which differs into force. V(start) is that of a container that is not there or does not run, V(restart) a
      new one in the place of the former, V(reload) is done by this module, and V(next start) is whenever the agent starts the next
      time. Empty where nothing differs.
  returned: success
  type: str
  sample: reload
version:
  description:
    - The version of Consul in the image, where a container of it is still to be made and O(restart=false). Empty otherwise.
  returned: success
  type: str
  sample: 1.22.7
repaired:
  description: Paths whose owner, mode or place is put right.
  returned: success
  type: list
  elements: str
  sample: [/etc/consul.d/agent.json]
"""

import contextlib
import json
import os
import tempfile
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    agent_container,
    agent_files,
    agent_reload,
    change_class,
    foreign,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_file import parse
from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_types import typed
from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, client_of
from ansible_collections.servicedns.consul.plugins.module_utils.consul.masking import masked
from ansible_collections.servicedns.consul.plugins.module_utils.docker import image as docker_image
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


def image_version(image: str) -> str:
    """The version of Consul in an image, whatever its tag says; empty where it does not say."""
    docker = ("docker", "run", "--rm", "--network=none", "--entrypoint=consul", image)
    try:
        return str(json.loads(command.run(*docker, "version", "-format=json"))["Version"])
    except (HostError, ValueError, KeyError):
        return ""


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
                words = masked(words, parse(text))
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


class Agent:
    """What an agent is, and what it is to be."""

    def __init__(self, params: dict[str, t.Any]) -> None:
        self.params = params
        self.data_directory = params["data_directory"]
        self.container = agent_container.inspect()
        refuse_others(self.container, self.data_directory)
        self.image = (docker_image.inspect(params["image"]) or {}).get("Id", "")
        self.arguments = params["container"]["command"]
        self.config = typed(json.loads(params["config"]))
        self.text = json.dumps(self.config, indent=4, sort_keys=True) + "\n"
        before = files.read(agent_files.AGENT)
        self.former = parse(before)
        self.crashing = self.container is not None and agent_container.is_crashing(self.container)
        self.running = (
            self.container is not None and not self.crashing and agent_container.user(self.container) is not None
        )
        self.classes = change_class.changed(self.former, self.config)
        self.differs = not before or bool(self.classes)
        self.damaged = not is_readable(agent_files.SERVICES)
        self.directories = [
            path for path in (agent_files.DIRECTORY, self.data_directory) if not foreign.is_private_directory(path)
        ]
        self.marked = foreign.is_marked(self.data_directory)

    @property
    def label(self) -> str:
        """What the container's label must be: what it is, where that needs no restart."""
        new, *others = change_class.fingerprints({**self.params["container"], "image": self.image}, self.config)
        mine = ((self.container or {}).get("Config", {}).get("Labels") or {}).get(change_class.CONTAINER_LABEL)
        return mine if mine in others else new

    @property
    def change(self) -> str:
        """What brings that which differs into force; empty where nothing differs."""
        if not (self.container and self.container["State"]["Running"]):
            return "start"
        if self.label != (self.container["Config"].get("Labels") or {}).get(change_class.CONTAINER_LABEL):
            return change_class.RESTART
        # What needs a restart and has its label already was swapped in by a run that was cut off, with all else.
        if agent_reload.is_pending(self.container) or self.classes - {change_class.NEXT_START}:
            return change_class.RELOAD
        return change_class.NEXT_START if self.differs else ""

    @property
    def is_tried(self) -> bool:
        """Whether the container runs this very command line of this very image, with this file."""
        return (
            not self.differs
            and self.container is not None
            and self.container["Image"] == self.image
            and (self.container["Config"]["Cmd"] or []) == self.arguments
        )

    @property
    def version(self) -> str:
        """The version that comes with the container which is to be made."""
        new = self.image and (self.container is None or self.container["Image"] != self.image)
        return image_version(self.params["image"]) if new else ""

    def wrong(self, owner: int) -> list[Path]:
        """What must be the agent's user's, and is not."""
        return [
            (path, mode)
            for path, mode in (expected(self.data_directory, self.running) if self.running or owner else ())
            if os.path.lexists(path) and not agent_files.belongs(path, owner, mode)
        ]

    def try_out(self, text: str) -> None:
        """:raises HostError: no agent would start with a file"""
        try_out(text, self.params["image"], self.arguments)

    def prepare(self) -> None:
        """Try what is new, and make the directories."""
        if not self.is_tried:
            self.try_out(self.text)
        for path in self.directories:
            os.makedirs(path, exist_ok=True)
            os.chmod(path, agent_files.PRIVATE)
        foreign.mark(self.data_directory)
        agent_reload.forget(self.container)

    def write(self, owner: int) -> None:
        """Swap the file in; an agent that runs, and goes on to, reads it."""
        if self.container and self.running and self.change == change_class.RELOAD:
            agent = client_of(self.params, timeout=agent_reload.RELOAD_PATIENCE)
            agent_reload.apply(agent, self.container, self.text, owner, self.try_out)
        elif self.differs:
            agent_files.write(agent_files.AGENT, self.text, owner)


def repair(wrong: t.Sequence[Path], owner: int) -> None:
    """Make files and directories the agent's user's. One may be gone by now."""
    for path, mode in wrong:
        if os.path.lexists(path):
            os.chown(path, owner, -1, follow_symlinks=False)
            if mode is not None:
                os.chmod(path, mode)


def configure(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Make directories and file what they have to be."""
    with contextlib.nullcontext() if check_mode else agent_files.locked():
        agent = Agent(params)
        change, labels = agent.change, {change_class.CONTAINER_LABEL: agent.label}
        differs = agent.differs and (params["restart"] or change != change_class.RESTART)
        if not check_mode:
            agent.prepare()
        owner = agent_files.owner(agent.container) if os.path.isdir(agent_files.DIRECTORY) else 0
        if not agent.running and not check_mode:
            owner = owner or image_user(params["image"])
        wrong = agent.wrong(owner)
        if not check_mode:
            if agent.damaged:
                os.rename(agent_files.SERVICES, DAMAGED)
            repair(wrong, owner)
            if differs or change == change_class.RELOAD:
                agent.write(owner)
            if agent.crashing and (wrong or agent.damaged or differs):
                # The engine waits longer and longer before it tries again.
                command.run("docker", "restart", agent_container.CONTAINER)
    repaired = [path for path, _mode in wrong] + ([agent_files.SERVICES] if agent.damaged else [])
    config, former = agent.config, agent.former
    changed_keys = [key for key in config if key in former and former[key] != config[key]]
    return dict(
        changed=bool(agent.directories or differs or repaired or not agent.marked or change == change_class.RELOAD),
        labels=labels,
        change=change,
        version="" if params["restart"] else agent.version,
        repaired=repaired,
        diff=dict(
            prepared=summary(set(config) - set(former), dict.fromkeys(changed_keys, ()), set(former) - set(config))
            if differs
            else "",
        ),
        warnings=[
            f"{agent_files.SERVICES} was damaged, with which no agent starts. It is put aside as {DAMAGED}, and the role "
            "consul_services writes it anew."
        ]
        if agent.damaged
        else [],
    )


def main() -> None:
    run_module(
        dict(
            config=dict(type="str", required=True, no_log=True),
            image=dict(type="str", required=True),
            data_directory=dict(type="path", required=True),
            container=dict(type="dict", required=True),
            restart=dict(type="bool", default=True),
            **ARGUMENTS,
        ),
        saying_variables(configure, VARIABLES),
    )


if __name__ == "__main__":
    main()
