# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The picture of the report."""

from __future__ import annotations

import pytest
from report_results import CATALOG, EVIL, rows, told

from ansible_collections.servicedns.consul.plugins.plugin_utils.report.picture import nodes_of, picture, shortened


@pytest.mark.parametrize("count", [0, 1, 4, 5, 60])
def test_picture_has_room_for_all(count: int) -> None:
    services = [
        {"label": f"a-rather-long-service-{number}:80", "title": "", "status": "passing"} for number in range(count)
    ]
    node = {"name": "n", "leader": False, "status": "passing", "services": services}
    nodes = [node | {"server": True, "leader": True}] + [node | {"server": False}] * count
    drawn = picture(nodes)
    assert len(drawn["cards"]) == count + 1
    assert len(drawn["links"]) == count
    for card in drawn["cards"]:
        assert card["x"] >= 0 and card["x"] + card["width"] <= drawn["width"]
        assert card["y"] + card["height"] <= drawn["height"]
        for pill in card["pills"]:
            assert pill["x"] + pill["width"] <= card["width"] + 1
            assert pill["y"] + 20 <= card["height"]
    boxes = [(card["x"], card["y"], card["height"]) for card in drawn["cards"]]
    for number, (x, y, height) in enumerate(boxes):
        for other_x, other_y, _height in boxes[number + 1 :]:
            assert x != other_x or other_y >= y + height


def test_nodes() -> None:
    nodes = nodes_of(rows(told({}, **CATALOG)), {"host1": "node1", "host9": "gone"}, CATALOG)
    found = {node["name"]: (node["status"], node["leader"], node["server"]) for node in nodes}
    assert found["node1"] == ("passing", True, True)
    assert found["gone"] == ("gone", False, False)
    assert found["external"] == ("external", False, False)
    assert found[shortened(EVIL, 26)] == ("critical", False, False)
    assert nodes[0]["name"] == "node1", "the leader"
    assert [service["status"] for service in nodes[0]["services"]] == [EVIL, "critical"]
