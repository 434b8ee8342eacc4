"""Each kind of broken host, made for real: the doctor names the host and the hop, and nothing on a healthy one."""

from __future__ import annotations

import contextlib
import itertools
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import lab

NODES = ["node1", "node2", "node3"]
NAMES = ["consul.service.consul", "flapp1.service.consul", "flapp2.service.consul"]
SERVER = "192.168.109.4"
OUTSIDE = "10.123.109.2"
MOST_EXECUTIONS = 15


def doctor(tmp_path: Path, *arguments: str, **environment: str) -> tuple[int, str, dict[str, Any]]:
    """What the doctor says: its code, what it prints, and its JSON."""
    output = tmp_path / "doctor.json"
    run = lab.play("servicedns.consul.doctor", "--extra-vars", f"doctor_output={output}", *arguments, **environment)
    return run.returncode, run.stdout, json.loads(output.read_text())


def healthy() -> None:
    """Wait until every name resolves on every host, whatever was broken before."""
    resolve = [f'getent ahosts {name} && [ -n "$(dig +short +tries=1 +time=1 {name})" ]' for name in NAMES]
    alive = "[ $(docker exec consul consul members -status=alive | wc -l) = 4 ]"
    for node in NODES:
        lab.until(lab.connect(node), " && ".join([*resolve, alive]), 60)


def marked(output: str) -> dict[str, str]:
    """The hop that the table marks as the first broken one, by host."""
    lines = output.splitlines()
    (start,) = (number for number, line in enumerate(lines) if re.match(r"host +application +nsswitch ", line))
    columns = {match.start(): match[0] for match in re.finditer(r"\S+", lines[start])}
    found = {}
    for line in lines[start + 1 : lines.index("", start)]:
        arrow = line.find("=> BROKEN")
        found[line.split()[0]] = columns[arrow] if arrow >= 0 else ""
    return found


class Fault(NamedTuple):
    """Something to break: commands on a host, and what the doctor must say of which host."""

    node: str
    broken: str
    repaired: str
    hops: dict[str, str]
    cause: str
    #: What must hold until it is broken as it should be.
    until: str = "true"


CONFIGURATION = "/etc/dnsmasq-consul.conf"
SERVERS = "/etc/dnsmasq-consul.servers"
DROP_IN = "/etc/systemd/resolved.conf.d/servicedns-consul.conf"
KEEPER = "dnsmasq-consul-resolv-conf.path"
RESTART = "systemctl restart dnsmasq-consul"


def edited(file: str, expression: str, restart: str) -> tuple[str, str]:
    """Commands that edit a file with sed, and that bring it back."""
    kept = f"/root/{Path(file).name}"
    return f"cp -p {file} {kept} && sed -i {shlex.quote(expression)} {file}{restart}", f"mv {kept} {file}{restart}"


def unwatched(file: str, expression: str) -> tuple[str, str]:
    """As edited, of a file that a unit would put right at once."""
    broken, mended = edited(file, expression, "")
    return f"systemctl stop {KEEPER} && {broken}", f"{mended} && systemctl start {KEEPER}"


def filtered(chain: str, rule: str) -> tuple[str, str]:
    """Commands that put a packet filter up, and take it down."""
    return f"iptables -I {chain} {rule}", f"iptables -D {chain} {rule}"


# An agent of the same name and data, that answers for another domain.
OTHER_DOMAIN = (
    "docker stop consul && docker rename consul kept && docker run --detach --name=consul --network=host"
    " --volume=/etc/consul.d:/consul/config --volume=/var/lib/consul:/consul/data $(docker inspect kept --format"
    " '{{.Config.Image}} {{join .Config.Cmd \" \"}}' | sed s/-domain=consul/-domain=example/)"
)
KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
OTHER_KEY = f"""printf '{{"encrypt": "{KEY}"}}' > /etc/consul.d/key.json && chmod 644 /etc/consul.d/key.json && docker restart consul"""

FAULTS = {
    "the agent is stopped": Fault(
        "node2", "docker stop consul", "docker start consul", {"node2": "agent"}, "the container consul is exited"
    ),
    "a name stands in the file of hosts": Fault(
        # It is a mount of the lab's engine, so it is written in place.
        "node3", "echo 192.0.2.9 flapp1.service.consul >> /etc/hosts",
        "sed /flapp1.service.consul/d /etc/hosts > /tmp/hosts && cat /tmp/hosts > /etc/hosts",
        {"node3": "nsswitch"}, "/etc/hosts has flapp1.service.consul, so that programs ask no name server for it",
    ),
    "the agent is gone": Fault(
        "node3", "docker stop consul && docker rename consul kept", "docker rename kept consul && docker start consul",
        {"node3": "agent"}, "there is no container consul",
    ),
    "the engine is stopped": Fault(
        "node2", "systemctl stop docker.socket docker", "systemctl start docker.socket docker", {"node2": "agent"},
        "the Docker engine does not answer",
    ),
    "the agent has not joined": Fault(
        "node3", OTHER_KEY, "rm /etc/consul.d/key.json /var/lib/consul/serf/local.keyring && docker restart consul",
        {"node3": "agent"}, f"the agent has not joined: {SERVER}:8300 can be reached, and is no member",
        until="docker logs --tail=20 consul 2>&1 | grep 'Failed to join'",
    ),
    "another domain of the agent": Fault(
        "node2", OTHER_DOMAIN, "docker rm -f consul && docker rename kept consul && docker start consul",
        {"node2": "agent"}, "the agent answers for the domain example, and not for consul",
        until="curl -s --fail 127.0.0.1:8500/v1/status/leader | grep 8300",
    ),
    "the server is stopped": Fault(
        "node1", "docker stop consul", "docker start consul",
        {"node1": "agent", "node2": "servers", "node3": "servers"}, f"does not reach the server {SERVER}:8300 (Connection refused)",
    ),
    "the server cannot be reached": Fault(
        "node2", *filtered("OUTPUT", f"-d {SERVER} -j DROP"), {"node2": "servers"},
        f"this host does not reach the server {SERVER}:8300 (no answer within 2 s)",
    ),
    "port 8600 is filtered": Fault(
        "node2", *filtered("INPUT", "-p udp --dport 8600 -j DROP"), {"node2": "agent"},
        "its DNS does not answer as it should (udp 127.0.0.1:8600: no answer within 2 s)",
    ),
    "dnsmasq is stopped": Fault(
        "node2", "systemctl stop dnsmasq-consul", "systemctl start dnsmasq-consul", {"node2": "dnsmasq"},
        "the service dnsmasq-consul is inactive",
    ),
    "the dnsmasq for other names is stopped": Fault(
        "node2", "systemctl stop dnsmasq-consul-upstreams", "systemctl start dnsmasq-consul-upstreams", {"node2": "dnsmasq"},
        "the service dnsmasq-consul-upstreams is inactive",
    ),
    "dnsmasq does not start": Fault(
        "node3", *edited(CONFIGURATION, "$ a no-such-option", f"; {RESTART} || true"), {"node3": "dnsmasq"},
        "the service dnsmasq-consul is ",
    ),
    "dnsmasq has a wrong server line": Fault(
        "node3", *edited(SERVERS, "s/#8600/#8601/", f" && {RESTART}"), {"node3": "dnsmasq"},
        f"dnsmasq forwards consul to 127.0.0.1#8601 and {SERVER}#8601, and the agent answers at 127.0.0.1#8600",
    ),
    "dnsmasq forwards another domain": Fault(
        "node2", *edited(SERVERS, "s#=/consul/#=/konsul/#", f" && {RESTART}"), {"node2": "dnsmasq"},
        "dnsmasq forwards no domain consul (it forwards konsul)",
    ),
    "dnsmasq answers over UDP alone": Fault(
        "node3", *filtered("INPUT", "-p tcp -d 127.0.0.2 --dport 53 -j REJECT --reject-with tcp-reset"), {"node3": "dnsmasq"},
        "dnsmasq does not answer as the agent does (tcp 127.0.0.2:53: Connection refused)",
    ),
    "systemd-resolved asks elsewhere": Fault(
        "node2", *edited(DROP_IN, f"s/^DNS=1.*/DNS={OUTSIDE}/", " && systemctl restart systemd-resolved"), {"node2": "resolver"},
        f"systemd-resolved asks {OUTSIDE}, and not dnsmasq at 127.0.0.2",
    ),
    "systemd-resolved is stopped": Fault(
        "node2", "systemctl stop systemd-resolved", "systemctl start systemd-resolved && systemctl restart lab-link-dns",
        {"node2": "resolver"}, "systemd-resolved is not running",
    ),
    "resolv.conf is replaced beside systemd-resolved": Fault(
        "node2", f"cp -P /etc/resolv.conf /root && rm /etc/resolv.conf && echo nameserver {OUTSIDE} > /etc/resolv.conf",
        "mv /root/resolv.conf /etc/resolv.conf", {"node2": "resolv.conf"},
        f"/etc/resolv.conf names {OUTSIDE} first, which does not know consul (udp {OUTSIDE}:53: NXDOMAIN",
    ),
    "resolv.conf is replaced": Fault(
        "node3", *unwatched("/etc/resolv.conf", "/127.0.0.2/d"), {"node3": "resolv.conf"},
        f"/etc/resolv.conf names {OUTSIDE} first, which does not know consul",
    ),
    "resolv.conf is empty": Fault(
        "node3", *unwatched("/etc/resolv.conf", "d"), {"node3": "resolv.conf"}, "/etc/resolv.conf names no server",
    ),
    "nsswitch has no dns": Fault(
        "node3", *edited("/etc/nsswitch.conf", "s/^hosts:.*/hosts: files/", ""), {"node3": "nsswitch"},
        "'hosts: files' asks no name server",
    ),
    "a service is critical": Fault(
        "node3", "docker stop flapp2", "docker start flapp2", {"node3": "services"}, "DNS leaves out flapp2: the check Service 'flapp2' check is critical and says 'Get ",
        until="curl -s 127.0.0.1:8500/v1/health/state/critical | grep flapp2",
    ),
    "a service is declared and not served": Fault(
        "node2", "curl -s --fail -X PUT 127.0.0.1:8500/v1/agent/service/deregister/flapp1",
        "curl -s --fail -X PUT 127.0.0.1:8500/v1/agent/reload", {"node2": "services"},
        "the agent does not serve flapp1, which the inventory declares",
    ),
    "two hops are broken": Fault(
        "node3", "systemctl stop dnsmasq-consul && sed -i 's/^hosts:.*/hosts: files/' /etc/nsswitch.conf",
        "systemctl start dnsmasq-consul && sed -i 's/^hosts:.*/hosts: files dns/' /etc/nsswitch.conf",
        {"node3": "nsswitch"}, "'hosts: files' asks no name server",
    ),
}  # fmt: skip


@contextlib.contextmanager
def fault(fault: Fault) -> Iterator[None]:
    """A host that is broken meanwhile."""
    host = lab.connect(fault.node)
    host.check_output(fault.broken)
    try:
        lab.until(host, fault.until)
        yield
    finally:
        host.check_output(fault.repaired)


# Two hosts at once, since each run of the doctor costs seconds.
TOGETHER = [
    [name for name in pair if name]
    for pair in itertools.zip_longest(*([name for name in FAULTS if FAULTS[name].node == node] for node in NODES[1:]))
]


@pytest.mark.parametrize("names", [["the server is stopped"], *TOGETHER], ids=", ".join)
def test_broken(tmp_path: Path, names: list[str]) -> None:
    faults = [FAULTS[name] for name in names]
    with contextlib.ExitStack() as stack:
        stack.callback(healthy)
        for broken in faults:
            stack.enter_context(fault(broken))
        code, output, found = doctor(tmp_path)
    expected = dict.fromkeys(NODES, "")
    for broken in faults:
        expected.update(broken.hops)
    assert code == 2, output
    assert marked(output) == expected, output
    assert {node: found["hosts"][node]["broken"] for node in NODES} == expected
    for broken in faults:
        (cause,) = {
            (finding["severity"], finding["text"], finding["next_step"])
            for finding in found["findings"]
            if broken.cause in finding["text"] and finding["hosts"][0] in broken.hops
        }
        assert cause[0] == "broken"
        assert cause[1] in output
        assert f"    -> {cause[2]}" in output.splitlines()
    assert set(re.findall(r"changed=(\d+)", output)) == {"0"}


def test_healthy(tmp_path: Path) -> None:
    """Nothing is found, with and without check mode and on one host, and one task does it."""
    counts = tmp_path / "counts.json"
    for arguments in ([], ["--check"], ["--limit", "node3"]):
        code, output, found = doctor(
            tmp_path,
            *arguments,
            ANSIBLE_CALLBACK_PLUGINS=str(lab.ROOT / "tests" / "support" / "callback_plugins"),
            ANSIBLE_CALLBACKS_ENABLED="task_count",
            TASK_COUNT_FILE=str(counts),
        )
        assert code == 0, output
        assert found["findings"] == []
        assert set(found["hosts"]) == ({"node3"} if "--limit" in arguments else set(NODES))
        counted = json.loads(counts.read_text())
        assert max(host["executions"] for host in counted.values()) <= MOST_EXECUTIONS
        assert {host["changed"] for host in counted.values()} == {0}
    states = {hop["hop"]: hop["state"] for hop in found["hosts"]["node3"]["hops"]}
    assert states.pop("resolver") == "absent", "it has a plain file"
    assert set(states.values()) == {"ok"}


def engine(*arguments: str) -> None:
    subprocess.run(["docker", *arguments], check=True, stdout=subprocess.DEVNULL)


def test_a_host_that_is_switched_off_is_a_row(tmp_path: Path) -> None:
    name = lab.container("node3")
    engine("stop", name)
    try:
        code, output, found = doctor(tmp_path)
    finally:
        engine("start", name)
        lab.until(lab.connect("node3"), "lab-ready", 60)
        healthy()
    assert code == 2
    assert found["hosts"]["node3"]["lost"].startswith("cannot be reached: ")
    assert re.search(r"^node3 +\?", output, re.MULTILINE)
    assert "start the host" in output
    assert {node: found["hosts"][node]["broken"] for node in ("node1", "node2")} == {"node1": "", "node2": ""}


def test_what_is_wrong_outside_of_the_run_is_told(tmp_path: Path) -> None:
    """A member that failed, and a check that is critical, as node1 knows of them."""
    killed = Fault("node2", "docker kill consul", "docker start consul", {}, "")
    with fault(killed), fault(FAULTS["a service is critical"]):
        lab.until(lab.connect("node1"), "docker exec consul consul members | grep 'node2.*failed'")
        code, output, found = doctor(tmp_path, "--limit", "node1")
    healthy()
    assert code == 2
    told = {(finding["what"], *finding["hosts"]): finding["text"] for finding in found["findings"]}
    assert "its node node2 is failed in the datacenter" in told["member", "node2"], output
    assert "the check Service 'flapp2' check is critical" in told["check", "node3"], output


STRANGER = (
    "docker exec --detach consul consul agent -node=stranger -data-dir=/tmp/stranger -bind=192.168.109.5"
    f" -retry-join={SERVER}:8301 -serf-lan-port=9301 -server-port=9300 -http-port=-1 -dns-port=-1"
)
WARNINGS = [
    Fault(
        "node2", STRANGER, "pkill -KILL -f '[n]ode=stranger' && docker exec consul consul force-leave -prune stranger",
        {"stranger": "member"}, "the datacenter has the member stranger (192.168.109.5, alive)",
        until="docker exec consul consul members | grep 'stranger.*alive'",
    ),
    Fault(
        "node3", "mount -t tmpfs -o size=64m none /var/lib/consul && fallocate -l 62M /var/lib/consul/filled",
        "umount /var/lib/consul", {"node3": "disk"}, "are free for /var/lib/consul",
    ),
    Fault(
        "node1", "docker tag hashicorp/consul:1.22.7 kept && docker tag servicedns/flapp:1 hashicorp/consul:1.22.7",
        "docker tag kept hashicorp/consul:1.22.7 && docker rmi kept", {"node1": "image"},
        "the agent runs an older image than the one that is hashicorp/consul:1.22.7 now",
    ),
]  # fmt: skip


def test_warnings(tmp_path: Path) -> None:
    """They are told, and break nothing."""
    lab.connect("node1").check_output("docker pull --quiet servicedns/flapp:1")
    with contextlib.ExitStack() as stack:
        stack.callback(healthy)
        for warning in WARNINGS:
            stack.enter_context(fault(warning))
        code, output, found = doctor(tmp_path)
    assert code == 0, output
    assert {finding["severity"] for finding in found["findings"]} == {"warning"}
    assert {finding["hosts"][0]: finding["what"] for finding in found["findings"]} == {
        host: what for warning in WARNINGS for host, what in warning.hops.items()
    }
    for warning in WARNINGS:
        assert warning.cause in output
    assert output.count(": warning: ") == len(WARNINGS)


def test_another_image_than_declared(tmp_path: Path) -> None:
    code, output, found = doctor(tmp_path, "--extra-vars", "consul_agent_image=hashicorp/consul:1.21.0")
    assert (code, [finding["what"] for finding in found["findings"]]) == (0, ["image"] * 3), output
    assert "the agent runs hashicorp/consul:1.22.7, and consul_agent_image is hashicorp/consul:1.21.0" in output


def test_another_name_of_the_image(tmp_path: Path) -> None:
    other = "mirror.example/consul:1"
    for node in NODES:
        lab.connect(node).check_output(f"docker tag hashicorp/consul:1.22.7 {other}")
    try:
        code, output, found = doctor(tmp_path, "--extra-vars", f"consul_agent_image={other}")
    finally:
        for node in NODES:
            lab.connect(node).check_output(f"docker rmi {other}")
    assert (code, found["findings"]) == (0, []), output


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "/no/such/directory/doctor.json",
            "doctor_output: there is no directory /no/such/directory on the control node",
        ),
        ("/tmp", "doctor_output: /tmp is a directory, and must be a file"),
    ],
)
def test_an_output_that_cannot_be_written(file: str, message: str) -> None:
    """Said before any host is touched."""
    run = lab.play("servicedns.consul.doctor", "--extra-vars", f"doctor_output={file}")
    assert run.returncode == 2
    assert message in " ".join(run.stdout.split())
    assert "Ask each hop" not in run.stdout


def test_all_is_repaired(tmp_path: Path) -> None:
    code, output, found = doctor(tmp_path)
    assert (code, found["findings"]) == (0, []), output
