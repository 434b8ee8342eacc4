# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of all hosts together."""

from __future__ import annotations

from typing import Any

import pytest
from doctor_results import GIB, MEMBERS, MIB, found, member, result, with_hop

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import skew


def test_nothing_is_found_on_healthy_hosts() -> None:
    assert found(result(), result()) == []


STRANGER = {"name": "other", "address": "192.0.2.66", "status": "alive", "version": "1.22.7", "server": False}
LEFT = {"node": "old", "address": "192.0.2.77", "meta": {}}
CHECK = {"node": "node2", "id": "http", "name": "http", "service": "web", "status": "critical", "output": ""}


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (with_hop("dnsmasq", "broken"), [("broken", "host1", "dnsmasq", "the cause")]),
        (with_hop("dnsmasq", "fails"), []),
        (
            {"unreachable": True, "msg": "no\n route"},
            [("broken", "host1", "host", "cannot be reached: no route")],
        ),
        ({"failed": True}, [("broken", "host1", "host", "could not be asked: no reason is given")]),
        (
            result(names={"web.service.consul": {"addresses": []}}),
            [("broken", "host1", "name", "web.service.consul does not resolve: the catalog has no healthy instance of it")],
        ),
        # Then the path is what is to be said.
        (with_hop("application", "fails", names={"web.service.consul": {"addresses": []}}), []),
        (
            result(agent__members=[*MEMBERS, STRANGER]),
            [("warning", "other", "member", "the datacenter has the member other (192.0.2.66, alive), and the inventory does not")],
        ),
        (result(agent__members=[*MEMBERS, STRANGER | {"status": "left"}]), []),
        (
            result(agent__nodes=[*result()["agent"]["nodes"], LEFT]),
            [("warning", "old", "member", "the catalog has the node old (192.0.2.77), which is no member")],
        ),
        (result(agent__nodes=[*result()["agent"]["nodes"], LEFT | {"meta": {"external-node": "true"}}]), []),
        (result(agent__critical=[CHECK]), [("broken", "node2", "check", "DNS leaves out web: the check http is critical")]),
        (result(agent__critical=[CHECK | {"id": "serfHealth"}]), []),
        (
            result(agent__members=member("node2", version="1.21.0")),
            [("warning", "node1,node2", "version", "the agents are of different versions (1.21.0: node2; 1.22.7: node1, node2)")],
        ),
        (
            result(agent__image={"running": "consul:1", "declared": "consul:2", "same": False}),
            [("warning", "host1", "image", "the agent runs consul:1, and consul_agent_image is consul:2")],
        ),
        (result(agent__image={"running": "consul:1", "declared": "mirror/consul:1", "same": True}), []),
        (result(agent__image={"running": "consul:1", "declared": "", "same": True}), []),
        (
            result(agent__image={"running": "consul:1", "declared": "consul:1", "same": False}),
            [("warning", "host1", "image", "the agent runs an older image than the one that is consul:1 now")],
        ),
        (result(host__skew=-61.2), [("warning", "host1", "clock", "its clock is 61 s behind the control node's")]),
        (result(host__skew=3.0), [("warning", "host1", "clock", "its clock is 3 s ahead of the control node's")]),
        (result(host__skew=2.0), []),
        (
            result(host__disk={"path": "/data", "free": 1 * GIB, "size": 100 * GIB}),
            [("warning", "host1", "disk", "1 GiB of 100 GiB are free for /data")],
        ),
        (result(host__disk={"path": "/data", "free": 6 * GIB, "size": 100 * GIB}), []),
        # A share of a large disk is room enough, and a share of a small one is not.
        (result(host__disk={"path": "/data", "free": 40 * GIB, "size": 1024 * GIB}), []),
        (
            result(host__disk={"path": "/data", "free": 4 * GIB, "size": 1024 * GIB}),
            [("warning", "host1", "disk", "4 GiB of 1.0 TiB are free for /data")],
        ),
        (
            result(host__disk={"path": "/data", "free": 400 * MIB, "size": 4 * GIB}),
            [("warning", "host1", "disk", "400 MiB of 4 GiB are free for /data")],
        ),
        (result(host__disk={"path": "/data", "free": 600 * MIB, "size": 4 * GIB}), []),
        (
            result(host__unseen=["ss is not installed"]),
            [("warning", "host1", "doctor", "the doctor cannot look at all of this host: ss is not installed")],
        ),
    ],
)  # fmt: skip
def test_found(told: dict[str, Any], expected: list[tuple[str, str, str, str]]) -> None:
    assert found(told, result()) == expected


def test_what_is_broken_comes_first() -> None:
    assert [finding[0] for finding in found(result(host__skew=9.0), with_hop("agent", "broken"))] == [
        "broken",
        "warning",
    ]


@pytest.mark.parametrize(
    ("before", "clock", "after", "expected"),
    [(10, 11, 12, 0), (10, 10, 10, 0), (10, 4, 12, -6), (10, 15, 12, 3)],
)
def test_skew(before: float, clock: float, after: float, expected: float) -> None:
    """A clock that was read between two moments of ours may be right."""
    assert skew(before, clock, after) == expected
