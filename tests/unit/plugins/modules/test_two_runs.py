# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs at once on one host: names that they stage are the same, so the second waits, or says who is there."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from host_folder import make
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq
from ansible_collections.servicedns.consul.plugins.module_utils.system import run_lock
from ansible_collections.servicedns.consul.plugins.modules import (
    dnsmasq_forwarding,
    dnsmasq_forwarding_containers,
    dnsmasq_forwarding_network,
    dnsmasq_forwarding_restore,
)

FORWARDING = {
    "files": {**dict.fromkeys(dnsmasq.FILES, "[Unit]\n"), "configuration": "listen-address=127.0.0.2\n"},
    "resolver": "none",
    "address": "127.0.0.2",
    "domains": ["consul"],
    "consul": "127.0.0.1#8600",
}
RUNS = pytest.mark.parametrize(
    ("module", "options"),
    [
        (dnsmasq_forwarding, FORWARDING),
        (dnsmasq_forwarding_restore, {}),
        (dnsmasq_forwarding_restore, {"state": "forgotten"}),
        (dnsmasq_forwarding_restore, {"state": "unprepared"}),
        (dnsmasq_forwarding_containers, {"state": "absent"}),
        (dnsmasq_forwarding_network, {"state": "absent"}),
    ],
    ids=["forwarding", "restore", "forget", "abandon", "containers", "network"],
)


@RUNS
def test_a_second_run_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: ModuleType, options: dict[str, Any]
) -> None:
    made = make(tmp_path / "host", monkeypatch, "resolv_conf")
    monkeypatch.setattr(run_lock, "LOCK_PATIENCE", 0)
    before = made.state()
    with open(dnsmasq.LOCK, "w") as first:
        fcntl.flock(first, fcntl.LOCK_EX)
        result = run_main(module.main, **options)
        assert result["failed"]
        assert f"another run is at work on the dnsmasqs of this host (it holds {dnsmasq.LOCK})" in result["msg"]
        assert made.commands == []
        assert made.state() == before
        # What changes nothing waits for nobody.
        assert not run_main(module.main, check=True, **options).get("failed")
    assert not run_main(module.main, **options).get("failed")


def test_one_waits_for_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dnsmasq, "LOCK", str(tmp_path / "lock"))
    at_work: list[int] = []
    together: list[int] = []

    def act(params: dict[str, Any], check: bool) -> dict[str, Any]:
        at_work.append(1)
        time.sleep(0.3)
        together.append(len(at_work))
        at_work.pop()
        return {}

    runs = [threading.Thread(target=dnsmasq.one_at_a_time(act), args=({}, False)) for _run in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert together == [1, 1]
