# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""dnsmasq runs, the host's resolver asks it, and no lookup failed meanwhile; or all is as it was."""

from __future__ import annotations

import ipaddress
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    apparmor,
    dnsmasq,
    lookups,
    service,
    state_before,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import systemd_resolved
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import packages, systemd
from ansible_collections.servicedns.consul.plugins.module_utils.system.contents import difference
from ansible_collections.servicedns.consul.plugins.module_utils.system.network import has_address


class ForwardingOptions(t.NamedTuple):
    """What is to be, as the options of the module dnsmasq_forwarding say it."""

    files: t.Mapping[str, str]
    upstreams_file: str
    resolver: str
    address: str
    domains: t.Sequence[str]
    reverse_networks: t.Sequence[str]
    consul: str
    consul_required: bool
    names: t.Sequence[str]
    installation: str


def reverse_zones(network: str) -> list[str]:
    """Find the domains that hold the names of a network's addresses, split or widened to where labels end."""
    cidr = ipaddress.ip_network(network)
    bits = 8 if cidr.version == 4 else 4
    # No label is longer than the last but one: a network inside of the last has a domain of 256, or 16, addresses.
    length = min(-(-cidr.prefixlen // bits) * bits, cidr.max_prefixlen - bits)
    whole = cidr.supernet(new_prefix=length) if length < cidr.prefixlen else cidr
    return [
        ".".join(subnet.network_address.reverse_pointer.split(".")[(cidr.max_prefixlen - length) // bits :])
        for subnet in whole.subnets(new_prefix=length)
    ]


def consul_names(server: str, domain: str, required: bool) -> tuple[list[str], list[str]]:
    """Choose a name that Consul has, if it answers at all, and a warning if it does not.

    :raises HostError: it has to answer, and does not
    """
    name = f"consul.service.{domain}"
    patience = lookups.PATIENCE if required else 0
    if not lookups.missing([name], lambda wanted: lookups.knows([server], wanted), patience):
        return [name], []
    silent = f"Consul's DNS at {server} does not answer for {name}"
    if required:
        raise HostError(
            f"{silent}, and nothing was changed; see docker logs consul, and whether a packet filter is before its port"
        )
    return [], [f"{silent}, so that its names were not looked up to check the change"]


def _journal() -> str:
    """The end of dnsmasq's journal, where it can be read."""
    try:
        return f"\nThe end of dnsmasq's journal:\n{systemd.journal(dnsmasq.UNIT, 10)}"
    except HostError as error:
        return f"\n(dnsmasq's journal cannot be read: {error})"


def bring_into_force(
    former: service.Service, names: t.Sequence[str], change: t.Callable[[], None] | None = None
) -> bool:
    """Bring dnsmasq, and the switch that is still to be made, into force. Whether anything changed.

    :raises HostError: with the reason, after everything was restored that could be
    """
    changed = not former.in_force()
    with former:
        try:
            if changed:
                former.start(names)
            else:
                former.check(names)
            if change:
                change()
        except state_before.NotRestored as error:
            raise HostError(
                f"{error}; {dnsmasq.UNIT} was left as it is, for whoever still asks it{_journal()}"
            ) from error
        except Exception as error:
            failure = state_before.restored(error, [(dnsmasq.UNIT, former.restore)] if changed else [])
            raise HostError(f"{failure}{_journal()}") from error
    return changed or bool(change)


def with_former_addresses(contents: t.Mapping[str, str], before: str) -> dict[str, str]:
    """Let dnsmasq answer also where it did before, for those that are still to be told another address."""
    listening = dnsmasq.option(contents["configuration"], "listen-address")
    former = [address for address in dnsmasq.option(before, "listen-address") if address not in listening]
    lines = "".join(f"listen-address={address}\n" for address in former if has_address(address))
    return {**contents, "configuration": contents["configuration"] + lines}


class Change:
    """What is to change on this host, as it is when this is made."""

    def __init__(self, wanted: ForwardingOptions) -> None:
        self.wanted = wanted
        self.known = state_before.StateBefore()
        self.service = service.Service(wanted.files, wanted.upstreams_file)
        self.before = self.service.before[dnsmasq.FILES["configuration"]]
        listening = dnsmasq.option(self.before, "listen-address")[:1]
        addresses = [wanted.address, *self.known.listed("addresses"), *listening]
        zones = [zone for cidr in wanted.reverse_networks for zone in reverse_zones(cidr)]
        self.targets = switch.targets_for(wanted.resolver, wanted.address, [*wanted.domains, *zones], addresses)
        self.pending = [target for target in self.targets if not target.in_force()]
        # What the host does without systemd-resolved stays until that is there.
        to_come = any(isinstance(target, systemd_resolved.ResolvedToCome) for target in self.targets)
        self.former = [] if to_come else switch.left(self.known.listed("resolvers"), addresses, self.targets)

    def diff(self) -> list[dict[str, str]]:
        """Tell what changes in which file."""
        return [
            *self.service.diff(),
            *(difference(target.path, target.before, target.after) for target in self.pending),
            *(
                dict(before_header=target.path, before=target.before, after_header=target.path)
                for target in self.former
            ),
        ]

    def is_needed(self) -> bool:
        """Whether anything is not as it should be."""
        return bool(self.pending or self.former) or not (self.service.in_force() and apparmor.in_force())

    def make(self) -> tuple[bool, list[str]]:
        """Make the change, and look names up in any case.

        :return: whether anything changed, and warnings
        :raises HostError: with the reason, after everything was restored that could be
        """
        wanted = self.wanted
        # Where all is as it should be, a datacenter that is away is no reason to fail.
        required = wanted.consul_required and bool(self.pending or self.former or not self.service.in_force())
        consul, warnings = consul_names(wanted.consul, wanted.domains[0], required)
        self._remember()
        allowed = apparmor.in_force()
        if not allowed:
            apparmor.allow()
        names = [*wanted.names, *consul]
        if not (self.pending or self.former):
            return bring_into_force(self.service, names) or not allowed, warnings

        def make_switch() -> None:
            switch.switch(
                self.pending, self.former, self.known.files, lambda: switch.check_names(names, "after the switch")
            )

        contents = with_former_addresses(wanted.files, self.before)
        bring_into_force(service.Service(contents, wanted.upstreams_file), names, make_switch)
        if contents != wanted.files:
            time.sleep(switch.GRACE)
            bring_into_force(service.Service(wanted.files, wanted.upstreams_file), names)
        return True, warnings

    def _remember(self) -> None:
        first = {path: kept for target in self.targets for path, kept in target.first().items()}
        self.known.remember(
            {apparmor.LOCAL: state_before.keep(apparmor.LOCAL), **first},
            packages=packages.new_packages(self.wanted.installation),
            resolvers=[self.wanted.resolver],
            addresses=[self.wanted.address],
        )
