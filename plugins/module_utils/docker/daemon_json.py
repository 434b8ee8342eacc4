# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Docker engine as one that gives its containers a name server: its bridges, and the dns of its configuration."""

from __future__ import annotations

import contextlib
import json
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, systemd, waiting

CONFIGURATION = "/etc/docker/daemon.json"
STAGED = "/etc/docker/.servicedns.daemon.json"
UNIT = "docker.service"
# There while the engine does not run with what its file says.
PENDING = "/run/dnsmasq-consul-engine.pending"


class Bridges(t.NamedTuple):
    """The interfaces on which containers are to be answered."""

    address: str  # of the default bridge, where every container can reach the host
    interfaces: list[str]  # with a star for those that are still to come
    others: list[str]  # that look like those, and are somebody else's


def bridges(networks: t.Sequence[t.Mapping[str, t.Any]], addresses: t.Mapping[str, t.Sequence[str]]) -> Bridges:
    """Find the bridges by the engine's networks, and the IPv4 addresses of the host's interfaces by name.

    The engine does not tell the address of its default bridge: before its first restart it has no Gateway (moby/moby#26799), and
    later one that may be another router's.

    :raises HostError: without a default bridge that has an address
    """
    name_of = "com.docker.network.bridge.name"
    ours = {
        (network.get("Options") or {}).get(name_of) or f"br-{network['Id'][:12]}": network["Name"]
        for network in networks
        if network["Driver"] == "bridge"
    }
    default = next((interface for interface, name in ours.items() if name == "bridge"), "")
    if not default:
        raise HostError(
            "the Docker engine has no default bridge, through which containers could ask this "
            f"host; remove bridge: none from {CONFIGURATION}, or set it to false"
        )
    if not addresses.get(default):
        raise HostError(
            f"the Docker engine's default bridge {default} has no IPv4 address, at which "
            "containers could ask this host; give it one, or set it to false"
        )
    named = sorted(name for name in ours if not name.startswith("br-"))
    others = sorted(name for name in addresses if name.startswith("br-") and name not in ours)
    return Bridges(addresses[default][0], [*named, "br-*"], others)


def check_command(arguments: t.Sequence[str]) -> None:
    """Refuse an engine that takes no name servers from its file.

    :arg arguments: the command line of docker.service, empty where that does not run
    :raises HostError: with the reason
    """
    reason = ""
    if not arguments:
        reason = f"is not run by {UNIT}, the only one that is known here"
    for flag, value in zip(arguments, [*arguments[1:], ""]):
        name, equals, given = flag.lstrip("-").partition("=")
        value = given if equals else value
        if flag.startswith("-") and name == "dns":
            reason = (
                f"is started with --dns {value}, with which it does not take dns from {CONFIGURATION}: move it there"
            )
        if flag.startswith("-") and name == "config-file" and value != CONFIGURATION:
            reason = f"is started with --config-file {value}, and {CONFIGURATION} is the only one that is known here"
    if reason:
        raise HostError(f"the Docker engine {reason} (systemctl cat {UNIT}), or set it to false")


def this_engine() -> Bridges:
    """Find the bridges of this host."""
    pid = systemd.main_pid(UNIT)
    check_command(files.read(f"/proc/{pid}/cmdline").split("\0") if pid else [])
    links = json.loads(command.run("ip", "-json", "address"))
    addresses = {
        link["ifname"]: [info["local"] for info in link.get("addr_info", []) if info.get("family") == "inet"]
        for link in links
    }
    return bridges(engine.get("/networks") or [], addresses)


def parse(text: str) -> dict[str, t.Any]:
    """Parse a configuration of the engine.

    :raises HostError: when it is none, or has name servers that are none
    """
    try:
        configuration = json.loads(text.strip() or "{}")
    except ValueError as error:
        raise HostError(f"{CONFIGURATION} is no JSON: {error}; it was left alone") from error
    if not isinstance(configuration, dict):
        raise HostError(f"{CONFIGURATION} is no mapping; it was left alone")
    servers = configuration.get("dns")
    if servers is not None and not (isinstance(servers, list) and all(isinstance(server, str) for server in servers)):
        raise HostError(
            f'{CONFIGURATION} has dns: {json.dumps(servers)}, which is no list of addresses, such as ["192.168.100.1"], so '
            "that the engine would not start with it; it was left alone"
        )
    return t.cast("dict[str, t.Any]", configuration)


def _dump(configuration: t.Mapping[str, t.Any]) -> str:
    # As it is: a byte that is no UTF-8 stays one.
    return json.dumps(configuration, indent=2, ensure_ascii=False) + "\n"


def with_server(text: str, address: str) -> str:
    """Make a configuration of the engine in which containers ask a name server before all others; the same text where they do."""
    configuration = parse(text)
    servers = configuration.get("dns") or []
    if servers[:1] == [address]:
        return text
    configuration["dns"] = [address, *(server for server in servers if server != address)]
    return _dump(configuration)


def without_server(text: str, address: str) -> str:
    """Make a configuration of the engine without a name server; the same text where it is not in there."""
    configuration = parse(text)
    if address not in (configuration.get("dns") or []):
        return text
    configuration["dns"] = [server for server in configuration["dns"] if server != address]
    if not configuration["dns"]:
        del configuration["dns"]
    return _dump(configuration) if configuration else ""


def keeps_containers() -> bool:
    """Whether containers outlive a restart of the engine."""
    return bool((engine.get("/info") or {}).get("LiveRestoreEnabled"))


def _keep_containers(text: str, wanted: bool) -> None:
    """Tell the running engine whether containers outlive it."""
    _write(json.dumps({**parse(text), "live-restore": wanted}, indent=2))
    command.run("systemctl", "reload", UNIT)
    if not waiting.eventually(lambda: keeps_containers() == wanted, lookups.PATIENCE):
        raise HostError(f"the Docker engine does not take live-restore from {CONFIGURATION}; its journal says why")


def _restart_with(text: str, keep: bool) -> None:
    """Write the engine's file and restart the engine; where that is to be, containers are kept for the time of it."""
    if keep:
        _keep_containers(text, True)
    else:
        _write(text)
    command.run("systemctl", "restart", UNIT)
    if keep:
        # A reload leaves alone what the file does not name.
        _keep_containers(text, False)
        _write(text)


def apply(text: str) -> None:
    """Write the engine's file and restart the engine. The name servers of containers are no part of what it reloads.

    Containers go on running: the engine is told to keep them for the time of the restart, unless it does already, or is in a
    swarm, which has no such thing.

    :raises HostError: with the reason, after file and engine were restored; L(PENDING) stays where the engine was not
    """
    info = engine.get("/info")
    if not info:
        raise HostError(f"the Docker engine does not say how it runs; {CONFIGURATION} was left alone")
    keep = not info.get("LiveRestoreEnabled") and info["Swarm"]["LocalNodeState"] == "inactive"
    _validate(text)
    kept = state_before.keep(CONFIGURATION)
    pid = systemd.main_pid(UNIT)
    files.write_atomically(PENDING, "")
    try:
        _restart_with(text, keep)
        os.unlink(PENDING)
    except Exception as error:
        raise state_before.restored(
            error,
            [
                (CONFIGURATION, lambda: state_before.restore(CONFIGURATION, kept)),
                (UNIT, lambda: _restore(kept, keep, pid)),
            ],
        ) from error


def _restore(kept: state_before.Kept, keep: bool, pid: int) -> None:
    """Let the engine run with its former file again: as it does, where it is the process that it was."""
    before = state_before.text(kept)
    try:
        if systemd.main_pid(UNIT) != pid:
            _restart_with(before, keep)
        elif keep:
            _keep_containers(before, False)
    except (OSError, HostError):
        state_before.restore(CONFIGURATION, kept)
        # Containers die with an engine that is not told to keep them, so one that runs is left to the next run.
        if systemd.main_pid(UNIT):
            raise
        command.run("systemctl", "restart", UNIT)
    state_before.restore(CONFIGURATION, kept)
    os.unlink(PENDING)


def _validate(text: str) -> None:
    """Refuse a file that the engine would not start with, where it can tell."""
    os.makedirs(os.path.dirname(CONFIGURATION), exist_ok=True)
    files.write_atomically(STAGED, text or "{}")
    try:
        if "--validate" in command.run("dockerd", "--help"):
            command.run("dockerd", "--validate", f"--config-file={STAGED}")
    finally:
        with contextlib.suppress(OSError):
            files.remove(STAGED)


def _write(text: str) -> None:
    if text:
        files.write_atomically(CONFIGURATION, text)
    else:
        files.remove(CONFIGURATION)
