# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The service dnsmasq-consul: a change of its files that costs no lookup, and the way back."""

from __future__ import annotations

import contextlib
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, relay, trial
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, file_swap, files, systemd
from ansible_collections.servicedns.consul.plugins.module_utils.system.contents import Contents


class Service(Contents):
    """The service, its files, and how both were before. As a context, it keeps the way back open to its end."""

    def __init__(self, contents: t.Mapping[str, str], upstreams_file: str = "") -> None:
        """With contents as those of L(dnsmasq.FILES), and the resolv.conf(5) that lists the host's resolvers, if any does."""
        self.contents = contents
        self.upstreams_file = upstreams_file
        super().__init__({path: contents[name] for name, path in dnsmasq.FILES.items()})
        self.swap = file_swap.FileSwap(self.after, modes={dnsmasq.FILES["upstreams_list"]: 0o755})
        self.trial: trial.Trial | None = None
        self.stack = contextlib.ExitStack()

    def __enter__(self) -> Service:
        self.stack.__enter__()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stack.close()

    def in_force(self) -> bool:
        """Whether the service runs, also after a boot, with what its files say."""
        if self.changes() or os.path.exists(dnsmasq.PENDING):
            return False
        return all(systemd.runs(unit) for unit in units(self.after))

    def start(self, names: t.Sequence[str]) -> None:
        """Run the service with its new files, once a trial has answered for the names."""
        self.trial = self.stack.enter_context(trial.Trial(self.contents, self.upstreams_file))
        self.trial.check(names)
        self.stack.enter_context(self.swap).stage()
        pending = os.path.exists(dnsmasq.PENDING)
        files.write_atomically(dnsmasq.PENDING, "")
        self._retire(self.before, self.after)
        self.swap.replace()
        self._bring_into_force(self.before, self.after, pending)

    def check(self, names: t.Sequence[str]) -> None:
        """Refuse a service that runs but does not know what the host knows."""
        dnsmasq.check(dnsmasq.option(self.contents["configuration"], "listen-address")[0], names)

    def restore(self) -> None:
        """Run the service as it was before, or not at all where it was not there."""
        if not self.swap.replaced:
            return
        if not self.before[dnsmasq.FILES["service"]]:
            remove()
            return
        self._retire(self.after, self.before)
        self.swap.restore()
        self._bring_into_force(self.after, self.before, pending=True)

    @staticmethod
    def _retire(former: t.Mapping[str, str], contents: t.Mapping[str, str]) -> None:
        """Stop what is not to run any more, while its file is still there."""
        for unit in units(former):
            if unit not in units(contents):
                command.run("systemctl", "disable", "--now", unit)

    def _bring_into_force(self, former: t.Mapping[str, str], contents: t.Mapping[str, str], pending: bool) -> None:
        """Make the units run with files that lie there already."""
        changed = {path for path in contents if former[path] != contents[path]}
        command.run("systemctl", "daemon-reload")
        for unit in units(contents):
            command.run("systemctl", "enable", unit)
        if dnsmasq.LIST_UNIT in units(contents):
            command.run("systemctl", "restart", dnsmasq.LIST_UNIT)
        for unit, port, configuration, service in (
            (dnsmasq.UPSTREAMS_UNIT, dnsmasq.UPSTREAMS_PORT, "upstreams_configuration", "upstreams_service"),
            (dnsmasq.UNIT, dnsmasq.PORT, "configuration", "service"),
        ):
            if unit not in units(contents):
                continue
            # Only the servers' file is read again on a reload, see SIGHUP in dnsmasq(8).
            restart = (
                pending
                or bool(changed & {dnsmasq.FILES[configuration], dnsmasq.FILES[service]})
                or not systemd.main_pid(unit)
            )
            if restart:
                addresses = dnsmasq.option(former[dnsmasq.FILES[configuration]], "listen-address")
                self._restart(unit, port, addresses)
            elif unit == dnsmasq.UNIT and dnsmasq.FILES["servers"] in changed:
                command.run("systemctl", "reload", unit)
        files.remove(dnsmasq.PENDING)

    def _restart(self, unit: str, port: int, addresses: t.Sequence[str]) -> None:
        """Restart one of the two, while the trial's answers for it."""
        pid = systemd.main_pid(unit)
        stand_in: t.ContextManager[object] = contextlib.nullcontext()
        if pid and self.trial:
            listening = sorted(set(addresses).intersection(self.trial.addresses))
            stands_for = self.trial.port if unit == dnsmasq.UNIT else self.trial.upstreams_port
            stand_in = relay.StandIn(listening, stands_for, listen_port=port)
        with stand_in:
            relay.drain(pid)
            command.run("systemctl", "restart", unit)


def units(contents: t.Mapping[str, str]) -> list[str]:
    """Choose the units that run where files by path have these contents."""
    return [
        os.path.basename(dnsmasq.FILES[name])
        for name in ("upstreams_list_service", "upstreams_service", "service")
        if contents[dnsmasq.FILES[name]]
    ]


def remove() -> None:
    """Stop the service and remove its files. The first dnsmasq goes first, as it asks the other."""
    there = {path: files.read(path) for path in dnsmasq.FILES.values()}
    for unit in reversed(units(there)):
        command.run("systemctl", "disable", "--now", unit)
    for path in (*dnsmasq.FILES.values(), dnsmasq.PENDING):
        files.remove(path)
    command.run("systemctl", "daemon-reload")
