#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: doctor
short_description: Walk the path of a lookup through a host, and say which hop is to blame
version_added: 0.1.0
description:
  - Asks each hop of a lookup, over UDP and TCP, from the application (C(getent)) to the servers, and reads the configuration
    of those that do not answer. Changes nothing, and needs nothing on the host but what the roles of this collection install.
  - It works from what it finds on the host. It does not fail when a hop is broken.
  - The action plugin of the same name adds how far the host's clock is from the control node's.
author:
  - servicedns.consul contributors (@servicedns)
options:
  domain:
    description: Consul's domain.
    type: str
    default: consul
  name:
    description: The name that each hop is asked for. By default the one of the servers, which is there with a leader.
    type: str
    default: ""
  names:
    description: Names that are looked up besides, as programs of the host do.
    type: list
    elements: str
    default: []
  services:
    description: Ids of the services that this host is to serve.
    type: list
    elements: str
    default: []
  client_address:
    description: Addresses with spaces between them on which the agent's HTTP API and DNS answer.
    type: str
    default: 127.0.0.1
  image:
    description: The image that the agent is to run.
    type: str
    default: ""
  data_directory:
    description: Where the agent keeps its data.
    type: path
    default: /var/lib/consul
  samples:
    description: How often each hop is asked.
    type: int
    default: 1
  catalogue:
    description: Also return all that the agent's catalogue has, for C(playbooks/report.yml).
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: It changes nothing.
  diff_mode:
    support: none
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Find out why a name does not resolve
  servicedns.consul.doctor:
  register: doctor

- name: Show the first hop that is to blame
  ansible.builtin.debug:
    msg: "{{ doctor.broken | default('none', true) }}"
"""

RETURN = r"""
broken:
  description: The first hop that is to blame. Empty when there is none.
  returned: success
  type: str
  sample: dnsmasq
hops:
  description: What is to be said of each hop, in the order of a lookup.
  returned: success
  type: list
  elements: dict
  contains:
    hop:
      description: Its name.
      type: str
      sample: dnsmasq
    state:
      description:
        - V(ok); V(broken), when the hop is to blame; V(fails), when a hop behind it is; V(absent), when lookups do not come
          here; V(unknown), when it cannot be asked while another one is broken.
      type: str
    cause:
      description: Why it is broken.
      type: str
    next_step:
      description: What to do about it.
      type: str
    replies:
      description: What came back, and after how many milliseconds.
      type: list
      elements: dict
names:
  description: What programs of the host get for each name.
  returned: success
  type: dict
agent:
  description: Node name, version, image, leader, members and checks, as the agent of the host has them.
  returned: success
  type: dict
host:
  description: Clock, disk and open ports of the host.
  returned: success
  type: dict
catalogue:
  description: All nodes, services and checks.
  returned: when O(catalogue) is true and the agent answers
  type: dict
"""

import concurrent.futures
import ipaddress
import os
import re
import socket
import subprocess
import time
import typing as t
from urllib.parse import quote

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import dns_query, host, lookup_path, resolver
from ansible_collections.servicedns.consul.plugins.module_utils.agent import agent_url, reachable_address
from ansible_collections.servicedns.consul.plugins.module_utils.agent_api import AgentApi
from ansible_collections.servicedns.consul.plugins.module_utils.lookup_path import Reply

UNIT = "dnsmasq-consul.service"
CONFIGURATION = "/etc/dnsmasq-consul.conf"
STUB = "127.0.0.53"
DNS_PORT = 8600  # of the agent
PATIENCE = 8.0  # seconds; the C library asks a silent server twice, for 5 seconds each
CONNECTION = 2.0  # seconds
STATUSES = {0: "none", 1: "alive", 2: "leaving", 3: "left", 4: "failed"}


def getent(name: str) -> tuple[list[str], str, float]:
    """What a program that looks a name up gets: addresses, or what came instead, and the milliseconds."""
    start = time.monotonic()
    try:
        done = subprocess.run(["getent", "ahosts", name], capture_output=True, text=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        return [], f"no answer within {PATIENCE:g} s", PATIENCE * 1000
    milliseconds = round((time.monotonic() - start) * 1000, 2)
    addresses = sorted({line.split()[0] for line in done.stdout.splitlines()})
    return addresses, ", ".join(addresses) or "not found", milliseconds


def application(name: str, samples: int) -> Reply:
    """The lookup of a program, some times."""
    found = [getent(name) for _number in range(samples)]
    failed = next((text for addresses, text, _time in found if not addresses), "")
    times = [milliseconds for _addresses, _text, milliseconds in found]
    return Reply(f"getent ahosts {name}", not failed, failed or found[-1][1], times)


def ask(server: str, port: int, name: str, samples: int) -> list[Reply]:
    """What a name server answers, over UDP and TCP."""
    replies = []
    for tcp in (False, True):
        asked = f"{'tcp' if tcp else 'udp'} {server}:{port}"
        times: list[float] = []
        good, text = True, ""
        for _number in range(samples):
            try:
                answer = dns_query.ask(server, port, name, tcp=tcp)
            except dns_query.NoAnswer as error:
                good, text = False, str(error)
                break  # the others would take as long
            times.append(answer.milliseconds)
            if good:
                good, text = answer.good, str(answer)
        replies.append(Reply(asked, good, text, times))
    return replies


def ask_all(servers: list[str], name: str, samples: int) -> list[Reply]:
    """What several name servers answer on port 53."""
    return [reply for server in servers for reply in ask(server, 53, name, samples)]


def local_holders(servers: list[str]) -> dict[str, str]:
    """For each name server that is on this host, the process that listens there."""
    own = {str(interface.ip) for _name, interface in host.parse_addresses(host.run("ip", "-json", "address"))}
    found = host.listeners()
    holders = {}
    for server in servers:
        try:
            local = ipaddress.ip_address(server).is_loopback or server in own
        except ValueError:
            continue
        for listener in found:
            if local and listener.protocol == "udp" and listener.port == 53 and listener.covers(server):
                holders[server] = listener.process
    return holders


def see_resolved(active: bool) -> lookup_path.Resolved:
    """systemd-resolved, as far as it tells."""
    try:
        servers, domains = (
            lookup_path.parse_resolvectl(host.run("resolvectl", what, timeout=5)) for what in ("dns", "domain")
        )
    except host.HostError:
        return lookup_path.Resolved(active)
    return lookup_path.Resolved(active, servers, domains)


def see_dnsmasq() -> lookup_path.Dnsmasq:
    """The service, and its configuration."""
    lines = host.run("systemctl", "show", "--property=LoadState,ActiveState", UNIT).splitlines()
    state = dict(line.split("=", 1) for line in lines)
    configuration = host.read(CONFIGURATION)
    for file in re.findall(r"^\s*servers-file\s*=\s*(\S+)", configuration, re.MULTILINE):
        configuration += "\n" + host.read(file)
    journal = ""
    if state["LoadState"] == "not-found":
        return lookup_path.Dnsmasq("not-found")
    if state["ActiveState"] != "active":
        journal = host.run("journalctl", f"--unit={UNIT}", "--lines=1", "--output=cat").strip()
    return lookup_path.Dnsmasq(state["ActiveState"], *lookup_path.parse_dnsmasq(configuration), journal)


def connects(server: str, port: int) -> str:
    """What came instead of a connection; nothing when there was one."""
    try:
        socket.create_connection((server, port), CONNECTION).close()
    except socket.timeout:
        return f"no answer within {CONNECTION:g} s"
    except OSError as error:
        return error.strerror or str(error)
    return ""


def joins(arguments: list[str]) -> list[str]:
    """The servers that the command line of an agent names."""
    found = []
    for flag, value in zip(arguments, [*arguments[1:], ""]):
        name, equals, given = flag.partition("=")
        if name.lstrip("-") in ("retry-join", "join"):
            found.append(given if equals else value)
    return found


def server_addresses(named: list[str]) -> list[str]:
    """Addresses without ports, of those that are addresses and no search in a cloud."""
    plain = [item for item in named if item and not re.search(r"\s|=", item)]
    return [
        re.sub(r"^\[([^]]+)\](:\d+)?$", r"\1", item) if "[" in item else re.sub(r"^([^:]+):\d+$", r"\1", item)
        for item in plain
    ]


class Agent:
    """What the host's agent says, each question by itself since some need a leader."""

    def __init__(self, url: str, pool: concurrent.futures.Executor) -> None:
        self.api = AgentApi(url)
        self.pool = pool

    def get(self, *path: str, **query: str) -> tuple[t.Any, str]:
        """An answer, or what came instead. Asked with C(stale), any server may answer, so that it works without a leader."""
        try:
            return self.api.get(*path, **query), ""
        except host.HostError as error:
            return None, str(error)

    def gather(self, questions: dict[str, tuple[str, ...]], **query: str) -> dict[str, tuple[t.Any, str]]:
        """The answers to several questions, asked at once."""
        running = {key: self.pool.submit(self.get, *path, **query) for key, path in questions.items()}
        return {key: future.result() for key, future in running.items()}


def plain_checks(checks: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Checks with what is told of them, in words of our own."""
    return [
        {
            "node": check.get("Node", ""),
            "service": check.get("ServiceName", ""),
            "service_id": check.get("ServiceID", ""),
            "id": check.get("CheckID", ""),
            "name": check.get("Name", ""),
            "status": check.get("Status", ""),
            "output": check.get("Output", ""),
        }
        for check in checks
    ]


def plain_members(members: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Members with what is told of them."""
    return [
        {
            "name": member["Name"],
            "address": member["Addr"],
            "status": STATUSES.get(member["Status"], str(member["Status"])),
            "version": member["Tags"].get("build", "").partition(":")[0],
            "server": member["Tags"].get("role") == "consul",
            "port": int(member["Tags"].get("port", 8300)),
            "datacenter": member["Tags"].get("dc", ""),
        }
        for member in members
    ]


def plain_nodes(nodes: t.Iterable[dict[str, t.Any]]) -> list[dict[str, t.Any]]:
    """Nodes of the catalogue with what is told of them."""
    return [{"node": node["Node"], "address": node["Address"], "meta": node.get("Meta") or {}} for node in nodes]


def see_agent(
    agent: Agent, container: dict[str, t.Any] | None, engine: str, dns: str
) -> tuple[lookup_path.Agent, dict[str, t.Any]]:
    """The agent for the verdict, and what else is told of it."""
    answers = agent.gather(
        {
            "self": ("agent", "self"),
            "members": ("agent", "members"),
            "services": ("agent", "services"),
            "checks": ("agent", "checks"),
            "leader": ("status", "leader"),
            "nodes": ("catalog", "nodes"),
            "critical": ("health", "state", "critical"),
        },
        stale="",
    )
    about, complaint = answers["self"]
    debug = (about or {}).get("DebugConfig", {})
    arguments = (container or {}).get("Config", {}).get("Cmd") or []
    members = [member for member in plain_members(answers["members"][0] or []) if member["status"] != "left"]
    joined = {member["address"]: member["port"] for member in members if member["server"]}
    named = server_addresses([*joins(arguments), *(debug.get("RetryJoinLAN") or [])])
    servers = {address: joined.get(address, 8300) for address in [*named, *joined]}
    reached = {
        f"[{address}]:{port}" if ":" in address else f"{address}:{port}": agent.pool.submit(connects, address, port)
        for address, port in servers.items()
    }
    state = (container or {}).get("State", {})
    checks = plain_checks((answers["checks"][0] or {}).values())
    seen = lookup_path.Agent(
        engine=engine,
        container=state.get("Status", ""),
        exit_code=state.get("ExitCode", 0),
        url=agent.api.url,
        complaint=complaint,
        dns=dns,
        domains=[domain.strip(".") for domain in (debug.get("DNSDomain", ""), debug.get("DNSAltDomain", "")) if domain],
        leader=answers["leader"][0] or "",
        leader_complaint=answers["leader"][1],
        is_server=bool((about or {}).get("Config", {}).get("Server")),
        servers={address: future.result() for address, future in reached.items()},
        joined=list(joined),
        services=answers["services"][0] or {},
        checks=checks,
    )
    config = (about or {}).get("Config", {})
    told = {
        "complaint": complaint,
        "node": config.get("NodeName", ""),
        "address": debug.get("AdvertiseAddrLAN", ""),
        "datacenter": config.get("Datacenter", ""),
        "version": config.get("Version", ""),
        "server": seen.is_server,
        "leader": seen.leader,
        "members": plain_members(answers["members"][0] or []),
        "services": sorted(seen.services),
        "checks": checks,
        "critical": plain_checks(answers["critical"][0] or []),
        "nodes": plain_nodes(answers["nodes"][0] or []),
    }
    return seen, told


def see_catalogue(agent: Agent) -> dict[str, t.Any]:
    """All nodes, and all services with their instances and checks."""
    found = agent.gather({"nodes": ("catalog", "nodes"), "names": ("catalog", "services")}, stale="")
    names = sorted(found["names"][0] or {})
    health = agent.gather({name: ("health", "service", name) for name in names}, stale="")
    return {
        "nodes": plain_nodes(found["nodes"][0] or []),
        "services": {
            name: [
                {
                    "node": entry["Node"]["Node"],
                    "id": entry["Service"]["ID"],
                    "address": entry["Service"]["Address"] or entry["Node"]["Address"],
                    "port": entry["Service"]["Port"],
                    "tags": entry["Service"]["Tags"] or [],
                    "meta": entry["Service"].get("Meta") or {},
                    "checks": plain_checks(entry["Checks"]),
                }
                for entry in entries or []
            ]
            for name, (entries, _complaint) in health.items()
        },
        "complaint": found["nodes"][1] or found["names"][1],
    }


def see_container(image: str) -> tuple[dict[str, t.Any] | None, str, str]:
    """The agent's container, the id of the image that it should run, and what the engine says where it does not answer."""
    try:
        container = host.docker_get(f"/containers/{host.CONTAINER}/json")
        found = host.docker_get(f"/images/{quote(image, safe='')}/json") if image else None
    except host.HostError as error:
        return None, "", str(error)
    return container, found["Id"] if found else "", ""


def see_host(data_directory: str) -> dict[str, t.Any]:
    """Disk and open ports of the host."""
    path = data_directory
    while not os.path.exists(path):
        path = os.path.dirname(path)
    disk = os.statvfs(path)
    ours = {"consul", "dnsmasq", "systemd-resolve"}
    return {
        "disk": {"path": data_directory, "free": disk.f_bavail * disk.f_frsize, "size": disk.f_blocks * disk.f_frsize},
        "ports": sorted(
            {
                (listener.process, listener.protocol, listener.address, listener.port)
                for listener in host.listeners()
                if listener.process in ours
            }
        ),
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            domain=dict(type="str", default="consul"),
            name=dict(type="str", default=""),
            names=dict(type="list", elements="str", default=[]),
            services=dict(type="list", elements="str", default=[]),
            client_address=dict(type="str", default="127.0.0.1"),
            image=dict(type="str", default=""),
            data_directory=dict(type="path", default="/var/lib/consul"),
            samples=dict(type="int", default=1),
            catalogue=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    params = module.params
    domain = params["domain"]
    name = params["name"] or f"consul.service.{domain}"
    samples = params["samples"]
    agent_server = reachable_address(params["client_address"])
    found = resolver.this_host()
    nameservers = resolver.nameservers(found.resolv_conf)
    dnsmasq = see_dnsmasq()
    container, image_id, engine = see_container(params["image"])
    # At once, since each broken hop takes seconds.
    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        agent = Agent(agent_url(params["client_address"]), pool)
        hops = [
            pool.submit(ask_all, nameservers[:1], name, samples),
            pool.submit(ask_all, [STUB] if found.resolved_active else [], name, samples),
            pool.submit(ask_all, dnsmasq.listens, name, samples),
            pool.submit(ask, agent_server, DNS_PORT, name, samples),
        ]
        program = pool.submit(application, name, samples)
        first, stub, forwarder, own = (hop.result() for hop in hops)
        # Afterwards, as it would make the others look slow.
        programs = {other: pool.submit(getent, other) for other in params["names"]}
        seen_agent, told = see_agent(agent, container, engine, f"{agent_server}#{DNS_PORT}")
        catalogue = see_catalogue(agent) if params["catalogue"] and not told["complaint"] else None
        seen = lookup_path.Seen(
            domain=domain,
            name=name,
            application=program.result(),
            nss=lookup_path.parse_nss(host.read("/etc/nsswitch.conf")),
            resolv_conf_target=found.resolv_conf_target,
            nameservers=nameservers,
            holders=local_holders(nameservers),
            first=first,
            resolved=see_resolved(found.resolved_active),
            stub=stub,
            dnsmasq=dnsmasq,
            dnsmasq_replies=forwarder,
            agent=seen_agent,
            agent_replies=own,
            declared=params["services"],
        )
        names = {other: future.result() for other, future in programs.items()}
    verdicts = lookup_path.judge(seen)
    broken = lookup_path.first_broken(verdicts)
    result = dict(
        broken=broken.hop if broken else "",
        hops=[{**v._asdict(), "replies": [reply._asdict() for reply in v.replies]} for v in verdicts],
        names={
            other: {"addresses": addresses, "text": text, "milliseconds": milliseconds}
            for other, (addresses, text, milliseconds) in names.items()
        },
        agent=dict(
            told,
            image=dict(
                running=(container or {}).get("Config", {}).get("Image", ""),
                declared=params["image"],
                # The same name may be another image by now.
                same=container is None or image_id in ("", container["Image"]),
            ),
        ),
        host=dict(see_host(params["data_directory"]), clock=time.time()),
    )
    if catalogue is not None:
        result["catalogue"] = catalogue
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
