# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes before a node goes for good and after it, in a datacenter that is made up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from made_up_datacenter import MadeUp, served
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.consul import removal, step
from ansible_collections.servicedns.consul.plugins.modules import node_removal

ALL = ("s1", "s2", "s3")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (removal, step):
        monkeypatch.setattr(module, "PAUSE", 0.01)
        monkeypatch.setattr(module, "ELECTION", 0.01)


def run(datacenter: MadeUp, state: str, node: str, check: bool = False, **options: Any) -> dict[str, Any]:
    with served(datacenter) as url:
        given = {"state": state, "node": node, "run": "this run", "timeout": 1, **options}
        return run_main(node_removal.main, check=check, url=url, **given)


def made_up(*servers: str, leader: str = "s1", **changed: Mapping[str, Any]) -> MadeUp:
    made = MadeUp(*servers, leader=leader)
    for name, change in changed.items():
        made.servers[name].update(change)
    return made


GONE = {"alive": False, "healthy": False}


@pytest.mark.parametrize(
    ("datacenter", "node", "expected"),
    [
        (made_up(*ALL), "s1", "s1 is to be removed, and is the node that is asked: ask another one"),
        (
            made_up(*ALL, leader=""),
            "s2",
            "s2 was left as it is: the datacenter has no leader, who alone can remove it",
        ),
        (made_up(*ALL, s3=GONE), "s2", "s2 cannot be missed, and was left as it is: s3 is away"),
        (
            made_up(*ALL, s3={"healthy": False}),
            "s2",
            "s2 cannot be missed, and was left as it is: autopilot does not find s3 healthy",
        ),
        # The one that is asked has no vote: another one has all that there is.
        (
            made_up("s1", "s2", leader="s2", s1={"voter": False}),
            "s2",
            "s2 is the only server, with all that the datacenter has: it was left as it is",
        ),
    ],
)
@pytest.mark.parametrize("check", [True, False])
def test_what_cannot_be_removed(datacenter: MadeUp, node: str, expected: str, check: bool) -> None:
    assert run(datacenter, "begin", node, check)["msg"] == expected
    assert not datacenter.sessions and node in datacenter.servers


@pytest.mark.parametrize(
    ("datacenter", "node", "leader", "quorum"),
    [
        (made_up(*ALL), "s2", "s1", 2),
        (made_up(*ALL, leader="s2", s3={"last_index": 9}), "s2", "s3", 2),
        (made_up(*ALL, s3=GONE), "s3", "s1", 2),
        # Of two, one may go.
        (made_up("s1", "s2", leader="s2"), "s2", "s1", 1),
    ],
)
def test_a_server(datacenter: MadeUp, node: str, leader: str, quorum: int) -> None:
    assert run(datacenter, "begin", node, check=True)["session"] == "" and not datacenter.changes
    begun = run(datacenter, "begin", node)
    assert (begun["session"], datacenter.leader) == ("session1", leader)
    assert datacenter.autopilot["MinQuorum"] == quorum
    # Its agent leaves.
    datacenter.servers[node].update(GONE)
    assert run(datacenter, "end", node, check=True, session="session1")["changed"] is False
    assert run(datacenter, "end", node, session="session1")["changed"] is True
    assert node not in [*datacenter.servers, *datacenter.members, *datacenter.nodes]
    assert not datacenter.sessions and not datacenter.keys
    assert run(datacenter, "begin", node)["session"] == ""
    assert run(datacenter, "end", node)["changed"] is False


def test_a_server_that_stays_alive() -> None:
    datacenter = made_up(*ALL)
    said = run(datacenter, "end", "s2")["msg"]
    assert said == "s2 is not gone 1 s after it was to leave: its agent is still there, and would come back"
    assert "s2" in datacenter.members


def test_a_server_that_gossip_has_forgotten() -> None:
    """Raft has no name for it then. By the catalog it is found all the same."""
    datacenter = made_up(*ALL, s3=GONE)
    datacenter.members.remove("s3")
    assert run(datacenter, "begin", "s3")["session"] == "session1"
    assert run(datacenter, "end", "s3", session="session1")["changed"] is True
    assert "s3" not in [*datacenter.servers, *datacenter.nodes]


def test_a_client() -> None:
    """Nobody has to be asked whether it can be missed. It left already, and the catalog has it still."""
    datacenter = made_up(*ALL)
    datacenter.nodes.append("c4")
    assert run(datacenter, "begin", "c4")["session"] == ""
    assert run(datacenter, "end", "c4")["changed"] is True
    assert datacenter.nodes == [*ALL] and datacenter.autopilot["MinQuorum"] == 0


def test_who_leaves() -> None:
    datacenter = made_up(*ALL)
    assert run(datacenter, "leave", "s1", check=True)["changed"] is True and "s1" in datacenter.members
    assert run(datacenter, "leave", "s1")["changed"] is True and "s1" not in datacenter.members
    nobody = run_main(node_removal.main, state="leave", node="s1", url="http://127.0.0.1:9")
    assert nobody["changed"] is True


def test_no_right_to_remove() -> None:
    datacenter = made_up(*ALL, s3=GONE)
    datacenter.errors["agent/force-leave/s3"] = [(403, "Permission denied")]
    assert "Permission denied" in run(datacenter, "end", "s3")["msg"]
    # What passes is tried again.
    datacenter.errors["agent/force-leave/s3"] = [(500, "rpc error")]
    assert run(datacenter, "end", "s3")["changed"] is True
