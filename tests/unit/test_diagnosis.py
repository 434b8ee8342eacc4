# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of all hosts together, and what a playbook of diagnosis refuses."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import pytest
from plays import run_tasks

from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, lookup_path

NODES = {"host1": "node1", "host2": "node2"}
MEMBERS = [
    {"name": name, "address": f"192.0.2.{number}", "status": "alive", "version": "1.22.7", "server": number == 1}
    for number, name in enumerate(NODES.values(), 1)
]
GIB = 1024**3


def result(**changes: Any) -> dict[str, Any]:
    """What a healthy host tells, with changes at paths that are written with two underscores."""
    told: dict[str, Any] = copy.deepcopy(
        {
            "broken": "",
            "hops": [
                {
                    "hop": hop,
                    "state": "ok",
                    "cause": "",
                    "next_step": "",
                    "replies": [{"milliseconds": [3.0, 1.04, 9.0]}],
                }
                for hop in lookup_path.HOPS
            ],
            "names": {"web.service.consul": {"addresses": ["192.0.2.5"]}},
            "agent": {
                "members": MEMBERS,
                "nodes": [{"node": node, "address": "192.0.2.9", "meta": {}} for node in NODES.values()],
                "critical": [],
                "image": {"running": "consul:1", "declared": "consul:1", "same": True},
            },
            "host": {"skew": 0.0, "disk": {"path": "/data", "free": 50 * GIB, "size": 100 * GIB}},
        }
    )
    for path, value in changes.items():
        *parts, last = path.split("__")
        place = told
        for part in parts:
            place = place[part]
        place[last] = value
    return told


def with_hop(hop: str, state: str, **changes: Any) -> dict[str, Any]:
    told = result(broken=hop if state == "broken" else "", **changes)
    for found in told["hops"]:
        if found["hop"] == hop:
            found.update(state=state, cause="the cause", next_step="the next step", replies=[])
    return told


def found(*results: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    rows = [diagnosis.row(host, told) for host, told in zip(NODES, results, strict=False)]
    return [(item.severity, ",".join(item.hosts), item.what, item.text) for item in diagnosis.findings(rows, NODES)]


def test_nothing_is_found_on_healthy_hosts() -> None:
    assert found(result(), result()) == []


def member(name: str, **changes: Any) -> list[dict[str, Any]]:
    return [item | (changes if item["name"] == name else {}) for item in MEMBERS]


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
            [("broken", "host1", "name", "web.service.consul does not resolve: the catalogue has no healthy instance of it")],
        ),
        # Then the path is what is to be said.
        (with_hop("application", "fails", names={"web.service.consul": {"addresses": []}}), []),
        (
            result(agent__members=[*MEMBERS, STRANGER]),
            [("warning", "other", "member", "the datacentre has the member other (192.0.2.66, alive), and the inventory does not")],
        ),
        (result(agent__members=[*MEMBERS, STRANGER | {"status": "left"}]), []),
        (
            result(agent__nodes=[*result()["agent"]["nodes"], LEFT]),
            [("warning", "old", "member", "the catalogue has the node old (192.0.2.77), which is no member")],
        ),
        (result(agent__nodes=[*result()["agent"]["nodes"], LEFT | {"meta": {"external-node": "true"}}]), []),
        (result(agent__critical=[CHECK]), [("broken", "node2", "check", "DNS leaves out web: the check http is critical")]),
        (result(agent__critical=[CHECK | {"id": "serfHealth"}]), []),
        (
            result(agent__members=member("node2", version="1.21.0")),
            [("warning", "node1,node2", "version", "the agents are of different versions (1.21.0: node2; 1.22.7: node1, node2)")],
        ),
        (
            result(agent__image={"running": "consul:1", "declared": "consul:2", "same": True}),
            [("warning", "host1", "image", "the agent runs consul:1, and consul_agent_image is consul:2")],
        ),
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
    ],
)  # fmt: skip
def test_found(told: dict[str, Any], expected: list[tuple[str, str, str, str]]) -> None:
    assert found(told, result()) == expected


def test_members_that_the_inventory_has() -> None:
    """Of a host outside of the run the others tell, when all of them say so; of one in the run it is told already."""
    failed = result(agent__members=member("node2", status="failed"))
    gone = "the inventory has this host, and its node node2 is"
    assert found(failed) == [("broken", "host2", "member", f"{gone} failed in the datacentre")]
    assert found(result(agent__members=MEMBERS[:1])) == [
        ("broken", "host2", "member", f"{gone} no member in the datacentre")
    ]
    assert found(failed, result()) == [], "one sees it alive"
    assert [what for _severity, _host, what, _text in found(failed, {"unreachable": True, "msg": "x"})] == ["host"]
    assert [
        what for _severity, _host, what, _text in found(failed, with_hop("agent", "broken", agent__members=[]))
    ] == ["agent"]


def test_what_is_broken_comes_first() -> None:
    assert [finding[0] for finding in found(result(host__skew=9.0), with_hop("agent", "broken"))] == [
        "broken",
        "warning",
    ]


def test_table() -> None:
    """The first hop that is to blame is marked, and only it."""
    told = with_hop("nsswitch", "broken")
    for hop in told["hops"]:
        if hop["hop"] in ("dnsmasq", "servers", "resolver", "application"):
            states = {"dnsmasq": "broken", "servers": "unknown", "resolver": "absent", "application": "fails"}
            hop.update(state=states[hop["hop"]])
    rows = [diagnosis.row("host1", told), diagnosis.row("a-longer-name", {"unreachable": True, "msg": "x"})]
    assert diagnosis.table(rows) == [
        "host           application  nsswitch   resolv.conf  resolver  dnsmasq  agent      servers  services",
        "host1          fails        => BROKEN  ok 3.0 ms    -         BROKEN   ok 3.0 ms  ?        ok 3.0 ms",
        "a-longer-name  ?            ?          ?            ?         ?        ?          ?        ?",
    ]


def test_sentences_name_some_hosts() -> None:
    finding = diagnosis.Finding("warning", [f"h{number}" for number in range(9)], "clock", "text", "do this")
    assert diagnosis.sentences([finding]) == ["h0, h1, h2, h3 and 5 more: warning: clock: text", "    -> do this"]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (result(), "1 host asked: nothing is broken"),
        (result(host__skew=9.0), "1 host asked: nothing is broken, and 1 warning"),
        (with_hop("agent", "broken"), "1 host asked: 1 thing broken on host1; first: host1: agent: the cause"),
    ],
)
def test_summary(told: dict[str, Any], text: str) -> None:
    rows = [diagnosis.row("host1", told)]
    assert diagnosis.summary(rows, diagnosis.findings(rows, NODES)) == text


@pytest.mark.parametrize(
    ("before", "clock", "after", "expected"),
    [(10, 11, 12, 0), (10, 10, 10, 0), (10, 4, 12, -6), (10, 15, 12, 3)],
)
def test_skew(before: float, clock: float, after: float, expected: float) -> None:
    """A clock that was read between two moments of ours may be right."""
    assert diagnosis.skew(before, clock, after) == expected


def test_declared_takes_id_and_name_and_no_secret() -> None:
    variables = {
        "consul_services_definitions": [
            {"name": "web", "token": "7e57"},
            {"name": "web", "id": "web-2"},
            "no mapping",
            {},
        ],
        "consul_services_definitions_more": [{"name": "with_underscore"}],
        "consul_services_agent_url": "http://127.0.0.1:8500",
    }
    services = diagnosis.declared(variables)
    assert services == [
        {"id": "web", "name": "web"},
        {"id": "web-2", "name": "web"},
        {"id": "with_underscore", "name": "with_underscore"},
    ]
    assert diagnosis.names_of(services, "consul") == ["web.service.consul"], (
        "a name that DNS cannot carry is not asked for"
    )


@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        ("flapp1.service.consul", 10, []),
        ("flapp1.service.consul.", "1", []),
        ("_flapp1._tcp.service.consul", 600, []),
        ("", 10, ["dns_trace_name: '' is no DNS name, such as flapp1.service.consul"]),
        ("a..b", 10, ["dns_trace_name: 'a..b' is no DNS name, such as flapp1.service.consul"]),
        ("flapp1 service", 10, ["dns_trace_name: 'flapp1 service' is no DNS name, such as flapp1.service.consul"]),
        ("x;reboot", 10, ["dns_trace_name: 'x;reboot' is no DNS name, such as flapp1.service.consul"]),
        ("x" * 64, 10, [f"dns_trace_name: {'x' * 64!r} is no DNS name, such as flapp1.service.consul"]),
        ("a.b", 0, ["dns_trace_seconds: '0' must be a number from 1 to 600"]),
        ("a.b", 10000, ["dns_trace_seconds: '10000' must be a number from 1 to 600"]),
        ("a.b", "1.5", ["dns_trace_seconds: '1.5' must be a number from 1 to 600"]),
        ("a.b", -1, ["dns_trace_seconds: '-1' must be a number from 1 to 600"]),
        ("a.b", "soon", ["dns_trace_seconds: 'soon' must be a number from 1 to 600"]),
    ],
)
def test_trace_faults(name: Any, seconds: Any, expected: list[str]) -> None:
    assert list(diagnosis.trace_faults(name, seconds)) == expected


def test_output_fault(tmp_path: Path) -> None:
    assert diagnosis.output_fault("x_output", str(tmp_path / "file")) == ""
    assert (
        diagnosis.output_fault("x_output", str(tmp_path)) == f"x_output: {tmp_path} is a directory, and must be a file"
    )
    missing = tmp_path / "no" / "file"
    assert (
        diagnosis.output_fault("x_output", str(missing))
        == f"x_output: there is no directory {missing.parent} on the control node"
    )


def test_directory_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert diagnosis.directory_fault("x_directory", str(tmp_path / "new" / "deep")) == ""
    assert (
        diagnosis.directory_fault("x_directory", str(tmp_path / "file"))
        == f"x_directory: {tmp_path / 'file'} is no directory"
    )
    below = tmp_path / "file" / "below"
    assert diagnosis.directory_fault("x_directory", str(below)) == (
        f"x_directory: {below} cannot be written by the user who runs the playbook"
    )


def test_a_file_of_others_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Asked of the operating system, which lets root write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    cannot = "cannot be written by the user who runs the playbook"
    assert diagnosis.output_fault("x_output", str(tmp_path / "file")) == f"x_output: {tmp_path / 'file'} {cannot}"
    assert diagnosis.directory_fault("x_directory", str(tmp_path)) == f"x_directory: {tmp_path} {cannot}"


def test_the_action_reads_the_whole_inventory(tmp_path: Path) -> None:
    inventory = {
        "consul_servers": {"hosts": {"one.example.com": {}}},
        "consul_clients": {
            "hosts": {
                "two": {
                    "consul_agent_node_name": "second",
                    "consul_agent_domain": "example",
                    "consul_services_definitions": [{"name": "{{ 'we' }}b", "token": "7e57"}],
                }
            }
        },
    }
    tasks: list[dict[str, Any]] = [
        {"servicedns.consul.diagnosis": {}, "register": "read", "run_once": True},
        {
            "ansible.builtin.copy": {"content": "{{ read | to_json }}", "dest": str(tmp_path / "read")},
            "delegate_to": "localhost",
        },
    ]
    run = run_tasks(tmp_path, tasks, inventory, "--limit", "one.example.com")
    assert run.returncode == 0, run.stdout + run.stderr
    read = (tmp_path / "read").read_text()
    for part in (
        '"one.example.com": "one"',
        '"two": "second"',
        '"names": ["web.service.example"]',
        '"services": ["web"]',
    ):
        assert part in read
    assert '"image": "hashicorp/consul:' in read, "the role's default"
    assert "7e57" not in read


def test_the_action_says_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    task = {
        "servicedns.consul.diagnosis": {
            "trace": {"name": "a b", "seconds": 0},
            "files": {"doctor_output": "/no/such/file", "report_output": ""},
            "directories": {"dns_trace_directory": "/dev/null"},
        }
    }
    run = run_tasks(tmp_path, [task], {"consul_servers": {"hosts": {"one": {}}}})
    assert run.returncode != 0
    for text in (
        "dns_trace_name: 'a b'",
        "dns_trace_seconds: '0'",
        "doctor_output: there is no",
        "dns_trace_directory: /dev/null is no",
    ):
        assert text in run.stdout + run.stderr
    assert "report_output" not in run.stdout
