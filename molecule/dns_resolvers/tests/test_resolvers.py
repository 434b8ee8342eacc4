"""Whatever a host resolves names with, Consul's come to it, the others stay, and all of it can go again."""

from __future__ import annotations

import re

import lab
import pytest
from testinfra.host import Host

OUTSIDE = "10.123.101.2"
SERVER = "192.168.101.4"
CONSUL = "consul.service.consul"
SETUPS = {
    "node1": "uplink",
    "node2": "beside",
    "node3": "networkmanager",
    "node4": "networkmanager_dnsmasq",
    "node5": "resolvconf",
    "node6": "openresolv",
    "node7": "dnsmasq",
    "node8": "networkmanager_resolved",
}
testinfra_hosts = [lab.container(node) for node in SETUPS]


def setup(host: Host) -> str:
    return SETUPS[host.check_output("hostname")]


def nameservers(host: Host) -> list[str]:
    return re.findall(r"^nameserver (\S+)", host.check_output("cat /etc/resolv.conf"), re.MULTILINE)


def test_names_resolve(host: Host) -> None:
    assert lab.addresses(host, CONSUL) == {SERVER}
    assert lab.dig(host, CONSUL) == [SERVER]
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
    assert lab.dig(host, lab.PUBLIC_NAME) == [lab.PUBLIC_ADDRESS]
    assert host.check_output(f"getent hosts {lab.PUBLIC_ADDRESS}").split() == [lab.PUBLIC_ADDRESS, lab.PUBLIC_NAME]


def test_search_domains_and_single_labels(host: Host) -> None:
    """A search domain completes a name as before, and nothing answers for a single label."""
    searched = setup(host) in (
        "beside",
        "networkmanager",
        "networkmanager_dnsmasq",
        "openresolv",
        "networkmanager_resolved",
    )
    assert lab.addresses(host, "www") == ({lab.PUBLIC_ADDRESS} if searched else set())
    assert lab.addresses(host, "consul") == set()


def test_whom_programs_ask(host: Host) -> None:
    expected = {
        "uplink": ["127.0.0.2", OUTSIDE],
        "beside": ["127.0.0.2", OUTSIDE],
        "networkmanager": ["127.0.0.2", OUTSIDE],
        "networkmanager_dnsmasq": ["127.0.0.1"],
        "resolvconf": ["127.0.0.2", OUTSIDE],
        "openresolv": ["127.0.0.2", OUTSIDE],
        "dnsmasq": ["127.0.0.2", "127.0.0.1"],
        "networkmanager_resolved": ["127.0.0.53"],
    }
    assert nameservers(host) == expected[setup(host)]


@pytest.mark.parametrize("node", ["node1", "node2", "node8"])
def test_systemd_resolved_knows_too(node: str) -> None:
    host = lab.connect(node)
    assert SERVER in host.check_output(f"resolvectl query {CONSUL}")
    assert lab.PUBLIC_ADDRESS in host.check_output(f"resolvectl query {lab.PUBLIC_NAME}")
    assert host.check_output("resolvectl dns").splitlines()[0].split() == ["Global:", "127.0.0.2"]


def test_a_dnsmasq_of_the_host_is_left_alone() -> None:
    host = lab.connect("node7")
    assert lab.addresses(host, "printer.lan") == {"10.5.5.5"}, "names of its own resolve through it"
    assert host.service("dnsmasq").is_running
    listen = {address for process, address, port in lab.listening(host) if process == "dnsmasq" and port == 53}
    assert {"127.0.0.1", "127.0.0.2", "192.168.122.1"} <= listen
    assert lab.dig(host, f"@192.168.122.1 {lab.PUBLIC_NAME}") == [lab.PUBLIC_ADDRESS]


def test_networkmanagers_dnsmasq_keeps_the_public_names() -> None:
    host = lab.connect("node4")
    assert host.check_output("cat /etc/NetworkManager/dnsmasq.d/servicedns-consul.conf").splitlines()[1:] == [
        "server=/consul/127.0.0.2"
    ]


OTHER = "10.123.101.77"
# How a host learns of name servers, with the list of them in the shell's "$@".
LEARN = {
    "node1": 'resolvectl dns eth0 "$@"',
    "node3": 'nmcli connection modify uplink ipv4.dns "$*" && nmcli connection up uplink',
    "node4": 'nmcli connection modify uplink ipv4.dns "$*" && nmcli connection up uplink',
    "node5": 'printf "nameserver %s\\n" "$@" | resolvconf -a eth0.dhcp',
    "node6": '{ echo search example.com; printf "nameserver %s\\n" "$@"; } | resolvconf -a eth0.dhcp',
    "node8": 'nmcli connection modify uplink ipv4.dns "$*" && nmcli connection up uplink',
}


@pytest.mark.parametrize("node", LEARN)
def test_other_resolvers_from_the_network_are_followed(node: str) -> None:
    """As when DHCP brings them: dnsmasq asks them without a run, and stays where it is."""
    host = lab.connect(node)
    host.check_output(f"sh -c '{LEARN[node]}' sh {OUTSIDE} {OTHER}")
    host.check_output(
        "timeout 20 sh -c 'until journalctl --unit=dnsmasq-consul --output=cat"
        f" | grep -q using.nameserver.{OTHER}#53; do :; done'"
    )
    host.check_output(f"sh -c '{LEARN[node]}' sh {OUTSIDE}")
    assert lab.addresses(host, CONSUL) == {SERVER}
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}


def test_no_lookup_failed(host: Host) -> None:
    assert CONSUL in lab.probed(host)["known"]
    assert lab.failed_lookups(host) == []


def test_teardown_leaves_no_trace() -> None:
    hosts = {node: lab.connect(node) for node in SETUPS}
    counts = {node: len(lab.failed_lookups(host)) for node, host in hosts.items()}
    run = lab.play("molecule/dns_resolvers/teardown.yml")
    assert run.returncode == 0, run.stdout
    for node, host in hosts.items():
        host.check_output("snapshot > /root/after")
        assert host.run("diff /root/before /root/after").stdout == "", node
        assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
        assert lab.addresses(host, CONSUL) == set()
        assert [entry for entry in lab.failed_lookups(host)[counts[node] :] if entry[1] == lab.PUBLIC_NAME] == []


@pytest.mark.parametrize(
    ("node", "command", "undo", "message"),
    [
        (
            "node7",
            "chattr +i /etc/resolv.conf",
            "chattr -i /etc/resolv.conf",
            "/etc/resolv.conf is immutable (chattr +i), as somebody wants it to stay: remove that (chattr -i)",
        ),
        (
            "node7",
            "cp /etc/resolv.conf /run/mounted && mount --bind /run/mounted /etc/resolv.conf",
            "umount /etc/resolv.conf",
            "/etc/resolv.conf is a mount, as in a container, and cannot be replaced",
        ),
        (
            "node7",
            "echo 'options rotate' >> /etc/resolv.conf",
            "sed -i '/rotate/d' /etc/resolv.conf",
            "/etc/resolv.conf has 'options rotate'",
        ),
        (
            "node3",
            "echo 'nameserver 10.123.101.2' > /etc/resolv.conf",
            "systemctl reload NetworkManager",
            "is a plain file that NetworkManager did not write, but may write at any time",
        ),
        (
            "node1",
            "cp /etc/resolv.conf /srv/ && ln -sfT /srv/resolv.conf /etc/resolv.conf",
            "ln -sfT ../run/systemd/resolve/resolv.conf /etc/resolv.conf",
            "/etc/resolv.conf leads to /srv/resolv.conf, which is nothing that this collection knows",
        ),
    ],
)
def test_what_cannot_work_is_refused(node: str, command: str, undo: str, message: str) -> None:
    host = lab.connect(node)
    host.check_output(command)
    try:
        run = lab.play("molecule/dnsmasq_forwarding/converge.yml", "--limit", node)
    finally:
        host.check_output(undo)
    assert run.returncode != 0
    assert message in " ".join(run.stdout.split())
    assert not host.file("/etc/dnsmasq-consul.conf").exists
