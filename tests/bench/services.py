"""What services cost, and how fast DNS follows them."""

from __future__ import annotations

import json
import re
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.hosts import LAB, NODES, ROUNDS, counted, fresh_hosts, playbook, ssh, write

MANY = 500
#: A run takes two seconds, and what is compared is small beside the noise of a shared machine.
COST_ROUNDS = 7
INTERVAL = 2  # seconds, of the check that sees the application die
ROLE = "consul_services"


def declare(services: list[dict[str, Any]], directory: Path) -> tuple[str, ...]:
    """Arguments of ansible-playbook with which node2 has these services, whatever its inventory says."""
    file = directory / "services.json"
    file.write_text(json.dumps({"consul_services_definitions": services}))
    return "--limit=node2", f"--extra-vars=@{file}"


def run_role(declared: tuple[str, ...]) -> tuple[float, float, int]:
    """The role on node2: seconds of the run, those of the role in it, and how many task executions reach the host."""
    start = time.monotonic()
    output, executions = counted(
        "molecule/consul_services/converge.yml", *declared, callbacks=",ansible.posix.profile_roles"
    )
    wall = time.monotonic() - start
    (took,) = re.findall(rf"^{ROLE} -+ ([\d.]+)s$", output, re.MULTILINE)
    return wall, float(took), executions["node2"]


def costs(directory: Path) -> str:
    """One service against many, each added to none, and then once more without a change."""
    one = [{"name": "one", "port": 80, "check": {"ttl": "24h"}}]
    many = [{"name": f"many-{number}", "port": 1 + number, "check": {"ttl": "24h"}} for number in range(MANY)]
    walls: dict[tuple[int, str], list[float]] = {}
    times: dict[tuple[int, str], list[float]] = {}
    executions: dict[tuple[int, str], set[int]] = {}
    for _round in range(COST_ROUNDS):
        for services in (one, many):
            run_role(declare([], directory))
            declared = declare(services, directory)
            for kind in ("cold", "warm"):
                wall, took, count = run_role(declared)
                walls.setdefault((len(services), kind), []).append(wall)
                times.setdefault((len(services), kind), []).append(took)
                executions.setdefault((len(services), kind), set()).add(count)
    run_role(declare([], directory))
    rows = []
    for kind in ("cold", "warm"):
        for number in (1, MANY):
            wall, took = (statistics.median(found[number, kind]) for found in (walls, times))
            ratios = [
                f"{value / statistics.median(found[1, kind]):.2f}" for value, found in ((wall, walls), (took, times))
            ]
            counted = ", ".join(map(str, sorted(executions[number, kind])))
            rows.append(f"| {number}, {kind} | {ratios[0]} | {wall:.2f} s | {ratios[1]} | {took:.2f} s | {counted} |")
    return f"""\
## {MANY} services on one host against one

A playbook of the role `consul_services` alone, from no service to all of them (cold), and once more without a change (warm).
The run is `ansible-playbook` from start to end; the role is what of that passes in its task, without the start of Ansible.
Most of what {MANY} new services take there is Consul's own: the agent answers no question while it tells the servers of them.
Median of {COST_ROUNDS} rounds, which take turns.

| services | run, ratio to one | run | role, ratio to one | role | task executions |
| --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}
"""


class Probe:
    """Looks a name up on every host as applications do, 50 times a second."""

    def __init__(self, name: str) -> None:
        self.name = name
        for node in NODES:
            write(node, "/usr/local/bin/lookup-probe", (LAB / "files" / "lookup_probe.py").read_text())
            ssh(
                node,
                f"chmod +x /usr/local/bin/lookup-probe; systemd-run -q --unit=bench-probe lookup-probe /run/bench {name}",
            )

    def failed(self) -> dict[str, list[float]]:
        """When the lookups failed, in seconds since the epoch, by host."""
        return {
            node: [moment for moment, _name, _error in json.loads(ssh(node, "cat /run/bench"))["failed"]]
            for node in NODES
        }

    def stop(self) -> None:
        for node in NODES:
            ssh(node, "systemctl stop bench-probe; rm /run/bench")

    def wait(self, good: bool) -> None:
        """Wait until every host resolves the name, or none does."""
        for node in NODES:
            ssh(node, f"timeout 60 sh -c 'until {'' if good else '! '}getent ahosts {self.name}; do :; done'")


@contextmanager
def probe(name: str) -> Iterator[Probe]:
    watching = Probe(name)
    try:
        yield watching
    finally:
        watching.stop()


def ttl() -> int:
    """The TTL in force of a service's address, in seconds, as the agent gives it."""
    return int(ssh("node1", "dig -p 8600 @127.0.0.1 +noall +answer consul.service.consul").split()[1])


def deployment(directory: Path) -> float:
    """Seconds from the return of services.yml until the last host resolves the new service; below 0 when all did before."""
    with probe("deployed.service.consul") as watching:
        playbook("playbooks/services.yml", *declare([{"name": "deployed", "port": 80}], directory))
        returned = time.time()
        watching.wait(good=True)
        last = max(max(moments) for moments in watching.failed().values())
    playbook("playbooks/services.yml", *declare([], directory))
    return last - returned


def crash(directory: Path) -> tuple[float, float]:
    """Seconds from the death of an application until no host resolves it, and from its return until all do."""
    check = {"http": "http://127.0.0.1:5000/", "interval": f"{INTERVAL}s", "timeout": "1s", "status": "passing"}
    playbook("playbooks/services.yml", *declare([{"name": "flapp1", "port": 5000, "check": check}], directory))
    with probe("flapp1.service.consul") as watching:
        watching.wait(good=True)
        began = time.time()
        ssh("node2", "docker kill flapp1")
        watching.wait(good=False)
        gone = max(min(moment for moment in moments if moment > began) for moments in watching.failed().values())
        came = time.time()
        ssh("node2", "docker start flapp1")
        watching.wait(good=True)
        back = max(max(moments) for moments in watching.failed().values())
    return gone - began, back - came


def follows(directory: Path) -> str:
    """How fast DNS follows, with the bound for each case."""
    in_force = ttl()
    deployed = [deployment(directory) for _round in range(ROUNDS)]
    gone, back = zip(*(crash(directory) for _round in range(ROUNDS)), strict=True)
    rows = [
        ("`services.yml` has returned, the new service resolves", f"TTL + 1 s = {in_force + 1} s", deployed),
        ("an application is killed, its name is gone", f"interval + TTL + 1 s = {INTERVAL + in_force + 1} s", gone),
        ("it is started, its name is back", f"interval + TTL + 1 s = {INTERVAL + in_force + 1} s", back),
    ]
    table = "\n".join(
        f"| {what} | {bound} | {max(times):.2f} s | {', '.join(f'{value:.2f}' for value in times)} |"
        for what, bound, times in rows
    )
    return f"""\
## How fast DNS follows a service

Each host's own resolver is asked with `getaddrinfo` 50 times a second; what counts is the last of the three hosts. The name
was asked for before it existed, so negative answers in caches are part of it. A time below 0 means that all hosts had the
new answer before the playbook ended. HTTP check every {INTERVAL} s; the TTL in force is {in_force} s; {ROUNDS} rounds.

| what | bound | worst | each round (s) |
| --- | --- | --- | --- |
{table}
"""


def report() -> str:
    """Measures on fresh hosts, on which the site then runs."""
    fresh_hosts()
    playbook("playbooks/site.yml")
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        return costs(directory) + "\n" + follows(directory)
