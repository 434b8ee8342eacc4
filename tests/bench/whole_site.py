"""site.yml against the same work typed by hand, on the same fresh hosts.

By hand means: `docker run` for one server and two clients, a JSON file and `consul services register` for each service,
the lines of configuration for dnsmasq and systemd-resolved, two restarts, and waiting until `dig` answers on every host.
Both start from hosts on which packages and images are present, and both reach them over one kept SSH connection a host.
"""

from __future__ import annotations

import statistics

import lab
from bench.hosts import IMAGE, NODES, ROUNDS, counted, fresh_hosts, playbook, seconds, ssh, write

SITE = "playbooks/site.yml"
DENIAL = 3  # seconds
SERVER = NODES["node1"]
SERVICES = {"node2": ("flapp1", 5000), "node3": ("flapp2", 5001)}

DNSMASQ = """\
listen-address=127.0.0.2
bind-interfaces
server=/consul/127.0.0.1#8600
"""
RESOLVED = """\
[Resolve]
DNS=127.0.0.2
Domains=~consul
"""


def by_hand() -> None:
    """What the blog posts tell to type."""
    run = f"docker run --detach --name=consul --network=host --restart=unless-stopped {IMAGE} agent"
    for node, address in NODES.items():
        role = "-server -bootstrap-expect=1" if address == SERVER else f"-retry-join={SERVER}"
        ssh(
            node,
            f"{run} {role} -node={node} -datacenter=dc1 -bind={address} -advertise={address} -client=127.0.0.1 "
            "-enable-local-script-checks -ui",
        )
    for node, (name, port) in SERVICES.items():
        write(node, f"/root/{name}.json", f'{{"service": {{"name": "{name}", "port": {port}, "tags": ["flask-app"]}}}}')
        ssh(node, f"docker cp /root/{name}.json consul:/tmp/{name}.json")
        ssh(node, f"until docker exec consul consul services register /tmp/{name}.json 2>/dev/null; do :; done")
    for node in NODES:
        write(node, "/etc/dnsmasq.d/consul.conf", DNSMASQ)
        write(node, "/etc/systemd/resolved.conf.d/consul.conf", RESOLVED)
        ssh(node, "systemctl restart dnsmasq systemd-resolved")
    wait_for_names()


def wait_for_names() -> None:
    """Wait until plain dig answers for every service on every host."""
    for node in NODES:
        for owner, (name, _port) in SERVICES.items():
            ssh(node, f'until [ "$(dig +short +tries=1 +time=1 {name}.service.consul)" = {NODES[owner]} ]; do :; done')


def site() -> None:
    playbook(SITE)


def cold_site() -> None:
    site()
    wait_for_names()


def row(label: str, times: list[float], baseline: list[float]) -> str:
    median = statistics.median(times)
    ratio = median / statistics.median(baseline)
    return f"| {label} | {ratio:.2f} | {median:.1f} s | {', '.join(f'{value:.1f}' for value in times)} |"


def report() -> str:
    hand, cold, warm, slow = [], [], [], []
    for _round in range(ROUNDS):
        fresh_hosts()
        hand.append(seconds(by_hand))
        fresh_hosts()
        cold.append(seconds(cold_site))
        warm.append(seconds(site))
        fresh_hosts("second_resolver")
        site()
        for resolver in ("internal", "public"):
            lab.slow(resolver, denials=DENIAL)
        slow.append(seconds(site))
    _output, executions = counted(SITE)
    return f"""\
## The whole site against the same work typed by hand

On the same fresh hosts, packages and images present, from the first command until plain `dig` answers for both services on
all three hosts. By hand: three `docker run`, a JSON file and `consul services register` for each service, the lines for
dnsmasq and systemd-resolved, two restarts on each host; all over kept SSH connections, with no pause for a thought.
Median of {ROUNDS} rounds, which take turns. The warm run executes {max(executions.values())} tasks on the host on which it executes most.

| what | ratio to by hand | median | each round (s) |
| --- | --- | --- | --- |
{row("by hand", hand, hand)}
{row("`site.yml`, cold", cold, hand)}
{row("`site.yml`, warm (changes nothing)", warm, hand)}
{row(f"the same, where the host's resolvers take {DENIAL} s to deny a name", slow, hand)}
"""
