# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report shows."""

from __future__ import annotations

import pytest
from report_results import rows, told

from ansible_collections.servicedns.consul.plugins.plugin_utils.report.view import names, plot, position


def test_names_on_which_hosts_disagree_come_first() -> None:
    first = told({"a": ["1"], "b": ["1"], "c": [], "d": ["1"]})
    second = told({"a": ["1"], "b": ["2"], "c": [], "d": []})
    found = names(rows(first, second, {"unreachable": True, "msg": "x"}))
    assert [(item["name"], item["differs"], item["missing"]) for item in found] == [
        ("d", True, True),
        ("b", True, False),
        ("c", False, True),
        ("a", False, False),
    ]
    assert [cell["text"] for cell in found[0]["cells"]] == ["1", "nothing", "nothing"]


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(0.0, 4.0), (0.1, 4.0), (1000.0, 166.0), (99999.0, 166.0), (10.0, 85.0)]
)
def test_position(milliseconds: float, expected: float) -> None:
    assert position(milliseconds) == expected


def test_plot() -> None:
    assert plot(None) is None
    assert plot({"replies": [{"milliseconds": []}]}) is None
    found = plot({"replies": [{"milliseconds": [1.0, 300.0, 120.4]}, {"milliseconds": [9.0]}]})
    assert found is not None
    assert (found["median"], len(found["dots"])) == ("120 ms", 3)
