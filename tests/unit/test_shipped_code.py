# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much code goes to hosts with a module: it costs a moment at every task, and none that is for the control node is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from plays import ROOT

PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.servicedns.consul.plugins"


def imports(file: Path) -> Iterator[Path]:
    """The files of the collection that one imports."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            base = PLUGINS.joinpath(*str(node.module)[len(PACKAGE) + 1 :].split("."))
            names = [base] if base.with_suffix(".py").is_file() else [base / alias.name for alias in node.names]
            yield from (name.with_suffix(".py") for name in names)


def shipped(module: str) -> set[Path]:
    """The files that go to a host beside a module."""
    found: set[Path] = set()
    left = [PLUGINS / "modules" / f"{module}.py"]
    while left:
        new = set(imports(left.pop())) - found
        found |= new
        left += new
    return found


#: Lines of module_utils that a module may bring. Whoever lowers a number keeps it.
MOST = {
    "agent_services": 702,
    "external_services": 542,
    "prepared_queries": 595,
}


@pytest.mark.parametrize(("module", "most"), MOST.items())
def test_a_module_ships_no_more_than_it_needs(module: str, most: int) -> None:
    lines = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in shipped(module)}
    assert sum(lines.values()) <= most, {str(file.relative_to(PLUGINS)): count for file, count in lines.items()}


def test_modules_ship_module_utils_alone() -> None:
    for module in (PLUGINS / "modules").glob("*.py"):
        assert {file.relative_to(PLUGINS).parts[0] for file in shipped(module.stem)} <= {"module_utils"}, module.name
