# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the report shows, and that it is valid and harmless whatever a catalogue holds."""

from __future__ import annotations

from typing import Any

import html5lib
import pytest

from ansible_collections.servicedns.consul.plugins.action.report import render
from ansible_collections.servicedns.consul.plugins.module_utils import diagnosis, lookup_path, report

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>&\u2028{{ 7 * 7 }}"


def told(names: dict[str, list[str]], **catalogue: Any) -> dict[str, Any]:
    """What a host tells, as far as the report needs it."""
    return {
        "broken": "",
        "hops": [
            {"hop": hop, "state": "ok", "cause": EVIL, "next_step": "", "replies": [{"milliseconds": [0.5, 2.0, 90.0]}]}
            for hop in lookup_path.HOPS
        ],
        "names": {name: {"addresses": addresses} for name, addresses in names.items()},
        "agent": {
            "leader": "192.0.2.1:8300",
            "datacenter": EVIL,
            "members": [
                {"name": "node1", "address": "192.0.2.1", "status": "alive", "version": "1", "server": True},
                {"name": EVIL, "address": "192.0.2.2", "status": "failed", "version": "1", "server": False},
            ],
            "nodes": [],
            "critical": [],
        },
        "host": {"disk": {"path": "/", "free": 9, "size": 10}, "ports": [["consul", "tcp", "::1", 8500]], "skew": 0.0},
        "catalogue": catalogue,
    }


def instance(node: str, status: str, name: str = "web") -> dict[str, Any]:
    checks = [{"status": "passing"}, {"status": status}]
    return {
        "node": node,
        "id": name,
        "address": EVIL,
        "port": 80,
        "tags": [EVIL],
        "meta": {EVIL: EVIL},
        "checks": checks,
    }


def rows(*results: dict[str, Any]) -> list[diagnosis.Row]:
    return [diagnosis.row(f"host{number}", result) for number, result in enumerate(results, 1)]


def html(found: list[diagnosis.Row]) -> str:
    nodes = {"host1": "node1", EVIL: EVIL}
    return render(report.view(found, diagnosis.findings(found, nodes), nodes, "now"))


CATALOGUE: dict[str, Any] = {
    "nodes": [{"node": "node1", "address": "192.0.2.1", "meta": {}}, {"node": "external", "address": EVIL, "meta": {}}],
    "services": {"web": [instance("node1", "critical")], EVIL: [instance("node1", EVIL)]},
}


@pytest.mark.parametrize(
    "found",
    [
        rows(told({EVIL: [EVIL]}, **CATALOGUE), {"unreachable": True, "msg": EVIL}),
        rows({"failed": True, "msg": EVIL}),
        rows(told({})),
    ],
)
def test_valid_and_harmless(found: list[diagnosis.Row]) -> None:
    text = html(found)
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)
    assert not [element for element in tree.iter() if element.tag in ("script", "img", "iframe", "object", "link")]
    assert not [name for element in tree.iter() for name in element.attrib if str(name).startswith("on")]
    assert "{{ 7 * 7 }}" in text or not found[0].lost


def test_names_on_which_hosts_disagree_come_first() -> None:
    first = told({"a": ["1"], "b": ["1"], "c": [], "d": ["1"]})
    second = told({"a": ["1"], "b": ["2"], "c": [], "d": []})
    found = report.names(rows(first, second, {"unreachable": True, "msg": "x"}))
    assert [(item["name"], item["differs"], item["missing"]) for item in found] == [
        ("d", True, True),
        ("b", True, False),
        ("c", False, True),
        ("a", False, False),
    ]
    assert [cell["text"] for cell in found[0]["cells"]] == ["1", "nothing", "nothing"]


def test_nodes() -> None:
    nodes = report.nodes_of(rows(told({}, **CATALOGUE)), {"host1": "node1", "host9": "gone"}, CATALOGUE)
    found = {node["name"]: (node["status"], node["leader"], node["server"]) for node in nodes}
    assert found["node1"] == ("passing", True, True)
    assert found["gone"] == ("gone", False, False)
    assert found["external"] == ("external", False, False)
    assert found[report.shortened(EVIL, 26)] == ("critical", False, False)
    assert nodes[0]["name"] == "node1", "the leader"
    assert [service["status"] for service in nodes[0]["services"]] == [EVIL, "critical"]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 60])
def test_picture_has_room_for_all(count: int) -> None:
    services = [
        {"label": f"a-rather-long-service-{number}:80", "title": "", "status": "passing"} for number in range(count)
    ]
    node = {"name": "n", "leader": False, "status": "passing", "services": services}
    nodes = [node | {"server": True, "leader": True}] + [node | {"server": False}] * count
    picture = report.picture(nodes)
    assert len(picture["cards"]) == count + 1
    assert len(picture["links"]) == count
    for card in picture["cards"]:
        assert card["x"] >= 0 and card["x"] + card["width"] <= picture["width"]
        assert card["y"] + card["height"] <= picture["height"]
        for pill in card["pills"]:
            assert pill["x"] + pill["width"] <= card["width"] + 1
            assert pill["y"] + 20 <= card["height"]
    boxes = [(card["x"], card["y"], card["height"]) for card in picture["cards"]]
    for number, (x, y, height) in enumerate(boxes):
        for other_x, other_y, _height in boxes[number + 1 :]:
            assert x != other_x or other_y >= y + height


@pytest.mark.parametrize(
    ("milliseconds", "expected"), [(0.0, 4.0), (0.1, 4.0), (1000.0, 166.0), (99999.0, 166.0), (10.0, 85.0)]
)
def test_position(milliseconds: float, expected: float) -> None:
    assert report.position(milliseconds) == expected


def test_plot() -> None:
    assert report.plot(None) is None
    assert report.plot({"replies": [{"milliseconds": []}]}) is None
    found = report.plot({"replies": [{"milliseconds": [1.0, 300.0, 120.4]}, {"milliseconds": [9.0]}]})
    assert found is not None
    assert (found["median"], len(found["dots"])) == ("120 ms", 3)
