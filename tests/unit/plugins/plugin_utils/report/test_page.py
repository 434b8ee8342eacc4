# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report is valid and harmless, whatever a catalog holds."""

from __future__ import annotations

import html5lib
import pytest
from report_results import CATALOG, EVIL, rows, told

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Row
from ansible_collections.servicedns.consul.plugins.plugin_utils.report.page import render
from ansible_collections.servicedns.consul.plugins.plugin_utils.report.view import view


def html(found: list[Row]) -> str:
    nodes = {"host1": "node1", EVIL: EVIL}
    return render(view(found, findings(found, nodes), nodes, "now"))


@pytest.mark.parametrize(
    "found",
    [
        rows(told({EVIL: [EVIL]}, **CATALOG), {"unreachable": True, "msg": EVIL}),
        rows({"failed": True, "msg": EVIL}),
        rows(told({})),
    ],
)
def test_valid_and_harmless(found: list[Row]) -> None:
    text = html(found)
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert not [element for element in tree.iter() if element.tag in ("script", "img", "iframe", "object", "link")]
    assert not [name for element in tree.iter() for name in element.attrib if str(name).startswith("on")]
    assert "{{ 7 * 7 }}" in text or not found[0].lost
