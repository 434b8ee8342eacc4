"""A name is followed through every hop, and nothing goes on after it, also when the run is killed."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest
from testinfra.host import Host

import lab

NAME = "flapp1.service.consul"
UNIT = "servicedns-dns-trace"
DIRECTORY = f"/run/{UNIT}"
NODES = ["node1", "node2", "node3"]


def arguments(tmp_path: Path, seconds: int) -> list[str]:
    # Relative to where the run is started, which is not where the playbook is.
    directory = os.path.relpath(tmp_path / "trace", lab.ROOT)
    wanted = {"name": NAME, "seconds": seconds, "directory": directory}
    return [part for key, value in wanted.items() for part in ("--extra-vars", f"dns_trace_{key}={value}")]


def assert_over(host: Host) -> None:
    """No capture and no query log goes on."""
    assert host.run(f"systemctl is-active {UNIT}").stdout.strip() == "inactive"
    assert host.run("pgrep tcpdump").rc == 1
    assert "log-queries" not in host.check_output("systemctl cat dnsmasq-consul; ps -o args= -C dnsmasq")
    lab.until_dig(host, NAME, "192.168.109.5")
    host.check_output("journalctl --sync && journalctl --rotate && journalctl --vacuum-time=1s")
    assert lab.dig(host, f"@127.0.0.2 {NAME}") == ["192.168.109.5"]
    host.check_output("journalctl --sync")
    assert "query[" not in host.check_output("journalctl --unit=dnsmasq-consul --output=cat")


def test_every_hop_with_times(tmp_path: Path) -> None:
    run = lab.play("servicedns.consul.dns_trace", *arguments(tmp_path, 3))
    assert run.returncode == 0, run.stdout
    text = (tmp_path / "trace" / "timeline.txt").read_text()
    assert text.strip() in run.stdout
    assert sorted(file.name for file in (tmp_path / "trace").iterdir()) == [
        *(f"{node}.pcap" for node in NODES),
        "timeline.txt",
    ]
    by_host = {node: "\n".join(re.findall(rf"^{node}: .*(?:\n  .*)*", text, re.MULTILINE)) for node in NODES}
    took = r"\(\d+\.\d ms\)"
    for node in NODES:
        seen = by_host[node]
        assert re.search(r"a program asked at \d\d:\d\d:\d\d\.\d{6} UTC, and got 192\.168\.109\.5 in \d+\.\d ms", seen)
        # dnsmasq may ask the agent of a server beside that of the host, or instead of it.
        agent = r"(?:the agent|192\.168\.109\.4:8600)"
        hops = ["dnsmasq", agent] if node == "node3" else ["systemd-resolved", "dnsmasq", agent]
        asked = rf" +\+\d+\.\d ms  {hops[0]} is asked over udp by 127\.0\.0\.1\n"
        path = ".*".join([asked, *(f"{hop} is asked over udp" for hop in hops[1:])])
        path += ".*" + ".*".join(rf"{hop} answers 192\.168\.109\.5 {took}" for hop in reversed(hops))
        assert re.search(path, seen, re.DOTALL), text
        assert "dnsmasq logs: query[A] flapp1.service.consul from 127.0.0.1" in seen
        assert "after: the same" in seen
        capture = (tmp_path / "trace" / f"{node}.pcap").stat()
        assert capture.st_size > 24
        assert capture.st_mode & 0o777 == 0o600
        assert not lab.connect(node).file(DIRECTORY).exists
        assert lab.connect(node).run(f"systemctl is-active {UNIT}-end.timer").stdout.strip() == "inactive"
        assert_over(lab.connect(node))


def begin(*arguments: str) -> subprocess.Popen[bytes]:
    """Start the playbook, to do something while it runs."""
    command = lab.command("servicedns.consul.dns_trace", *arguments)
    return subprocess.Popen(command, cwd=lab.ROOT, stdout=subprocess.DEVNULL, start_new_session=True)


def test_what_is_asked_at_the_very_end_is_seen(tmp_path: Path) -> None:
    host = lab.connect("node2")
    with begin(*arguments(tmp_path, 60), "--limit", "node2") as run:
        lab.until(host, f"grep --quiet lookup {DIRECTORY}/begun.json")
        host.check_output(f"dig @127.0.0.2 last.service.consul && systemctl stop {UNIT}")
    assert run.returncode == 0
    assert b"\4last\7service\6consul" in (tmp_path / "trace" / "node2.pcap").read_bytes()
    assert_over(host)


def test_a_run_that_is_killed(tmp_path: Path) -> None:
    """At once, and with everything that it started: systemd ends it all the same."""
    with begin(*arguments(tmp_path, 6)) as run:
        for node in NODES:
            lab.until(
                lab.connect(node),
                f"systemctl is-active {UNIT} && pgrep tcpdump && ps -C dnsmasq -o args= | grep log-queries",
            )
        os.killpg(run.pid, signal.SIGKILL)
    for node in NODES:
        host = lab.connect(node)
        lab.until(host, f"[ $(systemctl is-active {UNIT}) = inactive ]", 30)
        lab.until(host, "[ $(systemctl is-active dnsmasq-consul) = active ]", 30)
        assert_over(host)
        # What systemd does ten minutes later, done now.
        assert host.file(DIRECTORY).exists
        host.check_output(f"systemctl is-active {UNIT}-end.timer && systemctl start {UNIT}-end.service")
        lab.until(host, f"[ ! -e {DIRECTORY} ]")
        host.run(f"systemctl stop {UNIT}-end.timer")
    assert not (tmp_path / "trace").exists()


def test_a_read_that_fails_leaves_nothing(tmp_path: Path) -> None:
    host = lab.connect("node2")
    host.check_output("mv /usr/bin/journalctl /usr/bin/journalctl.away")
    try:
        run = lab.play("servicedns.consul.dns_trace", *arguments(tmp_path, 3), "--limit", "node2")
    finally:
        host.check_output("mv /usr/bin/journalctl.away /usr/bin/journalctl")
    assert run.returncode == 2
    assert "dns_trace: journalctl is not installed" in run.stdout
    assert (tmp_path / "trace" / "node2.pcap").stat().st_size > 24, "what was captured is here all the same"
    assert not host.file(DIRECTORY).exists
    assert host.run(f"systemctl is-active {UNIT}-end.timer").stdout.strip() == "inactive"
    assert_over(host)


def test_two_at_once_are_refused(tmp_path: Path) -> None:
    host = lab.connect("node2")
    host.check_output(f"systemd-run --collect --unit={UNIT} --property=RuntimeMaxSec=30 tail -f /dev/null")
    try:
        run = lab.play("servicedns.consul.dns_trace", *arguments(tmp_path, 1), "--limit", "node2")
    finally:
        host.check_output(f"systemctl stop {UNIT}")
    assert run.returncode == 2
    assert "dns_trace: a trace is at work on this host already" in run.stdout
    assert_over(host)


def test_check_mode_begins_nothing(tmp_path: Path) -> None:
    run = lab.play("servicedns.consul.dns_trace", *arguments(tmp_path, 1), "--check")
    assert run.returncode == 0, run.stdout
    assert lab.connect("node2").run(f"systemctl is-active {UNIT}").stdout.strip() == "inactive"
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ("dns_trace_seconds=5", "dns_trace_name: '' is no DNS name, such as flapp1.service.consul"),
        ("dns_trace_name='a b'", "dns_trace_name: 'a b' is no DNS name"),
        (f"dns_trace_name={NAME} dns_trace_seconds=0", "dns_trace_seconds: '0' must be a number from 1 to 600"),
        (f"dns_trace_name={NAME} dns_trace_seconds=10000", "dns_trace_seconds: '10000' must be a number from 1 to 600"),
        (f"dns_trace_name={NAME} dns_trace_directory=/dev/null", "dns_trace_directory: /dev/null is no directory"),
    ],
)
def test_refused_before_any_host_is_touched(variables: str, message: str) -> None:
    run = lab.play("servicedns.consul.dns_trace", "--extra-vars", variables)
    assert run.returncode == 2
    assert message in " ".join(run.stdout.split())
    assert "Install what captures packets" not in run.stdout
