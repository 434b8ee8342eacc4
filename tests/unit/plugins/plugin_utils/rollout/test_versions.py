# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Upgrades that Consul supports, and those that are refused with the way to go."""

from __future__ import annotations

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.datacenter import Member
from ansible_collections.servicedns.consul.plugins.plugin_utils.rollout.versions import Change, Version, faults, parse

BACK = "Consul has no way back but to restore a snapshot that was taken before the upgrade, into new data directories"
NOT_NEWER = "and a client must not be newer than its servers: "


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.22.7", Version(1, 22, 7)),
        ("v1.22.7+ent", Version(1, 22, 7)),
        ("1.21.0:4e96098f", Version(1, 21, 0)),
        ("2.0.0-rc1", Version(2, 0, 0)),
        ("", None),
        ("latest", None),
    ],
)
def test_parse(text: str, expected: Version | None) -> None:
    assert parse(text) == expected


def members(**versions: str) -> list[Member]:
    return [
        {
            "id": f"id-{name}",
            "node": name,
            "address": "192.0.2.1",
            "server": name.startswith("s"),
            "alive": True,
            "version": version,
        }
        for name, version in versions.items()
    ]


def changes(**versions: str) -> list[Change]:
    return [Change(name, f"id-{name}", name.startswith("s"), version) for name, version in versions.items()]


@pytest.mark.parametrize(
    ("running", "wanted", "expected"),
    [
        # The first run, and one that changes no image.
        ({}, {"s1": "1.22.7", "c2": "1.22.7"}, []),
        ({"s1": "1.22.7"}, {"s1": ""}, []),
        ({"s1": "1.22.7"}, {"s1": "latest"}, []),
        # Up, by patches, one and two versions; 2.0 is one more than 1.22.
        ({"s1": "1.21.0", "c2": "1.21.0"}, {"s1": "1.22.7", "c2": "1.22.7"}, []),
        ({"s1": "1.20.6"}, {"s1": "1.22.7"}, []),
        ({"s1": "1.22.7"}, {"s1": "2.0.0"}, []),
        ({"s1": "1.21.4"}, {"s1": "2.0.0"}, []),
        (
            {"s1": "1.20.6"},
            {"s1": "2.0.0"},
            ["s1: consul_agent_image is Consul 2.0.0, and 1.20.6 runs: {leap} 1.22 first"],
        ),
        (
            {"s1": "1.19.2"},
            {"s1": "1.22.7"},
            ["s1: consul_agent_image is Consul 1.22.7, and 1.19.2 runs: {leap} 1.21 first"],
        ),
        (
            {"s1": "1.22.1"},
            {"s1": "2.2.0"},
            ["s1: consul_agent_image is Consul 2.2.0, and 1.22.1 runs: {leap} 2.1 first"],
        ),
        # Down, by a patch too; a new server counts as the others do.
        ({"s1": "1.22.7"}, {"s1": "1.22.6"}, [f"s1: consul_agent_image is Consul 1.22.6, and 1.22.7 runs: {BACK}"]),
        (
            {"s1": "1.22.7", "s2": "1.22.7"},
            {"s1": "1.21.0", "s2": "1.21.0"},
            [f"s1, s2: consul_agent_image is Consul 1.21.0, and 1.22.7 runs: {BACK}"],
        ),
        ({"s1": "1.22.7"}, {"s2": "1.21.0"}, [f"s2: consul_agent_image is Consul 1.21.0, and 1.22.7 runs: {BACK}"]),
        # A client may be older than its servers, and never newer, by a patch it may.
        ({"s1": "1.22.7", "c2": "1.22.7"}, {"c2": "1.21.0"}, []),
        ({"s1": "1.22.6", "c2": "1.22.6"}, {"c2": "1.22.7"}, []),
        (
            {"s1": "1.21.0", "s2": "1.22.7", "c3": "1.21.0"},
            {"c3": "1.22.7"},
            [f"c3: consul_agent_image is Consul 1.22.7, {NOT_NEWER}s1 has 1.21.0"],
        ),
        ({"s1": "1.21.0", "s2": "1.22.7", "c3": "1.21.0"}, {"s1": "1.22.7", "c3": "1.22.7"}, []),
        # Those that nobody should run.
        (
            {},
            {"s1": "1.22.4"},
            ["s1: consul_agent_image is Consul 1.22.4, which was withdrawn by HashiCorp: take 1.22.7"],
        ),
        (
            {"s1": "1.18.2"},
            {"s1": "1.19.1"},
            [
                "s1: consul_agent_image is Consul 1.19.1, which answers SRV questions with one host for all instances, and "
                "ignores tags: take 1.19.2 or later"
            ],
        ),
    ],
)
def test_versions(running: dict[str, str], wanted: dict[str, str], expected: list[str]) -> None:
    leap = "at most 2 versions are leapt at a time, so go to"
    assert list(faults(changes(**wanted), members(**running))) == [each.format(leap=leap) for each in expected]
