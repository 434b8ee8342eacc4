#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dnsmasq_forwarding_restore
short_description: Give a host its former resolver back, and remove dnsmasq-consul, without one failed lookup
version_added: 0.1.0
description:
  - Undoes what M(servicedns.consul.dnsmasq_forwarding) did. Files, links and directories become what they were before its
    first run.
  - The resolver is switched first, and dnsmasq is stopped when nobody waits for an answer of it any more.
  - Every way in which a run ever made programs ask it is undone, also where the record of it was lost.
  - While anything else on the host still names an address of it as its server, nothing is removed, and the module fails and
    names that. So it is while a container still asks C(dnsmasq-consul-containers).
  - When a name that resolved before does not resolve after, everything is put back and the module fails with the reason.
  - Packages that were installed for it are left to the task that comes next, and named in the result.
author:
  - servicedns.consul contributors (@servicedns)
options:
  names:
    description:
      - Names that must resolve after it if they resolved before. Those that the host itself depends on come to them, as for
        M(servicedns.consul.dnsmasq_forwarding_preflight).
    type: list
    elements: str
    default: []
  state:
    description:
      - V(absent) gives the former resolver back and removes dnsmasq.
      - V(forgotten) removes the record of how the host was, once the packages are gone too.
      - V(unprepared) only takes away what was made ready for a systemd-resolved that could not be installed.
    type: str
    choices: [absent, forgotten, unprepared]
    default: absent
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
  servicedns.consul.dnsmasq_forwarding_restore:
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
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, resolved, restore, state_before
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import systemd_resolved
from ansible_collections.servicedns.consul.plugins.module_utils.system import packages
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

#: Of the options of other modules that messages name.
VARIABLES = {"containers": "dnsmasq_forwarding_containers"}


def act(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Restore, or what is left of that."""
    known, state = state_before.StateBefore(), params["state"]
    changed = bool(known.data) or os.path.exists(dnsmasq.FILES["service"])
    # Before anything goes: a host without an answer to this keeps all of it.
    removable = packages.removable(packages.installed(known.listed("packages"))) if state == "absent" else []
    if state == "unprepared":
        changed = resolved.is_to_come()
    if changed and not check_mode:
        if state == "absent":
            restore.restore_resolver(known, params["names"])
        elif state == "forgotten":
            restore.forget(known)
        else:
            systemd_resolved.abandon()
    return {"changed": changed, "packages": removable}


def main() -> None:
    entry.run_module(
        dict(
            names=dict(type="list", elements="str", default=[]),
            state=dict(type="str", choices=["absent", "forgotten", "unprepared"], default="absent"),
        ),
        saying_variables(dnsmasq.one_at_a_time(act), VARIABLES),
        "dnsmasq_forwarding",
    )


if __name__ == "__main__":
    main()
