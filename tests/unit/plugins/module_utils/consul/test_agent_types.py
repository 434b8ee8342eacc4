# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers, booleans and texts of an agent's configuration, whatever a template gave for them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_types import typed


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({"ports": {"dns": "8600", "grpc": "-1"}}, {"ports": {"dns": 8600, "grpc": -1}}),
        ({"Ports": [{"DNS": "8600"}]}, {"Ports": [{"DNS": 8600}]}),
        ({"performance": {"raft_multiplier": "1"}}, {"performance": {"raft_multiplier": 1}}),
        ({"dns_config": {"soa": {"min_ttl": "0"}}}, {"dns_config": {"soa": {"min_ttl": 0}}}),
        ({"limits": {"rpc_rate": "0.5", "rpc_max_burst": "7"}}, {"limits": {"rpc_rate": 0.5, "rpc_max_burst": 7}}),
        ({"limits": {"rpc_rate": "100"}}, {"limits": {"rpc_rate": 100}}),
        ({"log_json": "True", "acl": {"enabled": "false"}}, {"log_json": True, "acl": {"enabled": False}}),
        ({"segments": [{"name": "a", "port": "1"}]}, {"segments": [{"name": "a", "port": 1}]}),
        ({"node_meta": {"rack": 3, "ok": "4"}}, {"node_meta": {"rack": "3", "ok": "4"}}),
    ],
)
def test_what_a_template_gives_is_what_consul_wants(given: dict[str, Any], wanted: dict[str, Any]) -> None:
    assert typed(given) == wanted
    assert typed(wanted) == wanted


@pytest.mark.parametrize(
    "config",
    [
        {"ports": {"dns": "http"}},
        {"ports": "8600"},
        {"log_level": "5", "encrypt": "1234", "primary_datacenter": "1"},
        {"config_entries": {"bootstrap": [{"kind": "proxy-defaults", "port": "1"}]}},
        {"a_newer_key": {"port": "1"}},
        {"retry_join": ["1"]},
    ],
)
def test_what_is_a_text_or_not_known_stays(config: dict[str, Any]) -> None:
    """Consul says what is wrong with it."""
    assert typed(config) == config
