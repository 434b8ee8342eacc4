"""A host that cannot work is told so, in one line, before anything is changed on it."""

from __future__ import annotations

import json
from typing import Any

import lab
import pytest

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
            {"consul_agent_network": "", "consul_agent_address": "192.168.101.9"},
            "consul_agent_address: '192.168.101.9' is no address of this host; it has",
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
            {"dnsmasq_forwarding_listen_addresses": ["127.0.0.2", "192.168.101.9"]},
            "dnsmasq_forwarding_listen_addresses: '192.168.101.9' is no address of this host; it has",
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
        assert "192.168.101.4/24" in output, "what the host has is listed"


@pytest.mark.parametrize(
    ("address", "port", "kind"),
    [("127.0.0.1", 8500, "tcp"), ("0.0.0.0", 8301, "udp"), ("192.168.101.4", 8300, "tcp"), ("127.0.0.2", 53, "udp")],
)
def test_a_port_that_somebody_holds(address: str, port: int, kind: str) -> None:
    socket = "SOCK_DGRAM" if kind == "udp" else "SOCK_STREAM"
    holder = (
        f"import socket; s = socket.socket(socket.AF_INET, socket.{socket}); s.bind(('{address}', {port})); "
        + ("s.listen(); " if kind == "tcp" else "")
        + "import signal; signal.pause()"
    )
    NODE.check_output(f'systemd-run --unit=holder python3 -c "{holder}"')
    NODE.check_output(f"timeout 20 sh -c 'until ss -Hlntu sport = :{port} | grep -q {address}; do :; done'")
    try:
        assert f"{kind} {address}:{port} is held by python3 (pid " in refused()
    finally:
        NODE.check_output("systemctl stop holder")


def test_a_port_of_another_address_is_free() -> None:
    """A socket on an address that is not ours is nobody's business: the run stops for another reason."""
    NODE.check_output("systemd-run --unit=holder python3 -m http.server --bind 127.0.0.9 8500")
    NODE.check_output("timeout 20 sh -c 'until ss -Hlnt sport = :8500 | grep -q 127.0.0.9; do :; done'")
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
