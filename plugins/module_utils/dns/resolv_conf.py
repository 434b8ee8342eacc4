# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/etc/resolv.conf, as resolv.conf(5) describes it: what it says, and how a name server comes into it and goes again."""

from __future__ import annotations

import fcntl
import re
import struct

from ansible_collections.servicedns.consul.plugins.module_utils.system import files

RESOLV_CONF = "/etc/resolv.conf"
# As it was before systemd-resolved was installed here.
BEFORE_RESOLVED = "/etc/resolv.conf.before-resolved"


def fs_ioc_getflags(size: int) -> int:
    """Compute the number of the ioctl that reads a file's attributes, for a kernel's long of ``size`` bytes: _IOR('f', 1, long)."""
    return 2 << 30 | size << 16 | ord("f") << 8 | 1


# The attributes of a file, see ioctl_iflags(2).
FS_IOC_GETFLAGS = fs_ioc_getflags(struct.calcsize("l"))
FS_IMMUTABLE = 0x10


def nameservers(content: str) -> list[str]:
    """Find the name servers."""
    return re.findall(r"^\s*nameserver\s+(\S+)", content, re.MULTILINE)


def search_domains(content: str) -> list[str]:
    """Find the domains that complete a name. The last line that names any counts."""
    lines = re.findall(r"^(?:search|domain)\s+(.*)$", content, re.MULTILINE)
    return [domain for domain in lines[-1].split() if domain != "."] if lines else []


def patience(content: str) -> int:
    """Find the seconds after which programs ask the next name server: ``options timeout``."""
    timeouts = re.findall(r"^options\s.*?\btimeout:(\d+)", content, re.MULTILINE)
    return min(max(int(timeouts[-1]), 1), 30) if timeouts else 5


def with_nameserver_first(content: str, address: str) -> str:
    """Put one name server before all others, and change nothing else."""
    kept = [line for line in content.splitlines() if line.split()[:2] != ["nameserver", address]]
    first = next((index for index, line in enumerate(kept) if line.split()[:1] == ["nameserver"]), len(kept))
    return "\n".join([*kept[:first], f"nameserver {address}", *kept[first:]]) + "\n"


def without_nameserver(content: str, address: str) -> str:
    """Take one name server out, and change nothing else."""
    return "".join(line for line in content.splitlines(keepends=True) if line.split()[:2] != ["nameserver", address])


def kept_by(path: str) -> str:
    """Tell why a file cannot be replaced by another; nothing when it can."""
    if path in [line.split()[4] for line in files.read("/proc/self/mountinfo").split("\n") if line]:
        return "is a mount, as in a container, and cannot be replaced"
    try:
        with open(path, "rb") as stream:
            flags = struct.unpack("i", fcntl.ioctl(stream, FS_IOC_GETFLAGS, struct.pack("i", 0)))[0]
    except OSError:
        return ""  # no such file, or a file system without such flags
    return (
        "is immutable (chattr +i), as somebody wants it to stay: remove that (chattr -i)"
        if flags & FS_IMMUTABLE
        else ""
    )
