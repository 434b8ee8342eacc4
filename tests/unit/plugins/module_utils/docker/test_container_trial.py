# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a container that resolves nothing leads to: the reason, the packet filter, and everything as it was before."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq_beside, lookups
from ansible_collections.servicedns.consul.plugins.module_utils.docker import container_trial, daemon_json, forwarding
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import sockets

NAMES = ["consul.service.consul", "www.example.com"]
ADDRESS = "172.17.0.1"

Write = Callable[[str, str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Makes a command of the host, by its name and its shell script. None of the host's own packet filters is asked."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")
    monkeypatch.setattr(lookups, "PATIENCE", 0.0)
    monkeypatch.setattr(container_trial, "image", lambda: "sha256:abc")

    def write(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    for name in ("ufw", "firewall-cmd", "iptables", "nft"):
        write(name, "exit 1")
    return write


def test_both_kinds_of_networks_are_tried(program: Write, tmp_path: Path) -> None:
    program("docker", f'echo "$*" >> {tmp_path}/log')
    assert container_trial.check(NAMES, ADDRESS, told=True) == []
    runs = [line for line in (tmp_path / "log").read_text().splitlines() if line.startswith("run ")]
    assert [line.split("--network=")[1].split()[:2] for line in runs] == [
        ["bridge", f"--dns={ADDRESS}"],
        [container_trial.NAME, f"--dns={ADDRESS}"],
    ]
    assert all(line.endswith(" ".join(["sh", *NAMES])) for line in runs)
    (tmp_path / "log").unlink()
    assert container_trial.check(NAMES, ADDRESS, told=False) == []
    assert "--dns" not in (tmp_path / "log").read_text()
    assert (tmp_path / "log").read_text().splitlines()[-1] == f"network rm {container_trial.NAME}", "nothing stays"


@pytest.mark.parametrize("network", ["bridge", container_trial.NAME])
def test_a_name_that_is_lost_is_refused(program: Write, network: str) -> None:
    program("docker", f"case \"$*\" in *network={network}' '*|*network={network}\\ *) echo {NAMES[1]};; esac")
    where = "the default bridge" if network == "bridge" else "a network of its own"
    with pytest.raises(
        HostError,
        match=rf"^a container on {where} does not resolve www\.example\.com, which this host does: it gets no answer of {ADDRESS}",
    ):
        container_trial.check(NAMES, ADDRESS, told=True)


def test_what_cannot_be_tried_is_said(program: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    program("docker", "echo no more networks >&2; exit 125")
    first, second = container_trial.check(NAMES, ADDRESS, told=True)
    assert first.startswith("a container on the default bridge was not tried: docker run ")
    assert second.startswith("a container on a network of its own was not tried: docker network create ")
    assert second.endswith("no more networks")
    assert container_trial.check([], ADDRESS, told=True)[0].startswith("containers were not tried: no name")
    monkeypatch.setattr(container_trial, "image", lambda: "")
    assert container_trial.check(NAMES, ADDRESS, told=True)[0].startswith(
        "containers were not tried: there is no container"
    )


@pytest.mark.parametrize(
    ("name", "script", "expected"),
    [
        ("ufw", "echo 'Status: active'", f"ufw is active, and lets them with: ufw allow to {ADDRESS} port 53"),
        ("ufw", "echo 'Status: inactive'", "look for a packet filter"),
        ("firewall-cmd", "echo running", "firewall-cmd --permanent --zone=docker --add-service=dns"),
        (
            "iptables",
            "echo '-P INPUT DROP'",
            f"policy DROP, and lets them with: iptables -I INPUT -d {ADDRESS} -p udp --dport 53",
        ),
        (
            "iptables",
            "echo '-P INPUT ACCEPT'; echo '-A INPUT -j REJECT --reject-with x'",
            "has rules that drop or reject",
        ),
        ("iptables", "echo '-P INPUT ACCEPT'", "look for a packet filter"),
        (
            "nft",
            "echo 'chain i { type filter hook input priority 0; policy drop; }'",
            f"ip daddr {ADDRESS} udp dport 53 accept",
        ),
        ("nft", "echo 'chain i { type filter hook output priority 0; policy drop; }'", "look for a packet filter"),
    ],
)
def test_the_packet_filter_is_named(program: Write, name: str, script: str, expected: str) -> None:
    program(name, script)
    assert expected in container_trial.advice(ADDRESS)


STEPS = ["start", "told", "apply", "untold"]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("was_there", [True, False])
def test_whatever_fails_all_is_put_back(
    program: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, was_there: bool
) -> None:
    """Each step by itself, on a host that answers containers already and on one that does not."""
    daemon = tmp_path / "daemon.json"
    configuration, unit = (
        tmp_path / f"{dnsmasq_beside.CONTAINERS}.conf",
        tmp_path / f"{dnsmasq_beside.CONTAINERS}.service",
    )
    if was_there:
        for path, content in ((daemon, '{"dns":[ "10.0.0.1" ]}'), (configuration, "port=1\n"), (unit, "[Unit]\n")):
            path.write_text(content)
            path.chmod(0o640)
    before = {path: path.read_bytes() for path in (daemon, configuration, unit) if path.exists()}
    monkeypatch.setattr(daemon_json, "CONFIGURATION", str(daemon))
    monkeypatch.setattr(dnsmasq_beside, "SYSTEMD", str(tmp_path))
    monkeypatch.setattr(dnsmasq_beside, "CONFIGURATIONS", str(tmp_path))
    listener = sockets.Socket("udp", ADDRESS, 53, "dnsmasq", 7)
    monkeypatch.setattr(sockets, "listeners", lambda: [] if step == "start" else [listener])
    program("dnsmasq", "")
    program("systemctl", "")

    def apply(text: str) -> None:
        if step == "apply" and "dns-new" in text:
            raise HostError("apply")
        daemon.write_text(text) if text else daemon.unlink()

    def check(_names: list[str], _address: str, told: bool) -> list[str]:
        if step == ("told" if told else "untold"):
            raise HostError("told" if told else "untold")
        return []

    monkeypatch.setattr(daemon_json, "apply", apply)
    monkeypatch.setattr(container_trial, "check", check)
    service = dnsmasq_beside.Beside(dnsmasq_beside.CONTAINERS, "port=2\n", "[Unit]\nother\n")
    reason = "does not listen" if step == "start" else step
    with service, pytest.raises(HostError, match=f"{reason}.*; .*was put back as it was$"):
        forwarding.answer(service, ADDRESS, NAMES, '{"dns-new": 1}', serve=True)
    assert {path: path.read_bytes() for path in (daemon, configuration, unit) if path.exists()} == before
    assert not was_there or daemon.stat().st_mode & 0o777 == 0o640
