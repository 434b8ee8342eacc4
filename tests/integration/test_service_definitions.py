# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real agent serves every list of services that we accept, and its catalog too.

The examples are always the same. For others: HYPOTHESIS_EXPLORE=300 pytest tests/integration --hypothesis-seed=random
"""

from __future__ import annotations

import contextlib
import functools
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from real_agent import RealAgent, real_agent
from strategies import service_lists

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentRefused, ConsulClient
from ansible_collections.servicedns.consul.plugins.modules.agent_services import declared_checks, service_id
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.instances import definitions_findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.service import converted_service

PATIENCE = 30.0  # seconds
EXPLORED = os.environ.get("HYPOTHESIS_EXPLORE")
SETTINGS = settings(
    max_examples=int(EXPLORED or 75),
    derandomize=EXPLORED is None,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)


def until(what: str, holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {PATIENCE:.0f} s"
        time.sleep(0.02)


class Agent:
    """A server with a datacenter of its own, which reads its services from a directory."""

    def __init__(self, running: RealAgent, directory: Path) -> None:
        self.api = ConsulClient(running.url)
        self.running = running
        self.directory = directory
        self.node = self.api.get("agent", "self")["Config"]["NodeName"]

    def load(self, services: Any) -> None:
        """Make it read a list of services, in the same way as a host's agent gets it."""
        staged = self.directory / "services.staged"
        read = [converted_service(service) for service in services]
        staged.write_text(json.dumps({"services": read}), encoding="utf-8")
        staged.chmod(0o644)
        staged.replace(self.directory / "services.json")
        self.api.put("agent", "reload")

    def catalogd(self) -> set[str]:
        """Ids of the services of the node in the catalog, but for that of the server."""
        found = self.api.get("catalog", "node-services", self.node)
        return {service["ID"] for service in found["Services"]} - {"consul"}

    def has(self, service: str) -> bool:
        """Whether the catalog has a service."""
        return service in self.catalogd()

    def refusals(self, since: str) -> list[str]:
        """What the catalog refused, in the words of the agent's log."""
        told = self.running.log("--since", since)
        return [line for line in told.splitlines() if re.search("Syncing (service|check) failed", line)]


@contextlib.contextmanager
def running(directory: Path) -> Iterator[Agent]:
    """An agent that is gone afterwards, whatever happens."""
    directory.chmod(0o755)
    with real_agent("-enable-local-script-checks", "-log-level", "warn", config=directory) as found:
        agent = Agent(found, directory)
        until("the catalog has the node", lambda: bool(agent.api.get("health", "node", agent.node)))
        yield agent


@pytest.fixture(scope="session")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    with running(tmp_path_factory.mktemp("consul")) as found:
        yield found


def serves(served: dict[str, Any], service: dict[str, Any]) -> None:
    """Compare what the agent says of a service with its definition."""
    assert served["Service"] == service["name"]
    assert served["Tags"] == service.get("tags", [])
    assert served["Address"] == service.get("address", "")
    if "kind" in service or "port" in service:
        assert served["Port"] == service.get("port", 0)
    if "meta" in service:
        assert served["Meta"] == service["meta"]
    if "weights" in service:
        expected = {"Passing": 1, "Warning": 1, **{key.title(): value for key, value in service["weights"].items()}}
        assert served["Weights"] == expected


def registered(definition: dict[str, Any]) -> list[dict[str, Any]]:
    """The services that the agent registers for a definition: itself, and its sidecar with the agent's defaults."""
    sidecar = definition.get("connect", {}).get("sidecar_service")
    if sidecar is None:
        return [definition]
    identifier = service_id(definition)
    defaults = {"address": definition.get("address", ""), "tags": definition.get("tags", [])}
    filled = {key: sidecar.get(key) or value for key, value in defaults.items()}
    name = sidecar.get("name") or f"{definition['name']}-sidecar-proxy"
    ours = {**sidecar, **filled, "id": f"{identifier}-sidecar-proxy", "name": name}
    if not declared_checks(ours):
        ours["checks"] = [
            {"name": "Connect Sidecar Listening"},
            {"name": f"Connect Sidecar Aliasing {identifier}", "alias_service": identifier},
        ]
    return [definition, ours]


def is_served(agent: Agent, services: list[dict[str, Any]]) -> None:
    """What we accept, the agent and its catalog accept, and make of it what we say they do."""
    assert list(definitions_findings({"services": services})) == []
    start = f"{time.time():.6f}"
    agent.load(services)
    expected = [instance for service in services for instance in registered(service)]
    ids = {service_id(service) for service in expected}
    served = agent.api.get("agent", "services")
    assert set(served) == ids
    for service in expected:
        serves(served[service_id(service)], service)
    checks = {check for service in expected for check in declared_checks(service)}
    assert set(agent.api.get("agent", "checks")) == checks
    # Of proxies and gateways the agent may tell the catalog a minute later only: a race of its own.
    told = {service_id(service) for service in expected if "kind" not in service and "proxy" not in service}
    until("the catalog has the services", lambda: told <= agent.catalogd() <= ids)
    assert agent.refusals(start) == []


@SETTINGS
@given(services=service_lists())
def test_what_we_accept_is_served(agent: Agent, services: list[dict[str, Any]]) -> None:
    is_served(agent, services)


def test_aliases_of_nodes_are_served(tmp_path: Path) -> None:
    """The next reload would wait until the question to the node is answered, which takes a minute."""
    checks = [{"alias_node": "elsewhere"}, {"alias_node": "elsewhere", "alias_service": "any", "id": "x"}]
    with running(tmp_path) as agent:
        is_served(agent, [{"name": "web", "checks": checks}])


def with_check(**check: Any) -> list[dict[str, Any]]:
    return [{"name": "web", "checks": [check]}]


HTTP = {"http": "http://localhost", "interval": "1h"}
WEB = {"name": "web"}


@pytest.mark.parametrize(
    ("services", "reason"),
    [
        ([{}], "Service name missing"),
        ([{**WEB, "color": "red"}], "invalid config key services[0].color"),
        ([{**WEB, "namespace": "default"}], "invalid config key services[0].namespace"),
        ([{**WEB, "partition": "default"}], "invalid config key services[0].partition"),
        ([{**WEB, "meta": {"a b": ""}}], "Key contains invalid characters"),
        ([{**WEB, "meta": {"consul-a": ""}}], "is reserved for internal use"),
        ([{**WEB, "meta": {"a": "é" * 257}}], "Value is too long"),
        ([{**WEB, "meta": {f"k{number}": "" for number in range(65)}}], "more than 64 key/value pairs"),
        ([{**WEB, "weights": {"passing": 0}}], "Passing must be greater than 0"),
        ([{**WEB, "weights": {"warning": 65536}}], "between 0 and 65535"),
        ([{**WEB, "enable_tag_override": "yes"}], "expected type 'bool'"),
        ([{**WEB, "port": 80, "socket_path": "/x"}], "cannot have both socket path"),
        ([{**WEB, "port": 80, "ports": [{"name": "a", "port": 1, "default": True}]}], "Cannot set both Port and Ports"),
        ([{**WEB, "ports": [{"name": "a", "port": 1}]}], "must be marked as Default"),
        ([{**WEB, "tagged_addresses": {"lan_ipv4": {"address": "::1"}}}], "must be a valid ipv4 address"),
        ([{**WEB, "connect": {"sidecar_service": {"id": "x"}}}], "can't specify an ID"),
        ([{**WEB, "proxy": {"mode": "x"}}], "Invalid Proxy Mode"),
        ([{**WEB, "locality": {"zone": "a"}}], "zone cannot be set without region"),
        ([{**WEB, "connect": {"native": True}}], "must be set for a Connect native service"),
        ([{**WEB, "kind": "connect-proxy", "port": 80}], "DestinationServiceName must be non-empty"),
        ([{**WEB, "kind": "mesh-gateway"}], "Port must be non-zero"),
        (with_check(**HTTP, inteval="1s"), "invalid config key services[0].checks[0].inteval"),
        (with_check(http="http://localhost"), "Interval must be > 0"),
        (with_check(**{**HTTP, "interval": "0s"}), "Interval must be > 0"),
        (with_check(**{**HTTP, "interval": "10"}), "missing unit in duration"),
        (with_check(**{**HTTP, "interval": "1d"}), "unknown unit"),
        (with_check(**{**HTTP, "interval": 10}), "expected type 'string'"),
        (with_check(ttl="1h", interval="1h"), "Interval and TTL cannot both be specified"),
        (with_check(alias_service="web", ttl="1h"), "TTL must be not be set for Alias checks"),
        (with_check(alias_service="web", **HTTP), "Interval cannot be set for Alias checks"),
        (with_check(alias_service=""), "TTL must be > 0"),
        (with_check(notes="x"), "TTL must be > 0"),
        (with_check(docker_container_id="x", interval="1h"), "TTL must be > 0"),
        (with_check(args=[], interval="1h"), "TTL must be > 0"),
        (with_check(os_service="x", interval="1h"), "not implemented"),
        (with_check(**HTTP, failures_before_warning=1), "FailuresBeforeWarning can't be higher"),
        (with_check(**HTTP, output_max_size=-1), "must be positive"),
        (with_check(**HTTP, header={"a": "b"}), "must be an array or slice"),
    ],
)
def test_what_the_agent_refuses(agent: Agent, services: list[dict[str, Any]], reason: str) -> None:
    assert list(definitions_findings({"services": services}))
    with pytest.raises(AgentRefused, match=re.escape(reason)):
        agent.load(services)


@pytest.mark.parametrize("given", [{"port": "80"}, {"tags": [1]}, {"meta": {"a": 1}}])
def test_what_is_converted_for_the_agent(agent: Agent, given: dict[str, Any]) -> None:
    """Templates give numbers and texts one for the other, which the agent would refuse as they are."""
    # The catalog keeps what others of these tests want it to refuse.
    service = {"name": "converted", **given}
    assert not list(definitions_findings({"services": [service]}))
    agent.load([service])
    assert service_id(service) in agent.api.get("agent", "services")


@pytest.mark.parametrize(
    "services",
    [
        [{**WEB, "address": "0.0.0.0"}],
        [{**WEB, "address": "[::]"}],
        [{**WEB}, {"name": "web2", "id": "WEB"}],
    ],
)
def test_what_the_catalog_refuses(agent: Agent, services: list[dict[str, Any]]) -> None:
    """The agent serves it, and it is nowhere to be found."""
    assert list(definitions_findings({"services": services}))
    # Once for the agent to tell the catalog all it can, and once more to see that it told all.
    for _time in range(2):
        known = {"name": "known", "id": f"known-{time.monotonic_ns()}"}
        agent.load([*services, known])
        until("the catalog has another service", functools.partial(agent.has, known["id"]))
    assert {service_id(service) for service in services} <= set(agent.api.get("agent", "services"))
    assert len(agent.catalogd() - {known["id"]}) < len(services)
