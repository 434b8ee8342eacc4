"""The lab as the tests of every scenario see it: a host is asked the way a user would ask it."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import testinfra
import yaml
from testinfra.host import Host

ROOT = Path(__file__).parents[1]
NAME = os.environ.get("MOLECULE_SCENARIO_NAME", "default")  # which is that of the benchmarks, too
PUBLIC_NAME = "www.example.com"
PUBLIC_ADDRESS = "203.0.113.10"
RETRY = 5  # seconds after which glibc and systemd-resolved ask again
DNSMASQ_ASKS_FROM = 1024  # the least source port of its own queries: min-port in dnsmasq(8)


def container(node: str) -> str:
    """The name that the engine has for a host, or another part, of the lab."""
    return f"servicedns-{NAME}-{node}"


def backend(node: str) -> str:
    """The name under which testinfra reaches a host of the lab."""
    return f"docker://{container(node)}"


def connect(node: str) -> Host:
    """A host of the lab, for a test that asks several."""
    return testinfra.get_host(backend(node))


def docker(*arguments: str) -> str:
    """What a command of the engine that runs the lab prints; it must end well."""
    return subprocess.run(["docker", *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout


def reboot(node: str) -> str:
    """Reboot a host, and wait until all of its units have started: ``running``, or ``degraded`` where one failed."""
    docker("restart", container(node))
    host = connect(node)
    until(host, "systemctl is-system-running | grep -Ex 'running|degraded'", 60)
    return str(host.run("systemctl is-system-running").stdout).strip()


def slow(resolver: str, *, answers: float = 0, denials: float = 0) -> None:
    """Let a resolver of a lab with ``second_resolver``, ``internal`` or ``public``, take seconds to answer and deny."""
    files = f"echo {answers} > /seconds; echo {denials} > /seconds-to-deny"
    docker("exec", container(resolver), "sh", "-c", files)


def asked(resolver: str) -> list[tuple[str, str]]:
    """Name and type of every question that a resolver was asked, the last one at the end."""
    lines = docker("logs", container(resolver)).splitlines()
    return [(name, kind) for name, _space, kind in (line.rpartition(" ") for line in lines)]


def lookups(host: Host, name: str, count: int, at_once: int) -> dict[str, int]:
    """How often programs of a host that look names below one up get each answer: addresses, or an error."""
    program = (ROOT / "lab/files/lookups.py").read_text()
    answers: dict[str, int] = json.loads(
        host.check_output(f"python3 -c {shlex.quote(program)} {name} {count} {at_once}")
    )
    return answers


def dig(host: Host, arguments: str) -> list[str]:
    """What ``dig +short`` prints, sorted."""
    return sorted(host.check_output(f"dig +short {arguments}").splitlines())


def until(host: Host, condition: str, seconds: int = 40) -> None:
    """Wait until a condition of the shell holds on a host."""
    done = host.run(f"timeout {seconds} sh -c {shlex.quote(f'until {condition}; do sleep 0.1; done')}")
    assert done.rc == 0, f"not within {seconds} s: {condition}"


def until_dig(host: Host, name: str, *expected: str) -> None:
    """Wait until the host's resolver answers a name with these, in any order."""
    until(host, f'[ "$(dig +short {name} | sort | xargs)" = "{" ".join(sorted(expected))}" ]')


def addresses(host: Host, name: str) -> set[str]:
    """The addresses that an application on the host gets for a name."""
    return {line.split()[0] for line in host.run(f"getent ahosts {name}").stdout.splitlines()}


def inspect(host: Host, name: str = "consul") -> dict[str, Any]:
    """What ``docker inspect`` says of a container."""
    found: dict[str, Any] = json.loads(host.check_output(f"docker inspect {name}"))[0]
    return found


def flags(host: Host) -> dict[str, list[str]]:
    """The flags of the agent's command line, as ``docker inspect`` shows them."""
    command = inspect(host)["Config"]["Cmd"]
    assert command[0] == "agent"
    found: dict[str, list[str]] = {}
    for argument in command[1:]:
        name, _equals, value = argument.partition("=")
        found.setdefault(name, []).append(value)
    return found


def config(host: Host) -> dict[str, Any]:
    """The configuration in the agent's file."""
    found: dict[str, Any] = json.loads(host.check_output("cat /etc/consul.d/agent.json"))
    return found


def listening(host: Host) -> set[tuple[str, str, int]]:
    """Process, address and port of every listening socket; ss lists those from which dnsmasq asks servers among them."""
    found = set()
    for line in host.check_output("ss -H -lntup").splitlines():
        address, _colon, port = line.split()[4].rpartition(":")
        user = re.search(r'\("([^"]+)"', line)
        process = user[1] if user else ""
        if process != "dnsmasq" or int(port) < DNSMASQ_ASKS_FROM:
            found.add((process, address.partition("%")[0].strip("[]"), int(port)))
    return found


def api(host: Host, path: str) -> Any:
    """What the agent's HTTP API answers on its host."""
    return json.loads(host.check_output(f"curl --silent --show-error --fail http://127.0.0.1:8500{path}"))


def probed(host: Host) -> dict[str, Any]:
    """What the probe, which is still at it, counted since the scenario was prepared."""
    assert host.check_output("systemctl is-active lookup-probe") == "active"
    found: dict[str, Any] = json.loads(host.check_output("cat /run/lookup-probe.json"))
    return found


def failed_lookups(host: Host) -> list[Any]:
    """The lookups that failed since the scenario was prepared."""
    found = probed(host)
    assert found["lookups"] > 0
    failed: list[Any] = found["failed"]
    return failed


def lost_lookups(host: Host) -> list[Any]:
    """The lookups since the scenario was prepared that were answered only when they were asked again."""
    return [[begin, name, seconds] for begin, name, seconds in probed(host)["slow"] if int(seconds) == RETRY]


def lookups_failed_during(host: Host, change: Callable[[], object]) -> list[Any]:
    """The lookups that failed or were lost between a change's begin and some twenty lookups after its end."""
    failed, lost = len(failed_lookups(host)), len(lost_lookups(host))
    change()
    enough = probed(host)["lookups"] + 20
    until(host, rf"[ $(sed 's/[^0-9]*\([0-9]*\).*/\1/' /run/lookup-probe.json) -ge {enough} ]", 60)
    return failed_lookups(host)[failed:] + lost_lookups(host)[lost:]


def sent_to_agents(host: Host, agent: str = "") -> int:
    """How many queries dnsmasq passed on to agents, or to the one at an address."""
    found = re.findall(r'"(\S+)#8600 (\d+) \d+"', host.check_output("dig +short @127.0.0.2 CH TXT servers.bind"))
    sent = {address: int(count) for address, count in found}
    return sent.get(agent, 0) if agent else sum(sent.values())


def command(playbook: str, *arguments: str) -> list[str]:
    """What runs a playbook as Molecule does, on the hosts of the scenario."""
    configuration = yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text())["ansible"]
    return ["ansible-playbook", *configuration["executor"]["args"]["ansible_playbook"], playbook, *arguments]


PLAIN = {"ANSIBLE_FORCE_COLOR": "0", "ANSIBLE_NOCOLOR": "1"}


def play(playbook: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a playbook as Molecule does: on the hosts of the scenario, with its environment."""
    return subprocess.run(
        command(playbook, *arguments),
        cwd=ROOT,
        env=os.environ | PLAIN | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def cut_off(playbook: str, after: str, steps: int, *arguments: str) -> str:
    """Run a playbook as L(play), and kill it a moment after so many plays and tasks have begun since one of them.

    :arg after: how the line of that one begins
    :returns: the line of the last of them
    """
    with subprocess.Popen(
        command(playbook, *arguments),
        cwd=ROOT,
        env=os.environ | PLAIN,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        assert run.stdout
        begun = False
        for line in run.stdout:
            begun |= line.startswith(after)
            steps -= begun and bool(re.match(r"(TASK|PLAY) \[", line))
            if steps < 0:
                time.sleep(0.5)
                os.killpg(run.pid, signal.SIGKILL)
                return line.strip()
    raise AssertionError(f"{playbook} ended before its task")
