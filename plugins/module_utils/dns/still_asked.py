# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who on a host is told to ask a name server, in a file or as a container: it must not go before they are told otherwise."""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container
from ansible_collections.servicedns.consul.plugins.module_utils.dns import resolv_conf, resolved, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.docker import daemon_json, engine
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files, systemd

# Files in which a name server has a setting of its own; each line of them says what it is.
SETTINGS = (
    "/etc/resolv.conf",
    "/etc/resolvconf.conf",
    "/etc/resolvconf/resolv.conf.d/*",
    "/etc/systemd/resolved.conf",
    "/etc/systemd/resolved.conf.d/*.conf",
    "/run/systemd/resolved.conf.d/*.conf",
    "/usr/lib/systemd/resolved.conf.d/*.conf",
    "/etc/systemd/network/*.network",
    "/etc/systemd/network/*.network.d/*.conf",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/conf.d/*.conf",
    "/etc/NetworkManager/dnsmasq.d/*",
    "/etc/NetworkManager/system-connections/*",
    "/run/NetworkManager/no-stub-resolv.conf",
    "/etc/network/interfaces",
    "/etc/network/interfaces.d/*",
    "/etc/dhcp/dhclient.conf",
    "/etc/dnsmasq.conf",
    "/etc/dnsmasq.d/*",
)
# The settings that name a server in any of them.
SETTING = r"(?:nameservers?|name_servers|dns|dns-nameservers?|FallbackDNS|servers?|[a-z ]*domain-name-servers)"
#: Where the engine itself answers a container that is on a network of a user.
OF_ENGINE = "127.0.0.11"


def lines(content: str, addresses: t.Iterable[str]) -> list[str]:
    """Find the lines of a file of settings that name one of these servers."""
    either = "|".join(re.escape(address) for address in addresses)
    named = re.compile(rf"\s*{SETTING}[\s=](?:.*[^\w.:])?(?:{either})(?![\w.:]).*", re.IGNORECASE)
    return [line.strip() for line in content.splitlines() if named.fullmatch(line)]


def links(output: str, addresses: t.Iterable[str]) -> list[str]:
    """Find what of ``resolvectl dns`` names one of these servers, such as ``Link 2 (eth0): 127.0.0.2``; it breaks long lines."""
    whole = re.sub(r"\n\s+", " ", output)
    return [line for line in whole.splitlines() if set(line.partition(": ")[2].split()) & set(addresses)]


def askers(addresses: t.Sequence[str]) -> list[str]:
    """Find who is told to ask one of these name servers: the file, and what it says."""
    told = [
        f"{path} ({line})"
        for pattern in SETTINGS
        for path in sorted(glob.glob(pattern))
        for line in lines(files.read(path), addresses)
    ]
    with contextlib.suppress(HostError):
        # Asking it would start it.
        if systemd.is_active(resolved.RESOLVED_UNIT):
            told += [f"systemd-resolved ({line})" for line in links(resolved.show("dns"), addresses)]
    # Else nothing that an engine could read.
    with contextlib.suppress(ValueError, AttributeError):
        servers = json.loads(files.read(daemon_json.CONFIGURATION) or "{}").get("dns") or []
        told += [f"{daemon_json.CONFIGURATION} (dns: {server})" for server in servers if server in addresses]
    return told


class Containers(t.NamedTuple):
    """Containers that run and ask a name server, by what makes them."""

    told: list[str]  # by the engine, when they were started
    made: list[str]  # by their own configuration

    def names(self) -> str:
        """Who they are."""
        return ", ".join(sorted([*self.told, *self.made]))

    def __str__(self) -> str:
        """What is to be done with them."""
        anew = f"start them anew: docker restart {' '.join(self.told)}"
        without = f"make {' and '.join(self.made)} anew without dns (--dns) of their own"
        return "; ".join([*([anew] if self.told else []), *([without] if self.made else [])])


def containers(known: state_before.StateBefore, addresses: t.Collection[str]) -> Containers:
    """Find the running containers that ask one of these name servers: what they were told at their start holds to their end.

    :arg known: knows when the engine was made to tell containers to ask us, and when not to any more
    :raises HostError: there is an engine, and it does not tell
    """
    found = Containers([], [])
    if not os.path.exists(engine.SOCKET):
        return found
    for listed in engine.get("/containers/json") or []:
        container = engine.get(f"/containers/{listed['Id']}/json")
        # Our own agent is told whom to ask (recursors), and to restart a server is nothing to be demanded by the way.
        if not container or agent_container.is_ours(container):
            continue
        if set(container["HostConfig"].get("Dns") or []) & set(addresses):
            found.made.append(container["Name"].lstrip("/"))
        elif _is_told(container, known, addresses):
            found.told.append(container["Name"].lstrip("/"))
    return Containers(sorted(found.told), sorted(found.made))


def _is_told(container: t.Mapping[str, t.Any], known: state_before.StateBefore, addresses: t.Collection[str]) -> bool:
    """Whether the engine told a container to ask one of these name servers."""
    content = files.read(container.get("ResolvConfPath") or "")
    servers = resolv_conf.nameservers(content)
    if OF_ENGINE not in servers:
        return bool(set(servers) & set(addresses))
    # The engine asks for the container, and writes down there whom, as in [10.0.0.1 host(127.0.0.53)], since Docker 25.
    written = re.search(r"^# ExtServers: \[(.*)\]", content, re.MULTILINE)
    if written:
        return bool(set(re.findall(r"[\w.:]+", written[1])) & set(addresses))
    if container["HostConfig"].get("Dns"):
        return False
    return known.told_to_ask(container["State"]["StartedAt"][:19])
