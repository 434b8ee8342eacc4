from __future__ import annotations

from testinfra.host import Host

import lab

testinfra_hosts = [lab.backend("node1")]


def test_flags(host: Host) -> None:
    flags = lab.flags(host)
    assert flags["-server"] == [""]
    assert flags["-bind"] == flags["-advertise"] == ["192.168.104.4"]
    assert "-ui" not in flags


def test_file(host: Host) -> None:
    config = lab.config(host)
    assert (config["bootstrap_expect"], config["retry_join"]) == (1, [])


def test_leads(host: Host) -> None:
    assert lab.api(host, "/v1/status/leader") == "192.168.104.4:8300"
    assert lab.api(host, "/v1/agent/self")["Config"]["Server"] is True


def test_the_server_made_by_hand_lives_on(host: Host) -> None:
    """Its node id and what Raft holds are the new server's; it is kept, and stays stopped when the host is booted."""
    assert lab.api(host, "/v1/agent/self")["Config"]["NodeID"] == host.check_output("cat /root/node-id")
    assert lab.api(host, "/v1/kv/by-hand")[0]["Value"] == "a2VwdA=="
    former = lab.inspect(host, "consul-before-servicedns")
    assert former["State"]["Running"] is False
    assert former["HostConfig"]["RestartPolicy"]["Name"] == "no"
    assert host.file("/etc/consul.d.before-servicedns/flapp1.json").exists
    assert not host.file("/etc/consul.d/flapp1.json").exists
    assert "changed=0" in lab.play("servicedns.consul.adopt").stdout
