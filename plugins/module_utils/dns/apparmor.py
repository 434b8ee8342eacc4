# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AppArmor's profile of dnsmasq, which knows the paths of the distribution's dnsmasq only, and what allows ours.

The profile includes a file of local additions, see /etc/apparmor.d/local/README.
"""

from __future__ import annotations

import os
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import state_before
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files

PROFILE = "/etc/apparmor.d/usr.sbin.dnsmasq"
LOCAL = "/etc/apparmor.d/local/usr.sbin.dnsmasq"
#: The profiles that the kernel has, one a line with its mode.
LOADED = "/sys/kernel/security/apparmor/profiles"
#: The files of our services, and the folder of a trial.
RULES = """\
# Managed by servicedns.consul: its dnsmasqs' configuration, and what they write while they run.
/etc/dnsmasq-consul* r,
/run/dnsmasq-consul*/ r,
/run/dnsmasq-consul*/* rw,
# End of servicedns.consul.
"""


def is_loaded() -> bool:
    """Whether the kernel confines dnsmasq, or only complains of it."""
    return bool(re.search(r"^(?:dnsmasq|/\S*/dnsmasq|/usr/\{bin,sbin\}/dnsmasq) \(", files.read(LOADED), re.MULTILINE))


def obstacles() -> list[str]:
    """Tell why our paths cannot be allowed."""
    local = os.path.basename(LOCAL)
    if re.search(rf"^\s*#?include\s+(?:if exists\s+)?<local/{re.escape(local)}>", files.read(PROFILE), re.MULTILINE):
        return []
    if not os.path.exists(PROFILE) and not is_loaded():
        return []
    rules = " ".join(line for line in RULES.splitlines() if not line.startswith("#"))
    return [
        f"AppArmor confines dnsmasq by a profile that does not include <local/{local}>, as {PROFILE} should; include it there, "
        f"or allow: {rules}"
    ]


def without_rules(text: str) -> str:
    """Take ours out of the local additions."""
    return text.replace(RULES, "")


def in_force() -> bool:
    """Whether our paths are allowed, or nothing forbids them."""
    return not os.path.exists(PROFILE) or RULES in files.read(LOCAL)


def allow() -> None:
    """Allow our paths, at once where the profile is in the kernel, and after a boot."""
    before = state_before.keep(LOCAL)
    text = without_rules(files.read(LOCAL))
    os.makedirs(os.path.dirname(LOCAL), exist_ok=True)
    files.write_atomically(LOCAL, text + ("\n" if text and not text.endswith("\n") else "") + RULES)
    _load(before)


def withdraw(known: t.Mapping[str, state_before.Kept]) -> None:
    """Take our rules away.

    :arg known: what was at paths before the first run
    """
    text = files.read(LOCAL)
    if RULES not in text:
        return
    before, former = state_before.keep(LOCAL), known.get(LOCAL, {})
    rest = without_rules(text)
    if rest.strip() == state_before.text(former).strip():
        state_before.restore(LOCAL, former)
    else:
        files.write_atomically(LOCAL, rest)
    _load(before)


def _load(before: state_before.Kept) -> None:
    """Give the kernel the profile with its local additions, or put these back."""
    if not is_loaded():
        return
    try:
        command.run("apparmor_parser", "--replace", PROFILE)
    except HostError:
        state_before.restore(LOCAL, before)
        raise
