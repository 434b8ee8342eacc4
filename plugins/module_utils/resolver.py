# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host resolves names: /etc/resolv.conf, systemd-resolved, and what each is made to say."""

from __future__ import annotations

import os
import re
import socket
import struct
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import host

RESOLV_CONF = "/etc/resolv.conf"
RESOLVED_STUB = "/run/systemd/resolve/stub-resolv.conf"
RESOLVED_UPLINK = "/run/systemd/resolve/resolv.conf"
RESOLVED_DROP_IN = "/etc/systemd/resolved.conf.d/servicedns-consul.conf"
# Where the host's own link waits while another /etc/resolv.conf stands in for it. There only during a switch.
ORIGINAL_LINK = "/etc/.resolv.conf.servicedns"
# /etc/resolv.conf as it was before systemd-resolved was installed here.
BEFORE_RESOLVED = "/etc/resolv.conf.before-resolved"


class Host(t.NamedTuple):
    """What decides how a host resolves names."""

    resolv_conf_target: str  # the file that /etc/resolv.conf is, links followed
    resolv_conf: str  # its content
    resolved_installed: bool
    resolved_active: bool
    networkmanager_active: bool
    resolvconf_installed: bool
    resolved_to_come: bool = False  # everything is ready for systemd-resolved, but an earlier run did not install it


def nameservers(resolv_conf: str) -> list[str]:
    """The name servers that resolv.conf(5) lists."""
    return re.findall(r"^\s*nameserver\s+(\S+)", resolv_conf, re.MULTILINE)


def with_nameserver_first(resolv_conf: str, address: str) -> str:
    """resolv.conf(5) with one name server before all others, and nothing else changed."""
    kept = [line for line in resolv_conf.splitlines() if line.split()[:2] != ["nameserver", address]]
    first = next((index for index, line in enumerate(kept) if line.split()[:1] == ["nameserver"]), len(kept))
    return "\n".join([*kept[:first], f"nameserver {address}", *kept[first:]]) + "\n"


def global_servers(configuration: str, ours: str = RESOLVED_DROP_IN) -> list[str]:
    """The DNS= of ``systemd-analyze cat-config systemd/resolved.conf``, without our own drop-in.

    An empty assignment resets the list, see resolved.conf(5).
    """
    servers: list[str] = []
    path = ""
    for line in configuration.splitlines():
        header = re.match(r"# (/\S+)$", line)
        if header:
            path = header.group(1)
        assignment = re.match(r"DNS\s*=(.*)$", line)
        if assignment and path != ours:
            servers = servers + assignment.group(1).split() if assignment.group(1).strip() else []
    # dnsmasq takes no server name for TLS behind a hash, and asks in the clear.
    return [server.partition("#")[0] for server in servers]


def detect(found: Host) -> str:
    """``systemd_resolved`` or ``resolv_conf``; L(host.HostError) says why it is neither."""
    if found.resolv_conf_target == RESOLVED_STUB and (found.resolved_active or found.resolved_to_come):
        return "systemd_resolved"
    variable = "dnsmasq_forwarding_resolver"
    if found.resolv_conf_target != RESOLV_CONF:
        raise host.HostError(
            f"{variable}: {RESOLV_CONF} leads to {found.resolv_conf_target}, a set-up that is not supported yet; supported are "
            f"systemd-resolved behind {RESOLVED_STUB} and a plain file, and 'none' leaves the resolver alone"
        )
    for manager, there in (
        ("systemd-resolved", found.resolved_active),
        ("NetworkManager", found.networkmanager_active),
        ("resolvconf", found.resolvconf_installed),
    ):
        if there:
            raise host.HostError(
                f"{variable}: {RESOLV_CONF} is a plain file beside {manager}, a set-up that is not supported yet; "
                "'none' leaves the resolver alone"
            )
    if re.search(r"^\s*options\s.*\brotate\b", found.resolv_conf, re.MULTILINE):
        raise host.HostError(
            f"{variable}: {RESOLV_CONF} has 'options rotate', which asks the other name servers for Consul's names by turns; "
            "remove it, or set 'none'"
        )
    return "resolv_conf"


def choose(wanted: str, found: Host) -> str:
    """The resolver to switch, for a wish of ``dnsmasq_forwarding_resolver``."""
    if wanted == "none":
        return "none"
    detected = detect(found)
    if wanted in ("auto", detected):
        return detected
    if wanted == "systemd_resolved" and not found.resolved_installed:
        return "systemd_resolved"
    raise host.HostError(
        f"dnsmasq_forwarding_resolver: '{wanted}' is not what this host resolves names with; it has {detected}"
    )


def resolved_installed() -> bool:
    """Whether the host has systemd-resolved, a package of its own since Debian 12."""
    return any(os.path.exists(f"{folder}/systemd/systemd-resolved") for folder in ("/lib", "/usr/lib"))


def is_resolvconf(path: str) -> bool:
    """Whether there is a resolvconf or openresolv; systemd-resolved has the command too, as a link to resolvectl."""
    return os.path.exists(path) and os.path.basename(os.path.realpath(path)) != "resolvectl"


def this_host() -> Host:
    """What decides how this host resolves names."""

    def active(unit: str) -> bool:
        try:
            return host.run("systemctl", "is-active", unit).strip() == "active"
        except host.HostError:
            return False

    return Host(
        resolv_conf_target=os.path.realpath(ORIGINAL_LINK if os.path.islink(ORIGINAL_LINK) else RESOLV_CONF),
        resolv_conf=host.read(RESOLV_CONF),
        resolved_installed=resolved_installed(),
        resolved_active=active("systemd-resolved.service"),
        networkmanager_active=active("NetworkManager.service"),
        resolvconf_installed=is_resolvconf("/sbin/resolvconf"),
        resolved_to_come=os.path.exists(BEFORE_RESOLVED) and not resolved_installed(),
    )


def resolves(name: str) -> bool:
    """Whether a program of this host that looks ``name`` up gets an address."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def answers(server: str, name: str, timeout: float = 2.0) -> bool:
    """Whether a name server gives an address of ``name``.

    A query by hand (RFC 1035, section 4.1), because a host has no DNS library before anything is installed on it.
    """
    labels = b"".join(struct.pack("B", len(label)) + label.encode() for label in name.rstrip(".").split("."))
    identity = os.urandom(2)
    query = identity + struct.pack("!HHHHH", 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!HH", 1, 1)
    family = socket.AF_INET6 if ":" in server else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        try:
            client.connect((server, 53))
            client.send(query)
            reply = client.recv(4096)
        except OSError:
            return False
    if len(reply) < 12 or reply[:2] != identity:
        return False
    flags, _questions, answer_count = struct.unpack("!HHH", reply[2:8])
    return bool(flags & 0x0F == 0 and answer_count > 0)
