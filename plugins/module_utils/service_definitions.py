# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Service definitions as Consul 1.22 reads them: what an agent or the catalogue refuses, and what it makes of them.

An agent that refuses one definition drops the services of the whole host, and one that accepts a definition may still
be refused by the catalogue, again and again, so that the service never shows in DNS. So everything is said before.

No message shows the value of a token, header, body, argument, meta key or URL, which may hold a secret.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from ansible_collections.servicedns.consul.plugins.module_utils import rules
from ansible_collections.servicedns.consul.plugins.module_utils.agent import ip
from ansible_collections.servicedns.consul.plugins.module_utils.findings import Finding, kind_of, label, shown

Definition = Mapping[str, Any]


# What the agent makes of a definition


def service_id(definition: Definition) -> str:
    """The id of a service: its name unless it says otherwise."""
    return str(definition.get("id") or definition["name"])


def declared_checks(definition: Definition) -> dict[str, dict[str, Any]]:
    """The checks of a service by the ids that the agent gives them, without those of its sidecar."""
    found = [check for _path, check in _checks("", definition)]
    several = len(found) > 1
    identifier = service_id(definition)
    return {
        check.get("id") or f"service:{identifier}" + (f":{number}" if several else ""): check
        for number, check in enumerate(found, 1)
    }


SIDECAR = "connect.sidecar_service"


def registered(definition: Definition) -> list[dict[str, Any]]:
    """The services that the agent registers for a definition: itself, and its sidecar with the agent's defaults."""
    sidecar = _sidecar(definition)
    if sidecar is None:
        return [dict(definition)]
    identifier = service_id(definition)
    defaults = {"address": definition.get("address", ""), "tags": definition.get("tags", [])}
    filled = {key: sidecar.get(key) or value for key, value in defaults.items()}
    name = sidecar.get("name") or f"{definition['name']}-sidecar-proxy"
    ours = {**sidecar, **filled, "id": f"{identifier}-sidecar-proxy", "name": name}
    if not _checks("", sidecar):
        ours["checks"] = [
            {"name": "Connect Sidecar Listening"},
            {"name": f"Connect Sidecar Aliasing {identifier}", "alias_service": identifier},
        ]
    return [dict(definition), ours]


def script_checks(path: str, service: Any) -> list[str]:
    """The paths of checks that run a program, on the host or in a container."""
    if not isinstance(service, Mapping):
        return []
    own = [where for where, check in _checks(path, service) if isinstance(check, Mapping) and "args" in check]
    return own + script_checks(f"{path}.{SIDECAR}", _sidecar(service))


def _checks(path: str, service: Definition) -> list[tuple[str, Any]]:
    """The checks of a service with their paths, in the order in which the agent numbers them."""
    several, single = service.get("checks"), service.get("check")
    found = list(enumerate(several)) if isinstance(several, (list, tuple)) else []
    return [
        *((f"{path}.checks[{index}]", check) for index, check in found),
        *([] if single is None else [(f"{path}.check", single)]),
    ]


def _sidecar(service: Definition) -> Definition | None:
    connect = service.get("connect")
    sidecar = connect.get("sidecar_service") if isinstance(connect, Mapping) else None
    return sidecar if isinstance(sidecar, Mapping) else None


# Rules for the fields of a check


#: A port by number or by the name that Go's resolver looks up.
HOST_PORT = re.compile(r"(?:\[([^\[\]\s/@]+)\]|([^\s:/@\[\]?#]*)):([0-9]{1,5}|[a-z][a-z0-9-]*)", re.IGNORECASE)
URL = re.compile(
    r"https?://(?:[^\s/?#@]*@)?(?:\[([^\[\]\s/@]+)\]|([^\s:/@\[\]?#]+))(?::([0-9]{0,5}))?(?:[/?#][^\x00-\x1f\x7f]*(?<! ))?",
    re.IGNORECASE,
)


def _is_endpoint(match: re.Match[str] | None) -> bool:
    """Whether what is in brackets is an IPv6 address, and a port in digits is one."""
    if not match:
        return False
    bracketed, _host, port = match.groups()
    if bracketed is not None and (":" not in bracketed or ip(bracketed.partition("%")[0]) is None):
        return False
    return not (port or "").isdigit() or 1 <= int(port) <= 65535


def _url(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str) or not _is_endpoint(URL.fullmatch(value)):
        yield path, "must be a URL with http:// or https:// and a host, such as http://localhost:8080/health"


def _host_port(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str) or not _is_endpoint(HOST_PORT.fullmatch(value)):
        # Whatever else was pasted here may be a URL with a password.
        plain = not isinstance(value, str) or re.fullmatch(r"[\w.:\[\]-]*", value)
        seen = f"{shown(value)} must" if plain else "must"
        yield path, f"{seen} be host:port, such as localhost:5432 or [::1]:5432"


def _grpc(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str) or not _is_endpoint(HOST_PORT.fullmatch(value.partition("/")[0])):
        yield path, "must be host:port or host:port/service, such as localhost:50051/my.service"


def _header(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if isinstance(value, (list, tuple)):
        yield path, "a list of strings is not a string"
    else:
        yield from rules.secret(path, value, loose)


def _args(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, (list, tuple)) or not value:
        yield path, f"{kind_of(value)} must be a list of strings, and not empty: the program and its arguments"
        return
    for index, item in enumerate(value):
        if not isinstance(item, str) or (index == 0 and not item):
            yield f"{path}[{index}]", f"{kind_of(item)} must be a string" + ("" if index else ", and not empty")


def _check_id(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str) or not value:
        yield path, f"{shown(value)} must be a string, and not empty; without id it is made of the service's"
    elif value.lower() == "serfhealth":
        yield path, f"{shown(value)} is the id of Consul's own check of every node"


#: Keys that say what is checked. A check has one of them, or one line of them.
KINDS: tuple[tuple[str, ...], ...] = (
    ("http",),
    ("tcp",),
    ("udp",),
    ("grpc",),
    ("h2ping",),
    ("ttl",),
    ("args", "docker_container_id"),
    ("alias_service", "alias_node"),
    ("os_service",),
)
WITHOUT_INTERVAL = {
    "ttl": "the service reports by itself, within that time",
    "alias_service": "Consul sees each change of the other service at once",
    "alias_node": "Consul sees each change of the other node at once",
}

CHECK: dict[str, rules.Rule] = {
    "id": _check_id,
    "name": rules.string,
    "notes": rules.string,
    "service_id": rules.not_allowed("a check in a service is a check of that service"),
    "token": rules.secret,
    "status": rules.one_of("passing", "warning", "critical"),
    "args": _args,
    "http": _url,
    "header": rules.mapping_of(rules.list_of(rules.secret)),
    "method": rules.string,
    "body": rules.secret,
    "disable_redirects": rules.boolean,
    "output_max_size": rules.count,
    "tcp": _host_port,
    "tcp_use_tls": rules.boolean,
    "udp": _host_port,
    "interval": rules.duration,
    "docker_container_id": rules.filled,
    "shell": rules.string,
    "grpc": _grpc,
    "grpc_use_tls": rules.boolean,
    "tls_server_name": rules.string,
    "tls_skip_verify": rules.boolean,
    "alias_node": rules.filled,
    "alias_service": rules.filled,
    "timeout": rules.duration,
    "ttl": rules.duration,
    "h2ping": _host_port,
    "h2ping_use_tls": rules.boolean,
    "os_service": rules.not_allowed("Consul has it on Windows only, and an agent on Linux refuses the whole file"),
    "success_before_passing": rules.count,
    "failures_before_warning": rules.count,
    "failures_before_critical": rules.count,
    "deregister_critical_service_after": rules.duration,
}


def _check(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    yield from rules.fields(path, value, CHECK, loose)
    if not isinstance(value, Mapping):
        return
    kinds = [[key for key in keys if key in value] for keys in KINDS]
    present = [keys for keys in kinds if keys]
    if len(present) > 1:
        names = ", ".join(key for keys in present for key in keys)
        yield path, f"has {names}: a check is of one kind, so write several checks"
    elif not present and all(key in CHECK for key in value):
        known = "http, tcp, udp, grpc, h2ping, ttl, args, alias_service or alias_node"
        yield path, f"does not say what is checked: it needs {known}"
    elif present:
        yield from _interval(path, value, present[0][0])
    if "docker_container_id" in value and rules.missing(value, "args", CHECK):
        yield f"{path}.args", "is missing: the program that docker_container_id runs, and its arguments"
    warning, critical = value.get("failures_before_warning", 0), value.get("failures_before_critical", 0)
    if rules.is_whole(warning, 0, 2**31 - 1) and rules.is_whole(critical, 0, 2**31 - 1) and warning > critical:
        yield f"{path}.failures_before_warning", f"{warning} is more than failures_before_critical, {critical}"


def _interval(path: str, check: Definition, kind: str) -> Iterator[Finding]:
    if kind in WITHOUT_INTERVAL:
        if "interval" in check:
            yield f"{path}.interval", f"does not go with {kind}: {WITHOUT_INTERVAL[kind]}"
    elif rules.missing(check, "interval", CHECK):
        yield f"{path}.interval", "is missing: how often the check runs, such as 10s"


# Rules for the fields of a service


def _name(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if isinstance(value, str):
        yield from label(path, value)
    else:
        yield path, f"{shown(value)} is not a string: a service needs a name, such as flapp1"


def _service_id(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str) or not value:
        yield path, f"{shown(value)} must be a string, and not empty; without id it is the name"


def _tags(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, (list, tuple)):
        yield path, f"{shown(value)} is not a list of strings"
        return
    for index, tag in enumerate(value):
        if not isinstance(tag, str) or not tag:
            yield f"{path}[{index}]", f"{shown(tag)} must be a string, and not empty"


#: Consul answers with a CNAME to a name, which may have underscores.
HOST_NAME = re.compile(r"(?=.{1,253}\.?$)(?:[a-z0-9_-]{1,63}\.)*(?![0-9]+\.?$)[a-z0-9_-]{1,63}\.?", re.IGNORECASE)


def _address(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield path, f"{shown(value)} is not a string"
        return
    address = ip(value)
    if value == "[::]" or (address is not None and address.is_unspecified):
        yield (
            path,
            f"{shown(value)} is every address of the host, which the catalogue refuses: leave it out for the node's",
        )
    elif value and (address is None or "%" in value) and not HOST_NAME.fullmatch(value):
        yield path, f"{shown(value)} is neither an IP address nor a host name; the port has a key of its own"


def _tagged_address(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    yield from rules.fields(path, value, {"address": rules.filled, "port": rules.port}, loose)
    if isinstance(value, Mapping) and "address" not in value:
        yield f"{path}.address", "is missing"


#: Tags whose address must be of a family; the others may be any.
FAMILIES = {"lan_ipv4": 4, "wan_ipv4": 4, "lan_ipv6": 6, "wan_ipv6": 6}


def _tagged_addresses(path: str, value: Any, loose: bool) -> Iterator[Finding]:
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


def _meta(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    yield from rules.mapping_of(_meta_value)(path, value, loose)
    if not isinstance(value, Mapping):
        return
    if len(value) > 64:
        yield path, f"has {len(value)} keys: 64 are allowed"
    for key in value:
        if isinstance(key, str) and not re.fullmatch(r"[a-zA-Z0-9_-]{1,128}", key):
            yield rules.at(path, key), "a key of meta has 1 to 128 letters, digits, hyphens and underscores"


def _meta_value(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield (
            path,
            f"{kind_of(value) if not isinstance(value, bool) else 'a boolean'} is not a string: put it in quotes",
        )
    elif len(value.encode(errors="replace")) > 512:
        yield path, f"has {len(value.encode(errors='replace'))} bytes: 512 are allowed"


def _ports(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    one: rules.Rules = {"name": rules.dns_label, "port": rules.port, "default": rules.boolean}
    yield from rules.list_of(rules.object_of(one))(path, value, loose)
    if not isinstance(value, (list, tuple)) or not value:
        return
    names: dict[str, int] = {}
    defaults = []
    for index, port in enumerate(value):
        if not isinstance(port, Mapping):
            return
        yield from (
            (f"{path}[{index}].{key}", "is missing") for key in ("name", "port") if rules.missing(port, key, one)
        )
        name = port.get("name")
        if isinstance(name, str) and name in names:
            yield f"{path}[{index}].name", f"{shown(name)} is the name of {path}[{names[name]}] too"
        elif isinstance(name, str):
            names[name] = index
        if port.get("default") is True:
            defaults.append(index)
    if len(defaults) != 1:
        yield path, f"{len(defaults)} ports have default: true, and one must"


def _locality(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    yield from rules.fields(path, value, {"region": rules.string, "zone": rules.string}, loose)
    if isinstance(value, Mapping) and value.get("zone") and not value.get("region"):
        yield f"{path}.region", "is missing: a zone is a zone of a region"


# The service mesh


MESH_GATEWAY: rules.Rules = {"mode": rules.one_of("", "none", "local", "remote")}
UPSTREAM: rules.Rules = {
    "destination_type": rules.one_of("service", "prepared_query"),
    "destination_namespace": rules.string,
    "destination_partition": rules.string,
    "destination_peer": rules.string,
    "destination_name": rules.filled,
    "datacenter": rules.string,
    "local_bind_address": rules.string,
    "local_bind_port": rules.port,
    "local_bind_socket_path": rules.filled,
    "local_bind_socket_mode": rules.string,
    "config": rules.opaque,
    "mesh_gateway": rules.object_of(MESH_GATEWAY),
}
EXPOSED_PATH: rules.Rules = {
    "listener_port": rules.port,
    "path": rules.filled,
    "protocol": rules.one_of("http", "http2"),
    "local_path_port": rules.port,
}


def _upstreams(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    yield from rules.list_of(rules.object_of(UPSTREAM))(path, value, loose)
    bound: dict[str, int] = {}
    for index, upstream in enumerate(value if isinstance(value, (list, tuple)) else ()):
        if not isinstance(upstream, Mapping):
            continue
        here = f"{path}[{index}]"
        if rules.missing(upstream, "destination_name", UPSTREAM):
            yield f"{here}.destination_name", "is missing"
        elif upstream.get("destination_name") == "*":
            yield f"{here}.destination_name", "must not be a wildcard"
        mode = upstream.get("local_bind_socket_mode")
        if isinstance(mode, str) and not re.fullmatch(r"[0-7]{1,10}", mode):
            yield f"{here}.local_bind_socket_mode", f"{shown(mode)} is no mode in octal digits, such as 0600"
        port, socket = upstream.get("local_bind_port"), upstream.get("local_bind_socket_path")
        if (port is None) == (socket is None):
            yield here, "needs local_bind_port or local_bind_socket_path, and not both"
        place = f"{upstream.get('local_bind_address') or '127.0.0.1'}:{port}" if socket is None else str(socket)
        if bound.setdefault(place, index) != index:
            yield here, f"listens where {path}[{bound[place]}] does"
        if upstream.get("destination_peer") and upstream.get("datacenter"):
            yield f"{here}.datacenter", "does not go with destination_peer"


def _exposed_paths(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    yield from rules.list_of(rules.object_of(EXPOSED_PATH))(path, value, loose)
    ports: list[Any] = []
    for index, exposed in enumerate(value if isinstance(value, (list, tuple)) else ()):
        if isinstance(exposed, Mapping):
            missing = [key for key in ("path", "listener_port") if rules.missing(exposed, key, EXPOSED_PATH)]
            yield from ((f"{path}[{index}].{key}", "is missing") for key in missing)
            port = exposed.get("listener_port")
            if port is not None and port in ports:
                yield f"{path}[{index}].listener_port", f"{shown(port)} is the port of another path too"
            ports.append(port)


PROXY: rules.Rules = {
    "destination_service_name": rules.filled,
    "destination_service_id": rules.string,
    "local_service_address": rules.string,
    "local_service_port": rules.port,
    "local_service_socket_path": rules.string,
    "transparent_proxy": rules.object_of({"outbound_listener_port": rules.port, "dialed_directly": rules.boolean}),
    "mode": rules.one_of("", "direct", "transparent"),
    "config": rules.opaque,
    "upstreams": _upstreams,
    "mesh_gateway": rules.object_of(MESH_GATEWAY),
    "expose": rules.object_of({"checks": rules.boolean, "port": rules.port, "paths": _exposed_paths}),
}


def _sidecar_service(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    nested = {"native": rules.boolean, "sidecar_service": rules.not_allowed("a sidecar has no sidecar")}
    managed = rules.not_allowed("Consul makes it of the service's id")
    yield from rules.fields(path, value, {**SERVICE, "id": managed, "connect": rules.object_of(nested)}, loose)
    if isinstance(value, Mapping):
        yield from _together(path, {"kind": "connect-proxy", **value}, sidecar=True)


CONNECT: rules.Rules = {"native": rules.boolean, "sidecar_service": _sidecar_service}
GATEWAYS = ("mesh-gateway", "terminating-gateway", "ingress-gateway", "api-gateway")
#: Gateways that need no port of their own.
WITHOUT_PORT = ("ingress-gateway", "api-gateway")
OF_PROXIES_ONLY = (
    "destination_service_name",
    "destination_service_id",
    "local_service_address",
    "local_service_port",
    "local_service_socket_path",
    "upstreams",
)


def _mesh(path: str, service: Definition, sidecar: bool) -> Iterator[Finding]:
    """What the catalogue refuses of proxies and gateways, although the agent accepts it."""
    kind = service.get("kind")
    proxy, connect = (
        found if isinstance(found, Mapping) else {} for found in (service.get("proxy"), service.get("connect"))
    )
    unreachable = "port" not in service and "socket_path" not in service
    if connect.get("native") is True and unreachable:
        yield f"{path}.port", "is missing: a service with connect.native needs it, or socket_path"
    if kind == "connect-proxy":
        name = proxy.get("destination_service_name")
        if name == "*" or (name is None and not sidecar):
            yield f"{path}.proxy.destination_service_name", "must be the name of the service behind the proxy"
        if connect.get("native") is True:
            yield f"{path}.connect.native", "is of services, and this is a proxy"
        if unreachable and not sidecar:
            yield f"{path}.port", "is missing: a proxy needs it, or socket_path"
    if kind in GATEWAYS:
        if "port" not in service and kind not in WITHOUT_PORT:
            yield f"{path}.port", f"is missing: a {kind} needs it"
        if "sidecar_service" in connect:
            yield f"{path}.{SIDECAR}", "is of services, and this is a gateway"
        for key in OF_PROXIES_ONLY:
            if proxy.get(key):
                yield f"{path}.proxy.{key}", "is of proxies, and this is a gateway"
    if service.get("ports") and kind in ("connect-proxy", *GATEWAYS):
        yield f"{path}.ports", f"is of services, and this is a {kind}: give it one port"


# One service


SERVICE: dict[str, rules.Rule] = {
    "kind": rules.one_of("connect-proxy", *GATEWAYS),
    "id": _service_id,
    "name": _name,
    "tags": _tags,
    "address": _address,
    "tagged_addresses": _tagged_addresses,
    "meta": _meta,
    "port": rules.service_port,
    "ports": _ports,
    "socket_path": rules.filled,
    "check": _check,
    "checks": rules.list_of(_check),
    "token": rules.secret,
    "weights": rules.object_of({"passing": rules.number(1, 65535), "warning": rules.number(0, 65535)}),
    "enable_tag_override": rules.boolean,
    "proxy": rules.object_of(PROXY),
    "connect": rules.object_of(CONNECT),
    "locality": _locality,
}


def service_findings(path: str, service: Any, allow_unknown_keys: bool = False) -> Iterator[Finding]:
    """What is wrong with one service."""
    yield from rules.fields(path, service, SERVICE, allow_unknown_keys)
    if not isinstance(service, Mapping):
        return
    if rules.missing(service, "name", SERVICE):
        yield f"{path}.name", "is missing: a service needs a name, such as flapp1"
    yield from _together(path, service)
    identifier = _identifier(service)
    if identifier is not None and identifier.lower() == "consul":
        # The agent neither registers nor removes it, and on a server it takes the place of the server itself.
        yield f"{path}.{_id_key(service)}", f"{shown(identifier)} is the id of Consul's own servers: give it another id"


def _together(path: str, service: Definition, sidecar: bool = False) -> Iterator[Finding]:
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
    yield from _mesh(path, service, sidecar)


def _identifier(service: Definition) -> str | None:
    """The id of a service that may be malformed."""
    identifier = service.get("id", service.get("name"))
    return identifier if isinstance(identifier, str) and identifier else None


def _id_key(service: Definition) -> str:
    return "id" if "id" in service else "name"


# All services of a host


class _Instance(NamedTuple):
    """A service or a sidecar, where it is, and where its id comes from."""

    path: str
    id_path: str
    id: str
    service: Definition


def definitions_findings(sources: Mapping[str, Any], allow_unknown_keys: bool = False) -> Iterator[Finding]:
    """What is wrong with all services of a host.

    :arg sources: lists of services by the variables that they come from
    :arg allow_unknown_keys: let keys pass that Consul 1.22 does not have
    """
    instances: list[_Instance] = []
    for source, services in sources.items():
        if not isinstance(services, (list, tuple)):
            yield source, f"{kind_of(services)} is not a list"
            continue
        for index, service in enumerate(services):
            path = f"{source}[{index}]"
            yield from service_findings(path, service, allow_unknown_keys)
            instances += _instances(path, service)
    yield from _twice(instances)
    yield from _aliases(instances)


def _instances(path: str, service: Any) -> Iterator[_Instance]:
    identifier = _identifier(service) if isinstance(service, Mapping) else None
    if identifier is None:
        return
    yield _Instance(path, f"{path}.{_id_key(service)}", identifier, service)
    sidecar = _sidecar(service)
    if sidecar is not None:
        here = f"{path}.{SIDECAR}"
        yield _Instance(here, here, f"{identifier}-sidecar-proxy", sidecar)


def _twice(instances: Sequence[_Instance]) -> Iterator[Finding]:
    """Ids that two services or two checks have. The catalogue knows no upper and lower case."""
    services: dict[str, str] = {}
    checks: dict[str, str] = {}
    for instance in instances:
        other = services.setdefault(instance.id.lower(), instance.path)
        if other != instance.path:
            why = "ids (by default the name) are unique on a host"
            yield instance.id_path, f"{shown(instance.id)} is the id of {other} too: {why}"
            continue
        declared = _checks(instance.path, instance.service)
        for number, (path, check) in enumerate(declared, 1):
            explicit = check.get("id") if isinstance(check, Mapping) else None
            identifier = explicit or f"service:{instance.id}" + (f":{number}" if len(declared) > 1 else "")
            if isinstance(identifier, str) and checks.setdefault(identifier.lower(), path) != path:
                why = "ids of checks are unique on a host"
                where = f"{path}.id" if explicit else path
                yield where, f"{shown(identifier)} is the id of {checks[identifier.lower()]} too: {why}"


def _aliases(instances: Sequence[_Instance]) -> Iterator[Finding]:
    """Checks that follow a service which is not there, and so are critical for ever."""
    ids = [instance.id for instance in instances]
    for instance in instances:
        for path, check in _checks(instance.path, instance.service):
            target = check.get("alias_service") if isinstance(check, Mapping) else None
            if not isinstance(target, str) or not target.strip() or "alias_node" in check or target in ids:
                continue
            close = [other.id for other in instances if other.service.get("name") == target]
            close = close or difflib.get_close_matches(target, ids, n=1, cutoff=0.75)
            hint = f"did you mean {shown(close[0])}?" if close else "one of another node needs alias_node too"
            yield f"{path}.alias_service", f"{shown(target)} is the id of no service of this host; {hint}"
