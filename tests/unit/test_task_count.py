# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The callback that counts task executions."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from plays import ROOT, run_tasks

COMMAND = {"ansible.builtin.command": "true", "changed_when": False}
#: How often each kind of task counts, by the name that it is told by.
KINDS: dict[str, tuple[int, dict[str, Any]]] = {
    "a command": (1, COMMAND),
    "a loop": (3, {**COMMAND, "loop": [1, 2, 3]}),
    "a loop with a skipped item": (2, {**COMMAND, "loop": [1, 2, 3], "when": "item != 2"}),
    "an empty loop": (0, {**COMMAND, "loop": []}),
    "skipped": (0, {**COMMAND, "when": False}),
    "tries": (2, {**COMMAND, "register": "tried", "until": "tried.attempts == 2", "delay": 0}),
    "a failure": (1, {"ansible.builtin.command": "false", "changed_when": False, "ignore_errors": True}),
    "an action with a module": (1, {"ansible.builtin.copy": {"content": "x", "dest": "{{ playbook_dir }}/x"}}),
    "a block": (0, {"block": [{"name": "in a block", **COMMAND}, {"name": "in a block", **COMMAND}]}),
    "include_tasks": (0, {"ansible.builtin.include_tasks": "included.yml"}),
    "import_tasks": (0, {"ansible.builtin.import_tasks": "included.yml"}),
    "include_vars": (0, {"ansible.builtin.include_vars": "vars.yml"}),
    "debug": (0, {"ansible.builtin.debug": {"msg": "x"}}),
    "debug by its short name": (0, {"debug": {"msg": "x"}}),
    "set_fact": (0, {"ansible.builtin.set_fact": {"x": 1}}),
    "assert": (0, {"ansible.builtin.assert": {"that": True}}),
    "fail": (0, {"ansible.builtin.fail": {"msg": "x"}, "ignore_errors": True}),
    "group_by": (0, {"ansible.builtin.group_by": {"key": "x"}}),
    "add_host": (0, {"ansible.builtin.add_host": {"name": "x"}}),
    "meta": (0, {"ansible.builtin.meta": "flush_handlers"}),
    "validate": (0, {"servicedns.consul.validate": {"servers": ["one"], "clients": []}}),
}
INSIDE = {"in a block": 2, "included": 2}


def count(directory: Path, tasks: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    (directory / "included.yml").write_text(
        '- {name: included, ansible.builtin.command: "true", changed_when: false}\n'
    )
    (directory / "vars.yml").write_text("x: 1\n")
    result = run_tasks(
        directory,
        tasks,
        {"all": {"vars": local, "hosts": {"one": {}, "two": {}}}},
        "--limit=one",
        ANSIBLE_CALLBACKS_ENABLED="task_count",
        ANSIBLE_CALLBACK_PLUGINS=str(ROOT / "tests" / "support" / "callback_plugins"),
        TASK_COUNT_FILE=str(directory / "count.json"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    counted: dict[str, Any] = json.loads((directory / "count.json").read_text(encoding="utf-8"))
    return counted


def test_what_counts(tmp_path: Path) -> None:
    """All kinds in one run, since a run costs a second."""
    tasks = [{"name": name, **task} for name, (_, task) in KINDS.items()]
    counted = count(tmp_path, tasks)["one"]
    expected = {name: number for name, (number, _) in KINDS.items() if number} | INSIDE
    assert Counter(counted["tasks"]) == expected
    assert counted["executions"] == sum(expected.values())


def test_changes_and_delegated_tasks(tmp_path: Path) -> None:
    tasks: list[dict[str, Any]] = [
        {"name": "Change", "ansible.builtin.command": "true", "loop": [1, 2], "changed_when": "item == 1"},
        {"name": "Elsewhere", **COMMAND, "delegate_to": "two"},
    ]
    assert count(tmp_path, tasks) == {
        "one": {"executions": 2, "changed": 1, "tasks": ["Change", "Change"]},
        "two": {"executions": 1, "changed": 0, "tasks": ["Elsewhere"]},
    }
