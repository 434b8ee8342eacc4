#!/usr/bin/env python3
"""Measures site.yml against the same work typed by hand, on the same fresh hosts, and writes docs/benchmarks.md.

By hand means: `docker run` for one server and two clients, a JSON file and `consul services register` for each service,
the lines of configuration for dnsmasq and systemd-resolved, two restarts, and waiting until `dig` answers on every host.
Both start from hosts on which packages and images are present, and both reach them over one kept SSH connection a host.
"""

from __future__ import annotations

import datetime
import os
import shlex
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = 3
LAB = ROOT / "molecule" / "shared"
INVENTORIES = [
    "inventories/three_nodes",
    "molecule/shared/inventory",
    "molecule/default/inventory.yml",
    ".lab/molecule/connection.yml",
]
NODES = {
    name: host["ansible_host"]
    for name, host in yaml.safe_load((ROOT / "molecule/default/inventory.yml").read_text())["all"]["hosts"].items()
}
SERVER = NODES["node1"]
IMAGE = yaml.safe_load((ROOT / "roles/consul_agent/defaults/main.yml").read_text())["consul_agent_image"]
SERVICES = {"node2": ("flapp1", 5000), "node3": ("flapp2", 5001)}

DNSMASQ = """\
listen-address=127.0.0.2
bind-interfaces
server=/consul/127.0.0.1#8600
"""
RESOLVED = """\
[Resolve]
DNS=127.0.0.2
Domains=~consul
"""


def playbook(*arguments: str) -> None:
    """Run a playbook on the hosts, quietly unless it fails."""
    done = subprocess.run(
        ["ansible-playbook", *(f"--inventory={path}" for path in INVENTORIES), *arguments],
        cwd=ROOT,
        env=os.environ | {"ANSIBLE_LOCALHOST_WARNING": "false"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{shlex.join(done.args)}:\n{done.stdout}{done.stderr}")


def ssh(node: str, command: str) -> None:
    """Type a command on a host."""
    connection = yaml.safe_load((ROOT / ".lab/molecule/connection.yml").read_text())["all"]["vars"]
    subprocess.run(
        [
            "ssh",
            *shlex.split(connection["ansible_ssh_common_args"]),
            *("-i", connection["ansible_ssh_private_key_file"]),
            *("-o", f"ControlPath={ROOT}/.lab/molecule/%h"),
            f"{connection['ansible_user']}@{NODES[node]}",
            command,
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )


def write(node: str, path: str, content: str) -> None:
    """Type a file on a host."""
    ssh(node, f"mkdir -p {os.path.dirname(path)} && printf %s {shlex.quote(content)} > {path}")


def fresh_hosts() -> None:
    """Hosts on which nothing is left to be downloaded, and on which the applications run."""
    playbook(str(LAB / "destroy.yml"), "--extra-vars", "lab_name=molecule")
    playbook(str(LAB / "create.yml"), "--extra-vars", "lab_name=molecule")
    playbook(str(LAB / "prepare.yml"))
    for node in NODES:
        # The package starts dnsmasq at once, so it gets an address of its own first.
        write(node, "/etc/dnsmasq.d/listen.conf", "listen-address=127.0.0.2\nbind-interfaces\n")
        ssh(
            node,
            "{ apt-get -q update && DEBIAN_FRONTEND=noninteractive apt-get -qy install --no-install-recommends dnsmasq; } 2>&1"
            " && systemctl disable --now dnsmasq 2>&1 && rm /etc/dnsmasq.d/listen.conf",
        )
        ssh(node, f"docker pull --quiet {IMAGE}")


def by_hand() -> None:
    """What the blog posts tell to type."""
    run = f"docker run --detach --name=consul --network=host --restart=unless-stopped {IMAGE} agent"
    for node, address in NODES.items():
        role = "-server -bootstrap-expect=1" if address == SERVER else f"-retry-join={SERVER}"
        ssh(
            node,
            f"{run} {role} -node={node} -datacenter=dc1 -bind={address} -advertise={address} -client=127.0.0.1 "
            "-enable-local-script-checks -ui",
        )
    for node, (name, port) in SERVICES.items():
        write(node, f"/root/{name}.json", f'{{"service": {{"name": "{name}", "port": {port}, "tags": ["flask-app"]}}}}')
        ssh(node, f"docker cp /root/{name}.json consul:/tmp/{name}.json")
        ssh(node, f"until docker exec consul consul services register /tmp/{name}.json 2>/dev/null; do :; done")
    for node in NODES:
        write(node, "/etc/dnsmasq.d/consul.conf", DNSMASQ)
        write(node, "/etc/systemd/resolved.conf.d/consul.conf", RESOLVED)
        ssh(node, "systemctl restart dnsmasq systemd-resolved")
    wait_for_names()


def wait_for_names() -> None:
    """Wait until plain dig answers for every service on every host."""
    for node in NODES:
        for owner, (name, _port) in SERVICES.items():
            ssh(node, f'until [ "$(dig +short +tries=1 +time=1 {name}.service.consul)" = {NODES[owner]} ]; do :; done')


def site() -> None:
    playbook("playbooks/site.yml")


def cold_site() -> None:
    site()
    wait_for_names()


def seconds(work: Callable[[], None]) -> float:
    start = time.monotonic()
    work()
    return time.monotonic() - start


def measure() -> dict[str, list[float]]:
    found: dict[str, list[float]] = {"hand": [], "cold": [], "warm": []}
    for round_number in range(1, ROUNDS + 1):
        fresh_hosts()
        found["hand"].append(seconds(by_hand))
        fresh_hosts()
        found["cold"].append(seconds(cold_site))
        found["warm"].append(seconds(site))
        print(f"round {round_number}:", {name: f"{times[-1]:.1f} s" for name, times in found.items()}, flush=True)
    playbook(str(LAB / "destroy.yml"), "--extra-vars", "lab_name=molecule")
    return found


def row(label: str, times: list[float], baseline: list[float]) -> str:
    median = statistics.median(times)
    ratio = median / statistics.median(baseline)
    return f"| {label} | {ratio:.2f} | {median:.1f} s | {', '.join(f'{value:.1f}' for value in times)} |"


def report(found: dict[str, list[float]]) -> str:
    ansible = subprocess.run(["ansible", "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[
        0
    ]
    return f"""\
# Benchmarks

Written by `make bench` on {datetime.date.today().isoformat()}: {os.cpu_count()} cores, {ansible}, {IMAGE}.
Three lab hosts (Debian 12) share those cores with the control node, so the ratios say more than the seconds.

## The whole site against the same work typed by hand

On the same fresh hosts, packages and images present, from the first command until plain `dig` answers for both services on
all three hosts. By hand: three `docker run`, a JSON file and `consul services register` for each service, the lines for
dnsmasq and systemd-resolved, two restarts on each host; all over kept SSH connections, with no pause for a thought.
Median of {ROUNDS} rounds, which take turns.

| what | ratio to by hand | median | each round (s) |
| --- | --- | --- | --- |
{row("by hand", found["hand"], found["hand"])}
{row("`site.yml`, cold", found["cold"], found["hand"])}
{row("`site.yml`, warm (changes nothing)", found["warm"], found["hand"])}
"""


def main() -> None:
    text = report(measure())
    path = ROOT / "docs" / "benchmarks.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
