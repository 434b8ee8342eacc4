"""Names from dnsmasq against the agent's own port and against unbound, and lookups that fail while things change.

The rates are of the host of one client, by turns, with dnsperf and 20 clients. unbound is what one would take instead: one
thread, the same domain forwarded to the same agent, the same answers kept.
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable
from typing import Any, NamedTuple

from bench.hosts import NODES, ROUNDS, fresh_hosts, playbook, ssh, write

NODE = "node3"
SECONDS = 5
NAMES = 1000
PUBLIC = "www.example.com"
CONSUL = "flapp1.service.consul"
UNBOUND = """\
server:
    interface: 127.0.0.9
    num-threads: 1
    do-not-query-localhost: no
    module-config: iterator
    prefetch: no
forward-zone:
    name: consul
    forward-addr: 127.0.0.1@8600
"""


class Path(NamedTuple):
    """Whom dnsperf asks, and the processes of its host that answer."""

    server: str
    processes: str


PATHS = {
    "the agent's own port 8600": Path("-s 127.0.0.1 -p 8600", "consul"),
    "dnsmasq, 127.0.0.2": Path("-s 127.0.0.2", "dnsmasq"),
    "unbound, one thread": Path("-s 127.0.0.9", "unbound"),
    "systemd-resolved's stub, which asks dnsmasq": Path("-s 127.0.0.53", "systemd-resolve|dnsmasq"),
}


class Figures(NamedTuple):
    """Queries a second, processor time of a query in µs, and the time in ms within which 99 of 100 had their answer."""

    rate: float
    processor: float
    p99: float


def measure(path: Path, queries: str) -> Figures:
    """What dnsperf saw; the times of single queries are from a run that writes each of them down."""
    command = f"dnsperf {path.server} -d {queries} -c 20"
    stat = f"$(pgrep -x '{path.processes}' | sed 's|.*|/proc/&/stat|')"
    ticks = f"awk '{{ ticks += $14 + $15 }} END {{ print ticks }}' {stat}"
    rate = f"{command} -l {SECONDS} | awk '/Queries per second/ {{ print $4 }}'"
    before, found, after, hertz = map(float, ssh(NODE, f"{ticks}; {rate}; {ticks}; getconf CLK_TCK").split())
    each = f"{command} -l 2 -v | awk '/^> NOERROR/ {{ print $NF }}' | sort -g"
    p99 = ssh(NODE, f'{each} > /run/each; sed -n "$(($(wc -l < /run/each) * 99 / 100))p" /run/each')
    return Figures(found, (after - before) / hertz / (found * SECONDS) * 1e6, float(p99) * 1000)


def table(queries: str) -> str:
    """A row for each path: the medians of rounds in which they take turns."""
    rounds = [[measure(path, queries) for path in PATHS.values()] for _round in range(ROUNDS)]
    medians = [Figures(*map(statistics.median, zip(*of_path, strict=True))) for of_path in zip(*rounds, strict=True)]
    agent, _dnsmasq, unbound, _stub = medians
    rows = [
        "| answered by | queries a second | to the agent's | to unbound's | processor time of a query | p99 |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in zip(PATHS, medians, strict=True):
        ratios = f"{found.rate / agent.rate:.1f} | {found.rate / unbound.rate:.2f}"
        rows.append(f"| {name} | {found.rate:,.0f} | {ratios} | {found.processor:.1f} µs | {found.p99:.2f} ms |")
    return "\n".join(rows)


def rates() -> str:
    """The tables of one name and of a thousand, in a datacenter with unbound beside dnsmasq and nothing else at work."""
    for node in NODES:
        ssh(node, "systemctl stop lookup-probe")
    site()
    register = "curl --silent --fail --request PUT http://127.0.0.1:8500/v1/catalog/register --data"
    entry = '{\\"Node\\": \\"n$i\\", \\"Address\\": \\"10.9.0.1\\", \\"Service\\": {\\"Service\\": \\"s$i\\"}}'
    ssh("node1", f'for i in $(seq {NAMES}); do {register} "{entry}" > /run/registered; done')
    write(NODE, "/etc/unbound/unbound.conf", UNBOUND)
    ssh(
        NODE,
        "DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends -o DPkg::Options::=--force-confold install dnsperf unbound 2>&1",
    )
    ssh(NODE, "systemctl restart unbound")
    write(NODE, "/run/one", f"{CONSUL} A\n")
    write(NODE, "/run/many", "".join(f"s{number}.service.consul A\n" for number in range(1, NAMES + 1)))
    return f"One name:\n\n{table('/run/one')}\n\n{NAMES:,} names:\n\n{table('/run/many')}"


def site(**change: object) -> None:
    playbook("playbooks/site.yml", "--extra-vars", json.dumps(change))


def on_client(command: str, server: str) -> None:
    """Does a thing to the host of the client, and waits until a server there answers again."""
    ssh(NODE, f"{command} && until dig +short +tries=1 +time=1 {server} {CONSUL} | grep -q .; do :; done")


class Change(NamedTuple):
    """Something that is done to the hosts, and the names that must resolve all the while."""

    what: str
    make: Callable[[], object]
    names: tuple[str, ...] = (PUBLIC, CONSUL)


CHANGES = [
    Change("the first installation", site),
    Change(
        "a change of servers, which dnsmasq reads again",
        lambda: site(dnsmasq_forwarding_domains={"corp.example": ["10.0.0.1"]}),
    ),
    Change("a change that restarts dnsmasq", lambda: site(dnsmasq_forwarding_log_queries=True)),
    Change("a restart of one client's agent", lambda: on_client("docker restart consul", "-p 8600 @127.0.0.1")),
    Change(
        "one client's agent stopped for 8 s, longer than an answer is kept",
        lambda: on_client("docker stop consul && sleep 8 && docker start consul", "-p 8600 @127.0.0.1"),
    ),
    Change(
        "dnsmasq killed with SIGKILL, on one host",
        lambda: on_client("kill -KILL $(systemctl show --property=MainPID --value dnsmasq-consul)", "@127.0.0.2"),
    ),
    Change("the teardown (the public name)", lambda: playbook("playbooks/dns_teardown.yml"), (PUBLIC,)),
]


class Lookup(NamedTuple):
    """A lookup that the probe of a host wrote down, with its error or its seconds."""

    node: str
    begin: float
    name: str
    how: Any


# A lookup that waits for its answer is not written down yet.
COUNT = "sed 's/[^0-9]*\\([0-9]*\\).*/\\1/' /run/lookup-probe.json"
TWENTY_LATER = f'end=$(($({COUNT}) + 20)); until [ "$({COUNT})" -ge $end ]; do :; done; cat /run/lookup-probe.json'


def lookups() -> dict[str, set[Lookup]]:
    """Those that "failed" and those that were "slow", on all hosts so far."""
    found = {node: json.loads(ssh(node, TWENTY_LATER)) for node in NODES}
    return {kind: {Lookup(node, *each) for node in NODES for each in found[node][kind]} for kind in ("failed", "slow")}


def changes() -> str:
    """A row for each change, with the lookups from the end of the one before it to its own."""
    fresh_hosts()
    playbook("lab/probe.yml", "--extra-vars", json.dumps({"lab_probe_names": [CONSUL]}))
    rows = ["| during | failed | slowest |", "| --- | --- | --- |"]
    seen: dict[str, set[Lookup]] = {"failed": set(), "slow": set()}
    for change in CHANGES:
        change.make()
        now = lookups()
        failed, slow = (
            [lookup.how for lookup in now[kind] - seen[kind] if lookup.name in change.names] for kind in now
        )
        rows.append(f"| {change.what} | {len(failed)} | {f'{max(slow):.2f} s' if slow else 'under 0.1 s'} |")
        seen = now
    return "\n".join(rows)


def report() -> str:
    during = changes()
    return f"""\
## Names

dnsperf with 20 clients for {SECONDS} s each on the host of a client, median of {ROUNDS} rounds, which take turns. The processor
time is of the processes of that host that answer, so the agent's leaves out what the server does for it. p99 is from runs of their own.

{rates()}

Lookups that failed (getaddrinfo, 50 a second on each of the three hosts, a public and a Consul name by turns):

{during}
"""
