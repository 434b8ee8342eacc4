# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules whose items are checked on the control node, through the real command."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from plays import run_tasks

NOT_JSON = "Expecting value: line 1 column 1 (char 0)"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", NOT_JSON),
        ("{}", "a mapping is not a list"),
        ('["x"]', "[0]: a string is not a mapping"),
        ('[{"name": "-"}, {}]', "[0].name: '-' is no DNS label: "),
    ],
)
def test_bad_items_of_a_module_used_alone_are_sentences(tmp_path: Path, text: str, said: str) -> None:
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    tasks: list[dict[str, Any]] = [
        {"name": "Services", "servicedns.consul.external_services": {"services": text}, "ignore_errors": True},
        {"name": "Queries", "servicedns.consul.prepared_queries": {"queries": text}},
    ]
    result = run_tasks(tmp_path, tasks, {"all": {"hosts": {"one": local}}})
    found = re.findall('"msg": "(.*?)"[,}]', result.stdout)
    assert [message.partition(": ")[0] for message in found] == [
        "consul_services_external",
        "consul_services_prepared_queries",
    ]
    assert all(message.partition(": ")[2].startswith(said) for message in found)
    assert "Traceback" not in result.stdout + result.stderr


def test_lists_that_are_not_set_are_left_alone(tmp_path: Path) -> None:
    """No agent answers here, so what is not skipped fails."""
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    where = {"name": "servicedns.consul.consul_services", "tasks_from": "datacenter"}
    task = {
        "name": "Register",
        "ansible.builtin.include_role": where,
        "vars": {"consul_services_agent_url": "http://127.0.0.1:1"},
    }
    hosts: dict[str, Any] = {"all": {"hosts": {"one": local}}}
    result = run_tasks(tmp_path, [task], hosts)
    assert result.returncode == 0 and "skipped=2" in result.stdout, result.stdout + result.stderr
    hosts["all"]["vars"] = {"consul_services_external": []}
    assert "consul_services_external: GET http://127.0.0.1:1/v1/kv/" in run_tasks(tmp_path, [task], hosts).stdout
