# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All services of a host together, as Consul 1.22 reads them.

An agent that refuses one definition drops the services of the whole host, and one that accepts a definition may still
be refused by the catalog, again and again, so that the service never shows in DNS. So everything is said before.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.servicedns.consul.plugins.module_utils.consul.definitions import Definition, checks_of
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.mesh import SIDECAR
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.service import (
    converted_service,
    id_key,
    identifier_of,
    service_findings,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, kind_of, shown


class _Instance(NamedTuple):
    """A service or a sidecar, where it is, and where its id comes from."""

    path: str
    id_path: str
    id: str
    service: Definition


def definitions_findings(sources: Mapping[str, Any], allow_unknown_keys: bool = False) -> Iterator[InputError]:
    """What is wrong with all services of a host.

    :arg sources: lists of services by the variables that they come from
    :arg allow_unknown_keys: let keys pass that Consul 1.22 does not have
    """
    instances: list[_Instance] = []
    for source, services in sources.items():
        if not isinstance(services, (list, tuple)):
            yield source, f"{kind_of(services)} is not a list"
            continue
        for index, service in enumerate(map(converted_service, services)):
            path = f"{source}[{index}]"
            yield from service_findings(path, service, allow_unknown_keys)
            instances += _instances(path, service)
    yield from _twice(instances)
    yield from _aliases(instances)


def _instances(path: str, service: Any) -> Iterator[_Instance]:
    identifier = identifier_of(service) if isinstance(service, Mapping) else None
    if identifier is None:
        return
    yield _Instance(path, f"{path}.{id_key(service)}", identifier, service)
    sidecar = _sidecar(service)
    if sidecar is not None:
        here = f"{path}.{SIDECAR}"
        yield _Instance(here, here, f"{identifier}-sidecar-proxy", sidecar)


def _twice(instances: Sequence[_Instance]) -> Iterator[InputError]:
    """Ids that two services or two checks have. The catalog knows no upper and lower case."""
    services: dict[str, str] = {}
    checks: dict[str, str] = {}
    for instance in instances:
        other = services.setdefault(instance.id.lower(), instance.path)
        if other != instance.path:
            why = "ids (by default the name) are unique on a host"
            yield instance.id_path, f"{shown(instance.id)} is the id of {other} too: {why}"
            continue
        declared = checks_of(instance.path, instance.service)
        for number, (path, check) in enumerate(declared, 1):
            explicit = check.get("id") if isinstance(check, Mapping) else None
            identifier = explicit or f"service:{instance.id}" + (f":{number}" if len(declared) > 1 else "")
            if isinstance(identifier, str) and checks.setdefault(identifier.lower(), path) != path:
                why = "ids of checks are unique on a host"
                where = f"{path}.id" if explicit else path
                yield where, f"{shown(identifier)} is the id of {checks[identifier.lower()]} too: {why}"


def _aliases(instances: Sequence[_Instance]) -> Iterator[InputError]:
    """Checks that follow a service which is not there, and so are critical for ever."""
    ids = [instance.id for instance in instances]
    for instance in instances:
        for path, check in checks_of(instance.path, instance.service):
            target = check.get("alias_service") if isinstance(check, Mapping) else None
            if not isinstance(target, str) or not target.strip() or "alias_node" in check or target in ids:
                continue
            close = [other.id for other in instances if other.service.get("name") == target]
            close = close or difflib.get_close_matches(target, ids, n=1, cutoff=0.75)
            hint = f"did you mean {shown(close[0])}?" if close else "one of another node needs alias_node too"
            yield f"{path}.alias_service", f"{shown(target)} is the id of no service of this host; {hint}"


def script_checks(path: str, service: Any) -> list[str]:
    """The paths of checks that run a program, on the host or in a container."""
    if not isinstance(service, Mapping):
        return []
    own = [where for where, check in checks_of(path, service) if isinstance(check, Mapping) and "args" in check]
    return own + script_checks(f"{path}.{SIDECAR}", _sidecar(service))


def _sidecar(service: Definition) -> Definition | None:
    connect = service.get("connect")
    sidecar = connect.get("sidecar_service") if isinstance(connect, Mapping) else None
    return sidecar if isinstance(sidecar, Mapping) else None
