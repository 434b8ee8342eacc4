# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain /etc/resolv.conf, and what keeps dnsmasq first in it."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, resolv_conf, resolved, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import base
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, systemd

# Programs write files here at every start, and anew when something changes.
GENERATED = "/run/"


class PlainResolvConf(base.Target):
    """A plain /etc/resolv.conf, which every program reads by itself when it changes."""

    path = resolv_conf.RESOLV_CONF

    def wanted(self, domains: t.Sequence[str]) -> str:
        # The others stay: dnsmasq asks them, and programs do while dnsmasq is away.
        return resolv_conf.with_nameserver_first(self._without(self.before), self.address)

    def _without(self, content: str) -> str:
        for address in self.addresses:
            content = resolv_conf.without_nameserver(content, address)
        return content

    def there(self) -> bool:
        # Installed since then, systemd-resolved made it a link.
        if os.path.exists(resolv_conf.BEFORE_RESOLVED) and resolved.is_installed():
            return True
        content = files.read(self.path)
        return self._without(content) != content and not os.path.realpath(self.path).startswith(GENERATED)

    def paths(self) -> list[str]:
        return [self.path]

    def first(self) -> dict[str, state_before.Kept]:
        kept = state_before.keep(resolv_conf.BEFORE_RESOLVED) or state_before.keep(self.path)
        content = state_before.text(kept)
        return {
            self.path: kept
            if self._without(content) == content
            else state_before.with_text(kept, self._without(content))
        }

    def withdraw(self, before: base.Files) -> None:
        kept, now = before[self.path], files.read(self.path)
        without = self._without(now)
        was_link = "link" in kept or os.path.exists(resolv_conf.BEFORE_RESOLVED)
        # Somebody's later change of a file stays.
        if was_link or without.strip() == state_before.text(kept).strip():
            state_before.restore(self.path, kept)
        elif without != now:
            files.write_atomically(os.path.realpath(self.path), without)


class Keeper(base.Target):
    """A program that puts dnsmasq first again when somebody, such as a DHCP client, writes a plain /etc/resolv.conf anew.

    It runs at every boot, too: what is written before systemd watches the file, as in each start of a container of Proxmox,
    nobody sees (github.com/systemd/systemd/issues/16669).
    """

    path = "/etc/systemd/system/dnsmasq-consul-resolv-conf.path"
    service = "/etc/systemd/system/dnsmasq-consul-resolv-conf.service"
    script = "/usr/local/sbin/dnsmasq-consul-resolv-conf"

    program = """\
#!/bin/sh
# Managed by servicedns.consul.
# dnsmasq-consul-resolv-conf ADDRESS [FILE]: puts a name server before all others of a resolv.conf(5).
set -eu
address=$1
# A link stays a link: the file that it leads to is changed.
file=$(readlink -f "${2:-/etc/resolv.conf}")
case $file in
    # Those of systemd-resolved are made from its own configuration.
    /run/systemd/resolve/*) exit 0 ;;
esac
[ -f "$file" ] || exit 0
staged=${file%/*}/.servicedns.${file##*/}
trap 'rm -f "$staged"' EXIT
first() { awk '$1 == "nameserver" { print $2; exit }' "$file"; }
put_first() {
    # Where there is no name server, there is nothing to be before.
    while server=$(first) && [ -n "$server" ] && [ "$server" != "$address" ]; do
        cp -p "$file" "$staged"
        awk -v address="$address" '
            $1 == "nameserver" && $2 == address { next }
            $1 == "nameserver" && !placed { print "nameserver", address; placed = 1 }
            { print }' "$file" > "$staged"
        mv "$staged" "$file"
    done
}
put_first
# Some write it several times in a row, and systemd does not see what is written while this runs.
sleep 1
[ ! -f "$file" ] || put_first
"""

    def wanted(self, domains: t.Sequence[str]) -> str:
        watch = (
            f"{base.MANAGED}[Unit]\nDescription=Watch /etc/resolv.conf for others that write it\nStartLimitIntervalSec=0\n\n"
            # However often it is written, the watch goes on.
            f"[Path]\nPathChanged={resolv_conf.RESOLV_CONF}\nTriggerLimitIntervalSec=0\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        )
        work = (
            f"{base.MANAGED}[Unit]\nDescription=Put dnsmasq first in /etc/resolv.conf\n"
            f"After=network.target {dnsmasq.UNIT}\nBefore=nss-lookup.target\nStartLimitIntervalSec=0\n\n"
            f"[Service]\nType=oneshot\nExecStart=/bin/sh {self.script} {self.address}\n\n"
            "[Install]\nWantedBy=multi-user.target\n"
        )
        self.contents = {self.script: self.program, self.service: work, self.path: watch}
        return watch

    def in_force(self) -> bool:
        if any(files.read(path) != content for path, content in self.contents.items()):
            return False
        try:
            command.run("systemctl", "is-enabled", os.path.basename(self.service))
        except HostError:
            return False
        return systemd.runs(os.path.basename(self.path))

    def paths(self) -> list[str]:
        return [*self.contents]

    def write(self) -> None:
        for path, content in self.contents.items():
            files.write_atomically(path, content, mode=0o755 if path == self.script else 0o644)

    def units(self) -> list[str]:
        return [os.path.basename(path) for path in (self.service, self.path) if os.path.exists(path)]

    def load(self) -> None:
        command.run("systemctl", "daemon-reload")
        if os.path.exists(self.path):
            command.run("systemctl", "enable", *self.units())
            command.run("systemctl", "restart", os.path.basename(self.path))

    def restore(self, kept: base.Files) -> None:
        try:
            # Nothing is known of their links once the files are gone.
            if not kept[self.path] and self.units():
                self.disturbed = True
                command.run("systemctl", "disable", "--now", *self.units())
        finally:
            super().restore(kept)
