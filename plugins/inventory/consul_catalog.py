# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = """
name: consul_catalog
short_description: The nodes of a running Consul datacentre as hosts
version_added: 0.1.0
author:
  - servicedns.consul contributors (@servicedns)
description:
  - Each node of the catalogue is a host, with its address as C(ansible_host).
  - Groups are made of the datacentre (C(consul_datacenter_dc1)), of each service (C(consul_service_flapp1)), of each service and
    what its checks say (C(consul_service_flapp1_passing), C(_warning), C(_critical)), and of each tag (C(consul_tag_flask_app)).
    Characters that a group's name cannot have become underscores.
  - The file's name ends in C(consul_catalog.yml) or C(consul_catalog.yaml).
extends_documentation_fragment:
  - servicedns.consul.consul_api
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
options:
  plugin:
    description: Name of this plugin.
    type: str
    required: true
    choices: [servicedns.consul.consul_catalog]
notes:
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

from collections.abc import Iterator
from typing import Any

from ansible.errors import AnsibleError, AnsibleParserError
from ansible.plugins.inventory import BaseInventoryPlugin, Cacheable, Constructable
from ansible.utils.unsafe_proxy import wrap_var

from ansible_collections.servicedns.consul.plugins.module_utils.catalogue import Catalogue, CatalogueError, worst


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
        for name, variables in sorted(hosts.items()):
            self._add(name, variables)

    def _option(self, name: str) -> Any:
        value = self.get_option(name)
        if isinstance(value, str) and self.templar.is_template(value):
            try:
                return self.templar.template(value)
            except AnsibleError as error:
                raise AnsibleParserError(f"{name}: its template cannot be evaluated: {error}") from error
        return value

    def _ask(self) -> dict[str, dict[str, Any]]:
        """The variables of each host, from the catalogue."""
        options = ("url", "token", "ca_file", "validate_certs", "datacenter", "timeout")
        catalogue = Catalogue(**{name: self._option(name) for name in options})
        try:
            checks = catalogue.node_checks()
            hosts = {
                node["Node"]: {
                    "ansible_host": node["Address"],
                    "consul_node": node["Node"],
                    "consul_node_id": node.get("ID") or "",
                    "consul_address": node["Address"],
                    "consul_datacenter": node.get("Datacenter") or "",
                    "consul_meta": node.get("Meta") or {},
                    "consul_health": worst(checks.get(node["Node"], [])),
                    "consul_services": {},
                }
                for node in catalogue.nodes()
            }
            for service in catalogue.services():
                for instance in catalogue.instances(service):
                    # A node may have come since the others were listed.
                    if instance["node"] in hosts:
                        told = {key: instance[key] for key in ("id", "address", "port", "tags", "meta", "status")}
                        hosts[instance["node"]]["consul_services"].setdefault(service, []).append(told)
        except CatalogueError as error:
            raise AnsibleParserError(str(error)) from error
        except KeyError as error:
            raise AnsibleParserError(f"{catalogue.url}: the catalogue's answer has no {error}") from error
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

    def _add(self, name: str, variables: dict[str, Any]) -> None:
        self.inventory.add_host(name)
        for variable, value in variables.items():
            # Whoever may register a service must not be able to write templates.
            self.inventory.set_variable(name, variable, wrap_var(value))
        for wanted in self._groups(variables):
            group = self.inventory.add_group(self._sanitize_group_name(wanted))
            self.inventory.add_child(group, name)
        strict = self.get_option("strict")
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict)
