# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a host resolves names: /etc/resolv.conf, systemd-resolved, and what each is made to say."""

from __future__ import annotations

import fcntl
import ipaddress
import os
import re
import socket
import struct
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import host

RESOLV_CONF = "/etc/resolv.conf"
RESOLVED_STUB = "/run/systemd/resolve/stub-resolv.conf"
RESOLVED_UPLINK = "/run/systemd/resolve/resolv.conf"
# systemd-resolved's own listener.
STUB = "127.0.0.53"
# What NetworkManager would write if nothing stood between programs and resolvers. It writes this file in any case.
NETWORKMANAGER_UPLINK = "/run/NetworkManager/no-stub-resolv.conf"
# The ways to resolve names that are told apart, and what dnsmasq_forwarding_resolver calls them.
KINDS = {
    "systemd_resolved": "systemd_resolved",
    "networkmanager": "networkmanager",
    "networkmanager_dnsmasq": "networkmanager",
    "resolvconf": "resolvconf",
    "resolv_conf": "resolv_conf",
    "resolv_conf_and_resolved": "resolv_conf",
}
RESOLVED_DROP_IN = "/etc/systemd/resolved.conf.d/servicedns-consul.conf"
# /etc/resolv.conf as it was before systemd-resolved was installed here.
BEFORE_RESOLVED = "/etc/resolv.conf.before-resolved"

# The attributes of a file, see ioctl_iflags(2).
FS_IOC_GETFLAGS = 0x80086601
FS_IMMUTABLE = 0x10


class Host(t.NamedTuple):
    """What decides how a host resolves names."""

    resolv_conf_target: str  # the file that /etc/resolv.conf is, links followed
    resolv_conf: str  # its content
    resolved_installed: bool
    resolved_active: bool
    networkmanager_active: bool
    resolvconf_installed: bool
    resolved_to_come: bool = False  # everything is ready for systemd-resolved, but an earlier run did not install it
    networkmanager_dns: str = ""  # what NetworkManager's dns= says
    kept_by: str = ""  # why /etc/resolv.conf cannot be replaced


def nameservers(resolv_conf: str) -> list[str]:
    """The name servers that resolv.conf(5) lists."""
    return re.findall(r"^\s*nameserver\s+(\S+)", resolv_conf, re.MULTILINE)


def search_domains(resolv_conf: str) -> list[str]:
    """The domains that complete a name. The last line that names any counts, see resolv.conf(5)."""
    lines = re.findall(r"^(?:search|domain)\s+(.*)$", resolv_conf, re.MULTILINE)
    return [domain for domain in lines[-1].split() if domain != "."] if lines else []


def with_nameserver_first(resolv_conf: str, address: str) -> str:
    """resolv.conf(5) with one name server before all others, and nothing else changed."""
    kept = [line for line in resolv_conf.splitlines() if line.split()[:2] != ["nameserver", address]]
    first = next((index for index, line in enumerate(kept) if line.split()[:1] == ["nameserver"]), len(kept))
    return "\n".join([*kept[:first], f"nameserver {address}", *kept[first:]]) + "\n"


def without_nameserver(resolv_conf: str, address: str) -> str:
    """resolv.conf(5) without one name server, and nothing else changed."""
    return "".join(
        line for line in resolv_conf.splitlines(keepends=True) if line.split()[:2] != ["nameserver", address]
    )


def reverse_zones(network: str) -> list[str]:
    """The domains that hold the names of a network's addresses, split or widened to where labels end."""
    cidr = ipaddress.ip_network(network)
    bits = 8 if cidr.version == 4 else 4
    # No label is longer than the last but one: a network inside of the last has a domain of 256, or 16, addresses.
    length = min(-(-cidr.prefixlen // bits) * bits, cidr.max_prefixlen - bits)
    whole = cidr.supernet(new_prefix=length) if length < cidr.prefixlen else cidr
    return [
        ".".join(subnet.network_address.reverse_pointer.split(".")[(cidr.max_prefixlen - length) // bits :])
        for subnet in whole.subnets(new_prefix=length)
    ]


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


def global_setting(output: str) -> list[str]:
    """What ``resolvectl dns`` or ``resolvectl domain`` says of no link; it breaks long lines."""
    return output.partition("\nLink ")[0].split()[1:]


def generated_by(manager: str, found: Host) -> bool:
    """Whether a manager writes /etc/resolv.conf: it is in its directory, or says so."""
    return found.resolv_conf_target.startswith(f"/run/{manager}/") or bool(
        re.search(rf"^#.*\bgenerated by {manager}\b", found.resolv_conf, re.MULTILINE | re.IGNORECASE)
    )


def detect(found: Host) -> str:
    """One of L(KINDS); L(host.HostError) says why it is none."""
    variable = "dnsmasq_forwarding_resolver"
    resolved = found.resolved_active or found.resolved_to_come
    if resolved and found.resolv_conf_target in (RESOLVED_STUB, RESOLVED_UPLINK):
        return "systemd_resolved"
    if found.kept_by:
        raise host.HostError(f"{variable}: {RESOLV_CONF} {found.kept_by}; 'none' leaves the resolver alone")
    if re.search(r"^\s*options\s.*\brotate\b", found.resolv_conf, re.MULTILINE):
        raise host.HostError(
            f"{variable}: {RESOLV_CONF} has 'options rotate', which asks the other name servers for Consul's names by turns; "
            "remove it, or set 'none'"
        )
    if found.resolvconf_installed and generated_by("resolvconf", found):
        return "resolvconf"
    if found.networkmanager_active and generated_by("NetworkManager", found):
        return "networkmanager_dnsmasq" if found.networkmanager_dns == "dnsmasq" else "networkmanager"
    if found.resolv_conf_target != RESOLV_CONF:
        raise host.HostError(
            f"{variable}: {RESOLV_CONF} leads to {found.resolv_conf_target}, which is nothing that this collection knows; "
            f"it knows systemd-resolved's {RESOLVED_STUB} and {RESOLVED_UPLINK}, what NetworkManager and resolvconf write, "
            "and a plain file, and 'none' leaves the resolver alone"
        )
    if found.resolved_active and nameservers(found.resolv_conf)[:1] == [STUB]:
        # A copy of the stub's file, or one by hand with the same meaning.
        return "systemd_resolved"
    for manager, there in (
        ("NetworkManager", found.networkmanager_active and found.networkmanager_dns != "none"),
        ("resolvconf", found.resolvconf_installed),
    ):
        if there:
            raise host.HostError(
                f"{variable}: {RESOLV_CONF} is a plain file that {manager} did not write, but may write at any time; "
                f"keep {manager} off it or let it write it, or set 'none'"
            )
    return "resolv_conf_and_resolved" if found.resolved_active else "resolv_conf"


def choose(wanted: str, found: Host) -> str:
    """The resolver to switch, one of L(KINDS), for a wish of ``dnsmasq_forwarding_resolver``."""
    if wanted == "none":
        return "none"
    detected = detect(found)
    if wanted in ("auto", KINDS[detected]):
        return detected
    if wanted == "systemd_resolved" and not found.resolved_installed and detected == "resolv_conf":
        return "systemd_resolved"
    raise host.HostError(
        f"dnsmasq_forwarding_resolver: '{wanted}' is not what this host resolves names with; it has {KINDS[detected]}"
    )


def upstreams_file(kind: str, found: Host) -> str:
    """The file in which the host keeps the resolvers that it uses, and keeps them current."""
    if KINDS.get(kind) == "networkmanager":
        return NETWORKMANAGER_UPLINK
    return RESOLVED_UPLINK if kind == "systemd_resolved" or (kind == "none" and found.resolved_active) else RESOLV_CONF


def resolved_installed() -> bool:
    """Whether the host has systemd-resolved, a package of its own since Debian 12."""
    return any(os.path.exists(f"{folder}/systemd/systemd-resolved") for folder in ("/lib", "/usr/lib"))


def is_resolvconf(path: str) -> bool:
    """Whether there is a resolvconf or openresolv; systemd-resolved has the command too, as a link to resolvectl."""
    return os.path.exists(path) and os.path.basename(os.path.realpath(path)) != "resolvectl"


def networkmanager_dns() -> str:
    """What NetworkManager's configuration says of dns=; nothing without NetworkManager."""
    try:
        configuration = host.run("NetworkManager", "--print-config")
    except host.HostError:
        return ""
    found = re.findall(r"^dns=(\S+)$", configuration, re.MULTILINE)
    return str(found[-1]) if found else ""


def kept_by(path: str) -> str:
    """Why a file cannot be replaced by another; nothing when it can."""
    with open("/proc/self/mountinfo") as mounts:
        if path in [line.split()[4] for line in mounts]:
            return "is a mount, as in a container, and cannot be replaced"
    try:
        with open(path, "rb") as stream:
            flags = struct.unpack("i", fcntl.ioctl(stream, FS_IOC_GETFLAGS, struct.pack("i", 0)))[0]
    except OSError:
        return ""  # no such file, or a file system without such flags
    return (
        "is immutable (chattr +i), as somebody wants it to stay: remove that (chattr -i)"
        if flags & FS_IMMUTABLE
        else ""
    )


def this_host() -> Host:
    """What decides how this host resolves names."""

    def active(unit: str) -> bool:
        try:
            return host.run("systemctl", "is-active", unit).strip() == "active"
        except host.HostError:
            return False

    target = os.path.realpath(RESOLV_CONF)
    return Host(
        resolv_conf_target=target,
        resolv_conf=host.read(RESOLV_CONF),
        resolved_installed=resolved_installed(),
        resolved_active=active("systemd-resolved.service"),
        networkmanager_active=active("NetworkManager.service"),
        resolvconf_installed=is_resolvconf("/sbin/resolvconf"),
        resolved_to_come=os.path.exists(BEFORE_RESOLVED) and not resolved_installed(),
        networkmanager_dns=networkmanager_dns(),
        kept_by=kept_by(target),
    )


def resolves(name: str) -> bool:
    """Whether a program of this host that looks ``name`` up gets an address."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except OSError:
        return False


def answers(server: str, name: str, timeout: float = 2.0, port: int = 53) -> bool:
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
            client.connect((server, port))
            client.send(query)
            reply = client.recv(4096)
        except OSError:
            return False
    if len(reply) < 12 or reply[:2] != identity:
        return False
    flags, _questions, answer_count = struct.unpack("!HHH", reply[2:8])
    return bool(flags & 0x0F == 0 and answer_count > 0)
