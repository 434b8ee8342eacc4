from __future__ import annotations

from testinfra.host import Host

import lab

testinfra_hosts = [lab.backend("node2")]


def test_flags(host: Host) -> None:
    flags = lab.flags(host)
    assert "-server" not in flags
    assert flags["-bind"] == flags["-advertise"] == ["192.168.103.5"]
    assert "-ui" not in flags


def test_file(host: Host) -> None:
    config = lab.config(host)
    assert "bootstrap_expect" not in config
    assert config["retry_join"] == ["192.168.103.4"]


def test_joined(host: Host) -> None:
    assert lab.api(host, "/v1/status/leader") == "192.168.103.4:8300"
    assert {member["Name"] for member in lab.api(host, "/v1/agent/members")} == {"node1", "node2"}


def test_stopping_is_not_leaving(host: Host) -> None:
    """Its services stay in DNS while an agent restarts: SIGTERM must not make it leave."""
    host.check_output("docker stop consul")
    members = {member["Name"]: member["Status"] for member in lab.api(lab.connect("node1"), "/v1/agent/members")}
    host.check_output("docker start consul")
    assert members["node2"] != 3, "3 is left"
