# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The steps of a roll in a real datacenter of three servers. Each test leaves it whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from module_runs import run_main
from real_servers import RealServers, real_servers

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, datacenter
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentRefused, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.modules import agent_step, node_removal

PATIENCE = 90.0  # seconds
NAMES = ("s1", "s2", "s3")
RUNNING = {"State": {"Running": True, "Restarting": False}}


def until(what: Callable[[], Any]) -> Any:
    """Wait until something is so, and the agents that are asked for it answer."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            if found := what():
                return found
        except HostError:
            pass
        assert time.monotonic() < end
        time.sleep(0.5)


@pytest.fixture(name="servers", scope="module")
def _servers() -> Iterator[RealServers]:
    with real_servers() as servers:
        until(lambda: is_whole(servers))
        yield servers


@pytest.fixture(autouse=True)
def whole(servers: RealServers, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """After each test all are servers, and nobody has the lock."""
    monkeypatch.setattr(agent_container, "inspect", lambda: RUNNING)
    yield
    until(lambda: is_whole(servers))
    with pytest.raises(AgentRefused, match="404"):
        client(servers, "s1").get("kv", "servicedns.consul", "rollout")


def client(servers: RealServers, name: str) -> ConsulClient:
    return ConsulClient(servers.url(name), timeout=5)


def is_whole(servers: RealServers) -> bool:
    """Whether all three vote and are healthy."""
    found = datacenter.servers_of(client(servers, "s1"))
    return sorted(each["node"] for each in found if each["voter"] and each["healthy"]) == list(NAMES)


def leader(servers: RealServers) -> str:
    found = datacenter.servers_of(client(servers, "s1"))
    return next(each["node"] for each in found if each["leads"])


def begin(servers: RealServers, name: str, **options: Any) -> dict[str, Any]:
    given = {"state": "begin", "servers": 3, "run": "this run", **options}
    return run_main(agent_step.main, url=servers.url(name), **given)


def end(servers: RealServers, name: str, begun: dict[str, Any], **options: Any) -> dict[str, Any]:
    told = {key: begun[key] for key in ("session", "voters")}
    return run_main(agent_step.main, url=servers.url(name), state="end", **told, **options)


def test_all_are_restarted_the_leader_last(servers: RealServers) -> None:
    leads = leader(servers)
    for name in sorted(NAMES, key=lambda each: each == leads):
        begun = begin(servers, name)
        assert (bool(begun["leader"]), len(begun["voters"])) == (name == leads, 3), begun
        assert leader(servers) != name
        servers.restart(name)
        assert not end(servers, name, begun).get("failed")
    assert client(servers, "s1").get("operator", "autopilot", "configuration")["MinQuorum"] == 3


def test_another_is_refused_meanwhile(servers: RealServers) -> None:
    begun = begin(servers, "s1")
    assert "set serial: 1 in the play" in begin(servers, "s2")["msg"]
    assert "s1 is being changed already, by this run" in begin(servers, "s3", run="another", timeout=1)["msg"]
    assert not end(servers, "s1", begun).get("failed")


def test_a_run_that_was_cut_off_is_waited_for(servers: RealServers) -> None:
    begin(servers, "s1", run="before")
    begun = begin(servers, "s2")
    assert not end(servers, "s2", begun).get("failed"), begun


def test_none_is_restarted_while_another_is_away(servers: RealServers) -> None:
    """Autopilot leaves it in its place, however long that is, and when it is back all is as it was."""
    servers.stop("s3")
    until(lambda: not all(each["alive"] for each in datacenter.servers_of(client(servers, "s1"))))
    for name in ("s1", "s2"):
        assert begin(servers, name)["msg"] == f"{name} cannot be missed, and was left as it is: s3 is away"
    time.sleep(15)
    assert len(datacenter.servers_of(client(servers, "s1"))) == 3
    servers.restart("s3")
    assert not end(servers, "s3", {"session": "", "voters": []}).get("failed")


def test_a_server_that_is_made_anew(servers: RealServers) -> None:
    """At once, so that the others think its former agent alive, and the catalog keeps the name for that."""

    def identity() -> str:
        found = {node["Node"]: node["ID"] for node in client(servers, "s1").get("catalog", "nodes")}
        return str(found.get("s3"))

    before = identity()
    servers.remove("s3")
    servers.start("s3")
    assert not end(servers, "s3", {"session": "", "voters": []}, timeout=120).get("failed")
    assert identity() not in (before, "None")


def removal(servers: RealServers, state: str, node: str, asked: str = "s1", **options: Any) -> dict[str, Any]:
    given = {"state": state, "node": node, "run": "this run", **options}
    return run_main(node_removal.main, url=servers.url(asked), **given)


def known(servers: RealServers) -> list[set[str]]:
    """The nodes that gossip, Raft and the catalog have."""
    asked = client(servers, "s1")
    return [
        {member["node"] for member in datacenter.members_of(asked)},
        {server["node"] for server in datacenter.servers_of(asked)},
        {node["Node"] for node in asked.get("catalog", "nodes")},
    ]


@pytest.mark.parametrize("leaves", [True, False])
def test_a_server_goes_for_good(servers: RealServers, leaves: bool) -> None:
    """Whether it can say so or not. Two stay, of which one more may go; a new one joins."""
    node = leader(servers) if leaves and leader(servers) != "s1" else "s3"
    if not leaves:
        servers.stop(node)
        until(lambda: not all(each["alive"] for each in datacenter.servers_of(client(servers, "s1"))))
    assert not removal(servers, "begin", node, check=True).get("failed")
    begun = removal(servers, "begin", node)
    assert begun.get("session"), begun
    if leaves:
        early = removal(servers, "end", node, session=begun["session"], timeout=1)["msg"]
        assert early == f"{node} is not gone 1 s after it was to leave: its agent is still there, and would come back"
        assert removal(servers, "leave", node, asked=node)["changed"]
    servers.remove(node)
    ended = removal(servers, "end", node, session=begun["session"])
    assert ended["changed"], ended
    assert known(servers) == [set(NAMES) - {node}] * 3
    assert client(servers, "s1").get("operator", "autopilot", "configuration")["MinQuorum"] == 2
    # Once more, as a run does that was cut off.
    again = removal(servers, "begin", node)
    assert (again["changed"], again["session"]) == (False, "")
    assert not removal(servers, "end", node)["changed"]
    servers.start(node)
    # Autopilot would remove a third one that is away, as long as nobody tells it to keep three.
    assert not end(servers, node, {"session": "", "voters": []}).get("failed")
    assert client(servers, "s1").get("operator", "autopilot", "configuration")["MinQuorum"] == 3


def test_what_cannot_be_removed(servers: RealServers) -> None:
    assert "s1 is to be removed, and is the node that is asked" in removal(servers, "begin", "s1")["msg"]
    servers.stop("s3")
    until(lambda: not all(each["alive"] for each in datacenter.servers_of(client(servers, "s1"))))
    assert removal(servers, "begin", "s2")["msg"] == "s2 cannot be missed, and was left as it is: s3 is away"
    servers.restart("s3")
