#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: snapshot_timer
short_description: Take snapshots of a Consul datacenter on its servers, by a timer
version_added: 0.1.0
description:
  - Installs a timer of systemd, C(servicedns-consul-snapshot.timer), and what it runs. Each of the servers has one, and the one that
    leads the datacenter takes the snapshot.
  - The snapshots are files for root alone in a directory for root alone. A directory that holds files and is not so is refused.
  - Without the timer the snapshots stay.
author:
  - servicedns.consul contributors (@servicedns)
options:
  state:
    description: Whether there is a timer.
    type: str
    choices: [present, absent]
    default: present
  directory:
    description: Directory of the host with the snapshots, which the service names as well.
    type: path
    default: ""
  program:
    description: What takes a snapshot.
    type: str
    default: ""
  service:
    description: The unit that runs the program.
    type: str
    default: ""
  timer:
    description: The unit that starts the service.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Says whether something would change.
  diff_mode:
    support: full
    description: Shows the files that change.
"""

EXAMPLES = r"""
- name: Take no snapshots any more
  servicedns.consul.snapshot_timer:
    state: absent
"""

RETURN = r"""
kept:
  description: Directory with the snapshots that stay, where the timer is removed. Empty where there are none.
  returned: success
  type: str
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot_timer
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

#: Of the option that a message names.
VARIABLES = {"snapshot_directory": "consul_agent_snapshot_directory"}


def schedule(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Run the timer, or remove it."""
    present = params["state"] == "present"
    contents = {name: params[name] for name in ("directory", "program", "service", "timer") if present}
    timer = snapshot_timer.SnapshotTimer(**contents)
    changed = not timer.in_force()
    former = snapshot_timer.see() if changed and not present else None
    if changed and not check_mode:
        (timer.start if present else timer.stop)()
    return dict(changed=changed, kept=former["directory"] if former and former["newest"] else "", diff=timer.diff())


def main() -> None:
    run_module(
        dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            directory=dict(type="path", default=""),
            program=dict(type="str", default=""),
            service=dict(type="str", default=""),
            timer=dict(type="str", default=""),
        ),
        saying_variables(schedule, VARIABLES),
    )


if __name__ == "__main__":
    main()
