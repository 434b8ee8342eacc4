"""Containers resolve Consul's names wherever they are, their own names as before, and nobody else is answered."""

from __future__ import annotations

import json
from collections.abc import Iterator

import lab
import pytest
from testinfra.host import Host

IMAGE = "servicedns/flapp:1"
CONSUL, SERVER = "consul.service.consul", "192.168.101.4"
BRIDGE = "172.30.0.1"
testinfra_hosts = [lab.container("node2")]


@pytest.fixture(scope="module", autouse=True)
def apps() -> Iterator[None]:
    """A network of the user's, made after the run, with a container in it."""
    host = lab.connect("node2")
    host.check_output(f"docker pull --quiet {IMAGE}")
    host.check_output("docker network create apps")
    host.check_output(f"docker run --detach --network apps --name other {IMAGE} sleep infinity")
    yield
    host.check_output("docker rm --force other")
    host.check_output("docker network rm apps")


def ask(host: Host, network: str, name: str) -> str:
    found = host.run(f"docker run --rm --network {network} --entrypoint getent {IMAGE} ahostsv4 {name}")
    assert found.rc in (0, 2), found.stderr
    return str(found.stdout.split()[0]) if found.stdout else ""


@pytest.mark.parametrize("network", ["bridge", "apps", "host"])
def test_names_resolve_in_containers(host: Host, network: str) -> None:
    assert ask(host, network, CONSUL) == SERVER
    assert ask(host, network, lab.PUBLIC_NAME) == lab.PUBLIC_ADDRESS


def test_names_of_containers_resolve_as_before(host: Host) -> None:
    assert ask(host, "apps", "other").startswith("172.31.")
    assert ask(host, "bridge", "other") == ""


def test_names_resolve_while_an_image_is_built(host: Host) -> None:
    host.check_output("mkdir -p /tmp/build")
    host.check_output(f"printf 'FROM {IMAGE}\\nRUN getent ahostsv4 {CONSUL} > /tmp/found\\n' > /tmp/build/Dockerfile")
    host.check_output("docker build --tag built /tmp/build")
    assert SERVER in host.check_output("docker run --rm --entrypoint cat built /tmp/found")


def test_nobody_outside_the_bridges_is_answered() -> None:
    """Another host that finds its way to the address of the bridge."""
    neighbour = lab.connect("node3")
    neighbour.check_output(f"ip route add {BRIDGE}/32 via 192.168.101.5")
    try:
        assert neighbour.run(f"ping -c 1 -W 5 {BRIDGE}").rc == 0
        assert neighbour.run(f"dig +tries=1 +time=2 @{BRIDGE} {CONSUL}").rc == 9, "no reply"
    finally:
        neighbour.check_output(f"ip route delete {BRIDGE}/32")


def test_the_engine_kept_its_containers_and_the_rest_of_its_file(host: Host) -> None:
    file = json.loads(host.check_output("cat /etc/docker/daemon.json"))
    assert file["dns"] == [BRIDGE]
    assert file["bip"] == f"{BRIDGE}/24"
    assert "live-restore" not in file
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


def test_containers_can_be_left_alone_again(host: Host) -> None:
    for wanted, servers in ((False, None), (True, [BRIDGE])):
        run = lab.play(
            "servicedns.consul.site",
            *("--limit", "node2", "--extra-vars", json.dumps({"dnsmasq_forwarding_containers": wanted})),
        )
        assert run.returncode == 0, run.stdout
        assert json.loads(host.check_output("cat /etc/docker/daemon.json")).get("dns") == servers
        assert host.file("/etc/dnsmasq-consul-containers.conf").exists == wanted
        assert (ask(host, "bridge", CONSUL) == SERVER) == wanted
