# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: consul_catalog
short_description: Make hosts and groups of the nodes and services of a running Consul datacenter
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Each node of the catalog is a host, with its address as C(ansible_host) unless the inventory has that host already.
  - Groups are made of the datacenter (C(consul_datacenter_dc1)), of each service (C(consul_service_flapp1)), of each service and
    what its checks say (C(consul_service_flapp1_passing), C(_warning), C(_critical)), and of each tag (C(consul_tag_flask_app)).
    Characters that a group's name cannot have become underscores.
  - The file's name ends in C(consul_catalog.yml) or C(consul_catalog.yaml).
extends_documentation_fragment:
  - servicedns.consul.consul_api
  - servicedns.consul.consul_api.plugin
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [servicedns.consul.consul_catalog]
  hostname_prefix:
    description:
      - What the name of each host begins with, before that of its node. With one that no other inventory uses, nobody who
        may register a node can give it the name of a host of yours.
    type: str
    default: ""
notes:
  - What the catalog has is data. No text of it is a template, in O(compose), O(groups) and O(keyed_groups) neither.
  - A host that is in the inventory already keeps its C(ansible_host), and gets variables and groups besides. So name this file
    after your other sources, or set O(hostname_prefix).
  - A node is left out, with a warning, when its name has other characters than letters, digits, dots, hyphens and underscores,
    or is C(localhost).
  - Options may be templates, of lookups and of variables from C(--extra-vars).
  - Variables of a host are C(consul_node), C(consul_node_id), C(consul_address), C(consul_datacenter), C(consul_meta),
    C(consul_health) (the worst that the checks of the node itself say), and C(consul_services), a mapping of names to lists of
    instances with C(id), C(address), C(port), C(tags), C(meta) and C(status).
"""

EXAMPLES = """
# consul_catalog.yml
plugin: servicedns.consul.consul_catalog
url: http://127.0.0.1:8500
token: "{{ lookup('ansible.builtin.env', 'CONSUL_HTTP_TOKEN') }}"
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/consul_catalog
cache_timeout: 60
compose:
  ansible_user: "'root'"
groups:
  with_services: consul_services | length > 0
keyed_groups:
  - key: consul_meta.rack | default('none')
    prefix: rack

# ansible -i consul_catalog.yml consul_service_flapp1_passing -m ansible.builtin.ping
"""

import re
from collections.abc import Iterator
from typing import Any

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.plugin_utils.catalog import catalog_of
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import missing_variable

#: Of a host. Consul takes any text for the name of a node.
NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")


class InventoryModule(BaseInventoryPlugin, Constructable, Cacheable):  # type: ignore[misc]  # ansible-core has no types
    """The inventory of this file."""

    NAME = "servicedns.consul.consul_catalog"

    def verify_file(self, path: str) -> bool:
        """Whether a file is for this plugin, by its name."""
        return bool(super().verify_file(path)) and path.endswith(("consul_catalog.yml", "consul_catalog.yaml"))

    def parse(self, inventory: Any, loader: Any, path: str, cache: bool = True) -> None:
        """Fill the inventory."""
        super().parse(inventory, loader, path, cache)
        config = self._read_config_data(path)
        self.templar.available_variables = self._vars
        self.set_options(direct=config, var_options=self._vars)
        key = self.get_cache_key(path)
        use_cache = self.get_option("cache")
        hosts = self._cache.get(key) if use_cache and cache else None
        if hosts is None:
            hosts = self._ask()
            if use_cache:
                self._cache[key] = hosts
        for node, variables in sorted(hosts.items()):
            self._add(node, variables)

    def _option(self, name: str) -> Any:
        value = self.get_option(name)
        if isinstance(value, str) and self.templar.is_template(value):
            try:
                return self.templar.template(value)
            except AnsibleError as error:
                why = missing_variable(str(error)) or "the reason may hold a secret, and is not shown"
                raise AnsibleParserError(f"{name}: its template cannot be evaluated: {why}") from None
        return value

    def _ask(self) -> dict[str, dict[str, Any]]:
        """The variables of each host, from the catalog."""
        try:
            catalog = catalog_of(self._option)
            checks = catalog.node_checks()
            hosts = {
                node["node"]: {
                    "consul_node": node["node"],
                    "consul_node_id": node["id"],
                    "consul_address": node["address"],
                    "consul_datacenter": node["datacenter"],
                    "consul_meta": node["meta"],
                    "consul_health": checks.get(node["node"], "passing"),
                    "consul_services": {},
                }
                for node in catalog.nodes()
            }
            for service in catalog.services():
                for instance in catalog.instances(service):
                    # A node may have come since the others were listed.
                    if instance["node"] in hosts:
                        told = {key: instance[key] for key in ("id", "address", "port", "tags", "meta", "status")}
                        hosts[instance["node"]]["consul_services"].setdefault(service, []).append(told)
        except HostError as error:
            raise AnsibleParserError(str(error)) from error
        return hosts

    def _groups(self, variables: dict[str, Any]) -> Iterator[str]:
        """The names of a host's groups."""
        yield f"consul_datacenter_{variables['consul_datacenter']}"
        for service, instances in variables["consul_services"].items():
            yield f"consul_service_{service}"
            for instance in instances:
                yield f"consul_service_{service}_{instance['status']}"
                for tag in instance["tags"]:
                    yield f"consul_tag_{tag}"

    def _add(self, node: str, variables: dict[str, Any]) -> None:
        name = f"{self.get_option('hostname_prefix')}{node}"
        # Names are templates, patterns and texts on a terminal elsewhere, and this host is the control node.
        if not NAME.fullmatch(name) or name in LOCALHOST:
            self.display.warning(
                f"the node {ascii(node)} is left out of the inventory: the name of a host has letters, digits, dots, hyphens "
                "and underscores, and is not that of the control node"
            )
            return
        # How a host of another inventory is reached is not for whoever may register its name to say.
        if name not in self.inventory.hosts:
            variables = {"ansible_host": variables["consul_address"], **variables}
        # Whoever may register a service must not be able to write templates.
        marked: dict[str, Any] = wrap_var(variables)
        self.inventory.add_host(name)
        for variable, value in marked.items():
            self.inventory.set_variable(name, variable, value)
        for wanted in self._groups(variables):
            group = self.inventory.add_group(self._sanitize_group_name(wanted))
            self.inventory.add_child(group, name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), marked, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), marked, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), marked, name, strict)
