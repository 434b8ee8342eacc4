# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host must have before names can be forwarded on it. Each finding is a sentence, and nothing is changed."""

from __future__ import annotations

import os
import pwd
import re
import socket
import typing as t
from urllib.parse import urlsplit

from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files
from ansible_collections.servicedns.consul.plugins.module_utils.system.paths import existing

#: In every file that is ours.
MARK = "Managed by servicedns.consul"
#: Commands by the package that has them.
COMMANDS = {"ip": "iproute2", "ss": "iproute2", "systemctl": "systemd"}
DNSMASQ = "/usr/sbin/dnsmasq"
USER = "dnsmasq"
#: fast-dns-retry came with it, see dnsmasq's changelog.
OLDEST_DNSMASQ = (2, 88)
SUPPORTED = "Debian 12 or later, or what is made from it"
CONNECTION = 5.0  # seconds in which a package source must take a connection


def commands() -> list[str]:
    """Find what is not installed, of that which every run uses."""
    return [
        f"{name} is not installed; install the package {package}"
        for name, package in COMMANDS.items()
        if not command.find(name)
    ]


def init(runtime: str = "/run/systemd/system") -> list[str]:
    """Whether services can be run, see sd_booted(3)."""
    return (
        [] if os.path.isdir(runtime) else ["systemd is not the init of this host, and dnsmasq runs as a service of it"]
    )


def distribution(os_release: str = "/etc/os-release") -> list[str]:
    """Whether there is the package manager that the role uses, also to take away again what it installed."""
    lacking = [tool for tool in ("apt-get", "dpkg-query") if not command.find(tool)]
    name = re.search(r'^PRETTY_NAME="?([^"\n]*)', files.read(os_release), re.MULTILINE)
    is_ = name.group(1) if name else "of an unknown kind"
    return [f"this host is {is_} and has no {' and no '.join(lacking)}: it must be {SUPPORTED}"] if lacking else []


def foreign_files(paths: t.Iterable[str]) -> list[str]:
    """Find what lies where our files are to be, and is not ours."""
    return [
        f"{path} is not of this collection (it has no line '{MARK}') and would be replaced; if nothing needs it, "
        f"move it away: mv {path} /root/"
        for path in paths
        if os.path.lexists(path) and not (os.path.isfile(path) and MARK in files.read(path))
    ]


def read_only(paths: t.Iterable[str]) -> list[str]:
    """Find the directories of files in which nothing can be written."""

    directories = dict.fromkeys(existing(os.path.dirname(path)) for path in paths)
    return [
        f"{directory} is read-only, and files are to be written there"
        for directory in directories
        if os.statvfs(directory).f_flag & os.ST_RDONLY
    ]


def version(text: str) -> tuple[int, ...]:
    """Find the numbers at the begin of a version, be it one of a package."""
    found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", text)
    return (int(found.group(1)), int(found.group(2))) if found else ()


def too_old(text: str) -> list[str]:
    """Judge a version of dnsmasq; nothing is said of one that is unknown."""
    found = version(text)
    oldest = ".".join(map(str, OLDEST_DNSMASQ))
    return [f"dnsmasq {text} is too old: it must be {oldest} or later"] if found and found < OLDEST_DNSMASQ else []


def installed_dnsmasq() -> list[str]:
    """Whether the dnsmasq that the host has can be run."""
    problems = too_old((re.findall(r"version (\S+)", command.run(DNSMASQ, "--version")) or [""])[0])
    try:
        pwd.getpwnam(USER)
    except KeyError:
        problems.append(f"there is no user {USER}, as whom {DNSMASQ} is to run; create it (useradd --system {USER})")
    return problems


def candidate(package: str, policy: str) -> str:
    """Find the version of a package that ``apt-cache policy`` would install; nothing for none."""
    found = re.search(rf"^{re.escape(package)}:\n(?:  .*\n)*?  Candidate: (\S+)$", policy, re.MULTILINE)
    return found.group(1) if found and found.group(1) != "(none)" else ""


def places(uris: t.Iterable[str]) -> dict[str, tuple[str, int]]:
    """Find the hosts and ports of package sources, or of proxies, by their addresses."""
    found = {}
    for uri in uris:
        parts = urlsplit(uri if "//" in uri else f"//{uri}")
        ports = {"https": 443, "ftp": 21}
        if parts.hostname:
            found[f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"] = (
                parts.hostname,
                parts.port or ports.get(parts.scheme, 80),
            )
    return found


def proxies(configuration: str, environment: t.Mapping[str, str]) -> list[str]:
    """Find the proxies that apt asks: those of ``apt-config dump``, and of the environment where it says nothing."""
    found = re.findall(r'^Acquire::(?:https?|ftp)::Proxy(?:::\S+)? "([^"]+)";$', configuration, re.MULTILINE)
    found = found or [environment[name] for name in ("http_proxy", "https_proxy") if environment.get(name)]
    return [proxy for proxy in found if proxy != "DIRECT"]


def connects(place: tuple[str, int]) -> bool:
    """Whether somebody takes a connection."""
    try:
        socket.create_connection(place, CONNECTION).close()
    except (OSError, UnicodeError):
        return False
    return True


def installable(packages: t.Sequence[str], uris: t.Sequence[str]) -> list[str]:
    """Whether packages that are to be installed can be: what is known of them, and whether a source can be reached.

    :arg uris: of the package sources that are asked over the network
    """
    policy = command.run("apt-cache", "policy", *packages)
    problems = too_old(candidate("dnsmasq-base", policy))
    unknown = [package for package in packages if not candidate(package, policy)]
    local = re.search(r"\b(?:file|copy|cdrom):", policy)
    if unknown and not uris and not local:
        problems.append(f"apt has no source for {' and '.join(unknown)}; name one in /etc/apt/sources.list.d")
    # Not only the proxies: which source is asked through which one is apt's to know.
    asked = places([*uris, *proxies(command.run("apt-config", "dump"), os.environ)])
    reached = lookups.side_by_side(list(asked), lambda source: connects(asked[source]), 2 * CONNECTION, grace=0)
    if asked and not reached and not local:
        problems.append(
            f"{' and '.join(packages)} must be installed, and no package source takes a connection: {', '.join(asked)}"
        )
    return problems
