"""The hosts of the benchmarks: the lab of the scenario `default`, made anew, and how they are reached."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = 3
LAB = ROOT / "lab"
INVENTORIES = [
    "inventories/three_nodes",
    "molecule/default/inventory.yml",
    ".lab/default/connection.yml",
]
NODES = {
    name: host["ansible_host"]
    for name, host in yaml.safe_load((ROOT / "molecule/default/inventory.yml").read_text())["all"]["hosts"].items()
}
IMAGE = yaml.safe_load((ROOT / "roles/consul_agent/defaults/main.yml").read_text())["consul_agent_image"]


def playbook(*arguments: str, **environment: str) -> str:
    """What a playbook on the hosts says, which must end well."""
    done = subprocess.run(
        ["ansible-playbook", *(f"--inventory={path}" for path in INVENTORIES), *arguments],
        cwd=ROOT,
        env=os.environ | {"ANSIBLE_LOCALHOST_WARNING": "false", "ANSIBLE_NOCOLOR": "1"} | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{shlex.join(done.args)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def ssh(node: str, command: str) -> str:
    """What a command on a host says, which must end well."""
    connection = yaml.safe_load((ROOT / ".lab/default/connection.yml").read_text())["all"]["vars"]
    return subprocess.run(
        [
            "ssh",
            *shlex.split(connection["ansible_ssh_common_args"]),
            *("-i", connection["ansible_ssh_private_key_file"]),
            *("-o", f"ControlPath={ROOT}/.lab/default/%h"),
            f"{connection['ansible_user']}@{NODES[node]}",
            command,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout


def write(node: str, path: str, content: str) -> None:
    """Type a file on a host."""
    ssh(node, f"mkdir -p {os.path.dirname(path)} && printf %s {shlex.quote(content)} > {path}")


def remove_hosts() -> None:
    playbook(str(LAB / "destroy.yml"), "--extra-vars", "lab_name=default")


def fresh_hosts(*deviations: str) -> None:
    """Hosts on which nothing is left to be downloaded, and on which the applications run.

    :arg deviations: of all of them, as vars/deviations.yml names them
    """
    remove_hosts()
    lab = json.dumps({"lab_name": "default", "lab_deviations": deviations})
    playbook(str(LAB / "create.yml"), "--extra-vars", lab)
    playbook(str(LAB / "prepare.yml"), "--extra-vars", lab)
    for node in NODES:
        # The package starts dnsmasq at once, so it gets an address of its own first.
        write(node, "/etc/dnsmasq.d/listen.conf", "listen-address=127.0.0.2\nbind-interfaces\n")
        ssh(
            node,
            "{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends dnsmasq; } 2>&1"
            " && systemctl disable --now dnsmasq 2>&1 && rm /etc/dnsmasq.d/listen.conf",
        )
        ssh(node, f"docker pull --quiet {IMAGE}")


def counted(*arguments: str, callbacks: str = "") -> tuple[str, dict[str, int]]:
    """What a playbook says, and how many task executions reach each host.

    :arg callbacks: others that are enabled, each after a comma
    """
    with tempfile.TemporaryDirectory() as directory:
        counts = Path(directory) / "counts.json"
        output = playbook(
            *arguments,
            ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests" / "support" / "callback_plugins"),
            ANSIBLE_CALLBACKS_ENABLED=f"task_count{callbacks}",
            TASK_COUNT_FILE=str(counts),
        )
        return output, {node: host["executions"] for node, host in json.loads(counts.read_text()).items()}


def seconds(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start
