# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer on a host, with the units that the role has for it; Molecule has a real systemd."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from host_folder import HostFolder
from jinja2 import Environment, StrictUndefined
from module_runs import run_main
from plays import ROOT

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot_timer
from ansible_collections.servicedns.consul.plugins.module_utils.system import systemd
from ansible_collections.servicedns.consul.plugins.modules import snapshot_timer as module

ROLE = ROOT / "roles" / "consul_agent"
NAME = "servicedns-consul-snapshot"
FACTS = {"consul_agent": {"http_url": "http://127.0.0.1:8500"}}


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostFolder:
    return HostFolder(tmp_path / "host", monkeypatch)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "backups" / "consul"


def seen() -> dict[str, Any]:
    """What the doctor sees of the timer."""
    return dict(snapshot_timer.see() or {})


def units(directory: Path, interval: str = "1h") -> dict[str, Any]:
    """What the role gives to the module."""
    variables = {
        "ansible_facts": FACTS,
        "consul_agent_datacenter": "DC1",
        "consul_agent_snapshot_count": 3,
        "consul_agent_snapshot_directory": str(directory),
        "consul_agent_snapshot_interval": interval,
    }
    environment = Environment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    texts = {
        kind: environment.from_string((ROLE / "templates" / f"{NAME}.{kind}.j2").read_text()).render(variables)
        for kind in ("service", "timer")
    }
    # The program's path as the folder has it.
    texts["service"] = texts["service"].replace("/usr/local/sbin/" + NAME, snapshot_timer.PROGRAM)
    return {"directory": str(directory), "program": (ROLE / "files" / NAME).read_text(), **texts}


def test_the_timer_comes_stays_changes_and_goes(host: HostFolder, directory: Path) -> None:
    assert not snapshot_timer.is_there() and snapshot_timer.see() is None
    check = run_main(module.main, check=True, **units(directory))
    assert check["changed"] and not snapshot_timer.is_there() and not directory.exists()
    assert "OnUnitActiveSec=1h" in "".join(part["after"] for part in check["diff"])

    assert run_main(module.main, **units(directory))["changed"]
    assert oct(directory.stat().st_mode)[-3:] == "700"
    assert os.access(snapshot_timer.PROGRAM, os.X_OK)
    assert host.enabled == {f"{NAME}.timer"} == set(host.pids)

    host.commands.clear()
    assert not run_main(module.main, **units(directory))["changed"]
    assert [told for told in host.commands if told[1] != "show"] == []

    assert run_main(module.main, **units(directory, "30m"))["changed"]
    assert ("systemctl", "restart", f"{NAME}.timer") in host.commands, "else it keeps its former interval"

    (directory / "consul-dc1-20200101T000000Z.snap").touch()
    gone = run_main(module.main, state="absent")
    assert (gone["changed"], gone["kept"]) == (True, str(directory))
    assert not snapshot_timer.is_there() and host.enabled == set() == set(host.pids)
    assert len(list(directory.iterdir())) == 1
    again = run_main(module.main, state="absent")
    assert (again["changed"], again["kept"]) == (False, "")


def test_what_is_wrong_is_put_right(host: HostFolder, directory: Path) -> None:
    run_main(module.main, **units(directory))
    spoils: list[Callable[[], object]] = [
        host.enabled.clear,
        host.pids.clear,
        lambda: directory.chmod(0o755),
        lambda: os.chmod(snapshot_timer.PROGRAM, 0o644),
        lambda: os.unlink(snapshot_timer.SERVICE),
    ]
    for spoil in spoils:
        spoil()
        assert run_main(module.main, **units(directory))["changed"]
        assert not run_main(module.main, **units(directory))["changed"]


def test_without_snapshots_nothing_is_said_to_stay(host: HostFolder, directory: Path) -> None:
    run_main(module.main, **units(directory))
    assert run_main(module.main, state="absent")["kept"] == ""


def test_a_directory_of_others_is_refused(host: HostFolder, directory: Path) -> None:
    directory.mkdir(parents=True, mode=0o755)
    directory.chmod(0o755)
    (directory / "theirs").touch()
    result = run_main(module.main, **units(directory))
    assert result["failed"] and result["msg"] == (
        f"consul_agent_snapshot_directory: {directory} holds files, and is not for root alone, as snapshots have to be: name a "
        "directory of its own"
    )
    assert oct(directory.stat().st_mode)[-3:] == "755" and not snapshot_timer.is_there()
    (directory / "theirs").unlink()
    assert run_main(module.main, **units(directory))["changed"]
    assert oct(directory.stat().st_mode)[-3:] == "700"


def test_what_is_seen(host: HostFolder, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_main(module.main, **units(directory, "1h30m"))
    expected: dict[str, Any] = {
        "datacenter": "dc1",
        "directory": str(directory),
        "interval": 5400.0,
        "since": os.stat(snapshot_timer.TIMER).st_mtime,
        "newest": 0.0,
        "timer": "active",
        "failure": "",
    }
    assert seen() == expected
    for name in (
        "consul-dc1-20200101T000001Z.snap",
        "consul-dc1-19700101T000001Z.snap",
        "consul-dc2-20300101T000000Z.snap",
    ):
        (directory / name).touch()
    expected["newest"] = 1577836801.0
    assert seen() == expected
    host.pids.clear()
    states = {f"{NAME}.service": "failed", f"{NAME}.timer": "inactive"}
    monkeypatch.setattr(systemd, "state", states.__getitem__)
    monkeypatch.setattr(systemd, "journal", lambda _unit, _lines: "no leader")
    expected |= {"timer": "inactive", "failure": "no leader"}
    assert seen() == expected
