# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""In which order agents are started and restarted, and what keeps a run from it."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import Datacenter
from ansible_collections.servicedns.consul.plugins.plugin_utils.rollout.plan import Host, Refused, plan

SERVERS = ("s1", "s2", "s3")


def datacenter(*servers: str, leader: str = "s1", away: tuple[str, ...] = (), ill: tuple[str, ...] = ()) -> Datacenter:
    """:arg ill: that autopilot does not find healthy"""
    """Servers by their names, with ids that are made of them."""
    return {
        "servers": [
            {
                "id": f"id-{name}",
                "node": name,
                "voter": True,
                "leads": name == leader,
                "alive": name not in away,
                "healthy": name not in away + ill,
                "last_index": 7,
            }
            for name in servers
        ],
        "members": [
            {
                "id": f"id-{name}",
                "node": name,
                "address": f"192.0.2.{name[1:]}",
                "server": True,
                "alive": name not in away,
                "version": "1.22.7",
            }
            for name in servers
        ],
    }


WHOLE = datacenter(*SERVERS)
#: How an agent may be found, by a word.
FOUND: dict[str, dict[str, Any]] = {
    "new": {"container": "absent", "restart": True},
    "waits": {"container": "running"},
    "down": {"container": "stopped", "raft": True},
    "gone": {"container": "absent", "restart": True, "raft": True},
    "crashing": {"container": "crashing", "raft": True},
    "lost": {"container": "running", "raft": True},
    "lost, other": {"container": "running", "raft": True, "restart": True},
    "same": {"container": "running", "raft": True, "leader": "192.0.2.1:8300"},
    "other": {"container": "running", "raft": True, "leader": "192.0.2.1:8300", "restart": True},
}


def host(name: str, found: str, seen: Datacenter | None = None, **changes: Any) -> Host:
    plain = Host(
        name=name,
        node=name,
        address=f"192.0.2.{name[1:]}",
        server=name.startswith("s"),
        container="absent",
        restart=False,
        version="",
        raft=False,
        node_id="",
        leader="",
        datacenter=None,
    )
    made = plain._replace(**FOUND[found])._replace(**changes)
    made = made._replace(raft=made.raft and made.server)
    return made._replace(
        node_id=changes.get("node_id", f"id-{name}" if found not in ("new",) else ""),
        datacenter=(seen or WHOLE) if made.leader else None,
    )


def planned(seen: Datacenter | None = None, servers: tuple[str, ...] = SERVERS, **found: Any) -> dict[str, Any]:
    """The plan for hosts that were found in a way, without what is empty."""
    made = plan([host(name, how, seen) for name, how in found.items()], servers)
    return {key: value for key, value in made._asdict().items() if value and key != "text"}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # Nothing to do.
        ({"s1": "same", "s2": "same", "s3": "same", "c4": "same"}, {"mode": "roll"}),
        ({"s2": "same"}, {"mode": "roll"}),
        # The first run, and one that was cut off before the first election.
        (
            {"s1": "new", "s2": "new", "s3": "new", "c4": "new"},
            {"mode": "bootstrap", "start": ["s1", "s2", "s3", "c4"]},
        ),
        ({"s1": "waits", "s2": "new", "s3": "new", "c4": "waits"}, {"mode": "bootstrap", "start": ["s2", "s3"]}),
        # One after the other, the leader last, whether or not all are in the run.
        (
            {"s1": "other", "s2": "other", "s3": "other", "c4": "other", "c5": "same", "c6": "new"},
            {"mode": "roll", "servers": ["s2", "s3", "s1"], "clients": ["c4", "c6"]},
        ),
        ({"s1": "other", "s2": "other"}, {"mode": "roll", "servers": ["s2", "s1"]}),
        ({"s3": "other", "c4": "other"}, {"mode": "roll", "servers": ["s3"], "clients": ["c4"]}),
        ({"c4": "other"}, {"mode": "roll", "clients": ["c4"]}),
        # New clients together, where no server is restarted.
        (
            {"s1": "same", "c4": "new", "c5": "other", "c6": "down"},
            {"mode": "roll", "start": ["c4", "c6"], "clients": ["c5"]},
        ),
        ({"c4": "new"}, {"mode": "start", "start": ["c4"]}),
        # Servers that are away come first; those that were cut off between the old container and the new are away.
        (
            {"s1": "other", "s2": "gone", "s3": "down"},
            {"mode": "roll", "start": ["s2", "s3"], "servers": ["s1"]},
        ),
        ({"s1": "other", "s2": "crashing", "s3": "same"}, {"mode": "roll", "start": ["s2"], "servers": ["s1"]}),
        # All at once were switched off, or a leader is not elected.
        (
            {"s1": "down", "s2": "gone", "s3": "lost", "c4": "lost"},
            {"mode": "start", "start": ["s1", "s2"]},
        ),
        ({"s1": "lost, other", "s2": "down", "s3": "down"}, {"mode": "start", "start": ["s1", "s2", "s3"]}),
        ({"s1": "down"}, {"mode": "start", "start": ["s1"]}),
        # Never one without data, as long as there is no leader.
        ({"s1": "down", "s2": "down", "s3": "new"}, {"mode": "start", "start": ["s1", "s2"], "waiting": ["s3"]}),
    ],
)
def test_order(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert planned(**found) == expected


def test_new_servers_come_before_the_others_are_restarted() -> None:
    """From one server to three: it is not missed any more when its turn comes. Clients start when all that is done."""
    alone = datacenter("s1")
    assert planned(alone, s1="other", s2="new", s3="new", c4="new") == {
        "mode": "roll",
        "join": ["s2", "s3"],
        "servers": ["s1"],
        "clients": ["c4"],
    }
    pair = datacenter("s1", "s2")
    assert planned(pair, s1="other", s2="same", s3="new")["servers"] == ["s1"]


def test_one_server_alone_is_restarted() -> None:
    alone = datacenter("s1")
    assert planned(alone, servers=("s1",), s1="other", c2="other") == {
        "mode": "roll",
        "servers": ["s1"],
        "clients": ["c2"],
    }


def test_a_pair_is_restarted_where_that_is_wanted() -> None:
    hosts = [host(name, "other", datacenter("s1", "s2")) for name in ("s1", "s2")]
    with pytest.raises(
        Refused, match=r"^s1, s2 are to be restarted, .*: of 2 voters \(s1, s2\) 2 must stay, for a leader"
    ):
        plan(hosts, ("s1", "s2"))
    assert plan(hosts, ("s1", "s2"), pair=True).servers == ["s2", "s1"]


NOBODY = (
    "no agent of this run knows a leader, no server of it has data, and {} not in it: nobody can tell whether there is a "
    "datacenter already, and {} might begin another. Run it on all servers, or on a host as well whose agent has joined"
)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"s1": "new", "s2": "new"}, NOBODY.format("s3 is", "s1, s2")),
        ({"s2": "new", "c4": "new"}, NOBODY.format("s1, s3 are", "s2")),
        ({"s1": "waits", "s2": "new"}, NOBODY.format("s3 is", "s2")),
    ],
)
def test_nobody_can_tell(found: dict[str, Any], expected: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(**found)
    assert str(refused.value) == expected


def test_an_agent_of_the_run_that_has_joined_can_tell() -> None:
    assert planned(datacenter("s1", "s2"), s3="new", c4="same") == {"mode": "roll", "join": ["s3"]}


@pytest.mark.parametrize(
    ("found", "seen", "expected"),
    [
        # One that is away and not in the run.
        (
            {"s1": "other", "s2": "other"},
            {"away": ("s3",)},
            "s1, s2 are to be restarted, and cannot be missed: s3 is away",
        ),
        ({"s1": "other", "s2": "same"}, {"away": ("s3",)}, "s1 is to be restarted, and cannot be missed: s3 is away"),
    ],
)
def test_others_are_away(found: dict[str, Any], seen: dict[str, Any], expected: str) -> None:
    with pytest.raises(Refused) as refused:
        planned(datacenter(*SERVERS, **seen), **found)
    assert str(refused.value) == expected


def test_what_passes_is_left_to_the_step() -> None:
    seen = datacenter(*SERVERS, ill=("s3",))
    assert planned(seen, s1="other", s2="same", s3="same") == {"mode": "roll", "servers": ["s1"]}


def test_who_is_not_to_be_restarted_may_be_with_servers_that_are_away() -> None:
    seen = datacenter(*SERVERS, away=("s3",))
    assert planned(seen, s1="same", s2="same", c4="other") == {"mode": "roll", "clients": ["c4"]}
    assert planned(seen, s1="same", s2="same", s4="new", servers=("s1", "s2", "s4"))["join"] == ["s4"]
    # It is the one that is away from the others, and cannot be missed more than it is.
    assert planned(seen, s1="same", s3="other")["servers"] == ["s3"]


def test_foreign_data() -> None:
    hosts = [host("s1", "same"), host("s2", "down", node_id="another"), host("s3", "down", node_id="")]
    with pytest.raises(Refused) as refused:
        plan(hosts, SERVERS)
    text = "{} that the datacenter of s1, s2, s3 does not know: move its data directory away, and the server joins as a new one"
    assert str(refused.value) == "; ".join(
        [text.format("s2 has the data of a server another"), text.format("s3 has the data of a server without an id")]
    )


def test_a_server_that_autopilot_removed_is_started() -> None:
    seen: Datacenter = {
        "servers": datacenter("s1", "s2")["servers"],
        "members": datacenter(*SERVERS, away=("s3",))["members"],
    }
    assert planned(seen, s1="same", s3="down") == {"mode": "roll", "start": ["s3"]}


def test_two_datacenters() -> None:
    hosts = [host("s1", "same", datacenter("s1")), host("s2", "same", datacenter("s2", "s3"))]
    with pytest.raises(Refused) as refused:
        plan(hosts, SERVERS)
    assert (
        "there are two datacenters, by the servers that agents have (s1: s1; s2: s2, s3): decide which one stays, and take the "
        "others' servers away with their data"
    ) in str(refused.value)
    # While a server joins, one agent may know of it and another not.
    hosts = [host("s1", "same", datacenter("s1", "s2")), host("s2", "same", datacenter("s1", "s2", "s3"))]
    assert plan(hosts, SERVERS).mode == "roll"


@pytest.mark.parametrize(("address", "away"), [("192.0.2.2", ()), ("192.0.2.99", ("s2",))])
def test_a_host_that_was_made_anew_keeps_its_name(address: str, away: tuple[str, ...]) -> None:
    """It has its former address, or its agent is known to be away."""
    hosts = [host("s1", "same", datacenter(*SERVERS, away=away)), host("s2", "new", address=address)]
    assert plan(hosts, SERVERS).join == ["s2"]


def test_a_name_that_another_host_has() -> None:
    hosts = [host("s1", "same"), host("c9", "new", node="s2")]
    with pytest.raises(Refused) as refused:
        plan(hosts, SERVERS)
    assert str(refused.value) == (
        "c9: the node name s2 is that of an agent at 192.0.2.2: set another consul_agent_node_name, or stop that agent"
    )


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"s1": "same"}, []),
        (
            {"s1": "new", "s2": "new", "s3": "new"},
            ["start together (there is no datacenter yet): s1, s2, s3"],
        ),
        (
            {"s1": "down", "s2": "down", "s3": "new"},
            [
                "start together (no agent of this run knows a leader): s1, s2",
                "leave until there is a leader, since without data: s3",
            ],
        ),
        (
            {"s1": "other", "s2": "down", "s3": "other", "c4": "other", "c5": "other"},
            [
                "start together (they are away): s2",
                "restart one after the other: s3, s1, which leads now",
                "then the clients, in batches: c4, c5",
            ],
        ),
        ({"s1": "other"}, ["restart one after the other: s1, which leads"]),
        ({"s2": "other"}, ["restart one after the other: s2"]),
    ],
)
def test_the_order_for_people(found: dict[str, Any], expected: list[str]) -> None:
    assert plan([host(name, how) for name, how in found.items()], SERVERS).text == expected


def test_new_servers_for_people() -> None:
    hosts = [host("s1", "same", datacenter("s1")), host("s2", "new"), host("s3", "new")]
    assert plan(hosts, SERVERS).text == ["start as new servers, one after the other: s2, s3"]


def test_where_the_datacenter_tells_us_nothing_the_order_is_the_inventory_s() -> None:
    """With ACLs, for example. The step of each server still asks."""
    hosts = [host(name, "other")._replace(datacenter=None) for name in SERVERS]
    assert plan(hosts, SERVERS).servers == ["s1", "s2", "s3"]


def test_versions_that_are_refused() -> None:
    seen = datacenter(*SERVERS)
    hosts = [host(name, "other", seen, version="1.21.0") for name in SERVERS]
    with pytest.raises(Refused, match=r"^s1, s2, s3: consul_agent_image is Consul 1\.21\.0, and 1\.22\.7 runs: "):
        plan(hosts, SERVERS)
    withdrawn = [host("s1", "new", version="1.22.4")]
    with pytest.raises(Refused, match="^s1: consul_agent_image is Consul 1.22.4, which was withdrawn"):
        plan(withdrawn, ["s1"])
