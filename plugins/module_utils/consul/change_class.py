# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a change of an agent needs before it is in force: a restart, a reload, or nothing until the agent starts the next time.

What Consul reloads is its source's word, of 1.22.7: C(reloadConfigInternal) in agent/agent.go, and what that calls, which are
C(ReloadConfig) of agent/consul/server.go and agent/dns.go, and the reloaders of agent/http.go. HashiCorp's list,
U(https://developer.hashicorp.com/consul/docs/agent/config#reloadable-configuration), has the HTTP client address as well,
which that does not read again, and the reference says to restart for C(enable_debug), which that does. C(raft_multiplier) stays a
restart: a reload reads two of the three times that follow from it, and refuses those that do not fit the third.
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_types import names

Config = t.Mapping[str, t.Any]

RESTART, RELOAD, NEXT_START = "restart", "reload", "next start"

#: The label of a container that tells what it was made of.
CONTAINER_LABEL = "servicedns.consul.restart"

RELOADED = frozenset(
    names(
        """
        acl.tokens.agent acl.tokens.agent_master acl.tokens.agent_recovery acl.tokens.config_file_service_registration
        acl.tokens.default acl.tokens.dns acl.tokens.replication cache.entry_fetch_max_burst cache.entry_fetch_rate check
        checks config_entries discard_check_output dns_config enable_debug limits.http_max_conns_per_client
        limits.request_limits limits.rpc_client_timeout limits.rpc_max_burst limits.rpc_max_conns_per_client limits.rpc_rate
        log_level node_meta raft_snapshot_interval raft_snapshot_threshold raft_trailing_logs recursors service services
        telemetry.prefix_filter ui_config.dashboard_url_templates ui_config.metrics_provider
        ui_config.metrics_provider_files ui_config.metrics_provider_options_json ui_config.metrics_proxy watches
        xds.update_max_per_second
        """
    )
    + [
        f"tls.{protocol}.{file}"
        for protocol in ("defaults", "grpc", "https", "internal_rpc")
        for file in ("ca_file", "ca_path", "cert_file", "key_file")
    ]
)
#: Read when an agent starts, and of no use afterwards: it has joined, and the first election is over.
READ_AT_START = frozenset(
    names("bootstrap_expect retry_interval retry_interval_wan retry_join retry_join_wan retry_max retry_max_wan")
)
#: Objects of the configuration that hold settings of several classes.
MIXED = {
    ".".join(parts[:depth])
    for parts in (path.split(".") for path in RELOADED | READ_AT_START)
    for depth in range(1, len(parts))
}


def class_of(path: str) -> str:
    """The class of a setting, by its path in the configuration. Consul reads names without regard to case."""
    if path.lower() in RELOADED:
        return RELOAD
    return NEXT_START if path.lower() in READ_AT_START else RESTART


def canonical(value: t.Any) -> t.Any:
    """A value with its numbers and booleans as such. Templates make texts of them before ansible-core 2.19."""
    if isinstance(value, t.Mapping):
        return {name: canonical(item) for name, item in value.items()}
    if isinstance(value, list):
        return [canonical(item) for item in value]
    if isinstance(value, str) and re.fullmatch("-?(0|[1-9][0-9]*)", value, re.ASCII):
        return int(value)
    if isinstance(value, str) and value in ("True", "False", "true", "false"):
        return value.lower() == "true"
    return value


def settings(config: Config, inside: str = "") -> dict[str, str]:
    """The settings of a configuration by their paths, each as a text that is the same for what means the same to Consul."""
    found: dict[str, str] = {}
    for name, value in config.items():
        path = f"{inside}{name}"
        # Consul reads a list of objects as if it were one.
        for part in value if isinstance(value, list) and path.lower() in MIXED else [value]:
            if isinstance(part, t.Mapping) and path.lower() in MIXED:
                found.update(settings(part, f"{path}."))
            else:
                found[path] = json.dumps(canonical(part), sort_keys=True)
    return found


def changed(former: Config, wanted: Config) -> set[str]:
    """The classes of the settings in which two configurations differ."""
    before, after = settings(former), settings(wanted)
    return {class_of(path) for path in {**before, **after} if before.get(path) != after.get(path)}


def fingerprints(definition: Config, config: Config) -> list[str]:
    """What tells all that an agent needs a restart for: first of a container made now, then of others that need none.

    A server that starts with C(bootstrap_expect) 1 elects itself where it finds no data. So one that did needs a restart
    where more are expected by now. The other way round there is no hurry.

    :arg definition: all that a container is made of, with the id of its image
    """
    restart = {path: text for path, text in settings(config).items() if class_of(path) == RESTART}
    elects_itself = canonical(config.get("bootstrap_expect")) == 1
    return [
        hashlib.sha256(json.dumps([canonical(definition), restart, alone], sort_keys=True).encode()).hexdigest()
        for alone in ([True, False] if elects_itself else [False])
    ]
