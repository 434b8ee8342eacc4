"""Every service resolves on every host, by its ordinary resolver, and so do public names."""

from __future__ import annotations

import re

import pytest
from testinfra.host import Host

import lab

NODES = {"node1": "192.168.101.4", "node2": "192.168.101.5", "node3": "192.168.101.6"}
SERVICES = [("flapp1", 5000, "node2"), ("flapp2", 5001, "node3")]
testinfra_hosts = [lab.backend(node) for node in NODES]


@pytest.mark.parametrize(("name", "port", "node"), SERVICES)
def test_service_resolves(host: Host, name: str, port: int, node: str) -> None:
    assert lab.dig(host, f"{name}.service.consul") == [NODES[node]]
    assert lab.addresses(host, f"{name}.service.consul") == {NODES[node]}


@pytest.mark.parametrize(("name", "port", "node"), SERVICES)
def test_service_answers_by_name(host: Host, name: str, port: int, node: str) -> None:
    assert host.check_output(f"curl --silent --show-error http://{name}.service.consul:{port}").split() == [
        name,
        "on",
        node,
    ]


@pytest.mark.parametrize(("name", "port", "node"), SERVICES)
def test_consul_answers_on_its_own_port(host: Host, name: str, port: int, node: str) -> None:
    assert lab.dig(host, f"-p 8600 @127.0.0.1 {name}.service.consul") == [NODES[node]]
    (answer,) = lab.dig(host, f"-p 8600 @127.0.0.1 {name}.service.consul SRV")
    assert answer.split() == ["1", "1", str(port), f"{node}.node.dc1.consul."]


@pytest.mark.parametrize("path", ["", "-p 8600 @127.0.0.1 "])
def test_tag_and_node_resolve(host: Host, path: str) -> None:
    assert lab.dig(host, f"{path}flask-app.flapp1.service.consul") == [NODES["node2"]]
    assert lab.dig(host, f"{path}node1.node.consul") == [NODES["node1"]]


def test_unknown_service_is_an_nxdomain(host: Host) -> None:
    assert "status: NXDOMAIN" in host.check_output("dig nothing.service.consul")
    assert lab.addresses(host, "nothing.service.consul") == set()


def test_public_name_resolves_forward_and_reverse(host: Host) -> None:
    assert lab.dig(host, lab.PUBLIC_NAME) == [lab.PUBLIC_ADDRESS]
    assert re.search(
        rf"^{lab.PUBLIC_NAME}: {lab.PUBLIC_ADDRESS}\b", host.check_output(f"resolvectl query {lab.PUBLIC_NAME}")
    )
    assert lab.dig(host, f"-x {lab.PUBLIC_ADDRESS}") == [f"{lab.PUBLIC_NAME}."]
    assert lab.PUBLIC_NAME in host.check_output(f"resolvectl query {lab.PUBLIC_ADDRESS}")
    assert host.check_output(f"getent hosts {lab.PUBLIC_ADDRESS}").split() == [lab.PUBLIC_ADDRESS, lab.PUBLIC_NAME]


def test_dnsmasq_has_public_names_itself(host: Host) -> None:
    """The host may have no resolver but the global one, so dnsmasq must not depend on the links' servers."""
    assert lab.dig(host, f"@127.0.0.2 {lab.PUBLIC_NAME}") == [lab.PUBLIC_ADDRESS]


def test_resolver_asks_dnsmasq_for_consul(host: Host) -> None:
    servers, domains = (host.check_output(f"resolvectl {what}").splitlines()[0] for what in ("dns", "domain"))
    assert servers.split() == ["Global:", "127.0.0.2"]
    assert "~consul" in domains.split()
    assert host.file("/etc/resolv.conf").linked_to == "/run/systemd/resolve/stub-resolv.conf"


def test_no_lookup_failed(host: Host) -> None:
    """From before the first installation until now, a name was looked up 20 times a second."""
    assert lab.failed_lookups(host) == []
