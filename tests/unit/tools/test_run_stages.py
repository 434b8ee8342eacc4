# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runner of stages says, apart from running them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import run_stages
from plays import ROOT


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        ("1 passed in 2 s", ""),
        ("TOTAL                       5700    597    90%\n\n21 files skipped\n", ", with 90% of the plugins' lines"),
        ("TOTAL      1      0   100%", ", with 100% of the plugins' lines"),
        ("SUBTOTAL   1      0   100%", ""),
    ],
)
def test_coverage(log: str, expected: str) -> None:
    assert run_stages.coverage(log) == expected


def test_the_reasons_are_told_last() -> None:
    """Of pytest and of Ansible, and nothing of what goes on around them."""
    why = [
        "E       AssertionError: not within 90 s",
        "FAILED tests/test_roll.py::test_a_server - Asser...",
        "ERROR tests/test_roll.py::test_a_server - at teardown",
        "[ERROR]: Task failed: a is away",
        'fatal: [node1]: FAILED! => {"changed": false}',
    ]
    log = "\n".join(["TASK [Get E]", *why, "ERROR    Verifier tests failed", "ok: [node1]", "    E = 1"])
    assert run_stages.reasons(log) == why


def test_every_scenario_is_run() -> None:
    scenarios = {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}
    stages = run_stages.stages() | run_stages.soak()
    assert scenarios <= {command[-1] for command in stages.values()}
    assert not set(run_stages.soak()) & set(run_stages.stages())


def test_commands_name_files_that_are_there() -> None:
    words = {word for command in run_stages.stages().values() for part in command for word in part.split()}
    assert [word for word in words if "/" in word and not (ROOT / word).exists()] == []


def test_list() -> None:
    command = [sys.executable, str(ROOT / "tools" / "run_stages.py"), "--list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(listed) == [*run_stages.stages()]
