"""What a datacenter answers through every host's ordinary resolver, also while the agent of the host is away."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest
from testinfra.host import Host

import lab

NODES = {"node1": "192.168.106.4", "node2": "192.168.106.5", "node3": "192.168.106.6"}
testinfra_hosts = [lab.backend(node) for node in NODES]
MANY = [f"10.77.0.{number}" for number in range(1, 101)]
CONSUL = "consul.service.consul"
UNIT_STARTED = "39f53479d3a045ac8e11786248231fbf"  # systemd.journal-fields(7), SD_MESSAGE_UNIT_STARTED


def register(*entries: dict[str, Any]) -> None:
    """Put nodes that have no agent, and their services, into the catalog."""
    lines = "".join(f"{json.dumps(entry)}\n" for entry in entries)
    lab.connect("node1").check_output(
        f"echo '{lines}' | while read -r entry; do [ -z \"$entry\" ] || curl --silent --show-error --fail "
        '--request PUT --data "$entry" http://127.0.0.1:8500/v1/catalog/register; done'
    )


@pytest.fixture(scope="module", autouse=True)
def catalog() -> None:
    warns = {"Check": {"Name": "warns", "Status": "warning", "ServiceID": "warns"}}
    register(
        *(
            {"Node": f"many{index}", "Address": address, "Service": {"Service": "many"}}
            for index, address in enumerate(MANY)
        ),
        *({"Node": f"few{index}", "Address": f"10.78.0.{index}", "Service": {"Service": "few"}} for index in (1, 2, 3)),
        {"Node": "six", "Address": "2001:db8:0:8::7", "Service": {"Service": "six"}},
        {"Node": "external", "Address": lab.PUBLIC_NAME, "Service": {"Service": "external"}},
        {"Node": "near", "Address": "192.168.111.254"},
        {"Node": "warns", "Address": "10.79.0.1", "Service": {"Service": "warns"}, **warns},
    )
    for node in NODES:
        host = lab.connect(node)
        host.check_output(
            "timeout 60 sh -c 'until [ \"$(dig +short -p 8600 @127.0.0.1 near.node.consul)\" = 192.168.111.254 ]; do sleep 0.1; done'"
        )


def ttls(host: Host, question: str) -> set[int]:
    return {int(line.split()[1]) for line in host.check_output(f"dig +noall +answer {question}").splitlines()}


def test_the_agent_asks_dnsmasq_and_not_whom_dhcp_brings(host: Host) -> None:
    assert json.loads(host.check_output("cat /etc/consul.d/agent.json"))["recursors"] == ["127.0.0.2:8653"]


# The age of answers


def test_no_answer_is_older_than_its_ttl() -> None:
    for node in ("node1", "node3"):
        host = lab.connect(node)
        for name in (CONSUL, "near.node.consul"):
            assert ttls(host, f"-p 8600 @127.0.0.1 {name}") == {5}
            assert max(ttls(host, f"@127.0.0.2 {name}")) <= 5
    host = lab.connect("node2")
    assert ttls(host, f"-p 8600 @127.0.0.1 {CONSUL}") == {0}, "as its variable says"


@pytest.mark.parametrize(("node", "bound"), [("node1", 1), ("node2", 0)])
def test_that_there_is_nothing_is_hardly_kept(node: str, bound: int) -> None:
    answer = lab.connect(node).check_output("dig +noall +authority -p 8600 @127.0.0.1 nothing.service.consul")
    assert int(answer.split()[-1]) == bound


def test_a_new_service_resolves_at_once(host: Host) -> None:
    """Nobody keeps that it was not there."""
    name = f"new-{host.check_output('hostname')}"
    assert lab.addresses(host, f"{name}.service.consul") == set()
    register({"Node": "new", "Address": "10.80.0.1", "Service": {"Service": name}})
    host.check_output(f"timeout 2 sh -c 'until getent ahosts {name}.service.consul; do sleep 0.1; done'")


def test_instances_that_warn() -> None:
    answers = {node: lab.dig(lab.connect(node), "-p 8600 @127.0.0.1 warns.service.consul") for node in NODES}
    assert answers == {"node1": [], "node2": ["10.79.0.1"], "node3": []}


# Large answers


def test_a_hundred_instances(host: Host) -> None:
    """As many as fit over UDP, with the mark that there are more; all of them over TCP, and so for every program."""
    plain = host.check_output("dig +noedns +ignore +noall +comments +answer @127.0.0.2 many.service.consul")
    assert re.search(r"flags:[^;]* tc[ ;]", plain)
    edns = host.check_output("dig +bufsize=1232 +ignore +noall +comments +answer @127.0.0.2 many.service.consul")
    assert re.search(r"flags:[^;]* tc[ ;]", edns)
    for answer in (plain, edns):
        assert "status: NOERROR" in answer
    assert lab.dig(host, "+tcp @127.0.0.2 many.service.consul") == sorted(MANY)
    assert lab.dig(host, "many.service.consul") == sorted(MANY)
    assert lab.addresses(host, "many.service.consul") == set(MANY)


def test_instances_take_turns_through_the_cache(host: Host) -> None:
    first = {host.check_output("dig +short @127.0.0.2 few.service.consul").split()[0] for _turn in range(20)}
    assert first == {"10.78.0.1", "10.78.0.2", "10.78.0.3"}


# Other kinds of addresses


def test_ipv6_alone(host: Host) -> None:
    assert lab.dig(host, "AAAA six.service.consul") == ["2001:db8:0:8::7"]
    assert lab.dig(host, "A six.service.consul") == []
    # A host that has no such address itself gets one only when it asks for it.
    asked = "import socket; print(socket.getaddrinfo('six.service.consul', 80, socket.AF_INET6)[0][4][0])"
    assert host.check_output(f'python3 -c "{asked}"') == "2001:db8:0:8::7"


def test_external_name(host: Host) -> None:
    assert lab.addresses(host, "external.service.consul") == {lab.PUBLIC_ADDRESS}


# Other domains


def test_second_domain_of_consul(host: Host) -> None:
    assert lab.addresses(host, "consul.service.alt.example") == {NODES["node1"]}


def test_datacenter_in_the_name(host: Host) -> None:
    assert lab.addresses(host, "consul.service.dc1.consul") == {NODES["node1"]}
    assert lab.addresses(host, "consul.service.dc9.consul") == set()


@pytest.fixture
def east() -> Iterator[None]:
    """A second datacenter: one server with a service, on an address of its own of node2, federated with the first."""
    host = lab.connect("node2")
    interface = host.check_output("ip -oneline address | awk '/192.168.106.5\\// { print $2 }'")
    host.check_output(f"ip address add 192.168.106.20/24 dev {interface}")
    image = lab.inspect(host)["Config"]["Image"]
    host.check_output(
        f"docker run --detach --rm --name east --network host {image} agent -server -bootstrap-expect 1 -node east "
        "-datacenter dc2 -bind 192.168.106.20 -client 127.0.0.3 -retry-join-wan 192.168.106.4"
    )
    service = json.dumps({"Name": "flapp1", "Address": "10.81.0.1"})
    host.check_output(
        'timeout 60 sh -c \'until curl --silent --fail --request PUT --data "$0" '
        f"http://127.0.0.3:8500/v1/agent/service/register; do sleep 0.1; done' '{service}'"
    )
    host.check_output(
        "timeout 60 sh -c 'until dig +short -p 8600 @192.168.106.4 flapp1.service.dc2.consul | grep -q 10.81; do sleep 0.1; done'"
    )
    yield
    # A server that says goodbye is not looked for by those of the first datacenter.
    host.check_output("docker exec east consul leave -http-addr=127.0.0.3:8500")
    host.check_output(f"ip address delete 192.168.106.20/24 dev {interface}")


@pytest.mark.usefixtures("east")
def test_names_of_another_datacenter() -> None:
    for host in map(lab.connect, NODES):
        assert lab.addresses(host, "flapp1.service.dc2.consul") == {"10.81.0.1"}
        assert lab.addresses(host, "consul.service.dc2.consul") == {"192.168.106.20"}
        assert lab.addresses(host, CONSUL) == {NODES["node1"]}


@pytest.fixture
def corp() -> Iterator[None]:
    """The name server of another domain."""
    host = lab.connect("node1")
    host.check_output(
        "systemd-run --unit=corp dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts "
        "--bind-interfaces --listen-address=192.168.106.4 --host-record=intra.corp.example,10.9.9.9"
    )
    host.check_output(
        "timeout 20 sh -c 'until dig +short @192.168.106.4 intra.corp.example | grep -q 10.9.9.9; do sleep 0.1; done'"
    )
    yield
    host.check_output("systemctl stop corp")


@pytest.mark.usefixtures("corp")
def test_domain_with_servers_of_its_own(host: Host) -> None:
    assert lab.addresses(host, "intra.corp.example") == {"10.9.9.9"}


# Names of addresses


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.168.106.5", "node2.node.dc1.consul"),
        ("192.168.111.254", "near.node.dc1.consul"),
        ("2001:db8:0:8::7", "six.node.dc1.consul"),
        # Not Consul's, but of the networks.
        (lab.PUBLIC_ADDRESS, lab.PUBLIC_NAME),
        ("2001:db8::11", "mail.example.com"),
    ],
)
def test_reverse(host: Host, address: str, name: str) -> None:
    assert lab.dig(host, f"-x {address}") == [f"{name}."]
    assert host.check_output(f"getent hosts {address}").split()[1] == name


def test_reverse_of_nobody(host: Host) -> None:
    assert lab.dig(host, "-x 192.168.106.77") == []


# Who may ask


def test_a_servers_dns_answers_the_network_and_nothing_else_does() -> None:
    found = {
        node: {
            (address, port)
            for process, address, port in lab.listening(lab.connect(node))
            if process == "consul" and port in (8500, 8600)
        }
        for node in NODES
    }
    assert found == dict.fromkeys(NODES, {("127.0.0.1", 8500), ("127.0.0.1", 8600)})
    everybody = {
        node: set(lab.connect(node).check_output("ss -H -lntu 'sport = :8600' | awk '{ print $5 }'").split())
        for node in NODES
    }
    alone = {"127.0.0.1:8600"}
    assert everybody == {"node1": alone | {"192.168.106.4:8600"}, "node2": alone, "node3": alone}
    assert lab.dig(lab.connect("node2"), f"-p 8600 @192.168.106.4 {CONSUL}") == [NODES["node1"]]


@pytest.mark.parametrize(
    "question",
    ["www.example.com", "-x 8.8.8.8", ". NS", "www.example.com DS", "external.service.consul www.example.com"],
)
def test_a_server_is_no_resolver_for_the_network(question: str) -> None:
    """Also of a name that stands behind an alias, and so was looked up a moment ago."""
    answer = lab.connect("node2").check_output(f"dig +noall +comments -p 8600 @192.168.106.4 {question}")
    assert re.findall(r"status: (\w+)", answer)[-1] == "REFUSED"


def test_dnsmasq_answers_its_own_host_alone(host: Host) -> None:
    listen = {(address, port) for process, address, port in lab.listening(host) if process == "dnsmasq"}
    others = {"node1": set(), "node2": {("172.17.0.1", 53)}, "node3": {("172.30.0.1", 53)}}
    ours = {(address, port) for address, port in listen if ":" not in address and address != "127.0.0.2"}
    assert ours == others[host.check_output("hostname")]
    assert set(host.check_output("ps -o user= -C dnsmasq").split()) == {"dnsmasq"}


# What must come to an end


@pytest.mark.parametrize("kind", ["DS", "DNSKEY", "CAA", "TYPE65280"])
def test_a_query_that_consul_hands_on_ends(host: Host, kind: str) -> None:
    """The agent asks the resolvers of its host, which know no dnsmasq that would ask the agent."""
    before = lab.sent_to_agents(host)
    assert "status: " in host.check_output(f"dig +tries=1 +time=4 @127.0.0.2 {kind} few.service.consul")
    # The question goes to two agents, again after 4.5 s, and so does what the probe asks each time an answer has expired,
    # of which there are more on a slow machine. A loop has thousands.
    assert lab.sent_to_agents(host) - before <= 100


# An agent that is away


@pytest.mark.parametrize("node", ["node2", "node3"])
def test_names_resolve_without_the_local_agent(node: str) -> None:
    host = lab.connect(node)

    def away() -> None:
        host.check_output("docker stop consul")
        for _turn in range(20):
            begin = time.monotonic()
            # Nobody has this name in a cache.
            assert lab.addresses(host, f"{node}-{time.monotonic_ns()}.consul") == set()
            assert lab.addresses(host, "few.service.consul")
            assert time.monotonic() - begin < 2
        host.check_output("docker start consul")

    assert lab.lookups_failed_during(host, away) == []


@pytest.mark.parametrize("node", ["node2", "node3"])
def test_the_local_agent_is_asked_again(node: str) -> None:
    host = lab.connect(node)
    before = lab.sent_to_agents(host, "127.0.0.1")
    deadline = time.monotonic() + 60
    while lab.sent_to_agents(host, "127.0.0.1") == before:
        host.check_output(f"dig @127.0.0.2 {time.monotonic_ns()}.service.consul")
        assert time.monotonic() < deadline


# A dnsmasq that changes


@pytest.mark.parametrize(
    ("variables", "same_process"),
    [({"dnsmasq_forwarding_domains": {}}, True), ({"dnsmasq_forwarding_log_queries": True}, False)],
)
def test_a_change_of_dnsmasq_costs_no_lookup(variables: dict[str, Any], same_process: bool) -> None:
    """Other servers are read by the same process; all else needs a new one, and another stands in meanwhile."""
    hosts = [lab.connect(node) for node in NODES]
    before = [host.check_output("systemctl show --property=MainPID dnsmasq-consul") for host in hosts]
    counts = [len(lab.failed_lookups(host)) for host in hosts]
    run = lab.play("servicedns.consul.site", "--extra-vars", json.dumps(variables))
    assert run.returncode == 0, run.stdout
    after = [host.check_output("systemctl show --property=MainPID dnsmasq-consul") for host in hosts]
    assert [one == other for one, other in zip(before, after, strict=True)] == [same_process] * 3
    for host, count in zip(hosts, counts, strict=True):
        assert lab.lookups_failed_during(host, lambda: None) == []
        assert lab.failed_lookups(host)[count:] == []


def test_no_lookup_failed_from_the_first_installation_until_now(host: Host) -> None:
    assert CONSUL in lab.probed(host)["known"]
    assert lab.failed_lookups(host) == []
    assert lab.lost_lookups(host) == []


def test_dnsmasq_that_is_killed_is_back_at_once(host: Host) -> None:
    """Names resolve as soon as it runs, and systemd does not wait long before that."""
    failed = lab.lookups_failed_during(
        host, lambda: host.check_output("kill -KILL $(systemctl show --property=MainPID --value dnsmasq-consul)")
    )
    started = host.check_output(f"journalctl --unit=dnsmasq-consul --output=json --lines=1 MESSAGE_ID={UNIT_STARTED}")
    back = int(json.loads(started)["__REALTIME_TIMESTAMP"]) / 1e6
    assert [entry for entry in failed if entry[0] > back] == []
    assert host.check_output("systemctl show --property=RestartUSec --value dnsmasq-consul") == "100ms"


def test_a_public_name_with_a_private_address() -> None:
    host = lab.connect("node2")
    # What the lab's package mirrors and probe names have for addresses may count as private, and keep the run from it.
    host.check_output("mv /etc/apt/sources.list.d /etc/apt/aside")
    try:
        for protection, expected in ((True, []), (False, ["10.1.2.3"])):
            variables = {"dnsmasq_forwarding_rebind_protection": protection, "dnsmasq_forwarding_probe_names": []}
            run = lab.play("servicedns.consul.site", "--limit", "node2", "--extra-vars", json.dumps(variables))
            assert run.returncode == 0, run.stdout
            assert lab.dig(host, "@127.0.0.2 private.example.com") == expected
            assert lab.dig(host, "@127.0.0.2 public.example.com") == ["93.184.215.14"]
            assert len(lab.dig(host, "few.service.consul")) == 3
    finally:
        host.check_output("mv /etc/apt/aside /etc/apt/sources.list.d")
