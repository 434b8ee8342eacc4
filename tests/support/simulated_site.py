# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plays of site.yml on hosts that a file describes: their modules only write down what they were asked for, and do it there.

C(plan) says what is what it was: F(playbooks/site.yml), the roles of the agent, and all that works on the control node.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from plays import ROOT, run_plays

COLLECTION = Path("ansible_collections", "servicedns", "consul")
#: In the place of every module that would reach a host.
STAND_IN = '''#!/usr/bin/python
import json, os
from ansible.module_utils.basic import AnsibleModule

FOLDER = {folder!r}
HOST = os.environ["SIMULATED_HOST"]
SPEC = {spec!r}


def read(host):
    with open(f"{{FOLDER}}/{{host}}.json") as stream:
        return json.load(stream)


def write(state):
    with open(f"{{FOLDER}}/{{HOST}}.json", "w") as stream:
        json.dump(state, stream)


def event(what):
    with open(f"{{FOLDER}}/events", "a") as stream:
        stream.write(f"{{what}} {{HOST}}\\n")


def main():
    module = AnsibleModule(SPEC, supports_check_mode=True)
    state = read(HOST)
    fails = state.get("fails", "")
{code}

main()
'''
ANY = "raw"
#: What each does, by its name: its options, and its code.
MODULES: dict[str, tuple[tuple[str, ...], str]] = {
    "agent_preflight": (
        ("network", "address", "client_address", "image", "pull", "data_directory", "server", "ports"),
        """
    hosts = [read(name[:-5]) for name in sorted(os.listdir(FOLDER)) if name.endswith(".json")]
    servers = [each for each in hosts if each["raft"]]
    up = [each for each in servers if each["container"] == "running"]
    leader = max(up, key=lambda each: each["leads"])["address"] if len(up) > len(servers) / 2 else ""
    known = leader if state["container"] == "running" else ""
    shown = [
        dict(id=each["node_id"], node=each["name"], voter=True, leads=each["address"] == leader,
             alive=each in up, healthy=each in up, last_index=7, address=each["address"], server=True)
        for each in servers
    ]
    datacenter = dict(servers=shown, members=shown) if known else None
    facts = dict(
        {key: state[key] for key in ("address", "container", "raft", "node_id")},
        http_url="http://127.0.0.1:8500", url="http://127.0.0.1:8500", dns_server="127.0.0.1#8600", retry_join=[],
        image_present=True, requests_present=True, log_driver="json-file", snapshots_taken=False,
        keyring=False, leader=known, datacenter=datacenter,
    )
    module.exit_json(ansible_facts=dict(consul_agent=facts))
""",
    ),
    "agent_config": (
        ("config", "image", "data_directory", "container", "url", "restart"),
        """
    label = str(sorted(module.params["container"]["command"]))
    change = "restart" if state["label"] != label else ""
    change = "start" if state["container"] in ("absent", "stopped") else change
    event(f"file({'restart' if module.params['restart'] in (True, 'True') else 'ready'})")
    if fails == "ready":
        module.fail_json(msg="the image is missing")
    module.exit_json(changed=bool(change), change=change, labels={"servicedns.consul.restart": label})
""",
    ),
    "agent_step": (
        ("state", "url", "servers", "pair", "session", "voters", "timeout", "run"),
        """
    event(module.params["state"])
    with open(f"{FOLDER}/runs", "a") as stream:
        stream.write(module.params["run"] + "\\n")
    if fails == module.params["state"]:
        module.fail_json(msg="it cannot be missed")
    module.exit_json(session="session", voters=["id"])
""",
    ),
    "agent_leader": (
        ("url", "timeout"),
        """
    event("leader")
    module.exit_json(leader="x")
""",
    ),
    "dnsmasq_forwarding_preflight": ((), "    module.exit_json(ansible_facts=dict(dnsmasq_forwarding=dict()))\n"),
    "docker_container": (
        (
            *("name", "image", "pull", "command", "network_mode", "restart_policy", "volumes", "labels", "comparisons"),
            *("log_driver", "log_options", "memory", "stop_timeout"),
        ),
        """
    event("container")
    if not module.check_mode:
        write(dict(state, container="running", label=module.params["labels"]["servicedns.consul.restart"]))
    module.exit_json(changed=True)
""",
    ),
}
PASSES = "---\n- {name: Do the rest, ansible.builtin.debug: {msg: the rest}}\n"


class Site:
    """Hosts in a folder, and the collection whose modules know no other."""

    def __init__(self, folder: Path, servers: int, clients: int) -> None:
        self.folder = folder
        self.hosts = folder / "hosts"
        self.hosts.mkdir()
        self.servers = [f"s{number}" for number in range(1, servers + 1)]
        self.clients = [f"c{number}" for number in range(servers + 1, servers + clients + 1)]
        self._collections()
        for number, name in enumerate([*self.servers, *self.clients], 1):
            self._interpreter(name)
            self.change(
                name,
                name=name,
                address=f"192.0.2.{number}",
                container="absent",
                label="",
                raft=False,
                node_id="",
                leads=0,
            )

    def _collections(self) -> None:
        """The collection itself, but for what reaches hosts."""
        ours = self.folder / "collections" / COLLECTION
        docker = ours.parent.parent / "community" / "docker"
        ours.mkdir(parents=True)
        for name in ("galaxy.yml", "meta", "playbooks"):
            (ours / name).symlink_to(ROOT / name)
        shutil.copytree(ROOT / "roles", ours / "roles")
        shutil.copytree(ROOT / "plugins", ours / "plugins", ignore=shutil.ignore_patterns("__pycache__"))
        for role in ("consul_services", "dnsmasq_forwarding"):
            for file in (ours / "roles" / role / "tasks").glob("*.yml"):
                if file.stem in ("main", "datacenter"):
                    file.write_text(PASSES)
        (docker / "plugins" / "modules").mkdir(parents=True)
        (docker / "meta").mkdir()
        for name, (options, code) in MODULES.items():
            spec: dict[str, Any] = {option: {"type": ANY} for option in options}
            if not options:
                # It takes whatever the role has.
                text = (ROOT / "plugins" / "modules" / f"{name}.py").read_text()
                spec = {option: {"type": ANY} for option in _options(text)}
            place = docker if name == "docker_container" else ours
            text = STAND_IN.format(folder=str(self.hosts), spec=spec, code=code)
            (place / "plugins" / "modules" / f"{name}.py").write_text(text)

    def _interpreter(self, name: str) -> None:
        """A Python that knows which host it is."""
        path = self.folder / f"python-{name}"
        path.write_text(f'#!/bin/sh\nSIMULATED_HOST={name} exec {sys.executable} "$@"\n')
        path.chmod(0o755)

    def change(self, host: str, **values: Any) -> None:
        """Make a host another."""
        file = self.hosts / f"{host}.json"
        state = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**state, **values}))

    def state(self, name: str) -> dict[str, Any]:
        """How a host is."""
        found: dict[str, Any] = json.loads((self.hosts / f"{name}.json").read_text())
        return found

    def elect(self) -> None:
        """What Consul does when all servers run: they have data then."""
        for name in self.servers:
            self.change(name, raft=True, node_id=f"id-{name}", leads=int(name == "s1"))

    def run(self, *arguments: str, **variables: Any) -> subprocess.CompletedProcess[str]:
        """Run site.yml."""
        local = {"ansible_connection": "local", "ansible_become": False}
        hosts = {name: {"ansible_python_interpreter": str(self.folder / f"python-{name}")} for name in self.all}
        inventory = {
            "all": {"vars": {**local, **variables}},
            "consul_servers": {"hosts": {name: hosts[name] for name in self.servers}},
            "consul_clients": {"hosts": {name: hosts[name] for name in self.clients}},
        }
        for file in ("events", "runs"):
            (self.hosts / file).write_text("")
        return run_plays(
            self.folder,
            [],
            inventory,
            *arguments,
            playbook="servicedns.consul.site",
            ANSIBLE_COLLECTIONS_PATH=str(self.folder / "collections"),
        )

    @property
    def all(self) -> list[str]:
        """The names of all hosts."""
        return [*self.servers, *self.clients]

    def events(self, *left_out: str) -> list[str]:
        """What was done, in its order: what, and on which host."""
        lines = (self.hosts / "events").read_text().splitlines()
        return [line for line in lines if line.split()[0] not in left_out]


def _options(text: str) -> list[str]:
    """The options of a module, by its documentation."""
    import yaml

    block = text.split('DOCUMENTATION = r"""', 1)[1].split('"""', 1)[0]
    options: dict[str, Any] = yaml.safe_load(block)["options"]
    return list(options)
