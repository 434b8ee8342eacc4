"""The catalog, and so DNS, follows what is declared: for a host, and for the whole datacenter."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from testinfra.host import Host

import lab

NODES = {"node1": "192.168.111.4", "node2": "192.168.111.5"}
testinfra_hosts = [lab.backend("node2")]
SERVICES = "servicedns.consul.services"
WEB = [{"name": "web", "port": 81}]


def run(playbook: str, *arguments: str, good: bool = True) -> str:
    """What a playbook says, which must have ended well or not."""
    done = lab.play(playbook, *arguments)
    assert (done.returncode == 0) == good, done.stdout
    return done.stdout


def served(node: str) -> set[str]:
    return set(lab.api(lab.connect(node), "/v1/agent/services"))


@pytest.fixture
def declare(tmp_path: Path) -> Any:
    """Declares other services than the inventory does, by host, and runs services.yml."""

    def run_with(hosts: dict[str, list[dict[str, Any]]], *arguments: str, good: bool = True) -> str:
        file = tmp_path / "inventory.yml"
        variables = {node: {"consul_services_definitions": services} for node, services in hosts.items()}
        file.write_text(yaml.safe_dump({"all": {"hosts": variables}}))
        return run(SERVICES, f"--inventory={file}", *arguments, good=good)

    return run_with


@pytest.fixture
def as_declared() -> Iterator[None]:
    """Puts back what the inventory says."""
    yield
    run(SERVICES)


def test_definitions_of_several_variables(host: Host) -> None:
    assert served("node2") == {"web-1", "web-2", "node_exporter"}
    assert lab.dig(host, "node_exporter.service.consul") == [NODES["node2"]]
    assert host.check_output("getent ahostsv4 node_exporter.service.consul").split()[0] == NODES["node2"]
    assert lab.api(host, "/v1/agent/service/node_exporter")["Port"] == 9100


def test_check_mode_tells_in_a_few_lines(declare: Any) -> None:
    before = served("node2")
    new = [{"name": f"new-{number:03}"} for number in range(500)]
    output = declare(
        {"node2": [{"name": "web", "id": "web-1", "port": 83, "token": "s3cr3t"}, *new]},
        "--check",
        "--diff",
        "--limit=node2",
    )
    lines = [line for line in output.splitlines() if line[:2] in ("+ ", "~ ", "- ")]
    assert lines[:2] == ["+ new-000", "+ new-001"]
    assert lines[-3:] == ["+ and 480 more", "~ web-1 (port, token)", "- web-2"]
    assert len(lines) == 23
    assert "s3cr3t" not in output
    assert "7e57-70ke" not in output
    assert served("node2") == before


def test_another_host_takes_a_service_over(declare: Any, as_declared: None) -> None:
    containers = {node: lab.inspect(lab.connect(node))["State"]["StartedAt"] for node in NODES}
    one = {"name": "moved", "port": 90}
    declare({"node1": [one], "node2": WEB})
    for node in NODES:
        lab.until_dig(lab.connect(node), "moved.service.consul", NODES["node1"])
    declare({"node1": [], "node2": [one]})
    for node in NODES:
        lab.until_dig(lab.connect(node), "moved.service.consul", NODES["node2"])
        lab.until_dig(lab.connect(node), "by-tcp.service.consul")
    assert {node: lab.inspect(lab.connect(node))["State"]["StartedAt"] for node in NODES} == containers


def test_a_service_is_renamed_and_gets_another_port(host: Host, declare: Any, as_declared: None) -> None:
    declare({"node2": WEB}, "--limit=node2")
    lab.until_dig(host, "web.service.consul SRV", "1 1 81 node2.node.dc1.consul.")
    declare({"node2": [{"name": "web", "port": 8081}]}, "--limit=node2")
    lab.until_dig(host, "web.service.consul SRV", "1 1 8081 node2.node.dc1.consul.")
    declare({"node2": [{"name": "site", "id": "web", "port": 8081}]}, "--limit=node2")
    lab.until_dig(host, "site.service.consul", NODES["node2"])
    lab.until_dig(host, "web.service.consul")


def test_bad_definitions_stop_before_any_host_is_touched(declare: Any) -> None:
    before = {node: served(node) for node in NODES}
    check = {"http": "http://127.0.0.1", "inteval": "1s"}
    output = declare({"node1": [], "node2": [*WEB, {"name": "node_exporter", "check": check}]}, good=False)
    assert "consul_services_definitions[1].check.inteval: unknown key, did you mean interval?" in output
    assert "consul_services_definitions_monitoring[0]" in output, "both places of the double id are named"
    assert "changed=0" in output
    assert {node: served(node) for node in NODES} == before


def test_a_dead_agent_finds_the_definitions_when_it_is_back(host: Host, declare: Any, as_declared: None) -> None:
    host.check_output("docker stop consul")
    try:
        output = declare({"node2": [{"name": "late"}]}, "--limit=node2", good=False)
    finally:
        host.check_output("docker start consul")
    assert "the agent does not answer" in output
    assert "Connection refused" in output
    assert "the definitions are in place" in output
    lab.until_dig(host, "late.service.consul", NODES["node2"])
    assert "changed=0" in declare({"node2": [{"name": "late"}]}, "--limit=node2")


def maintenance(*arguments: str, good: bool = True) -> str:
    return run("servicedns.consul.maintenance", *(f"--extra-vars={text}" for text in arguments), good=good)


def test_maintenance_of_a_service(host: Host) -> None:
    # A reason with a space would be two variables as key=value.
    on = json.dumps(
        {"consul_maintenance": True, "consul_maintenance_service": "node_exporter", "consul_maintenance_reason": "a b"}
    )
    off = "consul_maintenance=false consul_maintenance_service=node_exporter"
    try:
        assert "changed=1" in run("servicedns.consul.maintenance", "--limit=node2", f"--extra-vars={on}")
        lab.until_dig(host, "node_exporter.service.consul")
        assert lab.dig(host, "web.service.consul") == [NODES["node2"]]
        assert lab.api(host, "/v1/agent/checks")["_service_maintenance:node_exporter"]["Notes"] == "a b"
        assert "changed=0" in run("servicedns.consul.maintenance", "--limit=node2", f"--extra-vars={on}")
        assert "changed=0" in run(SERVICES, "--limit=node2")
        assert "node_exporter" in served("node2")
    finally:
        assert "changed=1" in run("servicedns.consul.maintenance", "--limit=node2", f"--extra-vars={off}")
    lab.until_dig(host, "node_exporter.service.consul", NODES["node2"])


def test_maintenance_of_a_host_outlives_a_change_of_its_services(host: Host, declare: Any, as_declared: None) -> None:
    try:
        run("servicedns.consul.maintenance", "--limit=node2", "--extra-vars=consul_maintenance=true")
        lab.until_dig(host, "web.service.consul")
        lab.until_dig(host, "node_exporter.service.consul")
        declare({"node2": [{"name": "fresh"}]}, "--limit=node2")
        assert "fresh" in served("node2")
        assert lab.dig(host, "fresh.service.consul") == []
        lab.until_dig(host, "by-tcp.service.consul", NODES["node1"])
    finally:
        run("servicedns.consul.maintenance", "--limit=node2", "--extra-vars=consul_maintenance=false")
    lab.until_dig(host, "fresh.service.consul", NODES["node2"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "consul_maintenance: missing: say"),
        (["consul_maintenance=perhaps"], "consul_maintenance: perhaps: say"),
        (["consul_maintenance=true"], "would take all hosts out of DNS: name those that you mean, with --limit"),
        (
            ["consul_maintenance=false", "consul_maintenance_service=nothing"],
            "this host has no service with the id 'nothing'; it has ",
        ),
    ],
)
def test_maintenance_refuses(arguments: list[str], message: str) -> None:
    output = maintenance(*arguments, good=False)
    assert message in " ".join(output.split())
    assert "changed=1" not in output


@pytest.mark.parametrize("node", NODES)
def test_external_services_resolve(node: str) -> None:
    host = lab.connect(node)
    assert lab.dig(host, "appliance.service.consul") == ["192.0.2.7"]
    assert lab.dig(host, "primary.appliance.service.consul") == ["192.0.2.7"]
    (answer,) = lab.dig(host, "appliance.service.consul SRV")
    assert answer.split()[2] == "5432"
    assert "www.example.com." in lab.dig(host, "elsewhere.service.consul")


@pytest.mark.parametrize("node", NODES)
def test_programs_get_the_address_behind_a_name(node: str) -> None:
    """Of an external service, and of one whose address is a name, whoever answers first; nothing is kept here."""
    host = lab.connect(node)
    named = {"Node": "theirs", "Address": "192.0.2.9", "Service": {"Service": "named", "Address": lab.PUBLIC_NAME}}
    put = "curl -s --fail -X PUT http://127.0.0.1:8500/v1/catalog/{} -d '{}'"
    host.check_output(put.format("register", json.dumps(named)))
    try:
        for name in ("elsewhere.service.consul", "named.service.consul"):
            lab.until(host, f"dig +short -p 8600 @127.0.0.1 {name} | grep -q .")
            assert [lab.addresses(host, name) for _turn in range(20)] == [{lab.PUBLIC_ADDRESS}] * 20
    finally:
        host.check_output(put.format("deregister", json.dumps({"Node": "theirs"})))


def test_prepared_query_resolves(host: Host) -> None:
    assert lab.dig(host, "nearest-web.query.consul") == [NODES["node2"]]
    assert host.check_output("dig +noall +answer -p 8600 @127.0.0.1 nearest-web.query.consul").split()[1] == "7"


def test_what_belongs_to_the_datacenter_is_removed_and_others_stay(host: Host) -> None:
    foreign = {"Node": "theirs", "Address": "192.0.2.9", "Service": {"Service": "foreign"}}
    put = "curl -s --fail -X PUT http://127.0.0.1:8500/v1/catalog/{} -d '{}'"
    host.check_output(put.format("register", json.dumps(foreign)))
    none = '{"consul_services_external": [], "consul_services_prepared_queries": []}'
    try:
        run(SERVICES, "--limit=node2", "--extra-vars", none)
        for name in ("appliance.service.consul", "elsewhere.service.consul", "nearest-web.query.consul"):
            lab.until_dig(host, name)
        assert lab.dig(host, "foreign.service.consul") == ["192.0.2.9"]
        assert {node["Node"] for node in lab.api(host, "/v1/catalog/nodes")} == {*NODES, "theirs"}
        clash = '{"consul_services_external": [{"name": "foreign", "node": "theirs", "address": "192.0.2.9"}]}'
        output = run(SERVICES, "--limit=node2", "--extra-vars", clash, good=False)
        assert "consul_services_external" in output
        assert "theirs" in output
    finally:
        host.check_output(put.format("deregister", json.dumps({"Node": "theirs"})))
        run(SERVICES, "--limit=node2")
    lab.until_dig(host, "appliance.service.consul", "192.0.2.7")
