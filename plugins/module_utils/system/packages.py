# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages of Debian, and modules of the Python that Ansible uses on the host."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command

DEBIAN_MODULES = "/usr/lib/python3/dist-packages"
LONGEST_INSTALLATION = 1800.0  # seconds: a mirror may be slow, and an installation must not be cut off
PATIENCE = 300.0  # seconds in which another program is done with its packages
OPTIONS = (
    f"--option=DPkg::Lock::Timeout={PATIENCE:.0f}",
    # Files that an administrator has changed stay.
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
)


def installed(names: t.Sequence[str]) -> list[str]:
    """Choose the packages that are there, and not only what they left behind."""
    lines = command.run("dpkg-query", "--show", "--showformat=${Package} ${binary:Package} ${db:Status-Status}\\n")
    there = {name for line in lines.splitlines() for name in line.split()[:2] if line.endswith(" installed")}
    return [name for name in names if name in there]


def apt_get(*arguments: str) -> str:
    """Run apt-get.

    :raises HostError: with what it complains of
    """
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    return command.run("apt-get", "--quiet", "--yes", *arguments, timeout=LONGEST_INSTALLATION)


def update() -> str:
    """Fetch package lists. What apt-get complains of is returned, as they may be new in spite of it."""
    # It does not wait for who else fetches them.
    until = time.monotonic() + PATIENCE
    while True:
        try:
            apt_get("update")
        except HostError as error:
            if "/lock" not in str(error) or time.monotonic() > until:
                return str(error)
            time.sleep(1)
        else:
            return ""


def install(names: t.Sequence[str]) -> str:
    """Install packages, and return what apt-get said. What they only recommend is left out.

    :raises HostError: with what apt-get complains of, when new package lists do not help
    """
    installation = ("install", "--no-install-recommends", *OPTIONS, *names)
    try:
        return apt_get(*installation)
    except command.NotInstalled:
        raise
    except HostError:
        outdated = update()
    try:
        return apt_get(*installation)
    except HostError as error:
        complaints = "; ".join(filter(None, [str(error), outdated]))
        raise HostError(f"{' and '.join(names)} cannot be installed: {complaints}") from error


def purge(names: t.Sequence[str]) -> str:
    """Remove packages with their configuration, and return what apt-get said. Package lists are not needed for it.

    :raises HostError: with what it complains of
    """
    return apt_get("purge", *OPTIONS, *names)


def new_packages(said: str) -> list[str]:
    """Find the packages that ``apt-get install`` said that it installs, without those that it replaces by newer ones."""
    new = re.search(r"^The following NEW packages will be installed:\n((?: +\S.*\n)+)", said, re.MULTILINE)
    return new[1].split() if new else []


def removable(names: t.Sequence[str]) -> list[str]:
    """Choose the packages that go without taking any other along: somebody may need one of them by now."""
    left = list(names)
    while left:
        plan = command.run("apt-get", "--simulate", "purge", *left)
        gone = set(re.findall(r"^(?:Purg|Remv) (\S+)", plan, re.MULTILINE))
        others = gone - {name.partition(":")[0] for name in left}
        if not others:
            break
        # Without the last of them, until nobody else is hit.
        left.pop()
    return left


def has_python_module(name: str) -> bool:
    """Whether the Python that Ansible uses on this host has a module."""
    return importlib.util.find_spec(name) is not None


def lacks_python_module(name: str) -> str:
    """Tell why the Python that Ansible uses on this host has no module and gets none from a Debian package, else nothing."""
    if has_python_module(name) or (DEBIAN_MODULES in sys.path and command.find("apt-get")):
        return ""
    return (
        f"ansible_python_interpreter: {sys.executable} has no {name}, which community.docker needs, and can have none "
        f"from a Debian package; install it there ({sys.executable} -m pip install {name}), or set "
        "ansible_python_interpreter to /usr/bin/python3"
    )
