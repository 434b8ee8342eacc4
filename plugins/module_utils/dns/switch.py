# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The switch of a host's resolver, and all of it again: every target, a look, and the way back where one fails."""

from __future__ import annotations

import functools
import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups, resolv_conf, resolved, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    base,
    networkmanager,
    plain_file,
    resolvconf,
    systemd_resolved,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

TARGETS: dict[str, tuple[type[t.Any], ...]] = {
    "none": (),
    "systemd_resolved": (systemd_resolved.Resolved,),
    "resolv_conf": (plain_file.PlainResolvConf, plain_file.Keeper),
    # Programs read the file, or ask systemd-resolved where they have its NSS module: both must know.
    "resolv_conf_and_resolved": (systemd_resolved.ResolvedBeside, plain_file.PlainResolvConf, plain_file.Keeper),
    "resolvconf": (resolvconf.ResolvconfTool,),
    "networkmanager": (networkmanager.NetworkManager, plain_file.PlainResolvConf),
    "networkmanager_dnsmasq": (networkmanager.NetworkManagerDnsmasq,),
}
GRACE = 1.0  # seconds for which what nobody is told to ask any more still answers
# In this order they go without a failed lookup: what programs read before what answers them.
GOING: tuple[type[t.Any], ...] = (
    plain_file.Keeper,
    systemd_resolved.ResolvedToCome,
    plain_file.PlainResolvConf,
    networkmanager.NetworkManagerDnsmasq,
    networkmanager.NetworkManager,
    resolvconf.ResolvconfTool,
    systemd_resolved.Resolved,
)


def targets_for(kind: str, address: str, domains: t.Sequence[str], former: t.Sequence[str] = ()) -> list[base.Target]:
    """Choose what is to be switched on this host, in this order.

    :arg former: other addresses on which dnsmasq answered before
    """
    if kind == "systemd_resolved" and not resolved.is_installed():
        return [systemd_resolved.ResolvedToCome(address, domains, former)]
    return [target(address, domains, former) for target in TARGETS[kind]]


def left(kinds: t.Iterable[str], addresses: t.Sequence[str], but: t.Sequence[base.Target] = ()) -> list[base.Target]:
    """Find what earlier runs switched, in the order in which it goes.

    A record may be lost, so what the host shows counts as much. But a server in a plain file is a trace of nothing: others
    write there, too.

    :arg kinds: those that are remembered
    :arg addresses: on which dnsmasq answers, or answered
    :arg but: what is to stay
    """
    stays = {target.path for target in but}
    if any(type(target) in (systemd_resolved.Resolved, resolvconf.ResolvconfTool) for target in but):
        # It is theirs.
        stays.add(resolv_conf.RESOLV_CONF)
    targets = [target(addresses[0], [], addresses[1:]) for target in GOING] if addresses else []
    there = [target for target in targets if target.path not in stays and target.there()]
    switched = {part for kind in kinds for part in TARGETS[kind]}
    for parts in TARGETS.values():
        if any(isinstance(target, parts) for target in there if not isinstance(target, plain_file.PlainResolvConf)):
            switched.update(parts)
    if os.path.exists(resolv_conf.BEFORE_RESOLVED):
        switched.update((plain_file.PlainResolvConf, systemd_resolved.ResolvedToCome))
    return [target for target in there if any(issubclass(part, type(target)) for part in switched)]


def check_names(names: t.Sequence[str], when: str) -> None:
    """Refuse a host on which programs lost names.

    :raises HostError: with the names
    """
    lost = lookups.missing(names, lookups.resolves)
    if lost:
        raise HostError(f"{when} {', '.join(lost)} did not resolve any more")


def switch(
    targets: t.Sequence[base.Target],
    former: t.Sequence[base.Target],
    before: base.Files,
    check: t.Callable[[], None],
    besides: t.Sequence[state_before.Step] = (),
) -> None:
    """Switch, and take away what was switched otherwise. Restore all of it when that fails, or the check does.

    :arg before: what was on the host before the first switch, by path
    :arg check: of what names resolve then
    :arg besides: what else is restored, first
    :raises HostError: with the reason, after everything was restored
    :raises state_before.NotRestored: something was not
    """
    begun: list[tuple[base.Target, base.Files]] = []
    try:
        for target in [*targets, *former]:
            begun.append((target, target.keep()))
            if target in former:
                target.withdraw({**target.first(), **before})
            else:
                target.apply()
        check()
    except Exception as error:
        steps = [(target.path, functools.partial(target.restore, kept)) for target, kept in reversed(begun)]
        raise state_before.restored(error, [*besides, *steps]) from error
