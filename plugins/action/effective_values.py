# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import ControlNodeAction
from ansible_collections.servicedns.consul.plugins.plugin_utils.effective import (
    OF_HOST,
    OF_SERVERS,
    PREFLIGHT,
    effective_values,
)


class ActionModule(ControlNodeAction):
    """Works out what applies to a host, from the variables of it and of all servers."""

    ARGUMENTS = {"servers": {"type": "list", "elements": "str", "required": True}}

    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Act."""
        host, hostvars = variables["inventory_hostname"], variables["hostvars"]
        strangers = [name for name in args["servers"] if name not in hostvars]
        if strangers:
            raise ValueError(f"servers: {strangers[0]} is no host of the inventory")
        hosts = {}
        for name in {host, *args["servers"]}:
            written = self.host_variables(hostvars, name)
            asked = OF_HOST if name == host else OF_SERVERS
            hosts[name] = self.values_of(hostvars, written, asked) | {PREFLIGHT: written.get(PREFLIGHT)}
        return effective_values(host, args["servers"], hosts)
