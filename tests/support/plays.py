# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs small playbooks through the real command, as unit tests of plugins need."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]


def run_tasks(
    directory: Path,
    tasks: Sequence[Mapping[str, Any]],
    inventory: Mapping[str, Any],
    *arguments: str,
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run tasks on all hosts of an inventory, as L(run_plays)."""
    play = {"name": "Test", "hosts": "all", "gather_facts": False, "tasks": tasks}
    return run_plays(directory, [play], inventory, *arguments, **environment)


def run_plays(
    directory: Path,
    plays: Sequence[Mapping[str, Any]],
    inventory: Mapping[str, Any],
    *arguments: str,
    playbook: str = "playbook.yml",
    **environment: str,
) -> subprocess.CompletedProcess[str]:
    """Run plays with ansible-playbook and the collection of this checkout.

    Environment variables of Ansible that the caller's shell has do not count.

    :arg directory: where the operator stands, with the inventory
    :arg playbook: another playbook to run, by its path or its name in a collection
    """
    (directory / "playbook.yml").write_text(yaml.safe_dump(list(plays)), encoding="utf-8")
    (directory / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    ours = {"ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1"}
    return subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "inventory.yml", playbook, *arguments],
        cwd=directory,
        env={**clean, **ours, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
