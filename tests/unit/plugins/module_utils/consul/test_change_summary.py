# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What people see of many changes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_summary import summary


@pytest.mark.parametrize(
    ("added", "changed", "removed", "expected"),
    [
        ([], {}, [], ""),
        (["b", "a"], {"c": ["tags", "port"], "d": []}, ["e"], "+ a\n+ b\n~ c (port, tags)\n~ d\n- e\n"),
        (["a", "b", "c", "d"], {}, ["x", "y"], "+ a\n+ b\n+ and 2 more\n- x\n- y\n"),
    ],
)
def test_summary(added: list[str], changed: dict[str, list[str]], removed: list[str], expected: str) -> None:
    assert summary(added, changed, removed, most=2) == expected


@given(st.sets(st.text(min_size=1)), st.integers(1, 30))
def test_summary_counts_what_it_leaves_out(names: set[str], most: int) -> None:
    lines = summary([], {}, names, most).split("\n- ")
    left = len(names) - most
    assert len(lines) == (most + 1 if left > 0 else max(len(names), 1))
    assert left <= 0 or lines[-1] == f"and {left} more\n"
