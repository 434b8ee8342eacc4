# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host for an agent: its files in a directory, and an engine that only remembers what it was told."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    agent_container,
    agent_files,
    foreign,
)
from ansible_collections.servicedns.consul.plugins.module_utils.docker import image
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command
from ansible_collections.servicedns.consul.plugins.modules import agent_adoption, agent_config, agent_services

#: How a trial of the configuration ends when all is well.
TRIED = f"==> Failed to setup logging: open {agent_config.NO_LOG}: not a directory"


class Engine:
    """Stands in for the engine: it has containers and images, and a list of the commands that it was given."""

    def __init__(self) -> None:
        self.containers: dict[str, dict[str, Any]] = {}
        self.images: dict[str, dict[str, Any]] = {"consul:1.15.4": {"Id": "sha256:1154"}}
        #: Of Consul, by the names of images.
        self.versions: dict[str, str] = {}
        self.commands: list[str] = []
        self.fails: Callable[[tuple[str, ...]], str] = lambda _command: ""

    def inspect(self, name: str = "consul") -> dict[str, Any] | None:
        return self.containers.get(name)

    def run(self, *command: str, timeout: float = 0) -> str:
        self.commands.append(" ".join(command[1:3]))
        if words := self.fails(command):
            raise HostError(f"{' '.join(command)}: {words}")
        if command[1] == "cp":
            (Path(command[-1]) / "node-id").write_text("7")
        if command[-2:] == ("version", "-format=json"):
            return (
                json.dumps({"Version": self.versions[command[-3]]}) if command[-3] in self.versions else "Consul v0.9"
            )
        return str(os.getuid()) if "--entrypoint=id" in command else ""


def engine_of(directory: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    """Let the modules of the agent have the engine of a host in a directory."""
    engine = Engine()
    etc = directory / "consul.d"
    for module, name, value in (
        (agent_container, "inspect", engine.inspect),
        (image, "inspect", engine.images.get),
        (command, "run", engine.run),
        (agent_files, "DIRECTORY", str(etc)),
        (agent_files, "AGENT", str(etc / "agent.json")),
        (agent_files, "SERVICES", str(etc / "services.json")),
        (agent_files, "RUN", str(directory)),
        (agent_files, "LOCK", str(directory / "lock")),
        (foreign, "VOLATILE", ()),
        (agent_config, "DAMAGED", str(etc / ".services.damaged")),
        (agent_services, "STAGED", str(etc / ".services.staged")),
        (agent_adoption, "KEPT_DIRECTORY", str(directory / "consul.d.before")),
    ):
        monkeypatch.setattr(module, name, value)
    return engine


def refuse(words: str) -> Callable[[tuple[str, ...]], str]:
    """Let the trial of a command line end with these words of Consul."""
    return lambda command: words if "--entrypoint=consul" in command and "version" not in command else ""


def configure(
    directory: Path,
    config: Any,
    *flags: str,
    image: str = "consul:1.15.4",
    restart: bool = True,
    check_mode: bool = False,
) -> dict[str, Any]:
    """Run agent_config with a configuration and a command line."""
    parameters = {
        "config": json.dumps(config),
        "image": image,
        "data_directory": str(directory / "data"),
        "container": {"command": ["agent", *flags]},
        "restart": restart,
        "url": "http://127.0.0.1:8500",
        "token": "",
        "ca_path": None,
        "validate_certs": True,
    }
    return agent_config.configure(parameters, check_mode)
