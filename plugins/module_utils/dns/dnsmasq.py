# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnsmasq as this collection runs it: its files and units, how its configuration is read, and what it is asked.

They are two dnsmasqs, since one chooses a server for every name in the same way. The first takes all queries, and asks all
agents at once for Consul's names. For other names it asks the second, which asks the host's resolvers in their order.
"""

from __future__ import annotations

import contextlib
import os
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups, message
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import run_lock

PORT = 53
UPSTREAMS_PORT = 8653
#: The files, by what they are called where their contents are handed over. One without content is not there.
FILES = {
    "configuration": "/etc/dnsmasq-consul.conf",
    "servers": "/etc/dnsmasq-consul.servers",
    "service": "/etc/systemd/system/dnsmasq-consul.service",
    "upstreams_configuration": "/etc/dnsmasq-consul-upstreams.conf",
    "upstreams_service": "/etc/systemd/system/dnsmasq-consul-upstreams.service",
    "upstreams_list": "/usr/local/sbin/dnsmasq-consul-upstreams-list",
    "upstreams_list_service": "/etc/systemd/system/dnsmasq-consul-upstreams-list.service",
}
UNIT = os.path.basename(FILES["service"])
UPSTREAMS_UNIT = os.path.basename(FILES["upstreams_service"])
LIST_UNIT = os.path.basename(FILES["upstreams_list_service"])
# There while the service does not run with what its files say, so that a run that was cut off is completed by the next.
PENDING = "/run/dnsmasq-consul.pending"
# Held while files of any of the dnsmasqs, or of who asks them, change.
LOCK = "/run/dnsmasq-consul.lock"


def one_at_a_time(act: entry.Act) -> entry.Act:
    """Let a module do what it does, with all that it looks at first, while no other run does any of this on the host.

    Check mode changes nothing, and waits for nobody.
    """

    def acts(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
        with contextlib.nullcontext() if check_mode else run_lock.locked(LOCK, "the dnsmasqs"):
            return act(params, check_mode)

    return acts


def option(configuration: str, *names: str) -> list[str]:
    """Find the values that a configuration of dnsmasq gives to an option, or to any of some."""
    either = "|".join(map(re.escape, names))
    return re.findall(rf"^[ \t]*(?:{either})[ \t]*=[ \t]*(.*?)(?:[ \t]+#.*|[ \t]*)$", configuration, re.MULTILINE)


def listens(configuration: str) -> list[str]:
    """Find the addresses on which a configuration lets dnsmasq answer."""
    return [address for value in option(configuration, "listen-address") for address in value.split(",")]


def forwards(configuration: str) -> dict[str, list[str]]:
    """Find the servers that a configuration lets dnsmasq ask for each domain; the empty one is all others."""
    servers: dict[str, list[str]] = {}
    for value in option(configuration, "server", "local"):
        *domains, server = value.split("/")[1:] if value.startswith("/") else ["", value]
        for domain in domains:
            servers.setdefault(domain.lower(), []).append(server)
    return servers


def asks(address: str) -> set[str]:
    """Tell the servers that a dnsmasq asks, as it says itself: see the bind names in dnsmasq(8). Over TCP, which is not stood in for.

    An example: C({"10.0.0.1#53", "127.0.0.1#8600"}). Nothing where nobody answers.
    """
    try:
        records = message.ask(address, PORT, "servers.bind", "TXT", tcp=True, of=message.CHAOS).records
    except message.NoAnswer:
        return set()
    # Each with how often it was asked, and how often it failed.
    return {record.partition(" ")[0] for record in records}


def check(address: str, names: t.Sequence[str], port: int = PORT) -> None:
    """Refuse a name server that does not know what the host knows."""
    unanswered = lookups.missing(names, lambda name: lookups.knows([f"{address}#{port}"], name))
    if unanswered:
        raise HostError(
            f"dnsmasq at {address} does not answer for {', '.join(unanswered)}, which this host resolves; "
            "the resolver was left as it was"
        )
