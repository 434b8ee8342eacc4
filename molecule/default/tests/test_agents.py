"""The agents run with the flags that operators know, keep their data, and are reached only as they should be."""

from __future__ import annotations

import ipaddress

import pytest
from testinfra.host import Host

import lab

NODES = {"node1": "192.168.101.4", "node2": "192.168.101.5", "node3": "192.168.101.6"}
IMAGE = "hashicorp/consul:1.22.7"
testinfra_hosts = [lab.backend(node) for node in NODES]


@pytest.fixture
def node(host: Host) -> str:
    name: str = host.check_output("hostname")
    return name


def test_flags_of_every_agent(host: Host, node: str) -> None:
    flags = lab.flags(host)
    assert flags["-node"] == [node]
    assert flags["-datacenter"] == ["dc1"]
    assert flags["-bind"] == flags["-advertise"] == [NODES[node]]
    assert flags["-client"] == ["127.0.0.1"]
    assert flags["-enable-local-script-checks"] == [""]
    assert "-enable-script-checks" not in flags
    assert flags["-ui"] == [""]


def test_what_server_and_client_are_told(host: Host, node: str) -> None:
    config = lab.config(host)
    server = node == "node1"
    assert lab.flags(host).get("-server") == ([""] if server else None)
    assert config.get("bootstrap_expect") == (1 if server else None)
    assert config["retry_join"] == ([] if server else [NODES["node1"]])


def test_container(host: Host) -> None:
    found = lab.inspect(host)
    assert found["Config"]["Image"] == IMAGE
    assert found["HostConfig"]["NetworkMode"] == "host"
    assert found["HostConfig"]["RestartPolicy"]["Name"] == "unless-stopped"
    assert found["HostConfig"]["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "3"}}
    assert found["HostConfig"]["Memory"] == 0
    assert found["Config"]["StopTimeout"] == 30
    mounts = {mount["Destination"]: mount["Source"] for mount in found["Mounts"]}
    assert mounts == {"/consul/config": "/etc/consul.d", "/consul/data": "/var/lib/consul"}


def test_all_are_members(host: Host) -> None:
    members = {member["Name"]: member for member in lab.api(host, "/v1/agent/members")}
    assert {name: member["Addr"] for name, member in members.items()} == NODES
    assert {member["Status"] for member in members.values()} == {1}, "1 is alive"
    assert lab.api(host, "/v1/status/leader") == f"{NODES['node1']}:8300"


def test_ui_is_served_to_the_host(host: Host) -> None:
    assert "<title>Consul" in host.check_output("curl --silent --fail http://127.0.0.1:8500/ui/")


def test_nothing_of_ours_is_public(host: Host, node: str) -> None:
    ours = {(process, address) for process, address, _port in lab.listening(host) if process in ("consul", "dnsmasq")}
    assert {address for process, address in ours if process == "dnsmasq"} == {"127.0.0.2"}
    for process, address in ours:
        assert ipaddress.ip_address(address).is_loopback or address == NODES[node], process


def test_api_is_closed_to_the_network(host: Host) -> None:
    for address in NODES.values():
        assert host.run(f"curl --silent --max-time 5 http://{address}:8500/v1/status/leader").rc == 7, (
            "connection refused"
        )


def test_configuration_is_for_the_agent_alone(host: Host) -> None:
    directory = host.file("/etc/consul.d")
    assert directory.mode == 0o700
    files = [host.file(f"/etc/consul.d/{name}.json") for name in ("agent", "services")]
    assert {file.mode for file in files} == {0o600}
    assert {file.uid for file in [directory, *files]} == {int(host.check_output("docker exec consul id -u consul"))}
