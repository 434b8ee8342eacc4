# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes one list of the services of a host."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from plays import run_tasks

from ansible_collections.servicedns.consul.plugins.filter import service_definitions as plugin

in_one_list = plugin.FilterModule().filters()["service_definitions"]


def test_a_templated_number_counts_on_every_ansible_core(tmp_path: Path) -> None:
    """As text or as a number: of a variable, of a filter, and of the command line."""
    service = {
        "name": "web",
        "port": "{{ app.port }}",
        "meta": {"version": "{{ app.version }}"},
        "check": {"tcp": "localhost:80", "interval": "10s", "failures_before_critical": "{{ '3' | int }}"},
    }
    other = {"name": "other", "port": "{{ from_cli }}"}
    given = {"app": {"port": 5000, "version": 7}, "x": [service, other]}
    message = "{{ {'x': x} | servicedns.consul.service_definitions | to_json }}"
    result = run_tasks(
        tmp_path,
        [{"name": "Make one list", "ansible.builtin.copy": {"content": message, "dest": "{{ playbook_dir }}/made"}}],
        {"all": {"vars": given, "hosts": {"one": {"ansible_connection": "local"}}}},
        *("-e", f"ansible_python_interpreter={sys.executable} from_cli=5001"),
    )
    assert result.returncode == 0, result.stdout + result.stderr
    web, cli = json.loads((tmp_path / "made").read_text(encoding="utf-8"))
    assert (web["port"], web["meta"], web["check"]["failures_before_critical"]) == (5000, {"version": "7"}, 3)
    assert cli["port"] == 5001


def test_the_filter_makes_one_list() -> None:
    a, b, c = {"name": "a"}, {"name": "b"}, {"name": "c", "later": 1}
    assert in_one_list({"y": [b], "x": [a]}) == [b, a]
    assert in_one_list({"x": [a], "y": (), "z": [c]}, allow_unknown_keys=True) == [a, c]
    assert in_one_list({}) == []


@pytest.mark.parametrize(
    ("sources", "message"),
    [
        ({"x": [{"port": 80, "name": "a.b"}]}, "1 error in the services:\nx[0].name: 'a.b' is no DNS label: .*"),
        (
            {"x": None, "y": "web", "z": ["web"]},
            "3 errors in the services:\nx: an empty value is not a list\ny: a string is not a list\n"
            "z[0]: a string is not a mapping",
        ),
        ([{"name": "web"}], "service_definitions: needs a mapping of lists of services, not a list"),
        (None, "service_definitions: needs a mapping of lists of services, not an empty value"),
    ],
)
def test_the_filter_says_all_that_is_wrong(sources: Any, message: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"^{message.replace('[', '.').replace(']', '.')}$"):
        in_one_list(sources)


def test_the_filter_in_a_playbook(tmp_path: Path) -> None:
    variables = {"app": "web", "x": [{"name": "{{ app }}", "port": 80}], "y": [{"name": "db"}], "z": [{"name": "web"}]}
    shown = [
        {"ansible.builtin.debug": {"msg": f"{{{{ {names} | servicedns.consul.service_definitions | to_json }}}}"}}
        for names in ("{'x': x, 'y': y}", "{'x': x, 'z': z}")
    ]
    result = run_tasks(tmp_path, shown, {"all": {"hosts": {"node1": variables}}})
    said = (result.stdout + result.stderr).replace("\\", "")
    assert '[{"name": "web", "port": 80}, {"name": "db"}]' in said
    assert "z[0].name: 'web' is the id of x[0] too" in said
