# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One service as Consul 1.22 reads it: what an agent or the catalog refuses.

No message shows the value of a token, or what is in a mapping, which may hold a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul import converters
from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import ip
from ansible_collections.servicedns.consul.plugins.module_utils.consul.definitions import Definition
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema import rules
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.check import service_check
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.mesh import GATEWAYS, PROXY, mesh_findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, kind_of, label, shown

# Rules for the fields


@rules.converts(converters.text)
def _name(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if isinstance(value, str):
        yield from label(path, value)
    else:
        yield path, f"{shown(value)} is not a string: a service needs a name, such as flapp1"


@rules.converts(converters.each(converters.text))
def _tags(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, (list, tuple)):
        yield path, f"{shown(value)} is not a list of strings"
        return
    for index, tag in enumerate(value):
        if not isinstance(tag, str) or not tag:
            yield f"{path}[{index}]", f"{shown(tag)} must be a string, and not empty"


#: Consul answers with a CNAME to a name, which may have underscores.
HOST_NAME = re.compile(r"(?=.{1,253}\.?$)(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\.?$)[a-z0-9_-]{1,63}\.?", re.IGNORECASE)


def _address(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str):
        yield path, f"{shown(value)} is not a string"
        return
    address = ip(value)
    if value == "[::]" or (address is not None and address.is_unspecified):
        yield (
            path,
            f"{shown(value)} is every address of the host, which the catalog refuses: leave it out for the node's",
        )
    elif value and (address is None or "%" in value) and not HOST_NAME.fullmatch(value):
        yield path, f"{shown(value)} is neither an IP address nor a host name; the port has a key of its own"


_tagged_address = rules.object_of({"address": rules.filled, "port": rules.port}, address="")
#: Tags whose address must be of a family; the others may be any.
FAMILIES = {"lan_ipv4": 4, "wan_ipv4": 4, "lan_ipv6": 6, "wan_ipv6": 6}


@rules.converts(converters.each(rules.like(_tagged_address)))
def _tagged_addresses(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from rules.mapping_of(_tagged_address)(path, value, loose)
    for tag, family in FAMILIES.items():
        tagged = value.get(tag) if isinstance(value, Mapping) else None
        text = tagged.get("address") if isinstance(tagged, Mapping) else None
        if not isinstance(text, str) or not text.strip():
            continue
        address = ip(text)
        # Go takes ::ffff:10.0.0.1 for the IPv4 address that it stands for.
        is_4 = address is not None and (address.version == 4 or getattr(address, "ipv4_mapped", None) is not None)
        if address is None or "%" in text or is_4 != (family == 4):
            yield f"{path}.{tag}.address", f"{shown(text)} is not an IPv{family} address"


def _meta_text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else converters.text(value)


@rules.converts(converters.each(_meta_text))
def _meta(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from rules.mapping_of(_meta_value)(path, value, loose)
    if not isinstance(value, Mapping):
        return
    if len(value) > 64:
        yield path, f"has {len(value)} keys: 64 are allowed"
    for key in value:
        if isinstance(key, str) and not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", key):
            yield rules.at(path, key), "a key of meta has 1 to 128 letters, digits, hyphens and underscores"


def _meta_value(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    if not isinstance(value, str):
        yield path, f"{kind_of(value)} is not a string"
    elif len(value.encode(errors="replace")) > 512:
        yield path, f"has {len(value.encode(errors='replace'))} bytes: 512 are allowed"


NAMED_PORTS = rules.list_of(
    rules.object_of({"name": rules.dns_label, "port": rules.port, "default": rules.boolean}, name="", port="")
)


@rules.converts(rules.like(NAMED_PORTS))
def _ports(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from NAMED_PORTS(path, value, loose)
    if not isinstance(value, (list, tuple)) or not value:
        return
    names: dict[str, int] = {}
    defaults = []
    for index, port in enumerate(value):
        if not isinstance(port, Mapping):
            return
        name = port.get("name")
        if isinstance(name, str) and name in names:
            yield f"{path}[{index}].name", f"{shown(name)} is the name of {path}[{names[name]}] too"
        elif isinstance(name, str):
            names[name] = index
        if port.get("default") is True:
            defaults.append(index)
    if len(defaults) != 1:
        yield path, f"{len(defaults)} ports have default: true, and one must"


def _locality(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from rules.fields(path, value, {"region": rules.string, "zone": rules.string}, loose)
    if isinstance(value, Mapping) and value.get("zone") and not value.get("region"):
        yield f"{path}.region", "is missing: a zone is a zone of a region"


# "converted_service" is defined below.
@rules.converts(lambda value: converted_service(value))  # pylint: disable=unnecessary-lambda
def _sidecar_service(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    nested = {"native": rules.boolean, "sidecar_service": rules.not_allowed("a sidecar has no sidecar")}
    managed = rules.not_allowed("Consul makes it of the service's id")
    yield from rules.fields(path, value, {**SERVICE, "id": managed, "connect": rules.object_of(nested)}, loose)
    if isinstance(value, Mapping):
        yield from _together(path, {"kind": "connect-proxy", **value}, sidecar=True)


CONNECT: rules.Rules = {"native": rules.boolean, "sidecar_service": _sidecar_service}


# The whole


SERVICE: dict[str, rules.Rule] = {
    "kind": rules.one_of("connect-proxy", *GATEWAYS),
    "id": rules.plain(
        lambda value: rules.is_text(value) and value != "",
        "must be a string, and not empty; without id it is the name",
        converters.text,
    ),
    "name": _name,
    "tags": _tags,
    "address": _address,
    "tagged_addresses": _tagged_addresses,
    "meta": _meta,
    "port": rules.service_port,
    "ports": _ports,
    "socket_path": rules.filled,
    "check": service_check,
    "checks": rules.list_of(service_check),
    "token": rules.secret,
    "weights": rules.object_of({"passing": rules.number(1, 65535), "warning": rules.number(0, 65535)}),
    "enable_tag_override": rules.boolean,
    "proxy": rules.object_of(PROXY),
    "connect": rules.object_of(CONNECT),
    "locality": _locality,
}


def converted_service(service: Any) -> Any:
    """A service with the types that Consul wants, for numbers and texts as templates give them."""
    return rules.by_key(SERVICE)(service)


def service_findings(path: str, service: Any, allow_unknown_keys: bool = False) -> Iterator[InputError]:
    """What is wrong with one service."""
    yield from rules.fields(path, service, SERVICE, allow_unknown_keys)
    if not isinstance(service, Mapping):
        return
    if rules.missing(service, "name", SERVICE):
        yield f"{path}.name", "is missing: a service needs a name, such as flapp1"
    yield from _together(path, service)
    identifier = identifier_of(service)
    if identifier is not None and identifier.lower() == "consul":
        # The agent neither registers nor removes it, and on a server it takes the place of the server itself.
        yield f"{path}.{id_key(service)}", f"{shown(identifier)} is the id of Consul's own servers: give it another id"


def _together(path: str, service: Definition, sidecar: bool = False) -> Iterator[InputError]:
    """What is wrong with the keys of a service together."""
    if service.get("ports") and "port" in service:
        yield f"{path}.ports", "does not go with port: put that port in the list too, with default: true"
    if "socket_path" in service and ("port" in service or "address" in service):
        yield f"{path}.socket_path", "does not go with port or address"
    meta = service.get("meta")
    for key in meta if isinstance(meta, Mapping) else ():
        free = service.get("kind") == "mesh-gateway" and key == "consul-wan-federation"
        if isinstance(key, str) and key.startswith("consul-") and not free:
            yield rules.at(f"{path}.meta", key), "keys that begin with consul- are Consul's own"
    yield from mesh_findings(path, service, sidecar)


def identifier_of(service: Definition) -> str | None:
    """The id of a service that may be malformed."""
    identifier = service.get("id", service.get("name"))
    return identifier if isinstance(identifier, str) and identifier else None


def id_key(service: Definition) -> str:
    return "id" if "id" in service else "name"
