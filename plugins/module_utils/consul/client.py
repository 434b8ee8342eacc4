# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Consul's HTTP API: of the host's own agent, or of any that can be reached."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.client
import json
import os
import re
import ssl
import typing as t
from urllib.parse import quote, unquote, urlencode, urlsplit

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

#: What every module that talks to an agent takes, as the documentation fragment C(consul_api) says.
ARGUMENTS: dict[str, dict[str, t.Any]] = {
    "url": {"type": "str", "default": "http://127.0.0.1:8500"},
    "token": {"type": "str", "default": "", "no_log": True},
    "ca_path": {"type": "path"},
    "validate_certs": {"type": "bool", "default": True},
}


class AgentSilent(HostError):
    """No agent answers at the URL."""


class AgentRefused(HostError):
    """The agent answers, with an error. The message has its own words."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status

    @property
    def forbidden(self) -> bool:
        """Whether the token gives no right to it."""
        return self.status == 403


class Answer(t.NamedTuple):
    """What came back, good or bad. A redirection is bad: a token is for the address that it was given with."""

    asked: str  # as messages show it
    status: int
    reason: str
    body: bytes


class ConsulClient:
    """Asks and tells an agent. Errors name the request and what came back, and never what was sent."""

    def __init__(
        self,
        url: str,
        token: str = "",
        ca_path: str | None = None,
        validate_certs: bool = True,
        datacenter: str = "",
        timeout: float = 10.0,
    ) -> None:
        """:arg url: may lack its scheme, as C(CONSUL_HTTP_ADDR)
        :arg ca_path: file or directory with the certificates of authorities, instead of the system's
        :arg datacenter: the agent's own when it is empty
        :arg timeout: seconds that an answer may take
        :raises HostError: the token can be none
        """
        if not re.fullmatch("[!-~]*", token):
            raise HostError("the token has a space, or another character that no token has")
        self.address = (url if "://" in url else f"http://{url}").rstrip("/")
        # As messages show it: what stands before Consul may want a password.
        self.url = re.sub(r"//[^/]*@", "//", self.address)
        self.token = token
        self.ca_path = ca_path
        self.validate_certs = validate_certs
        self.datacenter = datacenter
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
        answer = self.ask(method, path, query, body)
        if answer.status >= 300:
            words = answer.body.decode(errors="replace").strip() or f"{answer.status} {answer.reason}"
            raise AgentRefused(f"{answer.asked}: {words}", answer.status)
        try:
            return json.loads(answer.body) if answer.body.strip() else None
        except ValueError as error:
            start = answer.body[:80].decode(errors="replace")
            raise AgentRefused(f"{answer.asked}: the answer is not JSON: {start!r}", answer.status) from error

    def ask(self, method: str, path: t.Sequence[str], query: t.Mapping[str, str], body: t.Any = None) -> Answer:
        """What comes back, good or bad.

        :raises AgentSilent: nobody answers
        """
        if self.datacenter:
            query = {**query, "dc": self.datacenter}
        where = "/v1/" + "/".join(quote(part, safe="") for part in path) + (f"?{urlencode(query)}" if query else "")
        asked = f"{method} {self.url}{where}"
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Consul-Token": self.token} if self.token else {}
        try:
            address = urlsplit(self.address)
            if address.username:
                user = f"{unquote(address.username)}:{unquote(address.password or '')}"
                headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
            with contextlib.closing(self._connection(address.scheme, address.netloc.rpartition("@")[2])) as connection:
                connection.request(method, address.path + where, data, headers)
                response = connection.getresponse()
                return Answer(asked, response.status, response.reason, response.read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise AgentSilent(f"{asked}: {str(error) or type(error).__name__}") from error

    def _connection(self, scheme: str, place: str) -> http.client.HTTPConnection:
        # Ansible's open_url reads all certificates of the host for every request, which takes 20 times as long as that.
        if scheme == "http":
            return http.client.HTTPConnection(place, timeout=self.timeout)
        if scheme == "https":
            return http.client.HTTPSConnection(place, timeout=self.timeout, context=self._context)
        raise ValueError(f"{scheme} is neither http nor https")

    @functools.cached_property
    def _context(self) -> ssl.SSLContext:
        if self.ca_path:
            os.stat(self.ca_path)  # OpenSSL does not say which file is missing
        folder = self.ca_path if os.path.isdir(self.ca_path or "") else None
        context = ssl.create_default_context(cafile=None if folder else self.ca_path, capath=folder)
        if not self.validate_certs:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


def client_of(params: t.Mapping[str, t.Any], timeout: float = 10.0) -> ConsulClient:
    """The client that the parameters of a module describe."""
    return ConsulClient(timeout=timeout, **{name: params[name] for name in ARGUMENTS})
