# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated pages."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import role_readmes
import yaml
from plays import ROOT

SPECS = {
    path.parts[-3]: yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"]
    for path in ROOT.glob("roles/*/meta/argument_specs.yml")
}


@pytest.mark.parametrize(
    ("markup", "expected"),
    [
        ("C(a) and V(b), O(c)", "`a` and `b`, `c`"),
        ("L(a page,https://example.com/a)", "[a page](https://example.com/a)"),
        ("P(servicedns.consul.consul_agent#role)", "[servicedns.consul.consul_agent](../consul_agent/README.md)"),
        ("a|b", "a\\|b"),
        ("DNS (53)", "DNS (53)"),
    ],
)
def test_markdown(markup: str, expected: str) -> None:
    assert role_readmes.markdown(markup) == expected


@pytest.mark.parametrize(
    ("option", "expected"),
    [
        ({"default": ""}, '`""`'),
        ({"default": "x"}, "`x`"),
        ({"default": False}, "`false`"),
        ({"default": ["a"]}, '`["a"]`'),
        ({"required": True}, "**required**"),
        ({"default": "{{ a | b }}"}, "`{{ a \\| b }}`"),
    ],
)
def test_defaults(option: dict[str, Any], expected: str) -> None:
    assert role_readmes.default_of(option) == expected


@pytest.mark.parametrize("role", SPECS)
def test_examples_use_variables_that_exist(role: str) -> None:
    known = {name for points in SPECS.values() for name in points["main"]["options"]}
    (play,) = yaml.safe_load(role_readmes.EXAMPLES[role])
    given = play.get("vars", {}) | {
        name: value for item in play.get("roles", []) for name, value in item.get("vars", {}).items()
    }
    assert set(given) <= known
    required = {name for name, option in SPECS[role]["main"]["options"].items() if option.get("required")}
    assert required <= set(given)


def test_a_stale_page_fails_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs" / "variables.md"
    monkeypatch.setattr(role_readmes, "files", lambda: {page: page.read_text(encoding="utf-8") + "x"})
    monkeypatch.setattr(sys, "argv", ["role_readmes.py", "--check"])
    assert role_readmes.main() == 1
    assert "stale: docs/variables.md" in capsys.readouterr().out


def test_the_command_runs() -> None:
    assert subprocess.run([sys.executable, ROOT / "tests" / "role_readmes.py", "--help"], check=False).returncode == 0
