# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent of the host tells: of itself, of the datacenter, of the catalog."""

from __future__ import annotations

import concurrent.futures
import re
import socket
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_file
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.lookup import observations
from ansible_collections.servicedns.consul.plugins.module_utils.system import network

CONNECTION = 2.0  # seconds
SERVER_PORT = 8300
STATUSES = {0: "none", 1: "alive", 2: "leaving", 3: "left", 4: "failed"}
#: What is asked at once: the kind of answer, and the path.
QUESTIONS: dict[str, tuple[type, tuple[str, ...]]] = {
    "self": (dict, ("agent", "self")),
    "members": (list, ("agent", "members")),
    "services": (dict, ("agent", "services")),
    "checks": (dict, ("agent", "checks")),
    "leader": (str, ("status", "leader")),
    "nodes": (list, ("catalog", "nodes")),
    "critical": (list, ("health", "state", "critical")),
}


def connects(server: str, port: int) -> str:
    """Connect, and tell what came instead of a connection; nothing when there was one."""
    try:
        socket.create_connection((server, port), CONNECTION).close()
    except socket.timeout:
        return f"no answer within {CONNECTION:g} s"
    except (OSError, UnicodeError) as error:
        return getattr(error, "strerror", "") or str(error)
    return ""


def server_addresses(named: list[str]) -> list[str]:
    """Take the ports away, of those that are addresses and no search in a cloud."""
    plain = [item for item in named if item and not re.search(r"\s|=", item)]
    return [
        re.sub(r"^\[([^]]+)\](:\d+)?$", r"\1", item) if "[" in item else re.sub(r"^([^:]+):\d+$", r"\1", item)
        for item in plain
    ]


class AgentAnswers:
    """What the host's agent says, each question by itself since some need a leader."""

    def __init__(self, url: str, pool: concurrent.futures.Executor) -> None:
        self.api = ConsulClient(url)
        self.pool = pool

    def get(self, kind: type, *path: str) -> tuple[t.Any, str]:
        """Ask for an answer of a kind, or what came instead. Any server may answer, so that it works without a leader."""
        try:
            answer = self.api.get(*path, stale="")
        except HostError as error:
            return None, str(error)
        if isinstance(answer, kind):
            return answer, ""
        return None, f"GET {self.api.url}/v1/{'/'.join(path)}: the answer is not what Consul says there"

    def gather(self, questions: t.Mapping[str, tuple[type, tuple[str, ...]]]) -> dict[str, tuple[t.Any, str]]:
        """Ask several questions at once."""
        running = {key: self.pool.submit(self.get, kind, *path) for key, (kind, path) in questions.items()}
        return {key: future.result() for key, future in running.items()}


def plain_checks(checks: t.Iterable[t.Mapping[str, t.Any]]) -> list[observations.Check]:
    """Choose what is told of checks, in words of our own."""
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


def plain_members(members: t.Iterable[t.Mapping[str, t.Any]]) -> list[observations.Member]:
    """Choose what is told of members."""
    return [
        {
            "name": member["Name"],
            "address": member["Addr"],
            "status": STATUSES.get(member["Status"], str(member["Status"])),
            "version": member["Tags"].get("build", "").partition(":")[0],
            "server": member["Tags"].get("role") == "consul",
            "port": int(member["Tags"].get("port", SERVER_PORT)),
            "datacenter": member["Tags"].get("dc", ""),
        }
        for member in members
    ]


def plain_nodes(nodes: t.Iterable[t.Mapping[str, t.Any]]) -> list[observations.Node]:
    """Choose what is told of nodes of the catalog."""
    return [{"node": node["Node"], "address": node["Address"], "meta": node.get("Meta") or {}} for node in nodes]


def see_agent(
    agent: AgentAnswers, container: dict[str, t.Any] | None, engine: str, dns: str, image: observations.Image
) -> tuple[observations.AgentSeen, observations.AgentTold]:
    """Ask the agent for the verdict, and for what else is told of it.

    :arg engine: what the Docker engine says where it does not answer
    :arg dns: where the agent answers DNS
    """
    answers = agent.gather(QUESTIONS)
    about, complaint = answers["self"]
    about = about or {}
    config, debug = about.get("Config", {}), about.get("DebugConfig", {})
    members = plain_members(answers["members"][0] or [])
    joined = {
        member["address"]: member["port"] for member in members if member["server"] and member["status"] != "left"
    }
    named = server_addresses([*agent_file.joined(), *(debug.get("RetryJoinLAN") or [])])
    servers = {address: joined.get(address, SERVER_PORT) for address in [*named, *joined]}
    reached = {
        network.with_port(address, port): agent.pool.submit(connects, address, port)
        for address, port in servers.items()
    }
    state = (container or {}).get("State", {})
    checks = plain_checks((answers["checks"][0] or {}).values())
    seen = observations.AgentSeen(
        engine=engine,
        container=state.get("Status", ""),
        exit_code=state.get("ExitCode", 0),
        url=agent.api.url,
        complaint=complaint,
        dns=dns,
        domains=[domain.strip(".") for domain in (debug.get("DNSDomain", ""), debug.get("DNSAltDomain", "")) if domain],
        leader=answers["leader"][0] or "",
        leader_complaint=answers["leader"][1],
        is_server=bool(config.get("Server")),
        servers={address: future.result() for address, future in reached.items()},
        joined=list(joined),
        services=answers["services"][0] or {},
        checks=checks,
    )
    told = observations.AgentTold(
        complaint=complaint,
        node=config.get("NodeName", ""),
        address=debug.get("AdvertiseAddrLAN", ""),
        datacenter=config.get("Datacenter", ""),
        version=config.get("Version", ""),
        server=seen.is_server,
        leader=seen.leader,
        members=members,
        services=sorted(seen.services),
        checks=checks,
        critical=plain_checks(answers["critical"][0] or []),
        nodes=plain_nodes(answers["nodes"][0] or []),
        image=image,
    )
    return seen, told


def see_catalog(agent: AgentAnswers) -> observations.Catalog:
    """Ask for all nodes, and all services with their instances and checks."""
    catalog = agent.gather({"nodes": (list, ("catalog", "nodes")), "names": (dict, ("catalog", "services"))})
    names = sorted(catalog["names"][0] or {})
    health = agent.gather({name: (list, ("health", "service", name)) for name in names})
    return {
        "nodes": plain_nodes(catalog["nodes"][0] or []),
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
        "complaint": catalog["nodes"][1] or catalog["names"][1],
    }
