# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of a running datacentre, read from the control node."""

from __future__ import annotations

import json
from typing import Any, Mapping
from urllib.error import HTTPError
from urllib.parse import quote, urlencode

from ansible.module_utils.urls import open_url

#: From good to bad, as Consul orders them.
STATUSES = ("passing", "warning", "critical")


class CatalogueError(Exception):
    """The catalogue cannot be read. The message says which address was asked and what came back, in one line."""


def worst(checks: Any) -> str:
    """The status of what some checks look at: passing without any."""
    found = [check["Status"] for check in checks]
    return max(
        found, key=lambda status: STATUSES.index(status) if status in STATUSES else len(STATUSES), default="passing"
    )


class Catalogue:
    """Asks an agent, or what stands before it. The token is sent, and never shown."""

    def __init__(
        self,
        url: str,
        token: str = "",
        ca_file: str | None = None,
        validate_certs: bool = True,
        datacenter: str = "",
        timeout: int = 10,
    ) -> None:
        # As CONSUL_HTTP_ADDR has it, without a scheme.
        self.url = (url if "://" in url else f"http://{url}").rstrip("/")
        self.token = token
        self.ca_file = ca_file
        self.validate_certs = validate_certs
        self.datacenter = datacenter
        self.timeout = timeout

    def get(self, kind: type, *path: str, **query: str) -> Any:
        """The answer to a GET, which must be of a kind: a list or a mapping."""
        if self.datacenter:
            query["dc"] = self.datacenter
        where = f"{self.url}/v1/" + "/".join(quote(part, safe="") for part in path)
        asked = where + (f"?{urlencode(query)}" if query else "")
        try:
            with open_url(
                asked,
                headers={"X-Consul-Token": self.token} if self.token else {},
                ca_path=self.ca_file,
                validate_certs=self.validate_certs,
                timeout=self.timeout,
                use_proxy=False,
            ) as response:
                body = response.read()
        except HTTPError as error:
            words = _line(error.read())
            wants = "" if self.token else "; give it a token (CONSUL_HTTP_TOKEN)"
            raise CatalogueError(
                f"GET {asked}: {error.code} {words or error.reason}{wants if error.code in (401, 403) else ''}"
            ) from error
        except (OSError, ValueError) as error:
            raise CatalogueError(f"GET {asked}: {getattr(error, 'reason', error)}") from error
        try:
            answer = json.loads(body)
        except ValueError as error:
            raise CatalogueError(f"GET {asked}: the answer is not JSON: {_line(body)!r}") from error
        if not isinstance(answer, kind):
            raise CatalogueError(f"GET {asked}: the answer is not what Consul says there: {_line(body)!r}")
        return answer

    def read(self, nothing: str, kind: type, *path: str, **query: str) -> Any:
        """As get, with each item looked at: one that lacks the key ``nothing`` is no answer of Consul."""
        answer = self.get(kind, *path, **query)
        for item in answer:
            if not isinstance(item, Mapping) or nothing not in item:
                raise CatalogueError(f"GET {self.url}/v1/{'/'.join(path)}: the answer is not what Consul says there")
        return answer

    def nodes(self) -> list[dict[str, Any]]:
        """All nodes."""
        found: list[dict[str, Any]] = self.read("Node", list, "catalog", "nodes")
        return found

    def node_checks(self) -> dict[str, list[dict[str, Any]]]:
        """The checks of each node that are of no service."""
        checks: dict[str, list[dict[str, Any]]] = {}
        for check in self.read("Node", list, "health", "state", "any"):
            if not check.get("ServiceID"):
                checks.setdefault(check["Node"], []).append(check)
        return checks

    def services(self) -> list[str]:
        """The names of all services."""
        return sorted(self.get(dict, "catalog", "services"))

    def instances(self, service: str, tag: str = "") -> list[dict[str, Any]]:
        """The instances of a service, each with what its checks say of it."""
        query = {"tag": tag} if tag else {}
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
