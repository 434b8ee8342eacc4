"""DNS follows what every kind of check sees, on every host, by its ordinary resolver."""

from __future__ import annotations

import pytest
from testinfra.host import Host

import lab

NODES = {"node1": "192.168.111.4", "node2": "192.168.111.5"}
testinfra_hosts = [lab.backend("node1")]

#: How each kind is made to fail and to recover on node1.
TARGET = ("systemctl stop target@{}", "systemctl start target@{}")
STATE = ("echo 2 > /var/lib/consul/state", "echo 0 > /var/lib/consul/state")
TTL = tuple(
    f"curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/check/{state}/service:by-ttl" for state in ("fail", "pass")
)
BREAKS = {
    "by-http": [part.format("http") for part in TARGET],
    "by-tcp": [part.format("tcp") for part in TARGET],
    "by-udp": [part.format("udp") for part in TARGET],
    "by-grpc": [part.format("grpc") for part in TARGET],
    "by-h2ping": [part.format("grpc") for part in TARGET],
    "by-alias": [part.format("http") for part in TARGET],
    "by-script": STATE,
}


def resolves(name: str, *expected: str) -> None:
    for node in NODES:
        lab.until_dig(lab.connect(node), f"{name}.service.consul", *expected)


@pytest.mark.parametrize(("name", "breaks"), BREAKS.items(), ids=BREAKS)
def test_fails_and_recovers(host: Host, name: str, breaks: list[str]) -> None:
    resolves(name, NODES["node1"])
    host.check_output(breaks[0])
    resolves(name)
    host.check_output(breaks[1])
    resolves(name, NODES["node1"])


def test_ttl_runs_out_and_is_refreshed(host: Host) -> None:
    """Nobody refreshed it yet, so it is critical; then it passes, is told to fail, passes, and runs out."""
    resolves("by-ttl")
    for state, expected in (("pass", [NODES["node1"]]), ("fail", []), ("pass", [NODES["node1"]])):
        host.check_output(f"curl -s --fail -X PUT http://127.0.0.1:8500/v1/agent/check/{state}/service:by-ttl")
        lab.until_dig(host, "by-ttl.service.consul", *expected)
    resolves("by-ttl")
    assert "TTL expired" in lab.api(host, "/v1/agent/checks")["service:by-ttl"]["Output"]


def test_a_check_in_a_container_needs_the_engines_socket(host: Host) -> None:
    """The agent's container has none, since that would make the agent root on the host: the check is critical."""
    check = lab.api(host, "/v1/agent/checks")["service:by-docker"]
    assert (check["Type"], check["Status"]) == ("docker", "critical")
    resolves("by-docker")


def test_a_warning_is_out_of_dns_unless_the_agent_is_told_otherwise(host: Host) -> None:
    host.check_output("echo 1 > /var/lib/consul/state")
    # Of the agents that dnsmasq may ask, only that of node2 leaves warnings out.
    lab.until_dig(lab.connect("node2"), "-p 8600 @127.0.0.1 by-script.service.consul")
    assert lab.api(host, "/v1/agent/checks")["script"]["Status"] == "warning"
    lab.until_dig(host, "-p 8600 @127.0.0.1 by-script.service.consul", NODES["node1"])
    host.check_output(STATE[1])
    resolves("by-script", NODES["node1"])


@pytest.mark.parametrize("node", NODES)
def test_ports_tags_and_rfc_2782_names(node: str) -> None:
    host = lab.connect(node)
    lab.until_dig(host, "by-http.service.consul", NODES["node1"])
    for name in ("by-http.service.consul", "_by-http._tcp.service.consul", "_by-http._flask-app.service.consul"):
        (answer,) = lab.dig(host, f"{name} SRV")
        assert answer.split() == ["1", "1", "7001", "node1.node.dc1.consul."], name
    assert lab.dig(host, "flask-app.by-http.service.consul") == [NODES["node1"]]
    assert lab.dig(host, "other.by-http.service.consul") == []
    assert {answer.split()[2] for answer in lab.dig(host, "web.service.consul SRV")} == {"81", "82"}
