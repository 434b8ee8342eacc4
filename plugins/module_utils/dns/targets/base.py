# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A way to resolve names that can be made to ask a name server, and back."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import state_before
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files

MANAGED = "# Managed by servicedns.consul.\n"
Files = t.Mapping[str, state_before.Kept]
LOOPBACK = "127.0.0.1"


class Target:
    """One file that decides whom programs ask, and how it comes into force. It knows the file as it was when it was made."""

    path: str
    before: str
    after: str
    disturbed = False  # whether what runs may not be what it was

    def __init__(self, address: str, domains: t.Sequence[str], former: t.Sequence[str] = ()) -> None:
        """Where dnsmasq answers for which domains, and where it answered before."""
        self.address = address
        self.addresses = [address, *(other for other in former if other != address)]
        self.before = files.read(self.path)
        self.after = self.wanted(domains)

    def wanted(self, domains: t.Sequence[str]) -> str:
        """What the file is to say."""
        raise NotImplementedError

    def there(self) -> bool:
        """Whether anything of it is on the host."""
        return any(MANAGED in _text(path) for path in self.paths())

    def first(self) -> dict[str, state_before.Kept]:
        """What would be on the host if there had never been a switch, as far as the host shows it."""
        return {path: {} if MANAGED in _text(path) else state_before.keep(path) for path in self.paths()}

    def in_force(self) -> bool:
        """Whether programs already do what the file is to say, also when an earlier run was cut off."""
        return self.before == self.after

    def paths(self) -> list[str]:
        """The files and directories that a switch changes or makes."""
        return [os.path.dirname(self.path), self.path]

    def write(self) -> None:
        """Write the file."""
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        files.write_atomically(self.path, self.after)

    def load(self) -> None:
        """Bring into force what the files say, without a failed lookup."""

    def load_anyway(self) -> None:
        """Bring into force what the files say, where it cannot be had without a failed lookup."""
        self.load()

    def apply(self) -> None:
        """Write the file and bring it into force."""
        self.write()
        self.disturbed = True
        self.load()

    def keep(self) -> dict[str, state_before.Kept]:
        """All that a switch changes, as it is now."""
        return {path: state_before.keep(path) for path in self.paths()}

    def restore(self, kept: Files) -> None:
        """Make everything what it was, byte for byte, and bring it into force."""
        if self.keep() == kept and not self.disturbed:
            return
        state_before.restore_all(kept)
        self.disturbed = True
        try:
            self.load()
        except (OSError, HostError):
            self.load_anyway()

    def withdraw(self, before: Files) -> None:
        """Make it as it was before the first switch, but for what somebody else changed since then."""
        self.disturbed = True
        self.restore({path: before.get(path, {}) for path in self.paths()})


def _text(path: str) -> str:
    """The content of a file; nothing of what is none."""
    return files.read(path) if os.path.isfile(path) else ""
