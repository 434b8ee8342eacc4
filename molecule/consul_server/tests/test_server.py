from __future__ import annotations

import lab
from testinfra.host import Host

testinfra_hosts = [lab.container("node1")]


def test_flags(host: Host) -> None:
    flags = lab.flags(host)
    assert flags["-server"] == [""]
    assert flags["-bootstrap-expect"] == ["1"]
    assert flags["-bind"] == flags["-advertise"] == ["192.168.101.4"]
    assert "-ui" not in flags
    assert "-retry-join" not in flags


def test_leads(host: Host) -> None:
    assert lab.api(host, "/v1/status/leader") == "192.168.101.4:8300"
    assert lab.api(host, "/v1/agent/self")["Config"]["Server"] is True
