# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the runner of stages says, apart from running them."""

from __future__ import annotations

import json
import re
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


def test_every_scenario_is_run() -> None:
    scenarios = {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}
    stages = run_stages.stages() | run_stages.soak()
    assert scenarios <= {stage.command[-1] for stage in stages.values()}
    assert not set(run_stages.soak()) & set(run_stages.stages())


def test_commands_name_files_that_are_there() -> None:
    words = {word for stage in run_stages.stages().values() for word in stage.command}
    assert [word for word in words if "/" in word and not (ROOT / word).exists()] == []


def test_list() -> None:
    command = [sys.executable, str(ROOT / "tools" / "run_stages.py"), "--list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert json.loads(listed) == [*run_stages.stages()]


def test_stages_with_the_same_addresses_take_turns() -> None:
    queue = run_stages.Queue(
        {
            "first": run_stages.Stage(["true"], "a"),
            "second": run_stages.Stage(["true"], "a"),
            "beside": run_stages.Stage(["true"]),
            "other": run_stages.Stage(["true"], "b"),
        }
    )
    taken = [queue.take(), queue.take(), queue.take()]
    assert [each[0] for each in taken if each] == ["first", "beside", "other"]
    assert taken[0]
    queue.give_back(*taken[0], 0)
    assert (queue.take() or [""])[0] == "second"
    assert queue.passed == ["first"]


@pytest.mark.parametrize(
    ("code", "failed", "then"), [(0, [], True), (1, ["first"], False), (run_stages.NOT_RUN, [], True)]
)
def test_no_stage_is_started_once_one_failed(code: int, failed: list[str], then: bool) -> None:
    queue = run_stages.Queue({"first": run_stages.Stage(["true"]), "second": run_stages.Stage(["true"])})
    taken = queue.take()
    assert taken
    queue.give_back(*taken, code)
    assert queue.failed == failed
    assert (queue.take() is not None) is then
    assert list(queue.waiting) == ([] if then else ["second"])


def test_no_two_scenarios_have_the_same_addresses_unknown_to_the_runner() -> None:
    addresses: dict[str, str] = {}
    for scenario in sorted(run_stages.scenarios()):
        for network in set(
            re.findall(r"ansible_host: ([0-9.]+)[.]", (ROOT / "molecule" / scenario / "inventory.yml").read_text())
        ):
            assert addresses.setdefault(network, scenario) == scenario
        inventories = re.findall(
            r"molecule/([a-z0-9_]+)/inventory.yml", (ROOT / "molecule" / scenario / "molecule.yml").read_text()
        )
        assert run_stages.ADDRESSES_OF.get(scenario, scenario) in (inventories or [scenario])
