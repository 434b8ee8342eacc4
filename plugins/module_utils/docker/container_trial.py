# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers that are run for a moment, to see whether names resolve in them."""

from __future__ import annotations

import contextlib
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, waiting

NAME = "servicedns-consul-trial"
LONGEST = 120.0  # seconds for one container, which may wait for names
# Which of some names do not resolve, looked up side by side.
LOOK_UP = (
    "command -v getent > /dev/null || { echo 'its image has no getent' >&2; exit 1; }; "
    'for name; do { getent hosts "$name" > /dev/null || echo "$name"; } & done; wait'
)


def image() -> str:
    """Find the id of an image that the host has, the agent's; nothing without an agent."""
    container = agent_container.inspect()
    return str(container["Image"]) if container else ""


def lost(network: str, names: t.Sequence[str], server: str = "") -> list[str]:
    """Find the names that do not resolve in a container.

    :arg network: of the container
    :arg server: the name server that it is told to ask, instead of the engine's
    :raises HostError: when there can be no such container
    """
    dns = [f"--dns={server}"] if server else []
    _remove("rm", "--force")
    try:
        options = ["--rm", f"--name={NAME}", f"--network={network}", *dns, "--entrypoint=sh"]
        said = command.run("docker", "run", *options, image(), "-c", LOOK_UP, "sh", *names, timeout=LONGEST).split()
        return [name for name in names if name in said]
    finally:
        _remove("rm", "--force")


def _remove(*arguments: str) -> None:
    """Remove what may be there."""
    with contextlib.suppress(HostError):
        command.run("docker", *arguments, NAME)


@contextlib.contextmanager
def network_of_a_user() -> t.Iterator[str]:
    """Make a network of its own, in which the engine stands between containers and their name server."""
    _remove("network", "rm")
    command.run("docker", "network", "create", NAME)
    try:
        yield NAME
    finally:
        _remove("network", "rm")


def _lost_for_good(network: str, names: t.Sequence[str], server: str) -> list[str]:
    """As L(lost), after some patience: dnsmasq needs a moment to see a new bridge."""
    missing: list[str] = []

    def good() -> bool:
        missing[:] = lost(network, names, server)
        return not missing

    waiting.eventually(good, lookups.PATIENCE)
    return missing


def check(names: t.Sequence[str], address: str, told: bool) -> list[str]:
    """Refuse an address at which containers get no answer, on the default bridge or on a network of its own.

    :arg names: what resolves on the host
    :arg address: of the host on the default bridge
    :arg told: whether the containers are told to ask it, as long as the engine does not tell them
    :return: warnings of what could not be tried
    :raises HostError: with the names that do not resolve, and what keeps them back
    """
    if not image():
        return [
            f"containers were not tried: there is no container {agent_container.CONTAINER} whose image one could be made of"
        ]
    if not names:
        return ["containers were not tried: no name that they could look up resolves on this host now"]
    warnings = []
    for where, network in (
        ("the default bridge", contextlib.nullcontext("bridge")),
        ("a network of its own", network_of_a_user()),
    ):
        missing: list[str] = []
        try:
            with network as name:
                missing = _lost_for_good(name, names, address if told else "")
        except HostError as error:
            warnings.append(f"a container on {where} was not tried: {error}")
        if missing:
            raise HostError(
                f"a container on {where} does not resolve {' and '.join(missing)}, which this host does: "
                f"it gets no answer of {address}; {advice(address)}"
            )
    return warnings


def _said(*arguments: str) -> str:
    """What a command says; nothing where it is not installed or fails."""
    try:
        return command.run(*arguments, timeout=10)
    except HostError:
        return ""


def advice(address: str) -> str:
    """Tell which packet filter keeps containers from asking, as far as one can tell, and the rule that lets them."""
    if "Status: active" in _said("ufw", "status"):
        return f"ufw is active, and lets them with: ufw allow to {address} port 53"
    if _said("firewall-cmd", "--state").strip() == "running":
        return "firewalld runs, and lets them with: firewall-cmd --permanent --zone=docker --add-service=dns && firewall-cmd --reload"
    rules = _said("iptables", "-S", "INPUT")
    closed = re.search(r"^-P INPUT DROP$", rules, re.MULTILINE)
    if closed or re.search(r"-j (?:DROP|REJECT)\b", rules):
        what = "has the policy DROP" if closed else "has rules that drop or reject"
        accept = f"iptables -I INPUT -d {address} -p udp --dport 53 -j ACCEPT"
        return f"the chain INPUT of iptables {what}, and lets them with: {accept} (and the same with -p tcp)"
    if re.search(r"hook input[^}]*\b(?:drop|reject)\b", _said("nft", "list", "ruleset")):
        rules = f"ip daddr {address} udp dport 53 accept, and ip daddr {address} tcp dport 53 accept"
        return f"a chain of nftables at the hook input drops or rejects, and lets them with: {rules}"
    return f"look for a packet filter that keeps port 53 of {address} from them (iptables -S, nft list ruleset)"
