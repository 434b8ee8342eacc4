# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A capture goes away with the run, whatever becomes of that. Stand-ins remember what systemd was told; Molecule has the real one."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from plays import run_plays

from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups, resolv_conf, trace
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command
from ansible_collections.servicedns.consul.plugins.modules import dns_trace

NAME = "flapp1.service.consul"


class Systemd:
    """It starts a unit by writing the header of a capture, unless it is to fail."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.commands: list[tuple[str, ...]] = []
        self.fails = False

    def run(self, *arguments: str, timeout: float = 0) -> str:
        self.commands.append(arguments)
        if arguments[:2] == ("systemctl", "cat"):
            return "ExecStart=/usr/sbin/dnsmasq --keep-in-foreground\n"
        if arguments[:2] == ("systemctl", "show"):
            return "ActiveState=inactive\n"
        if f"--unit={trace.TRACE_UNIT}" in arguments:
            if self.fails:
                raise HostError("Failed to start transient service unit")
            (self.directory / "capture.pcap").write_bytes(b"\0" * 24)
        return ""

    def stopped(self) -> list[str]:
        return [told[2] for told in self.commands if told[:2] == ("systemctl", "stop")]


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Systemd:
    directory = tmp_path / "trace"
    systemd = Systemd(directory)
    for name, value in (
        ("FOLDER", str(directory)),
        ("CAPTURE", str(directory / "capture.pcap")),
        ("BEGUN", str(directory / "begun.json")),
        ("resolver_status", lambda: "plain"),
    ):
        monkeypatch.setattr(trace, name, value)
    monkeypatch.setattr(command, "run", systemd.run)
    monkeypatch.setattr(command, "find", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(lookups, "getent", lambda *_arguments: lookups.Lookup([], "not found", 1.0))
    monkeypatch.setattr(resolv_conf, "nameservers", lambda _text: [])
    return systemd


def act(state: str) -> dict[str, Any]:
    return dns_trace.act({"state": state, "name": NAME, "seconds": 7}, False)


def test_systemd_removes_what_a_killed_run_leaves(systemd: Systemd, tmp_path: Path) -> None:
    act("started")
    assert (tmp_path / "trace" / "capture.pcap").exists()
    units = [told for told in systemd.commands if told[0] == "systemd-run"]
    assert [told[1] for told in units] == [f"--unit={trace.END}", f"--unit={trace.TRACE_UNIT}"]
    assert "--on-active=607" in units[0]
    assert units[0][-3:] == ("systemctl", "stop", trace.TRACE_UNIT), "before the files go that turn the log off"
    assert f"--property=ExecStopPost=rm -rf {tmp_path}/trace" in units[0]
    assert not any(";" in word for told in units for word in told), "systemd 252 does not read it as it wrote it"


def test_a_start_that_fails_leaves_nothing(systemd: Systemd, tmp_path: Path) -> None:
    systemd.fails = True
    with pytest.raises(HostError, match="^Failed to start transient service unit$"):
        act("started")
    assert not (tmp_path / "trace").exists()
    assert systemd.stopped()[-2:] == [f"{trace.END}.timer", trace.TRACE_UNIT]


def test_what_is_removed_needs_no_end(systemd: Systemd, tmp_path: Path) -> None:
    act("started")
    systemd.commands.clear()
    assert act("absent") == {"removed": True}
    assert not (tmp_path / "trace").exists()
    assert systemd.stopped() == [f"{trace.END}.timer", trace.TRACE_UNIT]
    assert act("absent") == {"removed": False}


def test_captures_are_brought_where_the_operator_stands(tmp_path: Path) -> None:
    """And not where the playbook is. There is none on this host, which is said."""
    stands, playbooks = tmp_path / "stands", tmp_path / "playbooks"
    for directory in (stands, playbooks):
        directory.mkdir()
    task = {"servicedns.consul.dns_trace": {"state": "absent", "name": NAME, "seconds": 1, "directory": "trace"}}
    seen = {"one": {"resolver": "plain", "lines": []}}
    begun = {"one": {"resolver": "plain", "lookup": {"begun": 1.0, "ended": 2.0, "addresses": [], "text": "none"}}}
    report = {"servicedns.consul.dns_trace_report": {"begun": begun, "seen": seen, "output": "trace/timeline.txt"}}
    play = {"hosts": "all", "gather_facts": False, "tasks": [{"block": [task], "always": [report]}]}
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    run_plays(playbooks, [play], {})
    run = run_plays(stands, [], {"all": {"hosts": {"one": local}}}, playbook="../playbooks/playbook.yml")
    assert "servicedns-dns-trace/capture.pcap" in run.stdout
    assert [file.name for file in (stands / "trace").iterdir()] == ["timeline.txt"]
    assert sorted(file.name for file in playbooks.iterdir()) == ["inventory.yml", "playbook.yml"]
