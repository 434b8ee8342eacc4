"""Containers resolve Consul's names wherever they are, their own names as before, and nobody else is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from subprocess import CompletedProcess

import pytest
from testinfra.host import Host

import lab

IMAGE = "servicedns/flapp:1"
CONSUL, SERVER = "consul.service.consul", "192.168.106.4"
BRIDGE = "172.17.0.1"
testinfra_hosts = [lab.backend("node2")]


@pytest.fixture(scope="module", autouse=True)
def apps() -> Iterator[None]:
    """A network of the user's, made after the run, with a container in it."""
    hosts = [lab.connect(node) for node in ("node2", "node3")]
    for host in hosts:
        host.check_output(f"docker pull --quiet {IMAGE}")
        host.check_output("docker network create apps")
        host.check_output(f"docker run --detach --network apps --name other {IMAGE} sleep infinity")
    yield
    for host in hosts:
        host.check_output("docker rm --force other")
        host.check_output("docker network rm apps")


def ask(host: Host, network: str, name: str) -> str:
    found = host.run(f"docker run --rm --network {network} --entrypoint getent {IMAGE} ahostsv4 {name}")
    assert found.rc in (0, 2), found.stderr
    return str(found.stdout.split()[0]) if found.stdout else ""


@pytest.mark.parametrize("node", ["node2", "node3"])
@pytest.mark.parametrize("network", ["bridge", "apps", "host"])
def test_names_resolve_in_containers(node: str, network: str) -> None:
    """On an engine that had no daemon.json, and on one that somebody has configured."""
    host = lab.connect(node)
    assert ask(host, network, CONSUL) == SERVER
    assert ask(host, network, lab.PUBLIC_NAME) == lab.PUBLIC_ADDRESS


def test_names_of_containers_resolve_as_before(host: Host) -> None:
    address = host.check_output("docker inspect --format '{{.NetworkSettings.Networks.apps.IPAddress}}' other")
    assert ask(host, "apps", "other") == address
    assert ask(host, "bridge", "other") == ""


def test_names_resolve_while_an_image_is_built(host: Host) -> None:
    host.check_output("mkdir -p /tmp/build")
    host.check_output(f"printf 'FROM {IMAGE}\\nRUN getent ahostsv4 {CONSUL} > /tmp/found\\n' > /tmp/build/Dockerfile")
    host.check_output("docker build --tag built /tmp/build")
    assert SERVER in host.check_output("docker run --rm --entrypoint cat built /tmp/found")


def test_nobody_outside_the_bridges_is_answered(host: Host) -> None:
    """Another host that finds its way to the address of the bridge.

    By the network that leads outside: between bridged containers an engine may drop what is not of their internal network.
    """
    way = lab.connect("node3").check_output("ip -4 -oneline address show eth0 | awk '{ print $4 }'").partition("/")[0]
    host.check_output(f"ip route add 172.30.0.1/32 via {way}")
    try:
        assert host.run("ping -c 1 -W 5 172.30.0.1").rc == 0
        assert host.run(f"dig +tries=1 +time=2 @172.30.0.1 {CONSUL}").rc == 9, "no reply"
    finally:
        host.check_output("ip route delete 172.30.0.1/32")


def test_the_engine_kept_its_containers_and_the_rest_of_its_file(host: Host) -> None:
    assert json.loads(host.check_output("cat /etc/docker/daemon.json")) == {"dns": [BRIDGE]}
    configured = json.loads(lab.connect("node3").check_output("cat /etc/docker/daemon.json"))
    assert configured.pop("dns") == ["172.30.0.1"]
    assert {*configured} == {"bip", "default-address-pools"}
    assert configured["bip"] == "172.30.0.1/24"
    assert host.check_output("docker info --format '{{.LiveRestoreEnabled}}'") == "false"
    started = host.check_output("date +%s --date $(docker inspect --format '{{.State.StartedAt}}' consul)")
    engine = host.check_output('date +%s --date "$(systemctl show --property=ActiveEnterTimestamp --value docker)"')
    assert int(started) < int(engine), "the agent is older than the engine"


def test_a_second_run_restarts_no_engine(host: Host) -> None:
    before = host.check_output("systemctl show --property=MainPID docker")
    run = lab.play("servicedns.consul.site", "--limit", "node2")
    assert run.returncode == 0, run.stdout
    assert "changed=0" in run.stdout
    assert host.check_output("systemctl show --property=MainPID docker") == before


def run_with(wanted: bool, nodes: str = "node2") -> CompletedProcess[str]:
    answered = json.dumps({"dnsmasq_forwarding_containers": wanted})
    return lab.play("servicedns.consul.site", "--limit", nodes, "--extra-vars", answered)


def test_containers_that_run_are_answered_until_they_are_started_anew() -> None:
    """They ask what they were told when they were started, on an engine that writes that down and on one that does not."""
    hosts = {lab.connect("node2"): BRIDGE, lab.connect("node3"): "172.30.0.1"}
    both = "node2,node3"
    for host in hosts:
        host.check_output(f"docker run --detach --name there {IMAGE} sleep infinity")
        # The tests of a host may be in another order.
        host.check_output("docker restart --time 0 other")
    try:
        run = run_with(False, both)
        assert run.returncode == 0, run.stdout
        output = " ".join(run.stdout.split())
        assert "docker restart other there" in output
        for host, bridge in hosts.items():
            assert f"{bridge} is still asked by containers that run (other, there), so that" in output
            assert ask(host, "bridge", CONSUL) == "", "a new one is not told to ask any more"
            for name in ("other", "there"):
                assert host.check_output(f"docker exec {name} getent ahostsv4 {CONSUL}").split()[0] == SERVER
        run = run_with(False, both)
        assert run.returncode == 0, run.stdout
        assert "changed=1" not in run.stdout
        run = lab.play("servicedns.consul.dns_teardown", "--limit", both)
        assert run.returncode != 0
        assert "still answers containers that run (other, there)" in " ".join(run.stdout.split())
        for host in hosts:
            assert host.check_output(f"docker exec other getent ahostsv4 {CONSUL}").split()[0] == SERVER
            assert lab.addresses(host, CONSUL) == {SERVER}
            host.check_output("docker restart --time 0 other there")
        run = run_with(False, both)
        assert run.returncode == 0, run.stdout
        assert "is still asked by" not in run.stdout
        assert not any(host.file("/etc/dnsmasq-consul-containers.conf").exists for host in hosts)
    finally:
        for host in hosts:
            host.check_output("docker rm --force there")
    run = run_with(True, both)
    assert run.returncode == 0, run.stdout


@pytest.fixture
def firewall(host: Host) -> Callable[[str], None]:
    """Switches a firewall on (-A) or off (-D) that lets in nothing but logins, the datacenter and what was asked for."""

    def switch(how: str) -> None:
        policy = f"iptables -P INPUT {'DROP' if how == '-A' else 'ACCEPT'}"
        rules = [
            f"iptables {how} INPUT {rule} -j ACCEPT"
            for rule in (
                "-i lo",
                "-m conntrack --ctstate ESTABLISHED,RELATED",
                "-p tcp --dport 22",
                "-s 192.168.106.0/24",
            )
        ]
        # Never the policy without its rules.
        host.check_output(" && ".join([*rules, policy] if how == "-A" else [policy, *rules]))

    return switch


def test_containers_can_be_left_alone_again(host: Host, firewall: Callable[[str], None]) -> None:
    """And a firewall that keeps them from dnsmasq is found before any has no names."""
    files = ("/etc/docker/daemon.json", "/etc/dnsmasq-consul-containers.conf")
    run_with(False)
    # It asks what it was told when it was started, and is answered until then.
    host.check_output("docker restart --time 0 other")
    run = run_with(False)
    assert run.returncode == 0, run.stdout
    assert not any(host.file(path).exists for path in files), "there was none before"
    assert ask(host, "bridge", CONSUL) == ""
    engine = host.check_output("systemctl show --property=MainPID docker")
    firewall("-A")
    try:
        run = run_with(True)
    finally:
        firewall("-D")
    assert run.returncode != 0
    output = " ".join(run.stdout.split())
    assert f"a container on the default bridge does not resolve {CONSUL} and " in output
    assert f"which this host does: it gets no answer of {BRIDGE}" in output
    assert f"policy DROP, and lets them with: iptables -I INPUT -d {BRIDGE} -p udp --dport 53 -j ACCEPT" in output
    assert "dnsmasq-consul-containers.service was put back as it was" in output
    assert not any(host.file(path).exists for path in files)
    assert host.run("systemctl is-active dnsmasq-consul-containers").rc != 0
    assert host.check_output("systemctl show --property=MainPID docker") == engine
    assert (
        host.check_output("docker ps --all --quiet --filter name=trial; docker network ls --quiet --filter name=trial")
        == ""
    )
    run = run_with(True)
    assert run.returncode == 0, run.stdout
    assert json.loads(host.check_output("cat /etc/docker/daemon.json")) == {"dns": [BRIDGE]}
    assert ask(host, "bridge", CONSUL) == SERVER
