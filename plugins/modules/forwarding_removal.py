#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding_removal
short_description: Give a host its former resolver back, and remove dnsmasq-consul, without one failed lookup
version_added: 0.1.0
description:
  - Undoes what M(servicedns.consul.forwarding) did. Files, links and directories become what they were before its first run.
  - The resolver is switched first, and dnsmasq is stopped when nobody waits for an answer of it any more.
  - When a name that resolved before does not resolve after, everything is put back and the module fails with the reason.
  - Packages that were installed for it are left to the task that comes next, and named in the result.
author:
  - servicedns.consul contributors (@servicedns)
options:
  names:
    description: Names that must resolve after it if they resolved before.
    type: list
    elements: str
    default: []
  forget:
    description: Forget how the host was, once the packages are gone too.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says whether there is something to remove.
  diff_mode:
    support: none
    description: Shows no difference.
"""

EXAMPLES = r"""
- name: Give the host its resolver back
  servicedns.consul.forwarding_removal:
    names: [www.debian.org]
"""

RETURN = r"""
packages:
  description: Packages that were installed for it, and that nothing else needs.
  returned: success
  type: list
  elements: str
  sample: [dnsmasq-base]
"""

import os
import pwd
import re
import subprocess
import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, host, record, resolver, resolver_targets

GRACE = 1.0  # seconds for which what nobody is told to ask any more still answers
# Users that packages leave behind.
USERS = {"dnsmasq-base": "dnsmasq", "systemd-resolved": "systemd-resolve"}


def installed(packages: list[str]) -> list[str]:
    """The packages that are still there."""
    there = host.run("dpkg-query", "--show", "--showformat=${binary:Package} ${db:Status-Status}\\n").splitlines()
    return [name for name in packages if f"{name} installed" in there]


def removable(packages: list[str]) -> list[str]:
    """The packages that go without taking any other along: somebody may need one of them by now."""
    left = list(packages)
    while left:
        plan = host.run("apt-get", "--simulate", "purge", *left)
        gone = set(re.findall(r"^(?:Purg|Remv) (\S+)", plan, re.MULTILINE))
        others = gone - {name.partition(":")[0] for name in left}
        if not others:
            break
        # Without the last of them, until nobody else is hit.
        left.pop()
    return left


def undone(known: record.Record) -> list[resolver_targets.Target]:
    """What was switched on this host, the last first."""
    if "resolver" not in known.data:
        return []
    address, domains = known.data["address"], known.data["domains"]
    targets = resolver_targets.choose(known.data["resolver"], address, domains)
    if os.path.exists(resolver.BEFORE_RESOLVED):
        # The plain file first: programs ask its servers themselves before systemd-resolved goes.
        targets.append(resolver_targets.ResolvConf(address, domains))
    return targets[::-1]


def remove(known: record.Record, names: list[str]) -> None:
    """Undo the switch, look again, and stop dnsmasq. Raises L(host.HostError) with the reason, after everything was put back."""
    targets = undone(known)
    now = {path: record.keep(path) for target in targets for path in target.paths()}
    resolved = [name for name in names if resolver.resolves(name)]
    try:
        for target in targets:
            target.undo(known.files)
        lost = dnsmasq.missing(resolved, resolver.resolves)
        if lost:
            raise host.HostError(f"without dnsmasq {', '.join(lost)} did not resolve any more")
    except (OSError, host.HostError) as error:
        for target in reversed(targets):
            target.undo(now)
        raise host.HostError(f"{error}; the resolver was put back as it was, and asks dnsmasq") from error
    if os.path.exists(dnsmasq.SERVICE):
        # A program may have read the former configuration, and not asked yet.
        time.sleep(GRACE)
        dnsmasq.drain(dnsmasq.main_pid())
    dnsmasq.remove()
    if os.path.exists(resolver.BEFORE_RESOLVED):
        os.unlink(resolver.BEFORE_RESOLVED)


def forget(known: record.Record) -> None:
    """What the packages leave behind, and the record itself."""
    for path, kept in known.files.items():
        # A package may have taken a file along that it did not bring.
        if (kept and not os.path.lexists(path)) or (not kept and os.path.isdir(path)):
            record.restore(path, kept)
    for package, user in USERS.items():
        gone = package in known.packages and not installed([package])
        if gone and user in {entry.pw_name for entry in pwd.getpwall()}:
            host.run("userdel", user)
    known.forget()


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            names=dict(type="list", elements="str", default=[]),
            forget=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    known = record.Record()
    changed = bool(known.data) or os.path.exists(dnsmasq.SERVICE)
    try:
        if changed and not module.check_mode:
            if module.params["forget"]:
                forget(known)
            else:
                remove(known, module.params["names"])
        packages = [] if module.params["forget"] else removable(installed(known.packages))
    except (OSError, subprocess.SubprocessError, host.HostError) as error:
        module.fail_json(msg=f"dnsmasq_forwarding: {error}")
    module.exit_json(changed=changed, packages=packages)


if __name__ == "__main__":
    main()
