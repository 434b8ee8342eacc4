# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that run ask whom they were told to ask when they were started, and lose their names when that goes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from host_folder import HostFolder, make
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq_beside, state_before, still_asked
from ansible_collections.servicedns.consul.plugins.module_utils.docker import daemon_json, engine
from ansible_collections.servicedns.consul.plugins.modules import (
    dnsmasq_forwarding_containers,
    dnsmasq_forwarding_restore,
)

BRIDGE = "172.17.0.1"
OF_ENGINE = "nameserver 127.0.0.11\noptions ndots:0\n"
TOLD, UNTOLD = "2026-03-01T10:00:00", "2026-03-02T10:00:00"


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostFolder:
    """A host that answers containers."""
    found = make(tmp_path / "host", monkeypatch, "resolv_conf")
    socket = tmp_path / "docker.sock"
    socket.touch()
    monkeypatch.setattr(engine, "SOCKET", str(socket))
    found.write("/etc/docker/daemon.json", f'{{"dns": ["{BRIDGE}"]}}')
    found.service(daemon_json.UNIT)
    found.write("/etc/dnsmasq-consul-containers.conf", "bind-dynamic\n")
    found.write("/etc/systemd/system/dnsmasq-consul-containers.service", "[Unit]\n")
    found.service("dnsmasq-consul-containers.service")
    state_before.StateBefore().remember({daemon_json.CONFIGURATION: {}}, containers=[BRIDGE], told=[TOLD])
    return found


@pytest.mark.parametrize(
    ("resolv_conf", "started", "dns", "asks"),
    [
        (f"search a\nnameserver {BRIDGE}\n", TOLD, [], "told"),
        (f"nameserver 10.0.0.1\nnameserver {BRIDGE}\n", TOLD, None, "told"),
        (f"nameserver {BRIDGE}0\n# nameserver {BRIDGE}\n", TOLD, None, ""),
        ("", TOLD, None, ""),
        # The engine asks for it, and says whom.
        (f"{OF_ENGINE}# ExtServers: [{BRIDGE}]\n", "2026-01-01T00:00:00", None, "told"),
        (f"{OF_ENGINE}# ExtServers: [10.0.0.1 {BRIDGE}]\n", TOLD, None, "told"),
        (f"{OF_ENGINE}# ExtServers: [host(127.0.0.53)]\n", TOLD, None, ""),
        # Or does not say, but was told when the container was started.
        (OF_ENGINE, TOLD, None, "told"),
        (OF_ENGINE, "2026-03-01T09:59:59", None, ""),
        (OF_ENGINE, TOLD, ["10.0.0.1"], ""),
        (OF_ENGINE, "2026-01-01T00:00:00", [BRIDGE], "made"),
        (f"nameserver {BRIDGE}\n", TOLD, [BRIDGE], "made"),
    ],
)
def test_whom_a_container_asks(
    made: HostFolder, resolv_conf: str, started: str, dns: list[str] | None, asks: str
) -> None:
    made.container("app", resolv_conf, started, dns)
    found = still_asked.containers(state_before.StateBefore(), [BRIDGE])
    assert found == still_asked.Containers(["app"] * (asks == "told"), ["app"] * (asks == "made"))


def test_the_agent_of_the_host_is_not_asked_to_restart(made: HostFolder) -> None:
    made.container("consul", f"nameserver {BRIDGE}\n", TOLD, label=f"{agent_container.OWNED}config")
    assert not any(still_asked.containers(state_before.StateBefore(), [BRIDGE]))


def test_a_host_without_an_engine_has_no_containers(made: HostFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    os.unlink(engine.SOCKET)
    monkeypatch.setattr(engine, "get", None)
    assert not any(still_asked.containers(state_before.StateBefore(), [BRIDGE]))


def test_when_containers_were_told(made: HostFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_before, "now", lambda: UNTOLD)
    known = state_before.StateBefore()
    known.note_telling("told")
    assert known.listed("told") == [TOLD], "that is how it was"
    known.note_telling("untold")
    known.note_telling("untold")
    known = state_before.StateBefore()
    assert known.listed("untold") == [UNTOLD]
    assert [known.told_to_ask(f"2026-03-0{day}T12:00:00") for day in (1, 2)] == [True, False]
    monkeypatch.setattr(state_before, "now", lambda: "2026-03-03T10:00:00")
    known.note_telling("told")
    assert [known.told_to_ask(f"2026-03-0{day}T12:00:00") for day in (1, 2, 3)] == [True, False, True]
    # The record was lost: it may have been.
    os.unlink(state_before.PATH)
    known = state_before.StateBefore()
    assert known.told_to_ask(TOLD)
    known.note_telling("untold")
    assert [known.told_to_ask(f"2026-03-0{day}T12:00:00") for day in (1, 4)] == [True, False]


def leave_alone(check: bool = False) -> dict[str, Any]:
    result = run_main(dnsmasq_forwarding_containers.main, state="absent", check=check)
    assert not result.get("failed"), result
    return result


def test_what_runs_is_answered_until_it_is_started_anew(made: HostFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_before, "now", lambda: UNTOLD)
    unit = "dnsmasq-consul-containers.service"
    made.container("app", f"nameserver {BRIDGE}\n", TOLD)
    made.container("db", OF_ENGINE, TOLD)
    made.container("own", f"nameserver {BRIDGE}\n", TOLD, [BRIDGE])
    made.container("older", OF_ENGINE, "2026-01-01T00:00:00")
    assert leave_alone(check=True)["changed"]
    first = leave_alone()
    assert first["changed"]
    assert [change["before_header"] for change in first["diff"]] == [daemon_json.CONFIGURATION]
    assert (
        f"dnsmasq_forwarding_containers: {BRIDGE} is still asked by containers that run (app, db, own), so that "
        "dnsmasq-consul-containers goes on answering; start them anew: docker restart app db; "
        "make own anew without dns (--dns) of their own; then run this again"
    ) in str(first["warnings"])
    assert made.containers_ask == []
    assert unit in made.pids
    again = leave_alone()
    assert (again["changed"], again["warnings"]) == (False, first["warnings"])
    said = run_main(dnsmasq_forwarding_restore.main)["msg"]
    assert (
        "dnsmasq-consul-containers, which asks dnsmasq, still answers containers that run (app, db, own); start" in said
    )
    assert said.endswith("nothing was removed")
    made.container("app", "nameserver 10.0.0.1\n", UNTOLD)
    made.container("db", OF_ENGINE, UNTOLD)
    del made.containers["own"]
    last = leave_alone()
    assert last["changed"]
    assert last.get("warnings", []) == []
    assert unit not in made.pids
    assert not os.path.exists(dnsmasq_beside.Beside(dnsmasq_beside.CONTAINERS).service)
