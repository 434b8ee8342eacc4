"""Each kind of resolver asks dnsmasq for Consul's names, keeps the public ones, and is put back when they would be lost."""

from __future__ import annotations

import json
import re

import pytest
from testinfra.host import Host

import lab

OUTSIDE = "10.123.108.2"
ADDRESSES = {"node1": "192.168.108.4", "node2": "192.168.108.5"}
testinfra_hosts = [lab.backend(node) for node in (*ADDRESSES, "node3")]


def nameservers(host: Host) -> list[str]:
    return re.findall(r"^nameserver (\S+)", host.check_output("cat /etc/resolv.conf"), re.MULTILINE)


@pytest.mark.parametrize("node", ADDRESSES)
def test_consul_resolves(node: str) -> None:
    host = lab.connect(node)
    assert lab.dig(host, "consul.service.consul") == [ADDRESSES[node]]
    assert lab.addresses(host, "consul.service.consul") == {ADDRESSES[node]}


def test_public_names_resolve(host: Host) -> None:
    assert lab.dig(host, lab.PUBLIC_NAME) == [lab.PUBLIC_ADDRESS]
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
    assert host.check_output(f"getent hosts {lab.PUBLIC_ADDRESS}").split() == [lab.PUBLIC_ADDRESS, lab.PUBLIC_NAME]
    assert lab.dig(host, f"@127.0.0.2 {lab.PUBLIC_NAME}") == [lab.PUBLIC_ADDRESS]


def test_no_lookup_failed(host: Host) -> None:
    assert lab.failed_lookups(host) == []


def test_plain_file_has_dnsmasq_first_and_keeps_the_rest() -> None:
    host = lab.connect("node1")
    assert nameservers(host) == ["127.0.0.2", OUTSIDE]
    assert not host.file("/etc/resolv.conf").is_symlink
    assert host.file("/etc/resolv.conf").mode == 0o644
    assert not host.package("systemd-resolved").is_installed


def test_a_plain_file_that_is_written_anew() -> None:
    """As a DHCP client does: dnsmasq comes first again, and asks the new resolvers."""
    host = lab.connect("node1")
    host.check_output("cp -p /etc/resolv.conf /root/before-dhcp && echo 'search lan' > /etc/new")
    host.check_output(
        f"printf 'nameserver 10.123.108.77\\nnameserver {OUTSIDE}\\n' >> /etc/new && mv /etc/new /etc/resolv.conf"
    )
    host.check_output("timeout 20 sh -c 'until grep -q 127.0.0.2 /etc/resolv.conf; do sleep 0.1; done'")
    assert nameservers(host) == ["127.0.0.2", "10.123.108.77", OUTSIDE]
    host.check_output(
        "timeout 20 sh -c 'until journalctl --unit=dnsmasq-consul-upstreams --output=cat | grep -q nameserver.10.123.108.77#53; do sleep 0.1; done'"
    )
    assert lab.dig(host, "consul.service.consul") == [ADDRESSES["node1"]]
    host.check_output("mv /root/before-dhcp /etc/resolv.conf")


def test_systemd_resolved_was_installed() -> None:
    host = lab.connect("node2")
    assert host.service("systemd-resolved").is_running
    assert host.file("/etc/resolv.conf").linked_to == "/run/systemd/resolve/stub-resolv.conf"
    assert nameservers(host) == ["127.0.0.53"]
    assert host.check_output("resolvectl dns").splitlines()[0].split() == ["Global:", "127.0.0.2"]


def test_none_leaves_the_resolver_alone() -> None:
    host = lab.connect("node3")
    assert lab.dig(host, "@127.0.0.2 consul.service.example") == ["192.168.108.6"]
    assert lab.dig(host, "@127.0.0.3 consul.service.example") == ["192.168.108.6"]
    assert lab.dig(host, "consul.service.example") == []
    assert "127.0.0.2" not in host.check_output("resolvectl dns")


def test_listens_where_it_should(host: Host) -> None:
    listen = {address for process, address, port in lab.listening(host) if process == "dnsmasq" and port == 53}
    node3 = host.check_output("hostname") == "node3"
    assert listen == ({"127.0.0.2", "127.0.0.3"} if node3 else {"127.0.0.2"})
    assert set(host.check_output("ps -o user= -C dnsmasq").split()) == {"dnsmasq"}
    # The second one answers the first, and no other machine.
    assert host.check_output("ss -Hlntu 'sport = 8653' | awk '{ print $1, $5 }' | sort").splitlines() == [
        "tcp 127.0.0.2:8653",
        "udp 127.0.0.2:8653",
    ]


def test_upstreams_given_are_the_only_ones() -> None:
    journal = lab.connect("node3").check_output("journalctl --unit=dnsmasq-consul-upstreams --output=cat")
    assert set(re.findall(r"using nameserver (\S+)#53$", journal, re.MULTILINE)) == {OUTSIDE}


def test_queries_are_logged_only_where_asked_for(host: Host) -> None:
    assert lab.dig(host, f"@127.0.0.2 {lab.PUBLIC_NAME}") == [lab.PUBLIC_ADDRESS]
    logged = f"query[A] {lab.PUBLIC_NAME}" in host.check_output("journalctl --unit=dnsmasq-consul --output=cat")
    assert logged == (host.check_output("hostname") == "node3")


def test_dnsmasq_comes_back(host: Host) -> None:
    before = host.check_output("systemctl show --property=MainPID --value dnsmasq-consul")
    host.check_output(f"kill -KILL {before}")
    host.check_output(
        "timeout 20 sh -c 'until [ \"$(dig +short +tries=1 @127.0.0.2 www.example.com)\" = 203.0.113.10 ]; do sleep 0.1; done'"
    )
    assert host.check_output("systemctl show --property=MainPID --value dnsmasq-consul") != before


@pytest.mark.parametrize(
    ("node", "upstream", "reason"),
    [
        # Nobody answers DNS there.
        ("node1", "192.168.108.6", "dnsmasq_forwarding_upstreams: '192.168.108.6' does not answer DNS"),
        # Consul answers, and knows no public name.
        (
            "node1",
            "127.0.0.1#8600",
            "dnsmasq at 127.0.0.2 does not answer for www.example.com,",
        ),
        (
            "node2",
            "127.0.0.1#8600",
            "dnsmasq at 127.0.0.2 does not answer for www.example.com,",
        ),
    ],
)
def test_an_upstream_that_is_none(node: str, upstream: str, reason: str) -> None:
    """The former configuration stays, or comes back, and the run says why it failed."""
    host = lab.connect(node)
    before = host.check_output("cat /etc/dnsmasq-consul.conf")
    run = lab.play(
        "molecule/dnsmasq_forwarding/converge.yml",
        *("--limit", node),
        *("--extra-vars", json.dumps({"dnsmasq_forwarding_upstreams": [upstream]})),
    )
    assert run.returncode != 0
    assert reason in " ".join(run.stdout.split())
    assert host.check_output("cat /etc/dnsmasq-consul.conf") == before
    assert lab.dig(host, f"@127.0.0.2 {lab.PUBLIC_NAME}") == [lab.PUBLIC_ADDRESS]
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}


def test_a_switch_that_was_cut_off_is_completed() -> None:
    """Killed before systemd-resolved, or dnsmasq, had what the files say: the next run sees to it."""
    host = lab.connect("node2")
    drop_in = "/etc/systemd/resolved.conf.d/servicedns-consul.conf"
    host.check_output(
        f"mv {drop_in} /root/ && systemctl restart systemd-resolved && mv /root/servicedns-consul.conf {drop_in}"
    )
    host.check_output("touch /run/dnsmasq-consul.pending")
    before = host.check_output("systemctl show --property=MainPID dnsmasq-consul")
    assert "127.0.0.2" not in host.check_output("resolvectl dns")
    run = lab.play("molecule/dnsmasq_forwarding/converge.yml", "--limit", "node2")
    assert run.returncode == 0, run.stdout
    assert host.check_output("resolvectl dns").splitlines()[0].split() == ["Global:", "127.0.0.2"]
    assert host.check_output("systemctl show --property=MainPID dnsmasq-consul") != before
    assert not host.file("/run/dnsmasq-consul.pending").exists


def test_names_resolve_after_a_boot() -> None:
    """Through the systemd-resolved that the role itself installed, which has not started with this host before."""
    host = lab.connect("node2")
    lab.reboot("node2")
    lab.until(host, f"getent ahosts {lab.PUBLIC_NAME}", 90)
    # It did not outlive the host, and the tests after this one ask it.
    host.check_output(f"systemd-run --unit=lookup-probe lookup-probe /run/lookup-probe.json {lab.PUBLIC_NAME}")
    lab.until(host, "[ -s /run/lookup-probe.json ]")
    # Its server may still be about to become the leader.
    lab.until(host, "getent ahosts consul.service.consul", 90)
    lab.until_dig(host, "consul.service.consul", ADDRESSES["node2"])
    lab.until_dig(host, lab.PUBLIC_NAME, lab.PUBLIC_ADDRESS)
    assert host.file("/etc/resolv.conf").linked_to == "/run/systemd/resolve/stub-resolv.conf"
    assert nameservers(host) == ["127.0.0.53"]
    assert host.check_output("resolvectl dns").splitlines()[0].split() == ["Global:", "127.0.0.2"]
    assert lab.addresses(host, "consul.service.consul") == {ADDRESSES["node2"]}
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}


def test_an_installation_that_fails_leaves_the_resolver_as_it_was() -> None:
    """systemd-resolved is asked for, and the package source takes connections, but has no packages."""
    host = lab.connect("node1")
    before = host.check_output("cat /etc/resolv.conf")
    host.check_output("mv /etc/apt/sources.list.d /etc/apt/gone && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin")
    # The registry of the lab.
    host.check_output(
        f"mkdir /etc/apt/sources.list.d && echo 'deb http://{OUTSIDE}:5000/ none/' > /etc/apt/sources.list.d/none.list"
    )
    try:
        run = lab.play(
            "molecule/dnsmasq_forwarding/converge.yml",
            *("--limit", "node1"),
            *("--extra-vars", '{"dnsmasq_forwarding_resolver": "systemd_resolved"}'),
        )
    finally:
        host.check_output(
            "rm -r /etc/apt/sources.list.d && mv /etc/apt/gone /etc/apt/sources.list.d && apt-get update -q"
        )
    assert run.returncode != 0
    assert "Install systemd-resolved: " in run.stdout
    assert not host.file("/etc/resolv.conf").is_symlink
    assert host.check_output("cat /etc/resolv.conf") == before
    assert not host.file("/etc/systemd/resolved.conf.d/servicedns-consul.conf").exists
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
    assert lab.dig(host, "consul.service.consul") == [ADDRESSES["node1"]]


TEARDOWN = "molecule/dns_resolvers/teardown.yml"


@pytest.mark.parametrize("node", ADDRESSES)
def test_teardown_and_an_upstream_that_dies_exactly_at_the_switch(node: str) -> None:
    """The plain file comes back byte for byte, systemd-resolved goes; and all of it once more when a switch fails."""
    host = lab.connect(node)
    run = lab.play(TEARDOWN, "--limit", node)
    assert run.returncode == 0, run.stdout
    host.check_output("snapshot > /root/after")
    assert host.run("diff /root/before /root/after").stdout == ""
    host.check_output(
        "systemd-run --unit=dies sh -c 'until grep -q 127.0.0.2 /etc/resolv.conf; do :; done;"
        f" iptables -A OUTPUT -d {OUTSIDE} -p udp --dport 53 -j DROP'"
    )
    try:
        run = lab.play(
            "molecule/dnsmasq_forwarding/converge.yml",
            *("--limit", node, "--extra-vars", '{"dnsmasq_forwarding_resolver": "auto"}'),
        )
    finally:
        host.run("systemctl stop dies")
        host.check_output(f"iptables -D OUTPUT -d {OUTSIDE} -p udp --dport 53 -j DROP")
    assert run.returncode != 0
    assert re.search(
        r"after the switch www\.example\.com[^;]* did not resolve any more; [^;]*/etc/resolv\.conf", run.stdout
    )
    assert "put back as it was" in run.stdout
    assert nameservers(host) == [OUTSIDE]
    assert not host.file("/etc/dnsmasq-consul.conf").exists
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}


CONVERGE = "molecule/dnsmasq_forwarding/converge.yml"


def test_none_then_auto_then_another_address_then_teardown() -> None:
    """Each takes the former away without a failed lookup, and nothing is left of any of them."""
    host = lab.connect("node3")
    failed = len(lab.failed_lookups(host))
    for address in ("127.0.0.2", "127.0.0.4"):
        wanted = f'{{"dnsmasq_forwarding_resolver": "auto", "dnsmasq_forwarding_listen_addresses": ["{address}"]}}'
        run = lab.play(CONVERGE, "--limit", "node3", "--extra-vars", wanted)
        assert run.returncode == 0, run.stdout
        assert host.check_output("resolvectl dns").splitlines()[0].split() == ["Global:", address]
        assert lab.addresses(host, "consul.service.example") == {"192.168.108.6"}
        assert {found for process, found, port in lab.listening(host) if (process, port) == ("dnsmasq", 53)} == {
            address
        }
    # Somebody else's, which the teardown must not make useless.
    host.check_output("mkdir -p /etc/systemd/network")
    host.check_output("printf '[Match]\\nName=tun0\\n[Network]\\nDNS=127.0.0.4\\n' > /etc/systemd/network/vpn.network")
    run = lab.play(TEARDOWN, "--limit", "node3")
    assert run.returncode != 0
    assert "/etc/systemd/network/vpn.network (DNS=127.0.0.4) still asks dnsmasq" in " ".join(run.stdout.split())
    assert lab.addresses(host, "consul.service.example") == {"192.168.108.6"}
    host.check_output("rm /etc/systemd/network/vpn.network")
    run = lab.play(TEARDOWN, "--limit", "node3")
    assert run.returncode == 0, run.stdout
    host.check_output("snapshot > /root/after")
    assert host.run("diff /root/before /root/after").stdout == ""
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
    assert lab.failed_lookups(host)[failed:] == []


@pytest.mark.parametrize(
    ("node", "breaks", "mends", "said"),
    [
        (
            "node1",
            "mkdir /etc/systemd/system/dnsmasq-consul-resolv-conf.path.d && mv /usr/bin/journalctl /root/ &&"
            " printf '[Path]\\nPathChanged=\\n' > /etc/systemd/system/dnsmasq-consul-resolv-conf.path.d/no.conf",
            "rm -r /etc/systemd/system/dnsmasq-consul-resolv-conf.path.d && mv /root/journalctl /usr/bin/",
            "/etc/resolv.conf was put back as it was",
        ),
        (
            "node3",
            "chattr +i /etc/systemd",
            "chattr -i /etc/systemd",
            "Operation not permitted",
        ),
        (
            "node3",
            "mkdir -p /etc/systemd/system/systemd-resolved.service.d &&"
            " printf '[Service]\\nExecStartPre=/bin/false\\n' > /etc/systemd/system/systemd-resolved.service.d/no.conf"
            " && systemctl daemon-reload",
            "rm -r /etc/systemd/system/systemd-resolved.service.d && systemctl daemon-reload &&"
            " systemctl reset-failed && systemctl restart systemd-resolved",
            "/etc/systemd/resolved.conf.d/servicedns-consul.conf COULD NOT BE PUT BACK",
        ),
    ],
)
def test_a_switch_that_fails_is_put_back(node: str, breaks: str, mends: str, said: str) -> None:
    """After the teardown: the host is as it was once more, or the message says what is not."""
    host = lab.connect(node)
    host.check_output("sh -c %s", breaks)
    try:
        run = lab.play(CONVERGE, "--limit", node, "--extra-vars", '{"dnsmasq_forwarding_resolver": "auto"}')
    finally:
        host.check_output("sh -c %s", mends)
    assert run.returncode != 0
    assert said in " ".join(run.stdout.split())
    run = lab.play(TEARDOWN, "--limit", node)
    assert run.returncode == 0, run.stdout
    host.check_output("snapshot > /root/after")
    assert host.run("diff /root/before /root/after").stdout == ""
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}
