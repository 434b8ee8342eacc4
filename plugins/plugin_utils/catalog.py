# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalog of a running datacenter, read from the control node."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

#: From good to bad, as Consul orders them.
STATUSES = ("passing", "warning", "critical")


def worst(checks: Any) -> str:
    """The status of what some checks look at: passing without any."""
    found = [check["Status"] for check in checks]
    return max(
        found, key=lambda status: STATUSES.index(status) if status in STATUSES else len(STATUSES), default="passing"
    )


class Catalog:
    """Asks an agent, or what stands before it.

    Every method raises L(HostError), which says in one line which address was asked and what came back.
    """

    def __init__(self, client: ConsulClient) -> None:
        self.client = client

    def get(self, kind: type, *path: str, **query: str) -> Any:
        """The answer to a GET, which must be of a kind: a list or a mapping."""
        answer = self.client.ask("GET", path, query)
        words = _line(answer.body)
        if answer.status >= 300:
            wants = (
                "" if self.client.token or answer.status not in (401, 403) else "; give it a token (CONSUL_HTTP_TOKEN)"
            )
            raise HostError(f"{answer.asked}: {answer.status} {words or answer.reason}{wants}")
        try:
            value = json.loads(answer.body)
        except ValueError as error:
            raise HostError(f"{answer.asked}: the answer is not JSON: {words!r}") from error
        if not isinstance(value, kind):
            raise HostError(f"{answer.asked}: the answer is not what Consul says there: {words!r}")
        return value

    def read(self, nothing: str, kind: type, *path: str, **query: str) -> Any:
        """As get, with each item looked at: one that lacks the key ``nothing`` is no answer of Consul."""
        answer = self.get(kind, *path, **query)
        for item in answer:
            if not isinstance(item, Mapping) or nothing not in item:
                raise HostError(f"GET {self.client.url}/v1/{'/'.join(path)}: the answer is not what Consul says there")
        return answer

    @contextlib.contextmanager
    def _complete(self) -> Iterator[None]:
        """What is read here is what Consul says there, or it is an error of the catalog's."""
        try:
            yield
        except KeyError as error:
            raise HostError(f"{self.client.url}: the catalog's answer has no {error}") from error
        except (AttributeError, TypeError) as error:
            raise HostError(
                f"{self.client.url}: the catalog's answer is not what Consul says there: {error}"
            ) from error

    def nodes(self) -> list[dict[str, Any]]:
        """All nodes, with name, address, id, datacenter and meta."""
        with self._complete():
            return [
                {
                    "node": item["Node"],
                    "address": item["Address"],
                    "id": item.get("ID") or "",
                    "datacenter": item.get("Datacenter") or "",
                    "meta": item.get("Meta") or {},
                }
                for item in self.read("Node", list, "catalog", "nodes")
            ]

    def node_checks(self) -> dict[str, str]:
        """What the checks of each node say that are of no service."""
        checks: dict[str, list[dict[str, Any]]] = {}
        with self._complete():
            for check in self.read("Node", list, "health", "state", "any"):
                if not check.get("ServiceID"):
                    checks.setdefault(check["Node"], []).append(check)
            return {node: worst(found) for node, found in checks.items()}

    def services(self) -> list[str]:
        """The names of all services."""
        return sorted(self.get(dict, "catalog", "services"))

    def instances(self, service: str, tag: str = "") -> list[dict[str, Any]]:
        """The instances of a service, each with what its checks say of it."""
        query = {"tag": tag} if tag else {}
        with self._complete():
            return [
                {
                    "node": entry["Node"]["Node"],
                    "id": entry["Service"]["ID"],
                    "name": service,
                    "address": entry["Service"].get("Address") or entry["Node"]["Address"],
                    "port": entry["Service"].get("Port", 0),
                    "tags": entry["Service"].get("Tags") or [],
                    "meta": entry["Service"].get("Meta") or {},
                    "status": worst(entry.get("Checks") or []),
                }
                for entry in self.read("Service", list, "health", "service", service, **query)
            ]


def _line(body: bytes, most: int = 80) -> str:
    """The start of what came back, in one line."""
    text = " ".join(body.decode(errors="replace").split())
    return text if len(text) <= most else text[: most - 3] + "..."


def catalog_of(option: Callable[[str], Any]) -> Catalog:
    """The catalog that the options of a plugin describe.

    :arg option: gives the value of an option
    """
    return Catalog(ConsulClient(**{name: option(name) for name in (*ARGUMENTS, "datacenter", "timeout")}))
