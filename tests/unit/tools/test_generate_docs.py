# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated pages."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import generate_docs
import pytest
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
    assert generate_docs.markdown(markup) == expected


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
    assert generate_docs.default_of(option) == expected


@pytest.mark.parametrize("role", SPECS)
def test_examples_use_variables_that_exist(role: str) -> None:
    known = {name for points in SPECS.values() for name in points["main"]["options"]}
    (play,) = yaml.safe_load(generate_docs.EXAMPLES[role])
    given = play.get("vars", {}) | {
        name: value for item in play.get("roles", []) for name, value in item.get("vars", {}).items()
    }
    assert set(given) <= known
    required = {name for name, option in SPECS[role]["main"]["options"].items() if option.get("required")}
    assert required <= set(given)


def test_what_a_playbook_says_first(tmp_path: Path) -> None:
    playbook = tmp_path / "web.yml"
    playbook.write_text("---\n# Run site.yml and\n# more. And this.\n#   -e web=FILE\n\n# Not this.\n- name: Web\n")
    assert generate_docs.purpose_of_playbook(playbook) == "Run site.yml and more"


def test_what_a_plugin_says(tmp_path: Path) -> None:
    plugin = tmp_path / "web.py"
    plugin.write_text(
        'import no_such_thing\n\nDOCUMENTATION = r"""\nname: web\nshort_description: Turn C(a) into b\n"""\n'
    )
    assert generate_docs.purpose_of_plugin(plugin) == "Turn `a` into b"
    plugin.write_text("EXAMPLES = ''\n")
    with pytest.raises(ValueError, match="web.py has no DOCUMENTATION"):
        generate_docs.purpose_of_plugin(plugin)


def test_all_of_the_collection_is_listed_once() -> None:
    names = re.findall(r"^\* \[?`(\w+)`", generate_docs.content(ROOT, SPECS), re.MULTILINE)
    folders = ("playbooks/*.yml", "roles/*", *(f"plugins/{folder}/*.py" for folder in generate_docs.PLUGINS))
    assert sorted(names) == sorted(path.stem for folder in folders for path in ROOT.glob(folder))


def test_no_plugin_is_of_a_kind_that_is_not_listed() -> None:
    folders = {path.parent.name for path in ROOT.glob("plugins/*/*.py")}
    # An action is documented by the module of its name; the others have no documentation of their own.
    assert folders - set(generate_docs.PLUGINS) <= {"action", "doc_fragments", "module_utils", "plugin_utils"}


def test_what_is_around_the_list_stays() -> None:
    begin, end = generate_docs.BEGIN, generate_docs.END
    page = f"# Title\n\n{begin}\n* old\n{end}\n\nThe end.\n"
    written = generate_docs.with_content(page, "* new")
    assert written == f"# Title\n\n{begin}\n\n* new\n\n{end}\n\nThe end.\n"
    assert generate_docs.with_content(written, "* new") == written


@pytest.mark.parametrize("page", ["", generate_docs.BEGIN, f"{generate_docs.END}\n{generate_docs.BEGIN}\n"])
def test_a_page_without_marks_is_refused(page: str) -> None:
    with pytest.raises(ValueError, match="README.md lacks the lines"):
        generate_docs.with_content(page, "* new")


def test_a_stale_page_fails_the_check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    page = ROOT / "docs" / "variables.md"
    monkeypatch.setattr(generate_docs, "files", lambda: {page: page.read_text(encoding="utf-8") + "x"})
    monkeypatch.setattr(sys, "argv", ["generate_docs.py", "--check"])
    assert generate_docs.main() == 1
    assert "stale: docs/variables.md" in capsys.readouterr().out


def test_the_command_runs() -> None:
    assert subprocess.run([sys.executable, ROOT / "tools" / "generate_docs.py", "--help"], check=False).returncode == 0
