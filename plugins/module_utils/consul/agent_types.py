# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Consul wants a number, a boolean or a text for in an agent's configuration.

Before ansible-core 2.19 a template gives the text C(8600) for a number, and since then a number for the text C(3), and
Consul reads neither for the other. Names are those of Consul 1.22. Those of services and checks are in definitions, which have
a variable of their own.
"""

from __future__ import annotations

import re
from typing import Any, Mapping

from ansible_collections.servicedns.consul.plugins.module_utils.consul.converters import each, text, truth, whole


def names(listed: str) -> list[str]:
    """Paths of keys in a configuration."""
    return listed.split()


NUMBERS = names(
    """
    autopilot.max_trailing_logs autopilot.min_quorum bootstrap_expect cache.entry_fetch_max_burst check_output_max_size
    consul.coordinate.update_batch_size consul.coordinate.update_max_batches dns_config.a_record_limit
    dns_config.soa.expire dns_config.soa.min_ttl dns_config.soa.refresh dns_config.soa.retry dns_config.udp_answer_limit
    gossip_lan.gossip_nodes gossip_lan.retransmit_mult gossip_lan.suspicion_mult
    gossip_wan.gossip_nodes gossip_wan.retransmit_mult gossip_wan.suspicion_mult
    http_config.max_header_bytes limits.http_max_conns_per_client limits.kv_max_value_size limits.rpc_max_burst
    limits.rpc_max_conns_per_client limits.txn_max_req_len log_rotate_bytes log_rotate_max_files
    performance.raft_multiplier ports.dns ports.expose_max_port ports.expose_min_port ports.grpc ports.grpc_tls ports.http
    ports.https ports.proxy_max_port ports.proxy_min_port ports.serf_lan ports.serf_wan ports.server
    ports.sidecar_max_port ports.sidecar_min_port protocol raft_logstore.wal.segment_size_mb raft_protocol
    raft_snapshot_threshold raft_trailing_logs retry_max retry_max_wan segment_limit segment_name_limit segments.port
    """
)
#: They may have a fraction.
RATES = names(
    """
    cache.entry_fetch_rate limits.request_limits.read_rate limits.request_limits.write_rate limits.rpc_rate
    sync_coordinate_rate_target xds.update_max_per_second
    """
)
BOOLEANS = names(
    """
    acl.enable_key_list_policy acl.enable_token_persistence acl.enable_token_replication acl.enabled
    acl.msp_disable_bootstrap audit.enabled audit.rpc_enabled auto_config.authorization.enabled
    auto_config.authorization.static.allow_reuse auto_config.enabled auto_encrypt.allow_tls auto_encrypt.tls
    auto_reload_config autopilot.cleanup_dead_servers autopilot.disable_upgrade_migration bootstrap
    connect.enable_mesh_gateway_wan_federation connect.enabled disable_anonymous_signature disable_coordinates
    disable_host_node_id disable_http_unprintable_char_filter disable_keyring_file disable_kv_key_validation
    disable_remote_exec disable_update_check discard_check_output dns_config.allow_stale dns_config.disable_compression
    dns_config.enable_additional_node_meta_txt dns_config.enable_truncate dns_config.only_passing
    dns_config.prefer_namespace dns_config.use_cache enable_agent_tls_for_checks enable_central_service_config enable_debug
    enable_local_script_checks enable_script_checks enable_syslog encrypt_verify_incoming encrypt_verify_outgoing
    http_config.use_cache leave_on_terminate log_json peering.enabled peering.test_allow_peer_registrations
    performance.enable_xds_load_balancing raft_logstore.boltdb.no_freelist_sync raft_logstore.disable_log_cache
    raft_logstore.verification.enabled raft_prevote_disabled read_replica rejoin_after_leave reporting.license.enabled
    rpc.enable_streaming segments.rpc_listener server skip_leave_on_interrupt telemetry.disable_hostname
    telemetry.disable_per_tenancy_usage_metrics telemetry.enable_host_metrics telemetry.filter_default
    telemetry.retry_failed_connection tls.defaults.use_auto_cert tls.defaults.verify_incoming tls.defaults.verify_outgoing
    tls.defaults.verify_server_hostname tls.grpc.use_auto_cert tls.grpc.verify_incoming tls.grpc.verify_outgoing
    tls.grpc.verify_server_hostname tls.https.use_auto_cert tls.https.verify_incoming tls.https.verify_outgoing
    tls.https.verify_server_hostname tls.internal_rpc.use_auto_cert tls.internal_rpc.verify_incoming
    tls.internal_rpc.verify_outgoing tls.internal_rpc.verify_server_hostname translate_wan_addrs ui ui_config.enabled
    use_streaming_backend
    """
)
#: Mappings with keys of the user's.
OF_TEXTS = names("dns_config.service_ttl http_config.response_headers node_meta tagged_addresses")


def rate(value: Any) -> Any:
    """The number that a text is, with or without a fraction."""
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?[0-9]+\.[0-9]+", value) else whole(value)


CONVERTERS = {
    **dict.fromkeys(NUMBERS, whole),
    **dict.fromkeys(RATES, rate),
    **dict.fromkeys(BOOLEANS, truth),
    **dict.fromkeys(OF_TEXTS, each(text)),
}


def typed(value: Any, key: str = "") -> Any:
    """A configuration, or the part of one that is at a key, as Consul wants it. What is no matter of the type alone stays."""
    if key in CONVERTERS:
        return CONVERTERS[key](value)
    if isinstance(value, Mapping):
        # Consul reads names without regard to case, and a list of mappings as if it were one.
        return {name: typed(item, f"{key}.{name}".lower().lstrip(".")) for name, item in value.items()}
    if isinstance(value, list):
        return [typed(item, key) if isinstance(item, Mapping) else item for item in value]
    return value
