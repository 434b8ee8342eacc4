"""A second run changes nothing, restarts nothing, and costs little: also in check mode and for one host."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import lab

NODES = ["node1", "node2", "node3"]
MOST_EXECUTIONS = 20


def running(nodes: list[str] = NODES) -> dict[str, tuple[str, str, str]]:
    """What a restart would change, by host."""
    return {
        node: (
            lab.inspect(host)["State"]["StartedAt"],
            host.check_output("systemctl show --property=MainPID --value dnsmasq-consul"),
            host.check_output("systemctl show --property=MainPID --value systemd-resolved"),
        )
        for node in nodes
        for host in [lab.connect(node)]
    }


@pytest.mark.parametrize("arguments", [[], ["--check", "--diff"], ["--limit", "node3"]], ids=" ".join)
def test_warm_run(tmp_path: Path, arguments: list[str]) -> None:
    before = running()
    counts = tmp_path / "counts.json"
    run = lab.play(
        "servicedns.consul.site",
        *arguments,
        ANSIBLE_CALLBACK_PLUGINS=str(lab.ROOT / "tests" / "support" / "callback_plugins"),
        ANSIBLE_CALLBACKS_ENABLED="task_count",
        TASK_COUNT_FILE=str(counts),
    )
    assert run.returncode == 0, run.stdout
    found = json.loads(counts.read_text())
    assert {host["changed"] for host in found.values()} == {0}
    assert set(found) >= ({"node3"} if "--limit" in arguments else set(NODES))
    assert max(host["executions"] for host in found.values()) <= MOST_EXECUTIONS, found
    assert running() == before


@pytest.mark.any_core
def test_consul_must_answer_where_the_agent_was_just_run() -> None:
    """The role alone would warn, and change dnsmasq without a look at Consul's names."""
    host = lab.connect("node3")
    before, configuration = running(), host.check_output("cat /etc/dnsmasq-consul.conf")
    rules = [f"OUTPUT -d 127.0.0.1 -p {protocol} --dport 8600 -j DROP" for protocol in ("udp", "tcp")]
    for rule in rules:
        host.check_output(f"iptables -I {rule}")
    try:
        change = '{"dnsmasq_forwarding_log_queries": true}'
        run = lab.play("servicedns.consul.site", "--limit", "node3", "--extra-vars", change)
    finally:
        for rule in rules:
            host.check_output(f"iptables -D {rule}")
    assert run.returncode != 0
    silent = "Consul's DNS at 127.0.0.1#8600 does not answer for consul.service.consul, and nothing was changed"
    assert silent in " ".join(run.stdout.split())
    assert host.check_output("cat /etc/dnsmasq-consul.conf") == configuration
    assert running() == before


def test_what_another_run_left_in_a_fact_cache_does_not_count(tmp_path: Path) -> None:
    """The server had another address then. Neither a run that leaves it out nor one with all hosts believes that."""
    settings = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts")}
    facts = {"consul_agent": {"address": "192.168.101.99", "retry_join": ["192.168.101.99"]}, "cacheable": True}
    task = {"name": "Cache it", "ansible.builtin.set_fact": facts}
    plays = [{"name": "Cache", "hosts": "consul_servers:consul_clients", "gather_facts": False, "tasks": [task]}]
    (tmp_path / "cache.yml").write_text(json.dumps(plays))
    run = lab.play(str(tmp_path / "cache.yml"), **settings)
    assert run.returncode == 0, run.stdout
    before = running()
    for arguments in (["--limit", "node3"], []):
        run = lab.play("servicedns.consul.site", *arguments, **settings)
        assert run.returncode == 0, run.stdout
        assert set(re.findall("changed=[0-9]+", run.stdout)) == {"changed=0"}
        assert lab.config(lab.connect("node3"))["retry_join"] == ["192.168.101.4"]
    assert running() == before


@pytest.mark.any_core
def test_a_run_without_the_server() -> None:
    """Its host is away: the agents keep what they have, and the run gets to its end."""
    clients = NODES[1:]
    before = running(clients)
    lab.docker("pause", lab.container("node1"))
    try:
        run = lab.play("servicedns.consul.site", "--limit", ",".join(clients))
        joins = {node: lab.config(lab.connect(node))["retry_join"] for node in clients}
    finally:
        lab.docker("unpause", lab.container("node1"))
    assert run.returncode == 0, run.stdout
    assert set(re.findall("changed=[0-9]+", run.stdout)) == {"changed=0"}
    assert "WARNING: the servers are away. The agent is as it was, and knows node1" in run.stdout
    assert joins == dict.fromkeys(clients, ["192.168.101.4"])
    assert running(clients) == before


def test_a_run_without_a_server_whose_address_nothing_tells(tmp_path: Path) -> None:
    """It cannot be asked either; the other server is enough."""
    pair = {"consul_agent_even_number_of_servers": True}
    away = {"consul_servers": {"hosts": {"node9": {"ansible_host": "away.invalid"}}, "vars": pair}}
    (tmp_path / "away.yml").write_text(json.dumps(away))
    before = running()
    run = lab.play("servicedns.consul.site", f"--inventory={tmp_path / 'away.yml'}", "--limit", ",".join(NODES[1:]))
    assert run.returncode == 0, run.stdout
    assert "node9" in "".join(re.findall("^.*UNREACHABLE.*$", run.stdout, re.MULTILINE))
    assert set(re.findall("changed=[0-9]+", run.stdout)) == {"changed=0"}
    assert running() == before
