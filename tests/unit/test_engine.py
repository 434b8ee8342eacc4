# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine's networks and its configuration say, and that nothing else in the file changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils import engine, host


def network(name: str, identity: str, gateway: str = "172.17.0.1", bridge: str = "") -> dict[str, Any]:
    return {
        "Name": name,
        "Id": identity,
        "Driver": "bridge",
        "Options": {"com.docker.network.bridge.name": bridge} if bridge else {},
        "IPAM": {"Config": [{"Gateway": "fd00::1"}, {"Gateway": gateway}]},
    }


DEFAULT = network("bridge", "0" * 64, bridge="docker0")
APPS = network("apps", "a" * 64, "172.18.0.1")
HOST = {"Name": "host", "Id": "b" * 64, "Driver": "host", "Options": {}, "IPAM": {"Config": None}}


@pytest.mark.parametrize(
    ("networks", "links", "expected"),
    [
        ([DEFAULT, HOST], ["lo", "eth0", "docker0"], engine.Bridges("172.17.0.1", ["docker0", "br-*"], [])),
        (
            [APPS, DEFAULT],
            ["docker0", "br-lan", "br-aaaaaaaaaaaa", "brx"],
            engine.Bridges("172.17.0.1", ["docker0", "br-*"], ["br-lan"]),
        ),
        (
            [DEFAULT, network("own", "c" * 64, bridge="apps0")],
            [],
            engine.Bridges("172.17.0.1", ["apps0", "docker0", "br-*"], []),
        ),
    ],
)
def test_bridges(networks: list[dict[str, Any]], links: list[str], expected: engine.Bridges) -> None:
    assert engine.bridges(networks, links) == expected


def test_no_default_bridge() -> None:
    with pytest.raises(
        host.HostError, match=r"^dnsmasq_forwarding_containers: the Docker engine has no default bridge"
    ):
        engine.bridges([APPS, HOST], [])


@pytest.mark.parametrize(
    ("before", "servers"),
    [
        ("", ["172.17.0.1"]),
        ('{"dns": ["10.0.0.1"]}', ["172.17.0.1", "10.0.0.1"]),
        ('{"dns": ["10.0.0.1", "172.17.0.1"], "debug": true}', ["172.17.0.1", "10.0.0.1"]),
    ],
)
def test_with_and_without_server(before: str, servers: list[str]) -> None:
    after = engine.with_server(before, "172.17.0.1")
    assert json.loads(after) == {**json.loads(before or "{}"), "dns": servers}
    assert engine.with_server(after, "172.17.0.1") == after
    back = engine.without_server(after, "172.17.0.1")
    assert engine.parse(back).get("dns", []) == servers[1:]
    assert engine.without_server(back, "172.17.0.1") == back


@pytest.mark.parametrize("text", ["{", "[]", "dns: x"])
def test_a_file_that_is_none_is_left_alone(text: str) -> None:
    with pytest.raises(host.HostError, match=r"^/etc/docker/daemon\.json is no .* it was left alone$"):
        engine.with_server(text, "172.17.0.1")
