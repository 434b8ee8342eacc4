# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor says of snapshots that servers take by a timer."""

from __future__ import annotations

from typing import Any

import pytest
from doctor_results import MEMBERS, found, result

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import rows_of
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.snapshots import duration, snapshot_findings

NOW = 1_700_000_000.0
HOUR = 3600.0
SERVICE = "servicedns-consul-snapshot.service"


def server(newest: float, **changes: Any) -> dict[str, Any]:
    """A server with a timer that took its newest snapshot some hours ago; None is none."""
    told = {
        "datacenter": "dc1",
        "directory": "/var/backups/consul",
        "interval": HOUR,
        "since": NOW - 99 * HOUR,
        "newest": NOW - newest * HOUR if newest else 0.0,
        "timer": "active",
        "failure": "",
        **changes,
    }
    return result(host__clock=NOW, host__snapshots=told)


def old(hosts: str, text: str) -> list[tuple[str, str, str, str]]:
    return [("warning", hosts, "snapshot", f"{text}, and one is to be taken every 60 min")]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ([server(0.5), server(50)], []),
        ([server(2), server(3)], []),
        ([server(2.5), server(3)], old("host1,host2", "the newest snapshot of dc1 is 2.5 h old")),
        ([server(72), result()], old("host1", "the newest snapshot of dc1 is 3 days old")),
        ([server(0), server(0)], old("host1,host2", "dc1 has no snapshot")),
        ([server(0, since=NOW - HOUR), server(0)], []),
        ([server(72, since=NOW - HOUR), server(0)], []),
        ([server(72, since=NOW - 3 * HOUR), server(0)], old("host1,host2", "the newest snapshot of dc1 is 3 days old")),
        ([server(9), server(1, datacenter="dc2")], old("host1", "the newest snapshot of dc1 is 9 h old")),
        (
            [server(1, failure="dc1 has no leader, so there is no snapshot"), server(1)],
            [("warning", "host1", "snapshot", f"the last run of {SERVICE} failed: dc1 has no leader, so there is no snapshot")],
        ),
        (
            [server(1, timer="inactive"), server(1)],
            [("warning", "host1", "snapshot", "servicedns-consul-snapshot.timer, which takes snapshots, is inactive")],
        ),
        ([result(), result()], []),
        # The one that cannot be asked is said, and that it is.
        ([{"failed": True}, server(1)], [("broken", "host1", "host", "could not be asked: no reason is given")]),
    ],
    ids=range(13),
)  # fmt: skip
def test_found(told: list[dict[str, Any]], expected: list[tuple[str, str, str, str]]) -> None:
    assert found(*told) == expected


@pytest.mark.parametrize(("is_server", "expected"), [(True, 0), (False, 1)])
def test_a_server_outside_of_the_run_may_have_a_newer_one(is_server: bool, expected: int) -> None:
    told = server(9)
    told["agent"]["members"] = [{**member, "server": is_server} for member in MEMBERS]
    rows = rows_of({"host1": told})
    assert len(list(snapshot_findings(rows, {"host1": "node1", "host2": "node2"}))) == expected
    assert len(list(snapshot_findings(rows, {"host1": "node1"}))) == 1


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7199, "120 min"), (9000, "2.5 h"), (172800, "2 days")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text
