"""A host that cannot work is told so, in one line, before anything is changed on it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import lab

NODE = lab.connect("node1")


def refused(**variables: Any) -> str:
    """What the site says when it is refused. That it changed nothing is checked as well."""
    run = lab.play("servicedns.consul.site", "--extra-vars", json.dumps(variables))
    assert run.returncode != 0
    assert "changed=0" in run.stdout
    for path in ("/etc/consul.d", "/var/lib/consul", "/etc/dnsmasq-consul.conf"):
        assert not NODE.file(path).exists
    return " ".join(run.stdout.split())


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        (
            {"consul_agent_network": "192.168.77.0/24"},
            "consul_agent_network: '192.168.77.0/24': no interface of this host is in it; it has",
        ),
        (
            {"consul_agent_network": "0.0.0.0/0"},
            "consul_agent_network: '0.0.0.0/0': ",
        ),
        (
            {"consul_agent_network": "", "consul_agent_address": "192.168.110.9"},
            "consul_agent_address: '192.168.110.9' is no address of this host; it has",
        ),
        (
            {"dnsmasq_forwarding_resolver": "resolv_conf"},
            "dnsmasq_forwarding_resolver: 'resolv_conf' is not what this host resolves names with; it has systemd_resolved",
        ),
        (
            {"dnsmasq_forwarding_resolver": "networkmanager"},
            "'networkmanager' is not what this host resolves names with; it has systemd_resolved",
        ),
        (
            {"dnsmasq_forwarding_listen_addresses": ["127.0.0.2", "192.168.110.9"]},
            "dnsmasq_forwarding_listen_addresses: '192.168.110.9' is no address of this host; it has",
        ),
        ({"consul_agent_data_directory": "/etc"}, "consul_agent_data_directory: '/etc' holds "),
        # Nobody listens there.
        (
            {"consul_agent_image": "127.0.0.1:9/consul:1"},
            "consul_agent_image: '127.0.0.1:9/consul:1' is not on this host, and cannot be pulled: ",
        ),
        # Refused before any host is asked.
        (
            {"dnsmasq_forwarding_upstreams": ["127.0.0.2"]},
            "dnsmasq_forwarding_upstreams[0]: '127.0.0.2' is dnsmasq itself",
        ),
        ({"dnsmasq_forwarding_listen_addresses": ["0.0.0.0"]}, "would make this host a resolver for every network"),
    ],
)
def test_variables_that_do_not_fit_the_host(variables: dict[str, Any], message: str) -> None:
    output = refused(**variables)
    assert message in output
    if "consul_agent_network" in message and "it has" in message:
        assert "192.168.110.4/24" in output, "what the host has is listed"


@pytest.mark.parametrize(
    ("address", "port", "kind"),
    [("127.0.0.1", 8500, "tcp"), ("0.0.0.0", 8301, "udp"), ("192.168.110.4", 8300, "tcp"), ("127.0.0.2", 53, "udp")],
)
def test_a_port_that_somebody_holds(address: str, port: int, kind: str) -> None:
    socket = "SOCK_DGRAM" if kind == "udp" else "SOCK_STREAM"
    holder = (
        f"import socket; s = socket.socket(socket.AF_INET, socket.{socket}); s.bind(('{address}', {port})); "
        + ("s.listen(); " if kind == "tcp" else "")
        + "import signal; signal.pause()"
    )
    NODE.check_output(f'systemd-run --unit=holder python3 -c "{holder}"')
    NODE.check_output(f"timeout 20 sh -c 'until ss -Hlntu sport = :{port} | grep -q {address}; do sleep 0.1; done'")
    try:
        assert f"{kind} {address}:{port} is held by python3 (pid " in refused()
    finally:
        NODE.check_output("systemctl stop holder")


@pytest.fixture
def made_by_hand() -> Iterator[str]:
    """A container named consul as blog posts make it, with its data in a volume without a name. Its start."""
    NODE.check_output(
        "docker run --detach --name=consul --network=host hashicorp/consul:1.22.7 "
        "agent -server -bootstrap-expect=1 -node=other -bind=192.168.110.4"
    )
    lab.until(NODE, "curl -sf http://127.0.0.1:8500/v1/status/leader | grep -q 8300")
    yield lab.inspect(NODE)["State"]["StartedAt"]
    NODE.check_output("docker rm --force --volumes consul; docker rmi hashicorp/consul:1.22.7")


def test_a_container_of_somebody_else(made_by_hand: str) -> None:
    """It is left alone, and so it is when it is to be taken over and is another than the inventory has."""
    output = refused(consul_agent_data_directory="/etc")
    assert "the container consul (image hashicorp/consul:1.22.7, made 20" in output
    assert "/consul/data is the volume " in output
    assert "servicedns.consul.adopt" in output
    assert "consul_agent_data_directory: '/etc' holds " in output, "all at once"
    assert "is held by" not in output, "its ports are no reason of their own"
    run = lab.play("servicedns.consul.adopt")
    assert run.returncode != 0
    assert "is left as it is: its consul_agent_node_name is 'other', not 'node1'" in " ".join(run.stdout.split())
    assert lab.inspect(NODE)["State"]["StartedAt"] == made_by_hand


def test_files_of_somebody_else() -> None:
    NODE.check_output("mkdir /etc/consul.d && touch /etc/consul.d/consul.hcl")
    try:
        run = lab.play("servicedns.consul.site")
        assert "/etc/consul.d holds consul.hcl, which this collection did not write" in " ".join(run.stdout.split())
    finally:
        NODE.check_output("rm -r /etc/consul.d")


def test_what_is_wrong_with_agents_and_resolvers_is_said_at_once(tmp_path: Path) -> None:
    """The agent cannot run on the one host, the other cannot ask dnsmasq, and one run says both."""
    (tmp_path / "client.yml").write_text(json.dumps({"consul_clients": {"hosts": {"node2": {}}}}))
    client = lab.connect("node2")
    NODE.check_output("mkdir /etc/consul.d && touch /etc/consul.d/consul.hcl")
    client.check_output("echo server=10.9.9.9 > /etc/dnsmasq-consul.servers")
    try:
        run = lab.play("servicedns.consul.site", f"--inventory={tmp_path / 'client.yml'}")
    finally:
        NODE.check_output("rm -r /etc/consul.d")
        client.check_output("rm /etc/dnsmasq-consul.servers")
    assert run.returncode != 0
    said = dict(re.findall(r"^fatal: \[(\w+)\]: FAILED! => (.*)$", run.stdout, re.MULTILINE))
    assert said.keys() == {"node1", "node2"}, run.stdout
    assert "/etc/consul.d holds consul.hcl, which this collection did not write" in said["node1"]
    assert "/etc/dnsmasq-consul.servers is not of this collection" in said["node2"]
    assert set(re.findall("changed=[0-9]+", run.stdout)) == {"changed=0"}
    for host in (NODE, client):
        assert not host.file("/var/lib/consul").exists
        assert not host.file("/etc/dnsmasq-consul.conf").exists


def test_data_of_another_program() -> None:
    """A server of Nomad keeps its data as one of Consul does."""
    NODE.check_output("mkdir -p /srv/nomad/raft && chmod 755 /srv/nomad")
    try:
        output = refused(consul_agent_data_directory="/srv/nomad")
        assert "'/srv/nomad' holds data of Consul or Nomad (raft), and this collection has not marked it" in output
        assert "touch /srv/nomad/.servicedns.consul, and run again" in output
        assert NODE.check_output("stat --format='%U %a' /srv/nomad") == "root 755"
        assert NODE.check_output("ls -A /srv/nomad") == "raft"
    finally:
        NODE.check_output("rm -r /srv/nomad")


def test_a_port_of_another_address_is_free() -> None:
    """A socket on an address that is not ours is nobody's business: the run stops for another reason."""
    NODE.check_output("systemd-run --unit=holder python3 -m http.server --bind 127.0.0.9 8500")
    NODE.check_output("timeout 20 sh -c 'until ss -Hlnt sport = :8500 | grep -q 127.0.0.9; do sleep 0.1; done'")
    try:
        assert "is held by" not in refused(consul_agent_network="192.168.77.0/24")
    finally:
        NODE.check_output("systemctl stop holder")


def test_unknown_set_up_of_the_resolver() -> None:
    NODE.check_output("ln -sfT /srv/resolv.conf /etc/resolv.conf")
    try:
        assert "/etc/resolv.conf leads to /srv/resolv.conf, which is nothing that this collection knows" in refused()
    finally:
        NODE.check_output("ln -sfT ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf")


def test_no_docker_engine() -> None:
    NODE.check_output("systemctl stop docker.socket docker.service")
    try:
        output = refused()
        assert "the Docker engine does not answer at /var/run/docker.sock" in output
        assert "apt install docker.io" in output
    finally:
        NODE.check_output("systemctl start docker.socket docker.service")


def test_what_keeps_a_host_from_asking_dnsmasq_is_said_at_once() -> None:
    """Settings of systemd-resolved that do not go together with it, and a file of somebody else."""
    drop_in = "/etc/systemd/resolved.conf.d/zz-vpn.conf"
    theirs = "/etc/dnsmasq-consul.servers"
    NODE.check_output(
        f"mkdir -p $(dirname {drop_in}) && printf '[Resolve]\\nDNS=10.9.9.9:853\\nDNSOverTLS=yes\\nDNSSEC=yes\\n' > {drop_in} "
        f"&& echo server=10.9.9.9 > {theirs} && systemctl restart systemd-resolved"
    )
    try:
        output = refused()
        for message in (
            f"{drop_in} is read after /etc/systemd/resolved.conf.d/servicedns-consul.conf, and its DNS=10.9.9.9:853 takes",
            "asks over TLS alone (DNSOverTLS=yes), which dnsmasq does not speak",
            "validates (DNSSEC=yes), and consul is no domain of the root",
            f"{theirs} is not of this collection",
        ):
            assert message in output
    finally:
        NODE.check_output(f"rm {drop_in} {theirs} && systemctl restart systemd-resolved")
