"""The last test of the scenario: what all others looked at goes again."""

from __future__ import annotations

import re

import lab

NODES = ("node1", "node2", "node3")


def test_teardown_leaves_no_trace() -> None:
    hosts = {node: lab.connect(node) for node in NODES}
    counts = {node: len(lab.failed_lookups(host)) for node, host in hosts.items()}
    check = lab.play("servicedns.consul.dns_teardown", "--check")
    assert check.returncode == 0, check.stdout
    for host in hosts.values():
        assert host.run("systemctl is-active dnsmasq-consul").rc == 0
    run = lab.play("servicedns.consul.dns_teardown")
    assert run.returncode == 0, run.stdout
    for node, host in hosts.items():
        host.check_output("snapshot > /root/after")
        assert host.run("diff /root/before /root/after").stdout == ""
        assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
        assert [entry for entry in lab.failed_lookups(host)[counts[node] :] if entry[1] == lab.PUBLIC_NAME] == []
    again = lab.play("servicedns.consul.dns_teardown")
    assert again.returncode == 0
    assert len(re.findall(r"changed=0 ", again.stdout)) == 3
