# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The order in which site.yml starts and restarts agents, on hosts that are made up."""

from __future__ import annotations

from pathlib import Path

from simulated_site import Site

CHANGED = {"consul_agent_flags": {"disable-keyring-file": True}}


def steps(*hosts: str) -> list[str]:
    """What is done to servers, one after the other."""
    return [f"{what} {host}" for host in hosts for what in ("begin", "file(restart)", "container", "leader", "end")]


def test_one_server(tmp_path: Path) -> None:
    """Its first run, and one that has nothing to do."""
    site = Site(tmp_path, servers=1, clients=1)
    run = site.run()
    assert run.returncode == 0, run.stdout + run.stderr
    events = site.events()
    assert set(events[:2]) == {"file(ready) s1", "file(ready) c2"}
    assert set(events[2:]) == {f"{what} {host}" for host in ("s1", "c2") for what in ("container", "leader")}
    assert "start together (there is no datacenter yet): s1, c2" in run.stdout
    site.elect()
    run = site.run()
    assert run.returncode == 0, run.stdout + run.stderr
    assert sorted(site.events()) == ["file(ready) c2", "file(ready) s1", "leader c2", "leader s1"]
    assert run.stdout.count("skipping: no hosts matched") == 4


def test_a_change_of_all_agents(tmp_path: Path) -> None:
    """One server after the other, the leader last. Where one is not back the rest stays, and the next run goes on there."""
    site = Site(tmp_path, servers=3, clients=2)
    for host in site.all:
        site.change(host, container="running", label="former")
    site.elect()
    check = site.run("--check", "--limit", "s1,s2,c4", **CHANGED)
    assert "restart one after the other: s2, s1, which leads now" in check.stdout
    assert "then the clients, in batches: c4" in check.stdout
    assert "file(ready) s3" not in site.events()

    site.change("s3", fails="end")
    run = site.run(**CHANGED)
    assert run.returncode != 0
    assert site.events("file(ready)") == steps("s2", "s3")

    # All servers of a run know that it is one.
    assert len(set((site.hosts / "runs").read_text().splitlines())) == 1

    site.change("s3", fails="")
    run = site.run(**CHANGED)
    assert run.returncode == 0, run.stdout + run.stderr
    assert site.events("file(ready)") == [
        *steps("s1"),
        *(step for client in ("c4", "c5") for step in steps(client)[1:]),
        *(event for event in site.events("file(ready)") if event in ("leader s2", "leader s3")),
    ]
    assert site.events("file(ready)")[-2:] in (["leader s2", "leader s3"], ["leader s3", "leader s2"])


def test_nothing_is_restarted_where_a_host_is_not_ready(tmp_path: Path) -> None:
    site = Site(tmp_path, servers=1, clients=2)
    for host in site.all:
        site.change(host, container="running", label="former")
    site.elect()
    site.change("c3", fails="ready")
    run = site.run(**CHANGED)
    assert run.returncode != 0 and "the image is missing" in run.stdout
    assert site.events("file(ready)") == []


def test_a_server_that_is_refused_its_turn(tmp_path: Path) -> None:
    """And a plan that is: a server is away, which is not in the run."""
    site = Site(tmp_path, servers=3, clients=0)
    for host in site.all:
        site.change(host, container="running", label="former")
    site.elect()
    site.change("s2", fails="begin")
    run = site.run()
    assert run.returncode != 0 and site.events("file(ready)") == ["begin s2"]
    site.change("s3", container="stopped")
    run = site.run("--limit", "s1,s2")
    assert run.returncode != 0 and site.events("file(ready)") == []
    assert "s1, s2 are to be restarted, and cannot be missed: s3 is away" in run.stdout


def test_servers_that_are_away_together_are_started_together(tmp_path: Path) -> None:
    """And one without data waits for the leader that they elect."""
    site = Site(tmp_path, servers=3, clients=0)
    for host in site.all:
        site.change(host, container="stopped", label="former")
    site.elect()
    site.change("s3", container="absent", raft=False, node_id="")
    run = site.run()
    assert run.returncode == 0, run.stdout + run.stderr
    events = site.events("file(ready)")
    assert max(map(events.index, ("begin s1", "begin s2"))) < min(map(events.index, ("container s1", "container s2")))
    assert not any(event.endswith("s3") for event in events)
    assert "leave until there is a leader, since without data: s3" in run.stdout
    site.run()
    assert [event for event in site.events("file(ready)") if event.endswith("s3")] == [
        event for event in steps("s3") if not event.startswith("file")
    ]
