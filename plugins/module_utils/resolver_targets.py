# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be made to ask a name server: each way to resolve names, its configuration before and after, and the change."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, host, record, resolver

MANAGED = "# Managed by servicedns.consul.\n"


class Target:
    """One file that decides whom programs ask, and how it comes into force."""

    path: str
    before: str
    after: str

    def in_force(self) -> bool:
        """Whether programs already do what the file is to say, also when an earlier run was cut off."""
        return self.before == self.after

    def paths(self) -> list[str]:
        """The files and directories that a switch changes or makes."""
        return [os.path.dirname(self.path), self.path]

    def write(self, content: str) -> None:
        """Write the file, or remove it where it has nothing to say."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        if content:
            host.write_atomically(self.path, content)
        elif os.path.exists(self.path):
            os.unlink(self.path)

    def apply(self, content: str) -> None:
        """Write the file and bring it into force."""
        self.write(content)

    def undo(self, files: t.Mapping[str, record.Kept]) -> None:
        """Make it as it was before the first switch."""
        self.apply(record.text(files.get(self.path, {})))
        for path in reversed(self.paths()):
            record.restore(path, files.get(path, {}))


class Resolved(Target):
    """systemd-resolved, configured by a drop-in that it reads when it starts."""

    path = resolver.RESOLVED_DROP_IN
    unit = "systemd-resolved.service"

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        self.address = address
        self.routes = [f"~{domain}" for domain in domains]
        self.before = host.read(self.path)
        # A second server would be asked for the domain as well: a domain belongs to all global servers, so reset the list.
        self.after = f"{MANAGED}[Resolve]\nDNS=\nDNS={address}\nDomains={' '.join(self.routes)}\n"

    def in_force(self) -> bool:
        if self.before != self.after:
            return False
        try:
            servers, domains = (
                resolver.global_setting(host.run("resolvectl", what, timeout=5)) for what in ("dns", "domain")
            )
        except host.HostError:
            # Installed a moment ago, the service may have come before the bus knew its user: it needs a restart.
            return False
        return servers == [self.address] and set(self.routes) <= set(domains)

    def apply(self, content: str) -> None:
        self.write(content)
        # It keeps its sockets to the end, but answers nothing that comes while it stops.
        with dnsmasq.StandIn([resolver.STUB], dnsmasq.PORT, self.address, interface="lo"):
            dnsmasq.drain(dnsmasq.main_pid(self.unit))
            host.run("systemctl", "restart", self.unit)


class ResolvedBeside(Resolved):
    """systemd-resolved beside a plain file, from which it takes the search domains, too, until it has servers of its own."""

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        search = resolver.search_domains(host.read(resolver.RESOLV_CONF))
        super().__init__(address, domains)
        self.after = self.after.rstrip("\n") + "".join(f" {domain}" for domain in search) + "\n"


class ResolvedToCome(Target):
    """systemd-resolved, about to be installed: what it will find, so that names resolve until it runs.

    Its package links /etc/resolv.conf to the stub's file and starts the service later, unless the link is there already.
    """

    path = resolver.RESOLV_CONF

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        self.drop_in = Resolved(address, domains)
        self.before = host.read(resolver.BEFORE_RESOLVED) or host.read(self.path)
        kept = [line for line in self.before.splitlines() if line.startswith(("search", "options"))]
        self.after = "\n".join([f"nameserver {address}", *kept]) + "\n"

    def in_force(self) -> bool:
        return os.path.realpath(self.path) == resolver.RESOLVED_STUB

    def paths(self) -> list[str]:
        return [self.path, *self.drop_in.paths()]

    def apply(self, content: str) -> None:
        if content == self.before:
            host.write_atomically(self.path, content)
            self.drop_in.write("")
            os.unlink(resolver.BEFORE_RESOLVED)
            return
        host.write_atomically(resolver.BEFORE_RESOLVED, self.before)
        self.drop_in.write(self.drop_in.after)
        os.makedirs(os.path.dirname(resolver.RESOLVED_STUB), exist_ok=True)
        host.write_atomically(resolver.RESOLVED_STUB, content)
        record.restore(self.path, {"link": f"..{resolver.RESOLVED_STUB}"})


class ResolvConf(Target):
    """A plain /etc/resolv.conf, which every program reads by itself when it changes."""

    path = resolver.RESOLV_CONF

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        self.address = address
        self.before = host.read(self.path)
        # The others stay: dnsmasq asks them, and programs do while dnsmasq is away.
        self.after = resolver.with_nameserver_first(self.before, address)

    def paths(self) -> list[str]:
        return [self.path]

    def apply(self, content: str) -> None:
        host.write_atomically(self.path, content)

    def undo(self, files: t.Mapping[str, record.Kept]) -> None:
        kept = files.get(self.path, {})
        mine = resolver.without_nameserver(host.read(self.path), self.address)
        was_link = "link" in kept or os.path.islink(self.path)
        # Somebody's later change of a file stays.
        if kept and (was_link or mine.strip() == record.text(kept).strip()):
            record.restore(self.path, kept)
        else:
            self.apply(mine)


class Keeper(Target):
    """A unit that puts dnsmasq first again when somebody, such as a DHCP client, writes a plain /etc/resolv.conf anew."""

    path = "/etc/systemd/system/dnsmasq-consul-resolv-conf.path"
    service = "/etc/systemd/system/dnsmasq-consul-resolv-conf.service"

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        staged = "/etc/.resolv.conf.servicedns"
        self.before = host.read(self.path)
        self.after = (
            f"{MANAGED}[Unit]\nDescription=Watch /etc/resolv.conf for others that write it\n\n"
            f"[Path]\nPathChanged={resolver.RESOLV_CONF}\n\n[Install]\nWantedBy=multi-user.target\n"
        )
        self.work = (
            f"{MANAGED}[Unit]\nDescription=Put dnsmasq first in /etc/resolv.conf\n\n[Service]\nType=oneshot\n"
            f"ExecCondition=/bin/sh -c '! grep -m 1 ^nameserver {resolver.RESOLV_CONF} | grep -qx \"nameserver {address}\"'\n"
            f"ExecStart=/bin/cp -p {resolver.RESOLV_CONF} {staged}\n"
            f"ExecStart=/bin/sed -i -e '/^nameserver {address}$/d' -e '0,/^nameserver/s//nameserver {address}\\\\n&/' {staged}\n"
            f"ExecStart=/bin/mv {staged} {resolver.RESOLV_CONF}\n"
        )

    def in_force(self) -> bool:
        return self.before == self.after and host.read(self.service) == self.work

    def paths(self) -> list[str]:
        return [self.path, self.service]

    def apply(self, content: str) -> None:
        unit = os.path.basename(self.path)
        if content:
            host.write_atomically(self.service, self.work)
            host.write_atomically(self.path, content)
            host.run("systemctl", "daemon-reload")
            host.run("systemctl", "enable", "--now", unit)
            return
        if os.path.exists(self.path):
            host.run("systemctl", "disable", "--now", unit)
        for path in self.paths():
            record.restore(path, {})
        host.run("systemctl", "daemon-reload")


class Resolvconf(Target):
    """resolvconf, which puts what its head says before what it collects; openresolv, which has a setting for that."""

    openresolv = "/etc/resolvconf.conf"
    head = "/etc/resolvconf/resolv.conf.d/head"

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        self.address = address
        is_openresolv = os.path.exists(self.openresolv)
        self.path = self.openresolv if is_openresolv else self.head
        self.before = host.read(self.path)
        # The others stay in the file: dnsmasq finds them there.
        lines = (
            f'name_servers="{address} $name_servers"\nresolv_conf_local_only=NO\n'
            if is_openresolv
            else f"nameserver {address}\n"
        )
        ours = (MANAGED + lines).splitlines()
        others = "".join(f"{row}\n" for row in self.before.splitlines() if row not in ours)
        self.after = others + MANAGED + lines

    def in_force(self) -> bool:
        return self.before == self.after and resolver.nameservers(host.read(resolver.RESOLV_CONF))[:1] == [self.address]

    def apply(self, content: str) -> None:
        self.write(content)
        host.run("resolvconf", "-u")


class NetworkManager(Target):
    """NetworkManager, kept off /etc/resolv.conf. It goes on to write the resolvers that it learns to a file of its own."""

    path = "/etc/NetworkManager/conf.d/zz-servicedns-consul.conf"

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        self.before = host.read(self.path)
        self.after = f"{MANAGED}[main]\nrc-manager=unmanaged\n"

    def apply(self, content: str) -> None:
        self.write(content)
        host.run("systemctl", "reload", "NetworkManager.service")


class NetworkManagerDnsmasq(Target):
    """The dnsmasq that NetworkManager runs, which gets Consul's domains beside those of its own."""

    path = "/etc/NetworkManager/dnsmasq.d/servicedns-consul.conf"
    address = "127.0.0.1"

    def __init__(self, address: str, domains: t.Sequence[str]) -> None:
        self.stand_in = address
        self.before = host.read(self.path)
        self.after = MANAGED + "".join(f"server=/{domain}/{address}\n" for domain in domains)

    def apply(self, content: str) -> None:
        self.write(content)
        before = self._pid()
        with dnsmasq.StandIn([self.address], dnsmasq.PORT, self.stand_in):
            dnsmasq.drain(before)
            host.run("nmcli", "general", "reload", "dns-full")
            if not dnsmasq.eventually(lambda: self._pid() not in (0, before)):
                raise host.HostError("NetworkManager's dnsmasq did not come back")

    def _pid(self) -> int:
        return next(
            (
                found.pid
                for found in host.listeners()
                if (found.protocol, found.address, found.port) == ("tcp", self.address, dnsmasq.PORT)
            ),
            0,
        )


TARGETS: dict[str, tuple[type[t.Any], ...]] = {
    "none": (),
    "systemd_resolved": (Resolved,),
    "resolv_conf": (ResolvConf, Keeper),
    # Programs read the file, or ask systemd-resolved where they have its NSS module: both must know.
    "resolv_conf_and_resolved": (ResolvedBeside, ResolvConf, Keeper),
    "resolvconf": (Resolvconf,),
    "networkmanager": (NetworkManager, ResolvConf),
    "networkmanager_dnsmasq": (NetworkManagerDnsmasq,),
}


def choose(kind: str, address: str, domains: t.Sequence[str]) -> list[Target]:
    """What is to be switched on this host, in this order."""
    if kind == "systemd_resolved" and not resolver.resolved_installed():
        return [ResolvedToCome(address, domains)]
    return [target(address, domains) for target in TARGETS[kind]]
