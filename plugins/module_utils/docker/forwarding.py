# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers are answered by a dnsmasq of their own, and told to ask it, once it was seen that they get answers."""

from __future__ import annotations

import itertools
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq_beside,
    lookups,
    state_before,
    still_asked,
)
from ansible_collections.servicedns.consul.plugins.module_utils.docker import container_trial, daemon_json
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import contents, files


def without_servers(text: str, addresses: t.Iterable[str]) -> str:
    """Take name servers out of the engine's file."""
    for address in addresses:
        text = daemon_json.without_server(text, address)
    return text


def asked(known: state_before.StateBefore, served: bool) -> list[str]:
    """Find the addresses at which containers were ever told to ask.

    :arg served: whether the service is there
    """
    # Without any, the record was lost.
    return known.listed("containers") or ([daemon_json.this_engine().address] if served else [])


def without_ours(known: state_before.StateBefore, before: str, addresses: t.Sequence[str]) -> str:
    """Make the engine's file what it was before the first run; somebody's later change stays."""
    if not addresses:
        return before
    text = without_servers(before, addresses)
    kept = state_before.text(known.files.get(daemon_json.CONFIGURATION, {}))
    return kept if daemon_json.parse(kept) == daemon_json.parse(text) else text


def still_answered(known: state_before.StateBefore, addresses: t.Sequence[str]) -> list[str]:
    """Warn that containers which run would have no names without the service, where there are any."""
    asking = still_asked.containers(known, addresses)
    if not any(asking):
        return []
    return [
        f"O(state): {' or '.join(addresses)} is still asked by containers that run ({asking.names()}), so "
        f"that {dnsmasq_beside.CONTAINERS} goes on answering; {asking}; then run this again"
    ]


def answer(
    service: dnsmasq_beside.Beside, address: str, names: t.Sequence[str], text: str | None, serve: bool
) -> list[str]:
    """Answer containers, and make the engine tell them to ask, once those that were told to ask do get answers.

    :arg text: the engine's file as it is to be; none where the engine runs with it
    :arg serve: whether the service is to be started
    :return: warnings of what could not be tried
    :raises HostError: with the reason, after everything was restored
    """
    before, kept = files.read(daemon_json.CONFIGURATION), state_before.keep(daemon_json.CONFIGURATION)
    steps: list[state_before.Step] = []

    def restore_engine() -> None:
        daemon_json.apply(before)
        state_before.restore(daemon_json.CONFIGURATION, kept)

    try:
        if serve:
            service.start(address)
            steps.append((service.unit, service.restore))
        warnings = container_trial.check(names, address, told=True)
        if text is not None:
            daemon_json.apply(text)
            if text != before:
                steps.append((daemon_json.CONFIGURATION, restore_engine))
            warnings += container_trial.check(names, address, told=False)
    except (OSError, HostError) as error:
        raise state_before.restored(error, reversed(steps)) from error
    return list(dict.fromkeys(warnings))


class Change:
    """What is to change on this host, as it is when this is made."""

    def __init__(self, configuration: str = "", service: str = "", address: str = "") -> None:
        """:arg address: of the host on the default bridge; empty where containers are to be answered no more"""
        self.address = address
        self.known = state_before.StateBefore()
        self.service = dnsmasq_beside.Beside(dnsmasq_beside.CONTAINERS, configuration, service)
        self.before = files.read(daemon_json.CONFIGURATION)
        self.addresses: list[str] = []
        if address:
            former = set(self.known.listed("containers")) - {address}
            self.after = daemon_json.with_server(without_servers(self.before, former), address)
        else:
            self.addresses = asked(self.known, bool(self.service.before[self.service.service]))
            self.after = without_ours(self.known, self.before, self.addresses)
        self.serve = not self.service.in_force()
        self.restart = self.after != self.before or (bool(address) and os.path.exists(daemon_json.PENDING))

    def is_needed(self) -> bool:
        """Whether anything is not as it should be, or can be so by now."""
        return self.serve or self.restart

    def diff(self) -> list[dict[str, str]]:
        """Tell what changes in which file."""
        engine = [contents.difference(daemon_json.CONFIGURATION, self.before, self.after)]
        return [*(self.service.diff() if self.serve else []), *(engine if self.after != self.before else [])]

    def make(self, server: str, names: t.Iterable[str], check_mode: bool = False) -> list[str]:
        """Make the change, as far as it is needed.

        :arg server: the first dnsmasq, which is asked
        :arg names: to look up in containers, as far as it knows them
        :arg check_mode: whether to find only what would be
        :return: warnings
        :raises HostError: with the reason, after everything was restored
        """
        if not self.address:
            return self._withdraw(check_mode)
        if check_mode or not self.is_needed():
            return []
        self.known.remember(
            {daemon_json.CONFIGURATION: state_before.keep(daemon_json.CONFIGURATION)}, containers=[self.address]
        )
        if self.restart:
            self.known.note_telling("told")
        # A name without a dot is completed in a container otherwise than on its host.
        resolving = (name for name in names if "." in name and lookups.knows([server], name))
        text = self.after if self.restart else None
        with self.service:
            return answer(self.service, self.address, list(itertools.islice(resolving, 2)), text, self.serve)

    def _withdraw(self, check_mode: bool) -> list[str]:
        """Tell containers no more to ask, and stop the service where none asks it any more; it stays as it is otherwise."""
        if self.restart and not check_mode:
            daemon_json.apply(self.after)
        if not self.serve:
            return []
        if not check_mode:
            self.known.note_telling("untold")
        warnings = still_answered(self.known, self.addresses)
        self.serve = not warnings
        if self.serve and not check_mode:
            self.service.stop()
        return warnings
