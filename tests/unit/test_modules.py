# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules decide, apart from what they do to a host: Molecule has that."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.host import Socket
from ansible_collections.servicedns.consul.plugins.modules import agent_preflight, agent_services, forwarding_preflight


@pytest.mark.parametrize(
    ("listener", "foreign"),
    [
        (Socket("tcp", "192.168.100.4", 8300, "other", 7), True),
        (Socket("udp", "0.0.0.0", 8301, "other", 7), True),
        (Socket("tcp", "192.168.100.4", 8302, "consul", 42), False),
        (Socket("tcp", "10.0.0.1", 8300, "other", 7), False),
        (Socket("tcp", "127.0.0.1", 8500, "other", 7), True),
        (Socket("udp", "*", 8600, "other", 7), True),
        (Socket("tcp", "192.168.100.4", 8500, "other", 7), False),
        (Socket("tcp", "127.0.0.1", 8501, "other", 7), False),
    ],
)
def test_foreign_listeners_of_the_agent(listener: Socket, foreign: bool) -> None:
    found = agent_preflight.foreign_listeners([listener], "192.168.100.4", ["127.0.0.1"], lambda pid: pid == 42)
    assert found == ([listener] if foreign else [])


@pytest.mark.parametrize(
    ("listener", "foreign"),
    [
        (Socket("udp", "127.0.0.2", 53, "dnsmasq", 7), True),
        (Socket("udp", "0.0.0.0", 53, "named", 7), True),
        (Socket("udp", "127.0.0.53", 53, "systemd-resolve", 7), False),
        (Socket("udp", "127.0.0.2", 5353, "avahi", 7), False),
    ],
)
def test_foreign_listeners_of_dnsmasq(listener: Socket, foreign: bool) -> None:
    assert forwarding_preflight.foreign_listeners([listener], ["127.0.0.2"], [0, 0]) == ([listener] if foreign else [])


WEB: dict[str, Any] = {
    "name": "web",
    "port": 80,
    "tags": ["a"],
    "check": {"http": "http://127.0.0.1", "interval": "1m"},
}
SERVED = {
    "ID": "web",
    "Service": "web",
    "Port": 80,
    "Tags": ["a"],
    "Address": "",
    "Meta": {},
    "EnableTagOverride": False,
}
CHECK = {"ServiceID": "web", "Name": "Service 'web' check", "Interval": "1m0s", "Timeout": ""}
CHECKS = {"service:web": CHECK}


@pytest.mark.parametrize(
    ("definition", "services", "checks", "expected"),
    [
        (WEB, {"web": SERVED}, CHECKS, []),
        (WEB, {"web": SERVED, "foreign": {}}, {**CHECKS, "foreign": {}}, []),
        ({"name": "web"}, {"web": SERVED | {"Port": 0, "Tags": None}}, {}, []),
        (WEB, {}, CHECKS, ["web is not registered"]),
        (WEB, {"web": SERVED | {"Port": 81}}, CHECKS, ["web has another port"]),
        (WEB, {"web": SERVED | {"Tags": []}}, CHECKS, ["web has another tags"]),
        (
            WEB | {"enable_tag_override": True},
            {"web": SERVED | {"Tags": []}},
            CHECKS,
            ["web has another enable_tag_override"],
        ),
        (WEB | {"enable_tag_override": True}, {"web": SERVED | {"Tags": [], "EnableTagOverride": True}}, CHECKS, []),
        (WEB | {"meta": {"a": "b"}}, {"web": SERVED}, CHECKS, ["web has another meta"]),
        (WEB | {"address": "10.0.0.1"}, {"web": SERVED}, CHECKS, ["web has another address"]),
        (WEB, {"web": SERVED}, {}, ["web has no check service:web as declared"]),
        (
            WEB,
            {"web": SERVED},
            {"service:web": CHECK | {"ServiceID": "x"}},
            ["web has no check service:web as declared"],
        ),
        (
            WEB,
            {"web": SERVED},
            {"service:web": CHECK | {"Interval": "1s"}},
            ["web has no check service:web as declared"],
        ),
        (
            {"name": "web", "port": 80, "tags": ["a"], "checks": [{"id": "c", "name": "n", "ttl": "1s"}]},
            {"web": SERVED},
            {"c": {"ServiceID": "web", "Name": "other"}},
            ["web has no check c as declared"],
        ),
    ],
)
def test_differences(
    definition: dict[str, Any], services: dict[str, Any], checks: dict[str, Any], expected: list[str]
) -> None:
    served = agent_services.Served(services, checks)
    assert agent_services.differences(agent_services.by_id([definition]), served) == expected


def test_changed_keys() -> None:
    before = agent_services.by_id([WEB, {"name": "gone"}, {"name": "same"}])
    after = agent_services.by_id([WEB | {"port": 81, "token": "secret"}, {"name": "new"}, {"name": "same"}])
    assert agent_services.changed_keys(before, after) == {"web": ["port", "token"]}


def test_former_definitions_come_back_with_the_states_of_their_checks() -> None:
    served = agent_services.Served({}, {"service:web": CHECK | {"Status": "passing"}})
    (found,) = agent_services.with_states([WEB], served)
    assert found == WEB | {"check": WEB["check"] | {"status": "passing"}}
    assert "status" not in WEB["check"]


def test_only_what_is_not_ours_is_foreign() -> None:
    served = agent_services.Served({"a": {}, "b": {}, "c": {}}, {})
    assert agent_services.foreign(["a", "b", "d"], ["b"], served) == ["a"]
