"""On hosts as users have them names resolve as on any other, and what was there before is as it was."""

from __future__ import annotations

import concurrent.futures

import pytest
from testinfra.host import Host

import lab

NODES = {"node1": "192.168.112.4", "node2": "192.168.112.5", "node3": "192.168.112.6"}
NAMES = {
    "consul.service.consul": NODES["node1"],
    **{f"{node}.node.consul": address for node, address in NODES.items()},
    lab.PUBLIC_NAME: lab.PUBLIC_ADDRESS,
}
testinfra_hosts = [lab.backend(node) for node in NODES]


@pytest.mark.parametrize("name", NAMES)
def test_names_resolve(host: Host, name: str) -> None:
    assert lab.addresses(host, name) == {NAMES[name]}
    assert lab.dig(host, name) == [NAMES[name]]


def test_no_unit_failed(host: Host) -> None:
    assert host.check_output("systemctl --failed --plain --no-legend") == ""


def test_an_interpreter_that_cannot_have_requests_is_refused() -> None:
    """The virtual environment of an application sees nothing of what Debian's packages bring."""
    lab.connect("node3").check_output("python3 -m venv --without-pip /opt/app")
    run = lab.play(
        "servicedns.consul.site",
        *("--limit", "node3", "--extra-vars", "ansible_python_interpreter=/opt/app/bin/python"),
    )
    assert run.returncode != 0
    assert "ansible_python_interpreter: /opt/app/bin/python has no requests, which community.docker needs" in run.stdout


def test_names_resolve_after_a_boot() -> None:
    """One of them writes its list of resolvers before any unit starts, and dnsmasq is not in it then."""
    with concurrent.futures.ThreadPoolExecutor(len(NODES)) as pool:
        list(pool.map(lab.reboot, NODES))
    for node in NODES:
        host = lab.connect(node)
        for name, address in NAMES.items():
            # The server may still be about to become the leader.
            lab.until(host, f"getent ahosts {name} | grep -q '^{address} '", 90)
            lab.until_dig(host, name, address)
        assert host.check_output("systemctl --failed --plain --no-legend") == "", node
    listed = lab.connect("node3").check_output("grep ^nameserver /etc/resolv.conf").splitlines()
    assert listed[0] == "nameserver 127.0.0.2"
    assert len(listed) > 1, "those of the host stay behind it"


def test_teardown_without_package_lists() -> None:
    """The last test, as no name of Consul resolves after it. It brings nothing that Ansible's own modules would need."""
    hosts = [lab.connect(node) for node in NODES]
    for host in hosts:
        assert host.run("dpkg-query --show python3-apt").rc != 0
        host.check_output("rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin")
    for arguments in (["--check"], []):
        run = lab.play("servicedns.consul.dns_teardown", *arguments)
        assert run.returncode == 0, run.stdout
    for host in hosts:
        assert host.run("dpkg-query --show python3-apt").rc != 0
        assert "dnsmasq-base" not in host.check_output("dpkg-query --show --showformat='${Package} '")
        assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
