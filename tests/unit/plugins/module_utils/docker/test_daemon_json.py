# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an engine's networks and its configuration say, and that nothing else in the file changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.docker import daemon_json
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files


def network(name: str, identity: str, bridge: str = "", **others: Any) -> dict[str, Any]:
    """A network as the engine shows it, a Gateway in it or not."""
    options = {"com.docker.network.bridge.name": bridge} if bridge else {}
    return {"Name": name, "Id": identity, "Driver": "bridge", "Options": options, "IPAM": {"Config": None}, **others}


DEFAULT = network("bridge", "0" * 64, bridge="docker0")
GATEWAY = {"IPAM": {"Config": [{"Gateway": "fd00::1"}, {"Subnet": "172.17.0.0/16", "Gateway": "172.17.0.254"}]}}
APPS = network("apps", "a" * 64, Options=None)
HOST = {"Name": "host", "Id": "b" * 64, "Driver": "host", "Options": None, "IPAM": {"Config": None}}
LINKS: dict[str, list[str]] = {"lo": ["127.0.0.1"], "docker0": ["172.17.0.1", "10.0.0.1"]}


@pytest.mark.parametrize(
    ("networks", "links", "expected"),
    [
        # An engine that was never restarted tells no gateway, and one that does may tell another router's.
        ([DEFAULT, HOST], LINKS, daemon_json.Bridges("172.17.0.1", ["docker0", "br-*"], [])),
        ([{**DEFAULT, **GATEWAY}], LINKS, daemon_json.Bridges("172.17.0.1", ["docker0", "br-*"], [])),
        ([{**DEFAULT, "IPAM": None}], LINKS, daemon_json.Bridges("172.17.0.1", ["docker0", "br-*"], [])),
        (
            [APPS, DEFAULT],
            {**LINKS, "br-lan": ["10.1.1.1"], "br-aaaaaaaaaaaa": ["172.18.0.1"], "brx": []},
            daemon_json.Bridges("172.17.0.1", ["docker0", "br-*"], ["br-lan"]),
        ),
        (
            [DEFAULT, network("own", "c" * 64, bridge="apps0")],
            LINKS,
            daemon_json.Bridges("172.17.0.1", ["apps0", "docker0", "br-*"], []),
        ),
        (
            [network("bridge", "0" * 64, bridge="lan0")],
            {**LINKS, "lan0": ["192.168.7.1"]},
            daemon_json.Bridges("192.168.7.1", ["lan0", "br-*"], []),
        ),
    ],
)
def test_bridges(networks: list[dict[str, Any]], links: dict[str, list[str]], expected: daemon_json.Bridges) -> None:
    assert daemon_json.bridges(networks, links) == expected


@pytest.mark.parametrize(
    ("networks", "message"),
    [
        (
            [],
            "has no default bridge, through which containers could ask this host; remove bridge: none from /etc/docker/",
        ),
        ([APPS, HOST], "has no default bridge, through which"),
        (
            [network("bridge", "0" * 64, bridge="six0")],
            "'s default bridge six0 has no IPv4 address, at which containers",
        ),
        ([network("bridge", "0" * 64)], "'s default bridge br-000000000000 has no IPv4 address"),
    ],
)
def test_no_default_bridge(networks: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(HostError, match="^the Docker engine") as error:
        daemon_json.bridges(networks, {**LINKS, "six0": []})
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("command", "reason"),
    [
        ("/usr/sbin/dockerd -H fd:// --dns-search a.example --config-file=/etc/docker/daemon.json", ""),
        ("dockerd --dns=10.0.0.1", "is started with --dns 10.0.0.1, with which it does not take dns from"),
        ("dockerd -dns 10.0.0.1 --debug", "is started with --dns 10.0.0.1, with"),
        ("dockerd --config-file /srv/daemon.json", "is started with --config-file /srv/daemon.json, and /etc/docker/"),
        ("", "is not run by docker.service, the only one"),
    ],
)
def test_engines_that_do_not_read_the_file(command: str, reason: str) -> None:
    if not reason:
        daemon_json.check_command(command.split())
        return
    with pytest.raises(HostError, match=f"^the Docker engine {reason}"):
        daemon_json.check_command(command.split())


@pytest.mark.parametrize(
    ("before", "servers"),
    [
        ("", ["172.17.0.1"]),
        (" \n", ["172.17.0.1"]),
        ('{"dns": null}', ["172.17.0.1"]),
        ('{"dns": [], "hosts": null}', ["172.17.0.1"]),
        ('{"dns": ["10.0.0.1"]}', ["172.17.0.1", "10.0.0.1"]),
        ('{"dns": ["10.0.0.1", "172.17.0.1"], "debug": true}', ["172.17.0.1", "10.0.0.1"]),
        ('{"hosts": ["fd://", "tcp://127.0.0.1:2375"], "log-opts": {"max-size": "1m"}}', ["172.17.0.1"]),
        ('{"labels": ["ort=Köln"], "dns-search": ["a.example"]}', ["172.17.0.1"]),
    ],
)
def test_with_and_without_server(before: str, servers: list[str]) -> None:
    after = daemon_json.with_server(before, "172.17.0.1")
    assert json.loads(after) == {**json.loads(before.strip() or "{}"), "dns": servers}
    assert daemon_json.with_server(after, "172.17.0.1") == after
    back = daemon_json.without_server(after, "172.17.0.1")
    assert daemon_json.parse(back).get("dns", []) == servers[1:]
    assert daemon_json.without_server(back, "172.17.0.1") == back
    assert daemon_json.without_server(before, "172.17.0.2") == before


def test_bytes_that_are_no_text_stay(tmp_path: Path) -> None:
    """As in a comment of somebody whose editor writes Latin-1."""
    file = tmp_path / "daemon.json"
    file.write_bytes(b'{"labels": ["ort=K\xf6ln"]}')
    files.write_atomically(str(file), daemon_json.with_server(files.read(str(file)), "172.17.0.1"))
    assert b"K\xf6ln" in file.read_bytes()


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("{", "is no JSON: "),
        ("dns: x", "is no JSON: "),
        ("\ufeff{}", "is no JSON: "),
        ("[]", "is no mapping;"),
        ("null", "is no mapping;"),
        (
            '{"dns": "10.0.0.1"}',
            'has dns: "10.0.0.1", which is no list of addresses, such as ["192.168.100.1"], so that',
        ),
        ('{"dns": [10, "10.0.0.1"]}', 'has dns: [10, "10.0.0.1"], which is no list'),
        ('{"dns": [null]}', "has dns: [null], which is no list"),
        ('{"dns": {"10.0.0.1": {}}}', 'has dns: {"10.0.0.1": {}}, which is no list'),
        ('{"dns": false}', "has dns: false, which is no list"),
    ],
)
def test_a_file_that_is_none_is_left_alone(text: str, what: str) -> None:
    for change in (daemon_json.with_server, daemon_json.without_server):
        with pytest.raises(HostError) as error:
            change(text, "172.17.0.1")
        assert str(error.value).startswith(f"/etc/docker/daemon.json {what}")
        assert str(error.value).endswith("; it was left alone")
