"""Names from dnsmasq against the agent's own port and against unbound, and lookups that fail while things change.

All on the host of one client, one after the other, with dnsperf and 20 clients. unbound is what one would take instead: one thread,
the same domain forwarded to the same agent, the same answers kept.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from bench.hosts import NODES, fresh_hosts, playbook, ssh, write

NODE = "node3"
SECONDS = 5
NAMES = 1000
PUBLIC = "www.example.com"
PATHS = {
    "the agent's own port 8600": "-s 127.0.0.1 -p 8600",
    "dnsmasq, 127.0.0.2": "-s 127.0.0.2",
    "unbound, one thread": "-s 127.0.0.9",
    "systemd-resolved's stub, which asks dnsmasq": "-s 127.0.0.53",
}
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


class Figures(NamedTuple):
    """What dnsperf saw."""

    rate: float
    p99: float


def measure(path: str, queries: str) -> Figures:
    """Queries a second, and the time within which 99 of 100 had their answer, from a run that writes each of them down."""
    command = f"dnsperf {path} -d {queries} -c 20"
    rate = ssh(NODE, f"{command} -l {SECONDS} | awk '/Queries per second/ {{ print $4 }}'")
    each = f"{command} -l 2 -v | awk '/^> NOERROR/ {{ print $NF }}' | sort -g"
    p99 = ssh(NODE, f'{each} > /run/each; sed -n "$(($(wc -l < /run/each) * 99 / 100))p" /run/each')
    return Figures(float(rate), float(p99) * 1000)


def prepare() -> None:
    """A datacentre with a thousand names, unbound beside dnsmasq, and a probe on every host."""
    fresh_hosts()
    playbook("molecule/shared/probe.yml", "--extra-vars", json.dumps({"lab_probe_names": ["flapp1.service.consul"]}))
    playbook("playbooks/site.yml")
    register = "curl --silent --fail --request PUT http://127.0.0.1:8500/v1/catalog/register --data"
    entry = '{\\"Node\\": \\"n$i\\", \\"Address\\": \\"10.9.0.1\\", \\"Service\\": {\\"Service\\": \\"s$i\\"}}'
    ssh("node1", f'for i in $(seq {NAMES}); do {register} "{entry}" > /run/registered; done')
    write(NODE, "/etc/unbound/unbound.conf", UNBOUND)
    ssh(
        NODE,
        "DEBIAN_FRONTEND=noninteractive apt-get -qy --no-install-recommends -o DPkg::Options::=--force-confold install dnsperf unbound 2>&1",
    )
    ssh(NODE, "systemctl restart unbound")
    write(NODE, "/run/one", "flapp1.service.consul A\n")
    write(NODE, "/run/many", "".join(f"s{number}.service.consul A\n" for number in range(1, NAMES + 1)))


def lookups(node: str) -> list[tuple[float, str, str]]:
    """The lookups that failed on a host so far."""
    found: list[tuple[float, str, str]] = json.loads(ssh(node, "cat /run/lookup-probe.json"))["failed"]
    return found


def failed() -> int:
    """How many failed on all hosts."""
    return sum(len(lookups(node)) for node in NODES)


def changes() -> list[str]:
    """A row for each kind of change, with the lookups that failed during it on all hosts together."""
    rows = [f"| the first installation | {failed()} |"]
    for what, change in (
        (
            "a change of servers, which dnsmasq reads again",
            {"dnsmasq_forwarding_domains": {"corp.example": ["10.0.0.1"]}},
        ),
        ("a change that restarts dnsmasq", {"dnsmasq_forwarding_log_queries": True}),
    ):
        before = failed()
        playbook("playbooks/site.yml", "--extra-vars", json.dumps(change))
        rows.append(f"| {what} | {failed() - before} |")
    before = failed()
    ssh(
        NODE,
        "docker restart consul && until dig +short +tries=1 +time=1 -p 8600 @127.0.0.1 flapp1.service.consul | grep -q .; do :; done",
    )
    rows.append(f"| a restart of the local agent | {failed() - before} |")
    before = failed()
    ssh(NODE, "kill -KILL $(systemctl show --property=MainPID --value dnsmasq-consul)")
    ssh(NODE, "until dig +short +tries=1 +time=1 @127.0.0.2 flapp1.service.consul | grep -q .; do :; done")
    rows.append(f"| dnsmasq killed with SIGKILL, on one host | {failed() - before} |")
    playbook("playbooks/dns_teardown.yml")
    # Consul's names end with it, as they should.
    lost = [name for node in NODES for _begin, name, _error in lookups(node) if name == PUBLIC]
    rows.append(f"| the teardown (the public name) | {len(lost)} |")
    return rows


def report() -> str:
    prepare()
    figures = {
        (name, queries): measure(path, queries) for name, path in PATHS.items() for queries in ("/run/one", "/run/many")
    }
    agent, _dnsmasq, unbound, _stub = PATHS

    def row(name: str, queries: str) -> str:
        found = figures[name, queries]
        direct, other = (found.rate / figures[beside, queries].rate for beside in (agent, unbound))
        return f"| {name} | {found.rate:,.0f} | {direct:.1f} | {other:.2f} | {found.p99:.2f} ms |"

    head = "| answered by | queries a second | to the agent's | to unbound's | p99 |\n| --- | --- | --- | --- | --- |"
    tables = [
        f"{label}:\n\n{head}\n" + "\n".join(row(name, queries) for name in PATHS)
        for label, queries in (("One name", "/run/one"), (f"{NAMES:,} names", "/run/many"))
    ]
    return f"""\
## Names

dnsperf with 20 clients for {SECONDS} s each, one after the other, on the host of a client. p99 is from runs of their own.

{tables[0]}

{tables[1]}

Lookups that failed (getaddrinfo, 50 a second on each of the three hosts, a public and a Consul name by turns):

| during | failed |
| --- | --- |
{chr(10).join(changes())}
"""
