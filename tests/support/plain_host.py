# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host with nothing but a plain /etc/resolv.conf, as it is seen."""

from __future__ import annotations

from ansible_collections.servicedns.consul.plugins.module_utils.dns import detect, resolv_conf

PLAIN = detect.Host(
    resolv_conf_target=resolv_conf.RESOLV_CONF,
    resolv_conf="search corp.example\nnameserver 10.0.0.1\n",
    resolved_installed=False,
    resolved_active=False,
    networkmanager_active=False,
    resolvconf_installed=False,
)
