# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of an agent needs before it is in force."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul import change_class
from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_class import (
    NEXT_START,
    RELOAD,
    RESTART,
    changed,
    fingerprints,
)


@pytest.mark.parametrize(
    ("former", "wanted", "classes"),
    [
        ({}, {}, set()),
        ({"log_level": "info"}, {"log_level": "debug"}, {RELOAD}),
        ({}, {"Log_Level": "debug"}, {RELOAD}),
        ({"dns_config": {"node_ttl": "5s"}}, {"dns_config": {"node_ttl": "6s"}}, {RELOAD}),
        ({"dns_config": {"soa": {"min_ttl": 1}}}, {"dns_config": {}}, {RELOAD}),
        ({"recursors": ["192.0.2.1", "192.0.2.2"]}, {"recursors": ["192.0.2.2", "192.0.2.1"]}, {RELOAD}),
        ({}, {"node_meta": {"rack": "7"}}, {RELOAD}),
        ({}, {"limits": {"http_max_conns_per_client": 400}}, {RELOAD}),
        ({}, {"limits": {"request_limits": {"mode": "enforcing"}}}, {RELOAD}),
        ({}, {"limits": {"kv_max_value_size": 1024}}, {RESTART}),
        ({}, {"limits": {"https_handshake_timeout": "9s", "rpc_rate": 5}}, {RESTART, RELOAD}),
        ({}, {"telemetry": {"prefix_filter": ["-consul.raft"]}}, {RELOAD}),
        ({}, {"telemetry": {"filter_default": False}}, {RESTART}),
        ({}, {"acl": {"tokens": {"agent": "x"}}}, {RELOAD}),
        ({}, {"acl": {"tokens": {"initial_management": "x"}}}, {RESTART}),
        ({"acl": {"enabled": True}}, {"acl": {"enabled": False}}, {RESTART}),
        ({}, {"checks": [{"id": "a", "ttl": "9s"}]}, {RELOAD}),
        (
            {"checks": [{"id": "a"}, {"id": "b", "name": "x"}]},
            {"checks": [{"id": "a", "name": "x"}, {"id": "b"}]},
            {RELOAD},
        ),
        ({}, {"watches": [{"type": "nodes"}]}, {RELOAD}),
        ({}, {"tls": {"defaults": {"ca_file": "/ca.pem"}, "https": {"key_file": "/key.pem"}}}, {RELOAD}),
        ({}, {"tls": {"internal_rpc": {"verify_incoming": True}}}, {RESTART}),
        ({}, {"enable_debug": True}, {RELOAD}),
        ({}, {"raft_trailing_logs": 10}, {RELOAD}),
        ({}, {"performance": {"raft_multiplier": 1}}, {RESTART}),
        ({}, {"ui_config": {"metrics_provider": "prometheus"}}, {RELOAD}),
        ({}, {"ui_config": {"content_path": "/c/"}}, {RESTART}),
        ({}, {"ui_config": [{"metrics_provider": "prometheus"}, {"content_path": "/c/"}]}, {RELOAD, RESTART}),
        ({}, {"leave_on_terminate": True}, {RESTART}),
        ({}, {"no_such_key": {"a": 1}}, {RESTART}),
        ({"retry_join": ["192.0.2.1"]}, {"retry_join": ["192.0.2.1", "192.0.2.2"]}, {NEXT_START}),
        ({"retry_interval": "30s"}, {"retry_interval": "3s", "retry_join_wan": ["192.0.2.9"]}, {NEXT_START}),
        ({"bootstrap_expect": 1}, {"bootstrap_expect": 3}, {NEXT_START}),
        ({"bootstrap_expect": 1, "log_level": "info"}, {"bootstrap_expect": 3}, {NEXT_START, RELOAD}),
    ],
)
def test_classes_of_a_change(former: dict[str, Any], wanted: dict[str, Any], classes: set[str]) -> None:
    assert changed(former, wanted) == classes
    assert changed(wanted, former) == classes


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1}, True),
        ({"a": 5}, {"a": "5"}, True),
        ({"a": [-1, 0]}, {"a": ["-1", "0"]}, True),
        ({"a": True}, {"a": "True"}, True),
        ({"a": True}, {"a": 1}, False),
        ({"a": "05"}, {"a": 5}, False),
        ({"a": "5s"}, {"a": "5"}, False),
        ({"a": [1, 2]}, {"a": [2, 1]}, False),
        ({"a": 1}, {"a": 1, "b": None}, False),
    ],
)
def test_what_is_the_same_configuration(one: dict[str, Any], other: dict[str, Any], same: bool) -> None:
    assert (changed(one, other) == set()) is same
    assert (fingerprints({}, one) == fingerprints({}, other)) is same
    assert (fingerprints(one, {}) == fingerprints(other, {})) is same


def test_a_setting_has_one_class() -> None:
    assert not change_class.RELOADED & change_class.READ_AT_START
    assert not change_class.MIXED & (change_class.RELOADED | change_class.READ_AT_START)
    assert all(path == path.lower() for path in change_class.RELOADED | change_class.READ_AT_START)


DEFINITION = {"command": ["agent"], "image": "sha256:7"}


@pytest.mark.parametrize(
    ("former", "wanted", "kept"),
    [
        ({"log_level": "info"}, {"log_level": "debug", "retry_join": ["192.0.2.1"]}, True),
        ({"ports": {"https": 8501}}, {"ports": {"https": -1}}, False),
        ({"bootstrap_expect": 3}, {"bootstrap_expect": 5}, True),
        ({"bootstrap_expect": 1}, {"bootstrap_expect": "1"}, True),
        ({"bootstrap_expect": 1}, {"bootstrap_expect": 3}, False),
        ({"bootstrap_expect": 3}, {"bootstrap_expect": 1}, True),
        ({}, {"bootstrap_expect": 1}, True),
        ({"bootstrap_expect": 1}, {}, False),
    ],
)
def test_which_container_is_kept(former: dict[str, Any], wanted: dict[str, Any], kept: bool) -> None:
    """A server that elected itself must not do it again where there are others by now."""
    assert (fingerprints(DEFINITION, former)[0] in fingerprints(DEFINITION, wanted)) is kept


@pytest.mark.parametrize("change", [{"command": ["agent", "-ui"]}, {"image": "sha256:8"}, {"memory": "512m"}])
def test_another_container_is_another(change: dict[str, Any]) -> None:
    assert not {*fingerprints(DEFINITION, {})} & {*fingerprints({**DEFINITION, **change}, {})}
