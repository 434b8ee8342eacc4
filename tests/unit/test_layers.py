# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which plugin may import what, and how large and how named things are. Each exception is listed, and none that is over."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from plays import ROOT

from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import all_options, read_specs

PLUGINS = "ansible_collections.servicedns.consul.plugins."
#: What files of each folder may import of the collection. Those of module_utils run on hosts.
MAY_IMPORT = defaultdict(
    lambda: {"module_utils", "plugin_utils"}, {"modules": {"module_utils"}, "module_utils": {"module_utils"}}
)
UTILS = ("module_utils", "plugin_utils")
LONGEST_FUNCTION = 60
LONGEST_FILE = 400
BLOCKS = ("DOCUMENTATION", "EXAMPLES", "RETURN")
ROLE_VARIABLES = set(all_options(read_specs()))


def parsed(plugins: Path) -> Iterator[tuple[str, ast.Module, str]]:
    """Each file of plugins: its path, as a tree, and as text."""
    for file in sorted(plugins.rglob("*.py")):
        text = file.read_text(encoding="utf-8")
        yield str(file.relative_to(plugins)), ast.parse(text), text


def imports(tree: ast.Module) -> Iterator[str]:
    """The modules of the collection that a file imports, from the folder of plugins on."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from (
                f"{node.module}.{alias.name}".removeprefix(PLUGINS)
                for alias in node.names
                if f"{node.module}.".startswith(PLUGINS)
            )
        elif isinstance(node, ast.Import):
            yield from (alias.name.removeprefix(PLUGINS) for alias in node.names if alias.name.startswith(PLUGINS))


def wrong_imports(plugins: Path) -> Iterator[str]:
    """Imports of what belongs to another layer, and of a plugin by a plugin."""
    for path, tree, _text in parsed(plugins):
        for name in imports(tree):
            if name.split(".")[0] not in MAY_IMPORT[path.split("/")[0]]:
                yield f"{path} imports {name}"


def role_variables(plugins: Path) -> Iterator[str]:
    """Variables of roles that module_utils name. A module says them, which has options of its own."""
    for path, _tree, text in parsed(plugins):
        if path.startswith("module_utils/"):
            for name in sorted(ROLE_VARIABLES & set(re.findall(r"\w+", text))):
                yield f"{path} names {name}"


def public_names(tree: ast.Module) -> Iterator[str]:
    """What a file defines for others."""
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names = [node.name]
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)]
        else:
            continue
        yield from (name for name in names if not name.startswith("_"))


def names_alike(plugins: Path) -> Iterator[str]:
    """Names that two files of one package define."""
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, tree, _text in parsed(plugins):
        if path.startswith(UTILS):
            for name in sorted(set(public_names(tree))):
                files[path.rpartition("/")[0], name].append(path.rpartition("/")[2])
    yield from (f"{package}: {name} in {', '.join(found)}" for (package, name), found in files.items() if found[1:])


def long_functions(plugins: Path) -> Iterator[str]:
    """Functions that one cannot see at once."""
    for path, tree, _text in parsed(plugins):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION:
                yield f"{path}: {node.name}"


def long_files(plugins: Path) -> Iterator[str]:
    """Files with more lines than that, not counting a plugin's documentation."""
    for path, tree, text in parsed(plugins):
        documented = sum(
            (node.end_lineno or 0) - node.lineno + 1
            for node in tree.body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in BLOCKS
        )
        if len(text.splitlines()) - documented > LONGEST_FILE:
            yield path


Rule = Callable[[Path], Iterator[str]]
RULES = (wrong_imports, role_variables, names_alike, long_functions, long_files)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule(rule: Rule) -> None:
    assert set(rule(ROOT / "plugins")) == set()


FUNCTION = "def {}():\n" + "    pass\n" * LONGEST_FUNCTION
FROM = "from " + PLUGINS


@pytest.mark.parametrize(
    ("rule", "files", "expected"),
    [
        (
            wrong_imports,
            {
                "action/a.py": f"{FROM}module_utils.x import y\n{FROM}plugin_utils import z\n",
                "action/b.py": f"{FROM}action.a import b\n",
                "modules/m.py": f"{FROM}module_utils import a\n",
                "modules/n.py": f"def main():\n    import {PLUGINS}plugin_utils.a\n",
                "module_utils/a/b.py": f"{FROM}plugin_utils.a import b\nimport os\n",
                "plugin_utils/c.py": f"{FROM}filter.a import b\n",
            },
            {
                "action/b.py imports action.a.b",
                "modules/n.py imports plugin_utils.a",
                "module_utils/a/b.py imports plugin_utils.a.b",
                "plugin_utils/c.py imports filter.a.b",
            },
        ),
        (
            role_variables,
            {
                "module_utils/a.py": "# consul_agent_network\nX = 'dnsmasq_forwarding_preflight'\n",
                "module_utils/b.py": "X = f'consul_agent_address: {1}'\n",
                "modules/m.py": "X = 'consul_agent_address'\n",
            },
            {"module_utils/a.py names consul_agent_network", "module_utils/b.py names consul_agent_address"},
        ),
        (
            names_alike,
            {
                "module_utils/a/b.py": "X: int = 1\ndef f(): ...\nclass _P: ...\n",
                "module_utils/a/c.py": "X, Y = 1, 2\nclass _P: ...\n",
                "module_utils/d/e.py": "Y = 1\ndef f(): ...\n",
                "modules/m.py": "X = 1\n",
                "modules/n.py": "X = 1\n",
            },
            {"module_utils/a: X in b.py, c.py"},
        ),
        (
            long_functions,
            {"modules/m.py": FUNCTION.format("f") + "class C:\n    def g(self): ...\n"},
            {"modules/m.py: f"},
        ),
        (
            long_files,
            {
                "modules/m.py": "X = 1\n" * LONGEST_FILE + "RETURN = '''\n\n\n'''\n",
                "modules/n.py": "X = 1\n" * (LONGEST_FILE + 1),
            },
            {"modules/n.py"},
        ),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_rule_finds_what_it_is_for(tmp_path: Path, rule: Rule, files: dict[str, str], expected: set[str]) -> None:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    assert set(rule(tmp_path)) == expected
