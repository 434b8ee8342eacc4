"""Whatever a host resolves names with, Consul's come to it, the others stay, and all of it can go again."""

from __future__ import annotations

import concurrent.futures
import re

import pytest
from testinfra.host import Host

import lab

# The first alone knows internal names, and the second denies them.
RESOLVERS = ["10.123.107.3", "10.123.107.4"]
INTERNAL_NAME = "intranet.example.com"
INTERNAL_ADDRESS = "10.20.30.40"
SERVER = "192.168.107.4"
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
testinfra_hosts = [lab.backend(node) for node in SETUPS]


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


ASKED = {
    # What systemd-resolved asked by its own configuration, dnsmasq does now.
    "uplink": ["127.0.0.2"],
    "beside": ["127.0.0.2", *RESOLVERS],
    "networkmanager": ["127.0.0.2", *RESOLVERS],
    "networkmanager_dnsmasq": ["127.0.0.1"],
    "resolvconf": ["127.0.0.2", *RESOLVERS],
    "openresolv": ["127.0.0.2", *RESOLVERS],
    "dnsmasq": ["127.0.0.2", "127.0.0.1"],
    "networkmanager_resolved": ["127.0.0.53"],
}


def test_whom_programs_ask(host: Host) -> None:
    assert nameservers(host) == ASKED[setup(host)]


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


def look_up_everywhere(count: int, at_once: int) -> dict[str, dict[str, int]]:
    """What programs get for internal names, by host; some hosts at once, as all would be too much for two cores."""
    # NetworkManager's dnsmasq asks both resolvers, before and after, and hands only Consul's names on to ours.
    nodes = [node for node, setup in SETUPS.items() if setup != "networkmanager_dnsmasq"]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        found = pool.map(lambda node: lab.lookups(lab.connect(node), INTERNAL_NAME, count, at_once), nodes)
        return dict(zip(nodes, found, strict=True))


@pytest.mark.parametrize(
    ("resolver", "seconds", "at_once"),
    [("internal", 0, 10), ("internal", 0.3, 50), ("public", 1, 10)],
    ids=["both quick", "the first slow", "the second slow"],
)
def test_names_that_only_the_first_resolver_knows(resolver: str, seconds: float, at_once: int) -> None:
    """A thousand lookups on each host, all right, and none of them is told to the second resolver."""
    lab.slow(resolver, answers=seconds, denials=seconds)
    told = len(lab.asked("public"))
    try:
        found = look_up_everywhere(1000, at_once)
    finally:
        lab.slow(resolver)
    assert found == dict.fromkeys(found, {INTERNAL_ADDRESS: 1000})
    # The host with NetworkManager's dnsmasq does not look it up.
    assert [name for name, _kind in lab.asked("public")[told:] if name.endswith(INTERNAL_NAME)] == []


def test_a_resolver_that_is_silent_is_followed_by_the_next() -> None:
    """As programs do it by themselves. Each lookup takes seconds, and none fails."""
    lab.docker("pause", lab.container("internal"))
    try:
        with concurrent.futures.ThreadPoolExecutor(len(SETUPS)) as pool:
            found = list(pool.map(lambda node: lab.addresses(lab.connect(node), "portal.example.com"), SETUPS))
    finally:
        lab.docker("unpause", lab.container("internal"))
    assert found == [{"203.0.113.20"}] * len(SETUPS)


OTHER = "10.123.107.77"
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
    host.check_output(f"sh -c '{LEARN[node]}' sh {RESOLVERS[0]} {OTHER}")
    host.check_output(
        "timeout 20 sh -c 'until journalctl --unit=dnsmasq-consul-upstreams --output=cat"
        f" | grep -q using.nameserver.{OTHER}#53; do sleep 0.1; done'"
    )
    host.check_output(f"sh -c '{LEARN[node]}' sh {' '.join(RESOLVERS)}")
    assert lab.addresses(host, CONSUL) == {SERVER}
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}


def test_no_lookup_failed(host: Host) -> None:
    assert CONSUL in lab.probed(host)["known"]
    assert lab.failed_lookups(host) == []


LISTED = "\n".join(f"nameserver {server}" for server in RESOLVERS)
# What a host writes anew at each boot, before any service of the collection starts.
AT_BOOT = {
    "node2": f"printf %s '# by hand\nsearch example.com\n{LISTED}' > /etc/resolv.conf",
    "node5": f"echo '{LISTED}' | resolvconf -a eth0.dhcp",
    "node6": f"echo 'search example.com\n{LISTED}' | resolvconf -a eth0.dhcp",
    "node7": "echo nameserver 127.0.0.1 > /etc/resolv.conf",
}
FIRST = "grep -m 1 ^nameserver /etc/resolv.conf | grep -qx 'nameserver 127.0.0.2'"


@pytest.mark.parametrize("node", ["node2", "node7"])
def test_a_file_that_is_written_again_and_again_stays_right(node: str) -> None:
    """More than the five times that systemd starts a unit in ten seconds by default, and meanwhile without any server."""
    host = lab.connect(node)
    unit = "dnsmasq-consul-resolv-conf"
    ended = f'[ "$(systemctl show --property=ActiveState --value {unit}.service)" = inactive ]'
    for command in ["echo '# nobody' > /etc/resolv.conf", *[AT_BOOT[node]] * 7]:
        host.check_output(command)
        if command == AT_BOOT[node]:
            lab.until(host, FIRST)
        lab.until(host, ended)
    assert nameservers(host) == ASKED[SETUPS[node]]
    assert host.check_output(f"systemctl is-active {unit}.path") == "active"
    assert host.run(f"systemctl is-failed {unit}.path {unit}.service").rc != 0
    assert lab.addresses(host, CONSUL) == {SERVER}
    assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}


EARLY = """\
[Unit]
DefaultDependencies=no
After=local-fs.target resolvconf.service
Before=sysinit.target dnsmasq-consul-resolv-conf.path

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=sh /root/early

[Install]
WantedBy=sysinit.target
"""


def test_names_resolve_after_a_boot() -> None:
    hosts = {node: lab.connect(node) for node in SETUPS}
    for node, command in AT_BOOT.items():
        for path, content in (("/root/early", command), ("/etc/systemd/system/early.service", EARLY)):
            hosts[node].check_output("printf %%s %s > %s", f"{content}\n", path)
        hosts[node].check_output("systemctl enable early")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        list(pool.map(lab.reboot, SETUPS))
    for node, host in hosts.items():
        if node in AT_BOOT:
            assert host.check_output("systemctl is-active early") == "active", node
            host.check_output("systemctl disable --now early && rm /etc/systemd/system/early.service /root/early")
            host.check_output("systemctl daemon-reload")
        # The network may still be about to be up, and the server about to become the leader.
        lab.until(host, f"getent ahosts {lab.PUBLIC_NAME}", 90)
        host.check_output(
            f"systemd-run --unit=lookup-probe lookup-probe /run/lookup-probe.json {lab.PUBLIC_NAME} {CONSUL}"
        )
        lab.until(host, "[ -s /run/lookup-probe.json ]")
    for node, host in hosts.items():
        lab.until(host, f"getent ahosts {CONSUL}", 90)
        lab.until_dig(host, CONSUL, SERVER)
        lab.until_dig(host, lab.PUBLIC_NAME, lab.PUBLIC_ADDRESS)
        assert lab.addresses(host, CONSUL) == {SERVER}, node
        assert lab.addresses(host, lab.PUBLIC_NAME) == {lab.PUBLIC_ADDRESS}, node
        assert nameservers(host) == ASKED[SETUPS[node]], node


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
            "echo 'nameserver 10.123.107.2' > /etc/resolv.conf",
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
