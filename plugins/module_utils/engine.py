# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker engine as one that gives its containers a name server: its bridges, and the dns of its configuration."""

from __future__ import annotations

import json
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, host

CONFIGURATION = "/etc/docker/daemon.json"
STAGED = "/etc/docker/.daemon.json.servicedns"
UNIT = "docker.service"
# There while the engine does not run with what its file says.
PENDING = "/run/dnsmasq-consul-engine.pending"


class Bridges(t.NamedTuple):
    """The interfaces on which containers are to be answered."""

    address: str  # of the default bridge, where every container can reach the host
    interfaces: list[str]  # with a star for those that are still to come
    others: list[str]  # that look like those, and are somebody else's


def bridges(networks: t.Sequence[t.Mapping[str, t.Any]], links: t.Sequence[str]) -> Bridges:
    """What the engine's networks and the host's interfaces say. Raises L(host.HostError) without a default bridge."""
    name_of = "com.docker.network.bridge.name"
    ours = {
        network["Options"].get(name_of) or f"br-{network['Id'][:12]}": network
        for network in networks
        if network["Driver"] == "bridge"
    }
    default = next((name for name, network in ours.items() if network["Name"] == "bridge"), "")
    gateways = [
        config["Gateway"] for config in (ours[default]["IPAM"]["Config"] if default else []) if "Gateway" in config
    ]
    address = next((gateway for gateway in gateways if ":" not in gateway), "")
    if not address:
        raise host.HostError(
            "dnsmasq_forwarding_containers: the Docker engine has no default bridge with an IPv4 address, through which "
            "containers could ask this host; remove bridge: none from /etc/docker/daemon.json, or set it to false"
        )
    named = sorted(name for name in ours if not name.startswith("br-"))
    return Bridges(
        address, [*named, "br-*"], sorted(name for name in links if name.startswith("br-") and name not in ours)
    )


def this_engine() -> Bridges:
    """The bridges of this host."""
    links = [link["ifname"] for link in json.loads(host.run("ip", "-json", "link"))]
    return bridges(host.docker_get("/networks") or [], links)


def parse(text: str) -> dict[str, t.Any]:
    """A configuration of the engine."""
    try:
        found = json.loads(text or "{}")
    except ValueError as error:
        raise host.HostError(f"{CONFIGURATION} is no JSON: {error}; it was left alone") from error
    if not isinstance(found, dict):
        raise host.HostError(f"{CONFIGURATION} is no mapping; it was left alone")
    return found


def with_server(text: str, address: str) -> str:
    """A configuration of the engine in which containers ask a name server before all others; the same text where they do."""
    configuration = parse(text)
    servers = configuration.get("dns", [])
    if servers[:1] == [address]:
        return text
    configuration["dns"] = [address, *(server for server in servers if server != address)]
    return json.dumps(configuration, indent=2) + "\n"


def without_server(text: str, address: str) -> str:
    """A configuration of the engine without a name server; the same text where it is not in there."""
    configuration = parse(text)
    if address not in configuration.get("dns", []):
        return text
    configuration["dns"] = [server for server in configuration["dns"] if server != address]
    if not configuration["dns"]:
        del configuration["dns"]
    return json.dumps(configuration, indent=2) + "\n" if configuration else ""


def keeps_containers() -> bool:
    """Whether containers outlive a restart of the engine."""
    return bool((host.docker_get("/info") or {}).get("LiveRestoreEnabled"))


def _keep_containers(text: str, wanted: bool) -> None:
    """Tell the running engine whether containers outlive it."""
    _write(json.dumps({**parse(text), "live-restore": wanted}, indent=2))
    host.run("systemctl", "reload", UNIT)
    if not dnsmasq.eventually(lambda: keeps_containers() == wanted):
        raise host.HostError(f"the Docker engine does not take live-restore from {CONFIGURATION}; its journal says why")


def apply(text: str) -> None:
    """Write the engine's file and restart the engine. The name servers of containers are no part of what it reloads.

    Containers go on running: the engine is told to keep them for the time of the restart, unless it does already, or is in a
    swarm, which has no such thing.
    """
    before = host.read(CONFIGURATION)
    host.write_atomically(PENDING, "")
    _write(text)
    keep = not keeps_containers() and host.docker_get("/info")["Swarm"]["LocalNodeState"] == "inactive"
    try:
        if keep:
            _keep_containers(text, True)
        host.run("systemctl", "restart", UNIT)
        if keep:
            # A reload leaves alone what the file does not name.
            _keep_containers(text, False)
            _write(text)
    except host.HostError:
        _write(before)
        host.run("systemctl", "restart", UNIT)
        raise
    os.unlink(PENDING)


def _write(text: str) -> None:
    if not text:
        if os.path.exists(CONFIGURATION):
            os.unlink(CONFIGURATION)
        return
    os.makedirs(os.path.dirname(CONFIGURATION), exist_ok=True)
    host.write_atomically(STAGED, text)
    try:
        if "--validate" in host.run("dockerd", "--help"):
            host.run("dockerd", "--validate", f"--config-file={STAGED}")
        host.write_atomically(CONFIGURATION, text)
    finally:
        os.unlink(STAGED)
