# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules that every plugin keeps, each for a fault that it would bring back."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator

import pytest
from plays import ROOT

PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.servicedns.consul.plugins"


def named_tuples() -> Iterator[type]:
    """All of module_utils."""
    for file in sorted((PLUGINS / "module_utils").rglob("*.py")):
        module = importlib.import_module(".".join((PACKAGE, *file.relative_to(PLUGINS).with_suffix("").parts)))
        for thing in vars(module).values():
            if isinstance(thing, type) and hasattr(thing, "_field_defaults") and thing.__module__ == module.__name__:
                yield thing


@pytest.mark.parametrize("kind", list(named_tuples()), ids=lambda kind: kind.__qualname__)
def test_no_default_is_shared_and_changeable(kind: type) -> None:
    """All instances have the same one, so a change of it would be one of all."""
    defaults: dict[str, object] = vars(kind)["_field_defaults"]
    assert [name for name, value in defaults.items() if isinstance(value, (list, dict, set))] == []


def test_commands_are_run_in_one_place() -> None:
    """The one that has sbin, one language, a time limit, and a sentence for what goes wrong."""
    files = {
        str(file.relative_to(PLUGINS))
        for file in PLUGINS.rglob("*.py")
        if re.search(r"subprocess\.(run|Popen|call|check_\w+)\(|run_command\(", file.read_text())
    }
    # A process that goes on by itself is none that is waited for.
    assert files == {"module_utils/system/command.py", "module_utils/dns/trial.py"}
