# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of Consul's HTTP API: of the host's own agent, or of any that can be reached."""

from __future__ import annotations

import base64
import contextlib
import dataclasses
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


class Answer(t.NamedTuple):
    """What came back, good or bad. A redirection is bad: a token is for the address that it was given with."""

    asked: str  # as messages show it
    status: int
    reason: str
    body: bytes


@dataclasses.dataclass(repr=False)  # it would show the token
class ConsulClient:
    """Asks and tells an agent. Errors name the request and what came back, and never what was sent."""

    url: str  # may lack its scheme, as CONSUL_HTTP_ADDR
    token: str = ""
    ca_path: str | None = None  # file or directory with the certificates of authorities, instead of the system's
    validate_certs: bool = True
    datacenter: str = ""  # the agent's own when it is empty
    timeout: float = 10.0  # seconds that an answer may take
    read: t.Callable[[http.client.HTTPResponse], bytes] = http.client.HTTPResponse.read  # into memory

    def __post_init__(self) -> None:
        """:raises HostError: the token can be none"""
        if not re.fullmatch("[!-~]*", self.token):
            raise HostError("the token has a space, or another character that no token has")
        self.address = (self.url if "://" in self.url else f"http://{self.url}").rstrip("/")
        # As messages show it: what stands before Consul may want a password.
        self.url = re.sub(r"//[^/]*@", "//", self.address)

    def request(self, method: str, *path: str, body: t.Any = None, **query: str) -> t.Any:
        """The answer, from JSON; None when it is empty. Parts of the path are quoted. A body is a value or a file."""
        answer = self.ask(method, path, query, body)
        if answer.status >= 300:
            words = answer.body.decode(errors="replace").strip() or f"{answer.status} {answer.reason}"
            raise AgentRefused(f"{answer.asked}: {words}", answer.status)
        try:
            return json.loads(answer.body) if answer.body.strip() else None
        except ValueError as error:
            start = answer.body[:80].decode(errors="replace")
            raise AgentRefused(f"{answer.asked}: the answer is not JSON: {start!r}", answer.status) from error

    get = functools.partialmethod(request, "GET")
    put = functools.partialmethod(request, "PUT")
    post = functools.partialmethod(request, "POST")
    delete = functools.partialmethod(request, "DELETE")

    def ask(self, method: str, path: t.Sequence[str], query: t.Mapping[str, str], body: t.Any = None) -> Answer:
        """What comes back, good or bad.

        :raises AgentSilent: nobody answers
        """
        query = {**query, "dc": self.datacenter} if self.datacenter else query
        where = "/v1/" + "/".join(quote(part, safe="") for part in path) + (f"?{urlencode(query)}" if query else "")
        asked = f"{method} {self.url}{where}"
        data = body if body is None or hasattr(body, "read") else json.dumps(body).encode()
        headers = {"X-Consul-Token": self.token} if self.token else {}
        try:
            address = urlsplit(self.address)
            if address.username:
                user = f"{unquote(address.username)}:{unquote(address.password or '')}"
                headers["Authorization"] = "Basic " + base64.b64encode(user.encode()).decode()
            with contextlib.closing(self._connection(address.scheme, address.netloc.rpartition("@")[2])) as connection:
                connection.request(method, address.path + where, data, headers)
                response = connection.getresponse()
                return Answer(asked, response.status, response.reason, self.read(response))
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
