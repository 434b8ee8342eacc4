# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules decide, apart from what they do to a host: Molecule has that."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.agent_files import key_diff
from ansible_collections.servicedns.consul.plugins.module_utils.host import Listener
from ansible_collections.servicedns.consul.plugins.modules import agent_preflight, agent_services, forwarding_preflight


@pytest.mark.parametrize(
    ("listener", "foreign"),
    [
        (Listener("tcp", "192.168.100.4", 8300, "other", 7), True),
        (Listener("udp", "0.0.0.0", 8301, "other", 7), True),
        (Listener("tcp", "192.168.100.4", 8302, "consul", 42), False),
        (Listener("tcp", "10.0.0.1", 8300, "other", 7), False),
        (Listener("tcp", "127.0.0.1", 8500, "other", 7), True),
        (Listener("udp", "*", 8600, "other", 7), True),
        (Listener("tcp", "192.168.100.4", 8500, "other", 7), False),
        (Listener("tcp", "127.0.0.1", 8501, "other", 7), False),
    ],
)
def test_foreign_listeners_of_the_agent(listener: Listener, foreign: bool) -> None:
    found = agent_preflight.foreign_listeners([listener], "192.168.100.4", ["127.0.0.1"], lambda pid: pid == 42)
    assert found == ([listener] if foreign else [])


@pytest.mark.parametrize(
    ("client_address", "expected"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("192.168.100.4 127.0.0.1", "127.0.0.1"),
        ("0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("192.168.100.4", "192.168.100.4"),
    ],
)
def test_reachable(client_address: str, expected: str) -> None:
    assert agent_preflight.reachable(client_address.split()) == expected


@pytest.mark.parametrize(
    ("listener", "foreign"),
    [
        (Listener("udp", "127.0.0.2", 53, "dnsmasq", 7), True),
        (Listener("udp", "0.0.0.0", 53, "named", 7), True),
        (Listener("udp", "127.0.0.53", 53, "systemd-resolve", 7), False),
        (Listener("udp", "127.0.0.2", 5353, "avahi", 7), False),
    ],
)
def test_foreign_listeners_of_dnsmasq(listener: Listener, foreign: bool) -> None:
    assert forwarding_preflight.foreign_listeners([listener], ["127.0.0.2"], 0) == ([listener] if foreign else [])


WEB = {"name": "web", "port": 80, "tags": ["a"]}
SERVED = {"ID": "web", "Service": "web", "Port": 80, "Tags": ["a"], "Address": ""}


@pytest.mark.parametrize(
    ("definition", "served", "expected"),
    [
        (WEB, {"web": SERVED}, []),
        (WEB, {"web": SERVED, "foreign": {}}, []),
        ({"name": "web"}, {"web": SERVED | {"Port": 0, "Tags": None}}, []),
        (WEB, {}, ["web is not registered"]),
        (WEB, {"web": SERVED | {"Port": 81}}, ["web has port 81 instead of 80"]),
        (WEB, {"web": SERVED | {"Tags": []}}, ["web has tags [] instead of ['a']"]),
        (WEB | {"address": "10.0.0.1"}, {"web": SERVED}, ["web has address '' instead of '10.0.0.1'"]),
        (WEB | {"id": "w1"}, {"w1": SERVED | {"Service": "other"}}, ["w1 has name 'other' instead of 'web'"]),
    ],
)
def test_differences(definition: dict[str, Any], served: dict[str, Any], expected: list[str]) -> None:
    assert agent_services.differences(agent_services.by_id([definition]), served) == expected


def test_key_diff_names_keys_and_nothing_else() -> None:
    before = agent_services.by_id([WEB | {"token": "secret"}, {"name": "gone"}, {"name": "same"}])
    after = agent_services.by_id([WEB | {"token": "other"}, {"name": "new"}, {"name": "same"}])
    found = key_diff("/file", before, after)
    assert found["before"] == "gone\nsame\nweb (as it was)\n"
    assert found["after"] == "new\nsame\nweb (changed)\n"
