# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host gets its former resolver back, and dnsmasq goes, without one failed lookup."""

from __future__ import annotations

import functools
import os
import pwd
import socket
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    apparmor,
    dnsmasq,
    dnsmasq_beside,
    lookups,
    probe_names,
    relay,
    resolv_conf,
    service,
    state_before,
    still_asked,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import (
    command,
    files,
    packages,
    sockets,
    systemd,
    waiting,
)

# Users that packages leave behind.
USERS = {"dnsmasq-base": "dnsmasq", "systemd-resolved": "systemd-resolve"}


def restore_resolver(known: state_before.StateBefore, named: t.Sequence[str]) -> None:
    """Withdraw the switch, stop dnsmasq, and see that the host does without it, before anything is removed.

    :arg named: names that must go on to resolve, besides those that the host depends on
    :raises HostError: with the reason, after everything was restored
    """
    beside = dnsmasq_beside.Beside(dnsmasq_beside.CONTAINERS)
    if beside.before[beside.service]:
        asking = still_asked.containers(known, known.listed("containers"))
        first = str(asking) if any(asking) else "set O(containers) to false"
        raise HostError(
            f"{dnsmasq_beside.CONTAINERS}, which asks dnsmasq, still answers containers that run "
            f"({asking.names() or 'none now'}); {first}; then run this again; nothing was removed"
        )
    listening = dnsmasq.option(files.read(dnsmasq.FILES["configuration"]), "listen-address")
    addresses = list(dict.fromkeys([*known.listed("addresses"), *listening]))
    former = switch.left(known.listed("resolvers"), addresses)
    search = resolv_conf.search_domains(files.read(resolv_conf.RESOLV_CONF))
    resolving = lookups.side_by_side(
        probe_names.candidates(socket.gethostname(), search, "", named),
        lambda name: lookups.resolves(f"{name}."),
        lookups.PATIENCE,
        lookups.PROBE_GRACE,
    )
    running = systemd.main_pid(dnsmasq.UNIT) != 0

    def check() -> None:
        switch.check_names(resolving, "without dnsmasq")
        askers = still_asked.askers(addresses) if addresses else []
        if askers:
            raise HostError(
                f"{', '.join(askers)} still asks dnsmasq, which is to go; take that out, and run this again"
            )
        if running:
            # A program may have read the former configuration, and not asked yet.
            time.sleep(switch.GRACE)
            relay.drain(systemd.main_pid(dnsmasq.UNIT))
            command.run("systemctl", "stop", dnsmasq.UNIT)
            switch.check_names(resolving, "without dnsmasq")

    start: list[state_before.Step] = [(dnsmasq.UNIT, functools.partial(_start, listening))] if running else []
    try:
        switch.switch([], former, known.files, check, start)
    except HostError as error:
        raise HostError(f"{error}; nothing was removed") from error
    try:
        service.remove()
        apparmor.withdraw(known.files)
        state_before.restore(resolv_conf.BEFORE_RESOLVED, {})
    except (OSError, HostError) as error:
        raise HostError(
            f"this host resolves names without dnsmasq again, but not all of it could be removed: {error}; run this again"
        ) from error


def _start(addresses: t.Sequence[str]) -> None:
    """Let dnsmasq answer again, if it does not."""

    def listens() -> bool:
        on = {listener.address for listener in sockets.listeners() if listener.port == dnsmasq.PORT}
        return on.issuperset(addresses)

    if not systemd.main_pid(dnsmasq.UNIT):
        command.run("systemctl", "start", dnsmasq.UNIT)
        if not waiting.eventually(listens, lookups.PATIENCE):
            raise HostError(f"it does not listen on {', '.join(addresses)}")


def forget(known: state_before.StateBefore) -> None:
    """Remove what the packages leave behind, and the record itself."""
    for path, kept in known.files.items():
        # A package may have taken a file along that it did not bring.
        if (kept and not os.path.lexists(path)) or (not kept and os.path.isdir(path)):
            state_before.restore(path, kept)
    for package, user in USERS.items():
        gone = package in known.listed("packages") and not packages.installed([package])
        if gone and user in {entry.pw_name for entry in pwd.getpwall()}:
            command.run("userdel", user)
    known.forget()
