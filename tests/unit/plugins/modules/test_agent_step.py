# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes before an agent is restarted and after it, in a datacenter that is made up."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from made_up_datacenter import KEY, MadeUp, served
from module_runs import run_main
from name_servers import name_server

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    addresses,
    agent_container,
    rollout_lock,
    step,
)
from ansible_collections.servicedns.consul.plugins.modules import agent_step

ALL = ("s1", "s2", "s3")
OTHERS = ["id-s1", "id-s2", "id-s3"]


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No pause, and a name server in the place of the agent's."""
    monkeypatch.setattr(step, "PAUSE", 0.01)
    monkeypatch.setattr(step, "ELECTION", 0.01)
    with name_server(["A 192.0.2.1"]) as port:
        monkeypatch.setattr(addresses, "DNS_PORT", port)
        yield


def run(datacenter: MadeUp, check: bool = False, **options: Any) -> dict[str, Any]:
    with served(datacenter) as url:
        given = {"run": "this run", "timeout": 1, "servers": 3, **options}
        return run_main(agent_step.main, check=check, url=url, **given)


def begin(datacenter: MadeUp, **options: Any) -> dict[str, Any]:
    return run(datacenter, state="begin", **options)


def end(datacenter: MadeUp, **options: Any) -> dict[str, Any]:
    return run(datacenter, state="end", **options)


def held(datacenter: MadeUp) -> tuple[str, str]:
    """Whose the lock is, and by which session."""
    value, session = datacenter.keys.get(KEY, (b"{}", ""))
    return json.loads(value).get("host", ""), session


def test_a_follower() -> None:
    """It has the lock, which no check of its node can take away, and autopilot keeps it."""
    datacenter = MadeUp(*ALL, me="s2")
    found = begin(datacenter)
    assert (found["session"], found["voters"], found["leader"], found["changed"]) == ("session1", OTHERS, "", False)
    assert held(datacenter) == ("s2", "session1")
    assert json.loads(datacenter.keys[KEY][0]).keys() == {"host", "run", "since"}
    assert datacenter.sessions["session1"] == {
        "Name": "servicedns.consul rollout",
        "TTL": "30s",
        "LockDelay": "0s",
        "NodeChecks": [],
    }
    assert datacenter.autopilot["MinQuorum"] == 3 and datacenter.autopilot["CleanupDeadServers"] is True
    assert datacenter.leader == "s1"


def test_a_server_has_its_state_when_it_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    told = warnings(monkeypatch)
    for datacenter in (MadeUp(*ALL), MadeUp(*ALL, me="s2"), MadeUp("s1"), MadeUp(*ALL, leader="")):
        begin(datacenter, check=True)
        assert datacenter.written == 0
        begin(datacenter)
        assert datacenter.written == 1
    client = MadeUp(*ALL, me="c4")
    begin(client)
    assert client.written == 0
    told.clear()
    datacenter = MadeUp(*ALL)
    datacenter.errors["snapshot"] = [(500, "Raft error when taking snapshot: nothing new to snapshot")]
    assert begin(datacenter)["session"] == "session1" and told == []
    datacenter = MadeUp(*ALL)
    datacenter.errors["snapshot"] = [(403, "Permission denied")]
    assert begin(datacenter)["session"] == "session1"
    assert told[0].startswith(
        "s1 may deny names for a moment after its start, as its state is not written before: GET "
    )


def test_the_leader_hands_over_to_the_one_that_knows_most() -> None:
    datacenter = MadeUp(*ALL)
    datacenter.servers["s3"]["last_index"] = 8
    datacenter.errors["operator/raft/transfer-leader"] = [(500, "leadership transfer in progress")]
    found = begin(datacenter)
    assert (found["leader"], found["changed"], datacenter.leader) == ("s3", True, "s3")


def test_a_leader_that_cannot_hand_over() -> None:
    datacenter = MadeUp(*ALL)
    datacenter.errors["operator/raft/transfer-leader"] = [(500, "cannot transfer leadership")] * 500
    found = begin(datacenter, timeout=0)
    assert found["msg"].startswith("s1 leads, and does not hand over to s2: POST ") and held(datacenter) == ("", "")
    assert found["msg"].endswith("cannot transfer leadership")


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        ({"s3": {"alive": False, "healthy": False}}, "s3 is away"),
        ({"s1": {"alive": False}, "s3": {"alive": False}}, "s1, s3 is away"),
        ({"s3": {"healthy": False}}, "autopilot does not find s3 healthy"),
        ({"s3": {"voter": False}}, "of 2 voters (s1, s2) 2 must stay, for a leader"),
    ],
)
def test_a_server_that_cannot_be_missed(others: dict[str, dict[str, Any]], reason: str) -> None:
    datacenter = MadeUp(*ALL, me="s2")
    for name, changes in others.items():
        datacenter.servers[name].update(changes)
    for check in (True, False):
        found = begin(datacenter, check=check, timeout=0)
        assert found["msg"] == f"s2 cannot be missed, and was left as it is: {reason}"
    assert (held(datacenter), datacenter.sessions, datacenter.autopilot["MinQuorum"]) == (("", ""), {}, 0)


def test_what_passes_is_waited_for() -> None:
    """Autopilot looks every two seconds, and a leader that was elected just now knows nothing yet."""
    datacenter = MadeUp(*ALL, me="s2")
    datacenter.servers["s3"]["healthy"] = False
    asked = []

    def recover(path: str) -> None:
        asked.append(path)
        datacenter.servers["s3"]["healthy"] = asked.count("session/renew/session1") > 2

    datacenter.meanwhile = recover
    assert begin(datacenter, timeout=20)["session"] == "session1"
    assert asked.count("session/renew/session1") == 3


def test_one_that_is_away_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "AWAY_PATIENCE", 0.1)
    datacenter = MadeUp(*ALL, me="s2")
    datacenter.servers["s3"]["alive"] = False
    assert begin(datacenter, timeout=3600)["failed"]


def test_a_new_leader_that_says_for_a_moment_that_another_is_away() -> None:
    datacenter = MadeUp(*ALL)

    def forget(path: str) -> None:
        if path == "operator/raft/transfer-leader":
            datacenter.servers["s2"]["alive"] = False
        elif path == "session/renew/session1":
            datacenter.servers["s2"]["alive"] = True

    datacenter.meanwhile = forget
    datacenter.servers["s3"]["last_index"] = 8
    assert begin(datacenter, timeout=20)["leader"] == "s3"


@pytest.mark.parametrize(
    "datacenter",
    [
        MadeUp("s1"),
        MadeUp(*ALL, me="c4"),
    ],
    ids=["the only server", "a client"],
)
def test_who_can_be_missed_at_any_time(datacenter: MadeUp) -> None:
    found = begin(datacenter)
    assert (found["session"], found["voters"], datacenter.changes) == ("", [], [])


def test_without_a_leader_there_is_none_to_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    told = warnings(monkeypatch)
    assert begin(MadeUp(*ALL, leader=""))["session"] == ""
    assert told == ["s1 knows no leader, so that there is none to lose by its restart"]


def warnings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the module warns of from now on."""
    told: list[str] = []
    monkeypatch.setattr("ansible.module_utils.basic.AnsibleModule.warn", lambda _self, text, **_more: told.append(text))
    return told


def test_a_pair() -> None:
    assert "of 2 voters" in begin(MadeUp("s1", "s2", me="s2"), timeout=0)["msg"]
    datacenter = MadeUp("s1", "s2")
    assert begin(datacenter, pair=True)["leader"] == "s2" and datacenter.autopilot["MinQuorum"] == 2


# The lock


def test_two_servers_of_one_run() -> None:
    datacenter = MadeUp(*ALL)
    assert begin(datacenter)["session"]
    datacenter.me = "s2"
    assert begin(datacenter, timeout=3600)["msg"] == (
        "s1 is being restarted by this run, and servers are restarted one after the other: set serial: 1 in the play. s2 was "
        "left as it is"
    )
    assert held(datacenter) == ("s1", "session1")


def test_two_runs() -> None:
    datacenter = MadeUp(*ALL)
    assert begin(datacenter, run="anna at desk (process 7)")["session"]
    datacenter.me = "s2"
    said = begin(datacenter)["msg"]
    assert said.startswith("s1 is being changed already, by anna at desk (process 7) since 20")
    assert said.endswith("Z; s2 was left as it is") and held(datacenter) == ("s1", "session1")


@pytest.mark.parametrize("me", ["s1", "s2"])
def test_a_run_that_was_cut_off_holds_the_lock_no_longer_than_its_session_lives(me: str) -> None:
    datacenter = MadeUp(*ALL)
    assert begin(datacenter, run="before")["session"]
    datacenter.me = me
    asked: list[str] = []

    def lapse(path: str) -> None:
        asked.append(path)
        if asked.count(f"kv/{KEY}") == 3:
            datacenter.lapse("session1")

    datacenter.meanwhile = lapse
    assert begin(datacenter, timeout=20)["session"] and held(datacenter)[0] == me


def test_a_run_whose_session_has_lapsed_takes_the_lock_from_nobody() -> None:
    datacenter = MadeUp(*ALL, me="s2")
    late = begin(datacenter, run="before")
    datacenter.lapse(late["session"])
    other = begin(datacenter)["session"]
    assert not end(datacenter, session=late["session"], voters=OTHERS).get("failed")
    assert held(datacenter) == ("s2", other)


def test_another_takes_the_lock_in_the_same_moment() -> None:
    datacenter = MadeUp(*ALL)

    def another(path: str) -> None:
        if path == "session/create":
            datacenter.keys[KEY] = b'{"host": "s2", "run": "x", "since": "now"}', "another"

    datacenter.meanwhile = another
    assert begin(datacenter)["msg"] == "s2 is being changed already, by x since now; s1 was left as it is"
    assert datacenter.sessions == {}


def test_a_key_that_somebody_wrote() -> None:
    datacenter = MadeUp(*ALL)
    datacenter.keys[KEY] = b"7", "another"
    assert begin(datacenter)["msg"].startswith("somebody is being changed already, by another run since a moment")


# An agent that does not answer


@pytest.mark.parametrize(
    ("state", "servers", "refused"),
    [("running", 3, True), ("running", 1, False), ("stopped", 3, False), ("absent", 3, False)],
)
def test_an_agent_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch, state: str, servers: int, refused: bool
) -> None:
    container = {"State": {"Running": state == "running", "Restarting": False}}
    monkeypatch.setattr(agent_container, "inspect", lambda: None if state == "absent" else container)
    found = run_main(agent_step.main, url="http://127.0.0.1:9", state="begin", servers=servers, timeout=0)
    assert found.get("failed", False) is refused
    if refused:
        assert found["msg"].startswith("the agent runs and does not answer (GET http://127.0.0.1:9/v1/agent/self: ")
    else:
        assert found["session"] == ""


# ACLs that do not let us ask


@pytest.mark.parametrize(("path", "servers", "refused"), [("agent/self", 3, True), ("agent/self", 1, False)])
def test_nobody_may_look_whether_it_can_be_missed(
    monkeypatch: pytest.MonkeyPatch, path: str, servers: int, refused: bool
) -> None:
    datacenter = MadeUp(*ALL)
    datacenter.errors[path] = [(403, "Permission denied")]
    told = warnings(monkeypatch)
    found = begin(datacenter, servers=servers)
    assert found.get("failed", False) is refused
    assert refused or "nobody looks whether the agent can be missed: " in told[0]


def test_nobody_may_look_whether_it_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    datacenter = MadeUp("s1")
    datacenter.errors["agent/self"] = [(403, "Permission denied")]
    told = warnings(monkeypatch)
    assert not end(datacenter, timeout=3600).get("failed")
    assert "nobody looks whether the agent is back: " in told[0]
    # Who has the lock could ask before.
    datacenter.errors["agent/self"] = [(403, "Permission denied")] * 500
    assert "Permission denied, 0 s after" in end(datacenter, session="session1", timeout=0)["msg"]


# After the restart


def test_the_lock_is_given_back() -> None:
    datacenter = MadeUp(*ALL, me="s2")
    found = begin(datacenter)
    assert not end(datacenter, session=found["session"], voters=found["voters"]).get("failed")
    assert (datacenter.keys, datacenter.sessions) == ({}, {})


def change(name: str, **changes: Any) -> Callable[[MadeUp], None]:
    return lambda datacenter: datacenter.servers[name].update(changes)


def with_values(**values: Any) -> Callable[[MadeUp], None]:
    return lambda datacenter: vars(datacenter).update(values)


RAFT = "s2 is not back among the servers: "


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (with_values(leader=""), "s2 knows no leader"),
        (change("s2", voter=False), f"{RAFT}it has no vote yet"),
        (change("s2", healthy=False), f"{RAFT}autopilot does not find it healthy yet"),
        (change("s3", healthy=False), f"{RAFT}s3 was a healthy voter before, and is none now"),
        (lambda datacenter: datacenter.servers.pop("s3"), f"{RAFT}id-s3 was a healthy voter before, and is none now"),
        (with_values(applied=6), f"{RAFT}it has applied 6 of 7 entries of the Raft log"),
        (with_values(registered_id=""), "the catalog does not have the node s2"),
        (with_values(checks={"serfHealth": "critical"}), "the catalog does not have s2 as alive"),
        (with_values(checks={}), "the catalog does not have s2 as alive"),
        (with_values(services=["api", "db", "web"]), "the catalog does not have api, db of s2"),
    ],
)
def test_a_server_that_is_not_back(fault: Callable[[MadeUp], Any], reason: str) -> None:
    datacenter = MadeUp(*ALL, me="s2")
    session = begin(datacenter)["session"]
    fault(datacenter)
    found = end(datacenter, session=session, voters=OTHERS, timeout=0)
    assert found["msg"] == (
        f"{reason}, 0 s after the agent was started; no other was touched since. See docker logs consul, and run it again"
    )
    # It stays as a trace, until the session has lapsed.
    assert held(datacenter) == ("s2", session)


def test_a_server_that_the_others_removed() -> None:
    datacenter = MadeUp("s1", "s3", me="s2")
    datacenter.is_server = True
    assert end(datacenter, timeout=0)["msg"].startswith(f"{RAFT}the Raft configuration does not have it, ")


def test_a_server_is_waited_for() -> None:
    """First its agent has no leader, then no vote."""
    datacenter = MadeUp(*ALL, me="s2", leader="")
    datacenter.servers["s2"]["voter"] = False
    asked: list[str] = []

    def proceed(path: str) -> None:
        asked.append(path)
        if asked.count("status/leader") == 3:
            datacenter.leader = "s1"
        if asked.count("operator/raft/configuration") == 3:
            datacenter.servers["s2"]["voter"] = True

    datacenter.meanwhile = proceed
    assert not end(datacenter, timeout=20).get("failed")
    assert datacenter.autopilot["MinQuorum"] == 3


def test_one_that_was_away_is_back_although_another_still_is() -> None:
    datacenter = MadeUp(*ALL, me="s2")
    datacenter.servers["s3"].update(alive=False, healthy=False)
    assert not end(datacenter, timeout=0).get("failed")


def test_the_only_server_is_back() -> None:
    datacenter = MadeUp("s1")
    datacenter.servers["s1"]["healthy"] = False
    assert not end(datacenter, timeout=0).get("failed") and datacenter.changes == []


def test_a_client_is_back() -> None:
    datacenter = MadeUp(*ALL, me="c4")
    assert not end(datacenter, timeout=0).get("failed") and datacenter.changes == []
    datacenter.services = ["new"]
    assert end(datacenter, timeout=0)["msg"].startswith("the catalog does not have new of c4, ")


def test_a_node_whose_data_is_gone_has_its_name_again() -> None:
    """The catalog keeps the name for the former agent, as long as it thinks that alive."""
    datacenter = MadeUp(*ALL, me="s2")
    datacenter.registered_id = "former"
    assert not end(datacenter, timeout=20).get("failed")
    assert "PUT catalog/deregister" in datacenter.changes


@pytest.mark.parametrize(
    ("records", "acls", "expected"),
    [
        (["A 192.0.2.1"], False, ""),
        ([], False, "the agent answers NXDOMAIN for consul.service.consul"),
        ([], True, ""),
    ],
)
def test_its_dns_answers(monkeypatch: pytest.MonkeyPatch, records: list[str], acls: bool, expected: str) -> None:
    datacenter = MadeUp(*ALL, me="c4")
    datacenter.acls = acls
    with name_server(records, code=0 if records else 3) as port:
        monkeypatch.setattr(addresses, "DNS_PORT", port)
        assert end(datacenter, timeout=0).get("msg", "").partition(", ")[0] == expected


def test_its_dns_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "DNS_PORT", 9)
    said = end(MadeUp(*ALL, me="c4"), timeout=0)["msg"]
    assert said.startswith("the agent's DNS does not answer for consul.service.consul: Connection refused, ")


def test_check_mode_changes_nothing_and_asks_whether_it_could() -> None:
    datacenter = MadeUp(*ALL)
    assert begin(datacenter, check=True)["leader"] == ""
    datacenter.servers["s1"]["healthy"] = False
    assert not end(datacenter, check=True).get("failed")
    assert datacenter.changes == []


@pytest.mark.parametrize(("times", "fails"), [(3, False), (1000, True)])
def test_somebody_changes_autopilot_at_the_same_time(times: int, fails: bool) -> None:
    datacenter = MadeUp(*ALL, me="s2")
    left = [times]

    def change_it(path: str) -> None:
        if path == "operator/autopilot/configuration" and left[0]:
            left[0] -= 1
            datacenter.autopilot["ModifyIndex"] += 1

    datacenter.meanwhile = change_it
    found = begin(datacenter)
    assert found.get("msg", "") == ("autopilot's configuration never stays as it was read" if fails else "")
    assert datacenter.autopilot["MinQuorum"] == (0 if fails else 3)


def test_the_lock_lives_until_the_server_is_missed() -> None:
    """Gossip sees within some ten seconds that a server is away; Consul ends a session within twice its TTL."""
    assert 15 <= rollout_lock.TTL <= 60
