# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTTP API of the host's agent."""

from __future__ import annotations

import contextlib
import http.client
import json
import typing as t
from urllib.parse import quote, urlencode, urlsplit

from ansible_collections.servicedns.consul.plugins.module_utils.host import HostError

#: What every module that talks to the agent of its host takes, as the documentation fragment of the same name says.
ARGUMENTS: dict[str, dict[str, t.Any]] = {"agent_url": {"type": "str", "default": "http://127.0.0.1:8500"}}


class AgentSilent(HostError):
    """No agent answers at the URL."""


class AgentRefused(HostError):
    """The agent answers, with an error. The message has its own words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class AgentApi:
    """Asks and tells the agent. Errors name the request and what came back, and never what was sent."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        """:arg timeout: seconds that an answer may take"""
        self.url = url
        self.timeout = timeout

    def get(self, *path: str, **query: str) -> t.Any:
        """The answer to a GET, from JSON. Each part of the path is quoted."""
        return self._json("GET", path, query)

    def put(self, *path: str, body: t.Any = None, **query: str) -> t.Any:
        """The answer to a PUT of a value, sent as JSON. None when the answer is empty."""
        return self._json("PUT", path, query, body)

    def post(self, *path: str, body: t.Any = None, **query: str) -> t.Any:
        """The answer to a POST of a value, sent as JSON."""
        return self._json("POST", path, query, body)

    def delete(self, *path: str, **query: str) -> t.Any:
        """The answer to a DELETE."""
        return self._json("DELETE", path, query)

    def _json(self, method: str, path: t.Sequence[str], query: t.Mapping[str, str], body: t.Any = None) -> t.Any:
        where = "/v1/" + "/".join(quote(part, safe="") for part in path)
        if query:
            where += "?" + urlencode(query)
        data = None if body is None else json.dumps(body).encode()
        asked = f"{method} {self.url}{where}"
        address = urlsplit(self.url)
        # open_url reads all certificates of the host for every request, which takes 20 times as long as the request.
        kind = http.client.HTTPSConnection if address.scheme == "https" else http.client.HTTPConnection
        try:
            with contextlib.closing(kind(address.netloc, timeout=self.timeout)) as connection:
                connection.request(method, where, data)
                response = connection.getresponse()
                answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise AgentSilent(f"{asked}: {error or type(error).__name__}") from error
        if response.status >= 400:
            words = answer.decode(errors="replace").strip()
            raise AgentRefused(f"{asked}: {words or f'{response.status} {response.reason}'}", response.status)
        try:
            return json.loads(answer) if answer.strip() else None
        except ValueError as error:
            start = answer[:80].decode(errors="replace")
            raise AgentRefused(f"{asked}: the answer is not JSON: {start!r}", response.status) from error
