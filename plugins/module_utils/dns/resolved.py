# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd-resolved is configured to do, and what of it does not go together with dnsmasq behind it."""

from __future__ import annotations

import glob
import ipaddress
import os
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups, resolv_conf
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files

RESOLVED_UNIT = "systemd-resolved.service"
#: Its own listener, and where it answers without its own cache and rules.
STUB = "127.0.0.53"
STUBS = (STUB, "127.0.0.54")
#: What it makes for /etc/resolv.conf: with its stub, and with the servers that it asks.
STUB_FILE = "/run/systemd/resolve/stub-resolv.conf"
UPLINK_FILE = "/run/systemd/resolve/resolv.conf"
DROP_IN = "/etc/systemd/resolved.conf.d/servicedns-consul.conf"
RESOLVECTL_PATIENCE = 5.0  # seconds for resolvectl, which waits for a bus that may be away
#: Where a domain is written down that DNSSEC does not hold for, see dnssec-trust-anchors.d(5).
ANCHORS = [f"{folder}/dnssec-trust-anchors.d/*.negative" for folder in ("/etc", "/run", "/usr/lib")]
#: Settings that mean that a protocol is not used.
UNUSED = ("", "no")
#: Other words for them, see systemd.syntax(7).
BOOLEANS = {
    **dict.fromkeys(("1", "true", "on", "y", "t"), "yes"),
    **dict.fromkeys(("0", "false", "off", "n", "f"), "no"),
}


class Setting(t.NamedTuple):
    """An assignment, and the file in which it is."""

    path: str
    option: str
    value: str


def settings(configuration: str) -> list[Setting]:
    """Parse what ``systemd-analyze cat-config systemd/resolved.conf`` shows, in the order in which it counts."""
    found = []
    path = ""
    # A backslash at its end continues a line, see systemd.syntax(7).
    for line in re.sub(r"\\\n\s*", " ", configuration).splitlines():
        header = re.match(r"# (/\S*/systemd/resolved\.conf(?:\.d/\S+\.conf)?)$", line)
        if header:
            path = header.group(1)
        assignment = re.match(r"\s*([A-Za-z0-9]+)\s*=\s*(.*?)\s*$", line)
        if assignment:
            found.append(Setting(path, assignment.group(1), assignment.group(2)))
    return found


def as_dnsmasq_writes_it(server: str) -> str:
    """Convert a server of resolved.conf(5), which is ``ADDRESS[:PORT][%INTERFACE][#NAME]``; nothing for what is none.

    The name is for TLS, which dnsmasq does not speak.
    """
    place, _percent, interface = server.partition("#")[0].partition("%")
    parts = re.fullmatch(r"\[(.+)\](?::(\d+))?", place) or re.fullmatch(r"([\d.]+)(?::(\d+))?", place)
    address, port = parts.groups() if parts else (place, None)
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return ""
    of_the_link = ip.version == 6 and ip.is_link_local
    return "".join(
        (
            str(ip),
            f"%{interface}" if interface and of_the_link else "",
            f"#{port}" if port and port != "53" else "",
            f"@{interface}" if interface and not of_the_link else "",
        )
    )


def global_servers(configuration: str, ours: str = DROP_IN) -> list[str]:
    """Find the servers of DNS= as dnsmasq writes them, without those of our own drop-in.

    An empty assignment resets the list, see resolved.conf(5).
    """
    servers: list[str] = []
    for setting in settings(configuration):
        if setting.option == "DNS" and setting.path != ours:
            servers = [*servers, *setting.value.split()] if setting.value else []
    return [server for server in map(as_dnsmasq_writes_it, servers) if server]


def overriding(configuration: str, ours: str = DROP_IN) -> list[Setting]:
    """Find what drop-ins say that are read after ours, and that takes its place or comes to it."""
    return [
        setting
        for setting in settings(configuration)
        if os.path.basename(os.path.dirname(setting.path)) == "resolved.conf.d"
        and os.path.basename(setting.path) > os.path.basename(ours)
        and (setting.option == "DNS" or (setting.option == "Domains" and not setting.value))
    ]


def configured(configuration: str, option: str) -> list[str]:
    """Find the value of an option as resolvectl shows it; nothing where it is not set."""
    values = [setting.value.lower() for setting in settings(configuration) if setting.option == option]
    return [BOOLEANS.get(value, value) for value in values[-1:]]


def by_scope(output: str) -> dict[str, list[str]]:
    """Parse the words that a command of resolvectl shows of ``Global`` and of each interface; it breaks long lines."""
    scopes: dict[str, list[str]] = {}
    words: list[str] = []
    for line in output.splitlines():
        scope = re.match(r"(?:(Global)|Link \d+ \((.+?)\)):(.*)$", line)
        if scope:
            words = scopes.setdefault(scope.group(1) or scope.group(2), [])
        words += (scope.group(3) if scope else line).split()
    return scopes


def global_setting(output: str) -> list[str]:
    """Find what ``resolvectl dns`` or ``resolvectl domain`` says of no link."""
    return by_scope(output).get("Global", [])


def of_all_scopes(output: str) -> list[str]:
    """Find what ``resolvectl dns`` or ``resolvectl domain`` says of all scopes, each word once."""
    return list(dict.fromkeys(word for words in by_scope(output).values() for word in words))


def show(setting: str) -> str:
    """Ask systemd-resolved for a setting of all scopes, such as C(dns). It must run, as this would start it."""
    return command.run("resolvectl", setting, timeout=RESOLVECTL_PATIENCE)


def is_installed() -> bool:
    """Whether the host has systemd-resolved, a package of its own since Debian 12."""
    return any(os.path.exists(f"{folder}/systemd/systemd-resolved") for folder in ("/lib", "/usr/lib"))


def is_to_come() -> bool:
    """Whether everything is ready for systemd-resolved, but it was not installed."""
    return os.path.exists(resolv_conf.BEFORE_RESOLVED) and not is_installed()


def negative_anchors(patterns: t.Sequence[str] = ()) -> set[str]:
    """Find the domains that DNSSEC does not hold for on this host."""
    lines = [
        line.partition(";")[0].strip().rstrip(".").lower()
        for pattern in patterns or ANCHORS
        for path in glob.glob(pattern)
        for line in files.read(path).splitlines()
    ]
    return {line for line in lines if line}


Show = t.Callable[[str], str]


def _used(configuration: str, show: Show) -> list[dict[str, list[str]]]:
    """Find the servers, and the settings DNSOverTLS and DNSSEC, that systemd-resolved uses for all links, and for each."""
    try:
        return [by_scope(show(what)) for what in ("dns", "dnsovertls", "dnssec")]
    except HostError:
        # Without a bus, what is configured is known.
        return [
            {"Global": global_servers(configuration)},
            *({"Global": configured(configuration, what)} for what in ("DNSOverTLS", "DNSSEC")),
        ]


def _over_tls(servers: dict[str, list[str]], encrypted: dict[str, list[str]]) -> list[str]:
    """Find the servers that systemd-resolved asks over TLS, and dnsmasq would not, each a sentence."""
    return [
        f"systemd-resolved asks {' and '.join(servers[scope])} over TLS (DNSOverTLS={' '.join(mode)} of "
        f"{'all links' if scope == 'Global' else scope}), and dnsmasq would ask in clear text"
        for scope, mode in encrypted.items()
        if " ".join(mode) not in UNUSED and servers.get(scope)
    ]


def left_alone(configuration: str, show: Show, stub: str = STUB) -> tuple[list[str], list[str]]:
    """Whom dnsmasq asks beside a systemd-resolved that is not made to ask it: its stub, where it asks over TLS.

    :return: the stub or nobody, and why that cannot be; see L(conflicts) for the other arguments
    """
    servers, encrypted, _validated = _used(configuration, show)
    reasons = _over_tls(servers, encrypted)
    if not reasons:
        return [], []
    if not lookups.speaks(stub, ["localhost"]):
        return [stub], [
            f"O(upstreams): {what}, for containers and the agent, as systemd-resolved's own {stub} does not "
            "answer (DNSStubListener=no); let it, or name a resolver that asks over TLS, such as stubby or unbound"
            for what in reasons
        ]
    return [stub], []


def conflicts(configuration: str, show: Show, domains: t.Sequence[str], upstreams: t.Sequence[str]) -> list[str]:
    """Tell why systemd-resolved, as it is configured, cannot ask dnsmasq.

    :arg show: the output of ``resolvectl`` for ``dns``, ``dnsovertls`` and ``dnssec``, or L(HostError)
    :arg domains: Consul's
    :arg upstreams: the resolvers that dnsmasq was told to ask; none for those that systemd-resolved asks
    """
    problems = [
        f"O(resolver): {setting.path} is read after {DROP_IN}, and its "
        f"{setting.option}={setting.value} takes the place of what is said there; rename it to what sorts before"
        for setting in overriding(configuration)
    ]
    servers, encrypted, validated = _used(configuration, show)
    ways_out = (
        "let O(upstreams) name a resolver on this host that asks over TLS, such as stubby or unbound, "
        "or leave the resolver alone with 'none'"
    )
    if encrypted.get("Global") == ["yes"]:
        problems.append(
            f"O(resolver): systemd-resolved asks over TLS alone (DNSOverTLS=yes), which dnsmasq does not speak; set it to no "
            f"or opportunistic, and {ways_out}"
        )
    elif not upstreams:
        problems += [
            f"O(resolver): {what}; set it to no if that may be, else {ways_out}"
            for what in _over_tls(servers, encrypted)
        ]
    unsigned = [domain for domain in domains if domain.lower() not in negative_anchors()]
    mode = " ".join(validated.get("Global", []))
    if mode not in UNUSED and unsigned:
        problems.append(
            f"O(resolver): systemd-resolved validates (DNSSEC={mode}), and {' and '.join(unsigned)} is no domain of the root; "
            f"write it into /etc/dnssec-trust-anchors.d/consul.negative and restart systemd-resolved, or set DNSSEC=no"
        )
    return problems
