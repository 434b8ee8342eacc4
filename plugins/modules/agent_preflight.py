#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_preflight
short_description: Check whether a Consul agent can run on a host
version_added: 0.1.0
description:
  - Finds the address of the agent, asks the Docker engine, looks who holds the ports of Consul, and whose the container
    and the directories are that the agent would have. Changes nothing.
  - What is still missing must be there to be had, which are the image in its registry, as the engine asks that, and a source of
    the package python3-requests.
  - Reports everything that is wrong with the host at once.
author:
  - servicedns.consul contributors (@servicedns)
options:
  network:
    description: CIDR of which the host must have exactly one address.
    type: str
    default: ""
  address:
    description: Address of the agent. It must be one of the host's.
    type: str
    default: ""
  client_address:
    description: Addresses, separated by spaces, of the agent's HTTP and DNS.
    type: str
    default: 127.0.0.1
  image:
    description: Image of the agent. Empty when only the address matters.
    type: str
    default: ""
  pull:
    description: Whether the image is pulled where it is missing. It is not where it comes from a file.
    type: bool
    default: true
  data_directory:
    description: Directory of the host that keeps the agent's data. Empty when only the address matters.
    type: path
    default: ""
  server:
    description: Whether the agent is a server, which needs more ports.
    type: bool
    default: false
  ports:
    description: Ports by Consul's names for them, where they are not the usual ones. A negative number turns one off.
    type: dict
    default: {}
attributes:
  check_mode:
    support: full
    description: It changes nothing.
"""

EXAMPLES = r"""
- name: Check the host
  servicedns.consul.agent_preflight:
    network: 192.168.100.0/24
    image: hashicorp/consul:1.22.7
"""

RETURN = r"""
ansible_facts:
  description: What was found.
  returned: success
  type: dict
  contains:
    consul_agent:
      description: Facts for the roles of this collection.
      type: dict
      contains:
        address:
          description: Address of the agent on this host.
          type: str
          sample: 192.168.100.4
        http_url:
          description: Where the agent's HTTP API answers this host.
          type: str
          sample: http://127.0.0.1:8500
        retry_join:
          description: Whom the agent that runs now joins.
          type: list
          elements: str
          sample: [192.168.100.4]
        log_driver:
          description: The engine's default logging driver. Empty when only the address matters.
          type: str
          sample: json-file
        image_present:
          description: Whether the engine has the image already.
          type: bool
        requests_present:
          description: Whether the host's Python has the requests library, which community.docker needs.
          type: bool
        snapshots_taken:
          description: Whether the host has a timer that takes snapshots of the datacenter.
          type: bool
        container:
          description: What became of the agent's container, V(absent), V(stopped), V(crashing) or V(running).
          type: str
        url:
          description: Where the HTTP API of the agent that runs answers, which may have been started with another address.
          type: str
          sample: http://127.0.0.1:8500
        node_id:
          description: The id of the node in the data directory; empty where there is none.
          type: str
        raft:
          description: Whether the data is that of a server which has been in a datacenter.
          type: bool
        keyring:
          description: Whether the data directory has the keys of the gossip.
          type: bool
        leader:
          description: Address and port of the leader that the agent knows; empty where it does not run or knows none.
          type: str
        datacenter:
          description:
            - What the datacenter says through this agent of its C(servers), by Raft and autopilot, and of its C(members), by gossip.
              None where it says nothing.
          type: dict
"""

import os
import typing as t
from urllib.parse import quote

from ansible_collections.servicedns.consul.plugins.module_utils.consul import (
    addresses,
    agent_container,
    agent_file,
    agent_files,
    agent_state,
    datacenter,
    foreign,
    snapshot_timer,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentSilent, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.dns import forwarding_needs, probe_names
from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine
from ansible_collections.servicedns.consul.plugins.module_utils.docker import image as docker_image
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, network, packages, sockets
from ansible_collections.servicedns.consul.plugins.module_utils.system.paths import existing
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

#: Of the options that messages name.
VARIABLES = {name: f"consul_agent_{name}" for name in ("address", "client_address", "data_directory", "network")}
MIB = 1024 * 1024
ROOM = 64 * MIB  # that an agent needs at least, where its data and its files are
ROOM_FOR_IMAGE = 512 * MIB
#: Seconds in which a registry says whether it has an image: the engine tries some time itself to reach it.
REGISTRY_PATIENCE = 60.0
#: What the official image is made for, as the engine calls it.
ARCHITECTURES = ("x86_64", "aarch64", "armv6l", "armv7l", "i386", "i686")


class Port(t.NamedTuple):
    """A port of Consul, and who listens on it where."""

    number: int
    protocols: tuple[str, ...]
    at_client_address: bool = False
    servers_only: bool = False


#: By Consul's names for them: https://developer.hashicorp.com/consul/docs/reference/architecture/ports
PORTS = {
    "server": Port(8300, ("tcp",), servers_only=True),
    "serf_lan": Port(8301, ("tcp", "udp")),
    "serf_wan": Port(8302, ("tcp", "udp"), servers_only=True),
    "http": Port(addresses.HTTP_PORT, ("tcp",), at_client_address=True),
    "dns": Port(addresses.DNS_PORT, ("tcp", "udp"), at_client_address=True),
    "grpc_tls": Port(8503, ("tcp",), at_client_address=True, servers_only=True),
    "grpc": Port(-1, ("tcp",), at_client_address=True),
    "https": Port(-1, ("tcp",), at_client_address=True),
}


def wanted_sockets(
    address: str, client_addresses: t.Sequence[str], server: bool, ports: t.Mapping[str, t.Any]
) -> list[tuple[str, str, int]]:
    """Protocol, address and port of each socket that an agent opens.

    :arg ports: those that differ from the usual ones
    """
    found = []
    for name, port in PORTS.items():
        number = int(ports.get(name, port.number))
        if number > 0 and (name in ports or server or not port.servers_only):
            where = client_addresses if port.at_client_address else [address]
            found += [(protocol, each, number) for protocol in port.protocols for each in where]
    return found


def foreign_listeners(
    found: list[sockets.Socket], wanted: t.Sequence[tuple[str, str, int]], is_ours: t.Callable[[int], bool]
) -> list[sockets.Socket]:
    """The sockets that keep an agent of ours from listening."""
    return [
        listener
        for listener in found
        if any(
            (listener.protocol, listener.port) == (protocol, port) and collide(listener, where)
            for protocol, where, port in wanted
        )
        and not is_ours(listener.pid)
    ]


def collide(listener: sockets.Socket, address: str) -> bool:
    """Whether a socket keeps another from listening at an address of its port: a wildcard wants all addresses."""
    return listener.covers(address) or listener._replace(address=address).covers(listener.address)


def engine_faults(info: dict[str, t.Any]) -> t.Iterator[str]:
    """Why an engine can give no container the network of its host."""
    security = {option.partition(",")[0] for option in info.get("SecurityOptions") or ()}
    if "name=rootless" in security:
        yield "the Docker engine runs rootless, and gives no container the host's network: run the engine as root"
    if "name=userns" in security:
        yield (
            "the Docker engine has userns-remap, with which no container may have the host's network: "
            "take it out of /etc/docker/daemon.json"
        )
    if info.get("OperatingSystem") == "Docker Desktop" or info.get("OSType", "linux") != "linux":
        yield (
            f"the Docker engine is {info.get('OperatingSystem')}, whose containers have the network of its virtual "
            "machine and not the host's: use Docker Engine on Linux"
        )


def image_faults(info: dict[str, t.Any], image: str) -> t.Iterator[str]:
    """Why an engine cannot get an image that it does not have yet."""
    architecture = info.get("Architecture", "")
    if image.startswith("hashicorp/consul:") and architecture not in ARCHITECTURES:
        yield f"image: {image!r} is not made for this host's {architecture}; name one that is"
    yield from room_faults("the Docker engine's directory", info.get("DockerRootDir", ""), ROOM_FOR_IMAGE)


def registry_fault(image: str) -> str:
    """Why an image cannot be pulled; nothing when its registry has it. The engine asks, as it pulls, by its own proxy and mirrors."""
    try:
        found = engine.get(f"/distribution/{quote(image, safe='')}/json", timeout=REGISTRY_PATIENCE)
        words = "" if found else f"{probe_names.registry(image)} has no such image"
    except HostError as error:
        words = str(error)
    return words and (
        f"consul_agent_image: {image!r} is not on this host, and cannot be pulled: {words}; correct the name, let the engine "
        "reach its registry, or set consul_agent_image_archive"
    )


def may_be_pulled_all_the_same(image: str, info: dict[str, t.Any]) -> bool:
    """Whether a pull asks in another way: a mirror may lack what Docker Hub has, and whoever pulls may be logged in."""
    mirrors = (info.get("RegistryConfig") or {}).get("Mirrors")
    if mirrors and probe_names.registry(image) == probe_names.DOCKER_HUB:
        return True
    folder = os.environ.get("DOCKER_CONFIG") or os.path.join(os.environ.get("HOME", "/root"), ".docker")
    return any(
        f'"{key}"' in files.read(os.path.join(folder, "config.json")) for key in ("auth", "credsStore", "credHelpers")
    )


def lacks_requests() -> list[str]:
    """Why community.docker cannot have the Python library that it needs."""
    if fault := packages.lacks_python_module("requests"):
        return [fault]
    if packages.has_python_module("requests") or not command.find("apt-cache"):
        return []
    return forwarding_needs.installable(["python3-requests"], probe_names.apt_uris())


def room_faults(subject: str, path: str, needed: int) -> t.Iterator[str]:
    """Why nothing can be written to a directory that is there, or will be.

    :arg needed: bytes
    """
    if not path:
        return
    system = os.statvfs(existing(path))
    free = system.f_bavail * system.f_frsize
    if system.f_flag & os.ST_RDONLY:
        yield f"{subject} {path} is on a file system that is mounted read-only"
    elif free < needed:
        yield f"{subject} {path} is on a file system with {free // MIB} MiB free; {needed // MIB} MiB are needed"
    elif system.f_files and not system.f_favail:
        yield f"{subject} {path} is on a file system that takes no more files: it has no inode free"


def of_agent(container: agent_container.Container | None, url: str, params: dict[str, t.Any]) -> dict[str, t.Any]:
    """What there is of the agent, and what the datacenter says through it, where it runs."""
    state = agent_state.state_of(container, params["data_directory"], url)
    if state["container"] != agent_state.RUNNING:
        return dict(state, leader="", datacenter=None)
    client = ConsulClient(state["url"])
    try:
        leader = datacenter.leader_of(client, datacenter.ELECTION if params["server"] and state["raft"] else 0)
    except AgentSilent:
        leader = ""
    return dict(state, leader=leader, datacenter=datacenter.told_by(client) if leader else None)


class Preflight:
    """What is found on a host, and everything that is wrong with it."""

    def __init__(self, params: dict[str, t.Any]) -> None:
        self.params = params
        self.problems: list[str] = []
        self.warnings: list[str] = []
        self.address = self.http_url = self.log_driver = ""
        self.container: agent_container.Container | None = None
        self.image: t.Any = None

    def look(self) -> None:
        """Look at all that matters."""
        self._collect(self._addresses)
        self._collect(self._engine)
        if not command.find("docker"):
            self.problems.append("the docker command is not installed (on Debian 13 and later: apt install docker-cli)")
        if self.params["image"]:
            self._collect(lacks_requests)
        if self.address:
            self._collect(self._ports)
        if self.params["data_directory"]:
            self._collect(self._directories)

    def _collect(self, check: t.Callable[[], t.Iterable[str]]) -> None:
        try:
            found = list(check())
        except command.NotInstalled as error:
            found = [f"{error} (on Debian: apt install iproute2)"]
        except (HostError, OSError, ValueError) as error:
            found = [str(error)]
        self.problems += found

    def _addresses(self) -> t.Sequence[str]:
        self.http_url = addresses.agent_url(self.params["client_address"])
        self.address = network.own_address(self.params["network"], self.params["address"])
        return ()

    def _engine(self) -> t.Iterator[str]:
        self.container = agent_container.inspect()
        used = self.params["image"] or self.params["data_directory"]
        if used and (fault := foreign.container_fault(self.container)):
            yield fault
        if self.params["image"]:
            self.image = docker_image.inspect(self.params["image"])
            info = engine.get("/info")
            self.log_driver = info.get("LoggingDriver", "")
            yield from engine_faults(info)
            if not self.image:
                yield from image_faults(info, self.params["image"])
            if not self.image and self.params["pull"] and (fault := registry_fault(self.params["image"])):
                if may_be_pulled_all_the_same(self.params["image"], info):
                    self.warnings.append(fault)
                else:
                    yield fault

    def _ports(self) -> t.Iterator[str]:
        pid = self.container["State"]["Pid"] if self.container else 0
        where = self.params["client_address"].split()
        wanted = wanted_sockets(self.address, where, self.params["server"], self.params["ports"])
        for held in foreign_listeners(
            sockets.listeners(), wanted, lambda other: pid > 0 and sockets.descends(other, pid)
        ):
            yield f"{held}, but the Consul agent needs it; stop that, or move it to another port"

    def _directories(self) -> t.Iterator[str]:
        data_directory = self.params["data_directory"]
        yield from foreign.directory_faults(data_directory, self.container)
        yield from room_faults("O(data_directory):", data_directory, ROOM)
        yield from room_faults("the directory", agent_files.DIRECTORY, MIB)


def preflight(params: dict[str, t.Any], _check_mode: bool) -> dict[str, t.Any]:
    """Find everything that is wrong with the host, and what the roles have to know of it."""
    found = Preflight(params)
    found.look()
    if found.problems:
        raise HostError("; ".join(found.problems), found.warnings)
    return dict(
        warnings=found.warnings,
        ansible_facts=dict(
            consul_agent=dict(
                address=found.address,
                http_url=found.http_url,
                retry_join=agent_file.joined() if found.container and agent_container.is_ours(found.container) else [],
                log_driver=found.log_driver,
                image_present=found.image is not None,
                requests_present=packages.has_python_module("requests"),
                snapshots_taken=snapshot_timer.is_there(),
                **(of_agent(found.container, found.http_url, params) if params["data_directory"] else {}),
            )
        ),
    )


def main() -> None:
    run_module(
        dict(
            network=dict(type="str", default=""),
            address=dict(type="str", default=""),
            client_address=dict(type="str", default="127.0.0.1"),
            image=dict(type="str", default=""),
            pull=dict(type="bool", default=True),
            data_directory=dict(type="path", default=""),
            server=dict(type="bool", default=False),
            ports=dict(type="dict", default={}),
        ),
        saying_variables(preflight, VARIABLES),
    )


if __name__ == "__main__":
    main()
