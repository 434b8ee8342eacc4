# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd, as it has them."""

from __future__ import annotations

from ansible_collections.servicedns.consul.plugins.module_utils.system import command


def show(unit: str, *properties: str) -> dict[str, str]:
    """Ask for properties of a unit. That starts nothing, and a unit that is not there has some, too."""
    lines = command.run("systemctl", "show", f"--property={','.join(properties)}", unit).splitlines()
    return dict(line.split("=", 1) for line in lines)


def state(unit: str) -> str:
    """Tell the state of a unit, such as C(active); inactive when there is none."""
    return show(unit, "ActiveState")["ActiveState"]


def is_active(unit: str) -> bool:
    """Whether a unit is active."""
    return state(unit) == "active"


def runs(unit: str) -> bool:
    """Whether a unit runs, also after a boot."""
    return show(unit, "ActiveState", "UnitFileState") == {"ActiveState": "active", "UnitFileState": "enabled"}


def main_pid(unit: str) -> int:
    """Tell the process of a service, 0 where it does not run."""
    return int(show(unit, "MainPID")["MainPID"] or 0)


def journal(unit: str, lines: int) -> str:
    """Read the last lines of a unit's journal."""
    return command.run("journalctl", f"--unit={unit}", f"--lines={lines}", "--output=cat", timeout=10).strip()
