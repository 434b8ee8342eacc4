#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: package
short_description: Install or remove Debian packages, whatever the host knows of packages
version_added: 0.1.0
description:
  - Installs from the package lists that the host has. Where that fails, it updates them and tries again, as they may be missing or
    out of date, however new their directory is.
  - Waits while another program installs something.
  - Needs neither python3-apt, which C(ansible.builtin.apt) installs where it is missing and leaves there, nor package lists to
    remove a package.
author:
  - servicedns.consul contributors (@servicedns)
options:
  name:
    description: The packages. What they only recommend is not installed.
    type: list
    elements: str
    required: true
  state:
    description: V(absent) removes the packages with their configuration, and nothing that came with them.
    type: str
    choices: [present, absent]
    default: present
attributes:
  check_mode:
    support: full
    description: Says whether a package would come or go.
  diff_mode:
    support: none
    description: Shows no difference.
"""

EXAMPLES = r"""
- name: Install dnsmasq
  servicedns.consul.package:
    name: dnsmasq-base

- name: Remove it
  servicedns.consul.package:
    name: dnsmasq-base
    state: absent
"""

RETURN = r"""
stdout:
  description: What apt-get said, which tells what came or went.
  returned: when something was installed or removed
  type: str
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.system import packages


def act(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Let the packages come or go that are to."""
    there, absent = packages.installed(params["name"]), params["state"] == "absent"
    names = [name for name in params["name"] if (name in there) == absent]
    if not names:
        return {}
    if check_mode:
        return {"changed": True}
    return {"changed": True, "stdout": packages.purge(names) if absent else packages.install(names)}


def main() -> None:
    run_module(
        dict(
            name=dict(type="list", elements="str", required=True),
            state=dict(type="str", choices=["present", "absent"], default="present"),
        ),
        act,
    )


if __name__ == "__main__":
    main()
