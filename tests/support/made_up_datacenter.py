# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A datacenter that a test makes up: the HTTP API of one of its agents, and what it does when it is asked to."""

from __future__ import annotations

import base64
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qsl, urlsplit

KEY = "servicedns.consul/rollout"


class MadeUp:
    """What the agent of one node, C(me), says. Servers are known by their names, with ids that are made of them."""

    def __init__(self, *servers: str, me: str = "s1", leader: str = "s1") -> None:
        self.me = me
        self.leader = leader
        self.is_server = me in servers
        self.servers: dict[str, dict[str, Any]] = {
            name: {"voter": True, "alive": True, "healthy": True, "last_index": 7} for name in servers
        }
        #: Those whom gossip has, and the nodes of the catalog, which may have others or miss some.
        self.members = [*servers]
        self.nodes = [*servers]
        self.applied = 7
        self.acls = False
        self.autopilot: dict[str, Any] = {"CleanupDeadServers": True, "MinQuorum": 0, "ModifyIndex": 4}
        self.keys: dict[str, tuple[bytes, str]] = {}
        self.sessions: dict[str, dict[str, Any]] = {}
        self.made = 0
        #: How often this server was asked for a snapshot of its own.
        self.written = 0
        self.services = ["web"]
        self.registered = ["web"]
        self.registered_id = f"id-{me}"
        self.checks = {"serfHealth": "passing"}
        #: What was changed, as method and path.
        self.changes: list[str] = []
        #: Errors by path, which come instead of answers, one each time.
        self.errors: dict[str, list[tuple[int, str]]] = {}
        #: Is called before each answer.
        self.meanwhile: Callable[[str], None] = lambda _path: None

    def answer(self, method: str, path: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        """The status, and what is sent as JSON."""
        self.meanwhile(path)
        if self.errors.get(path):
            return self.errors[path].pop(0)
        if method != "GET":
            self.changes.append(f"{method} {path}")
        name, _slash, rest = path.partition("/")
        found: tuple[int, Any] = getattr(self, f"_{name}")(method, rest, query, body)
        return found

    def _status(self, _method: str, _rest: str, _query: dict[str, str], _body: bytes) -> tuple[int, Any]:
        return 200, f"{self.leader}:8300" if self.leader else ""

    def _agent(self, _method: str, rest: str, _query: dict[str, str], _body: bytes) -> tuple[int, Any]:
        verb, _slash, node = rest.partition("/")
        if verb in ("leave", "force-leave"):
            self.members.remove(node or self.me)
            return 200, None
        if rest == "services":
            return 200, {name: {"ID": name} for name in self.services}
        if rest == "members":
            tags = {"role": "consul", "build": "1.22.7:7f3c4ad1"}
            return 200, [
                {
                    "Name": name,
                    "Addr": "192.0.2.1",
                    "Status": 1 if self.servers.get(name, {"alive": True})["alive"] else 4,
                    "Tags": {**tags, "id": f"id-{name}"},
                }
                for name in self.members
            ]
        config = {"NodeName": self.me, "NodeID": f"id-{self.me}", "Server": self.is_server}
        stats = {"raft": {"applied_index": str(self.applied)}} if config["Server"] else {}
        return 200, {
            "Config": config,
            "DebugConfig": {"DNSDomain": "consul.", "ACLsEnabled": self.acls},
            "Stats": stats,
        }

    def _operator(self, method: str, rest: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        if rest == "raft/transfer-leader":
            self.leader = query["id"][len("id-") :]
            return 200, {"Success": True}
        if not self.leader:
            return 500, "No cluster leader"
        if rest == "raft/peer":
            return 200, bool(self.servers.pop(query["id"][len("id-") :]))
        if rest == "raft/configuration":
            return 200, {
                "Servers": [
                    {"ID": f"id-{name}", "Node": name, "Voter": server["voter"], "Leader": name == self.leader}
                    for name, server in self.servers.items()
                ]
            }
        if rest == "autopilot/configuration":
            if method == "PUT":
                fits = query["cas"] == str(self.autopilot["ModifyIndex"])
                if fits:
                    self.autopilot = {**json.loads(body), "ModifyIndex": self.autopilot["ModifyIndex"] + 1}
                return 200, fits
            return 200, self.autopilot
        well = all(server["healthy"] for server in self.servers.values())
        return 200 if well else 429, {
            "Healthy": well,
            "Servers": [
                {
                    "ID": f"id-{name}",
                    "Healthy": server["healthy"],
                    "LastIndex": server["last_index"],
                }
                for name, server in self.servers.items()
            ],
        }

    def _snapshot(self, _method: str, _rest: str, query: dict[str, str], _body: bytes) -> tuple[int, Any]:
        self.written += query == {"stale": ""}
        return 200, "a snapshot"

    def _session(self, _method: str, rest: str, _query: dict[str, str], body: bytes) -> tuple[int, Any]:
        verb, _slash, session = rest.partition("/")
        if verb == "create":
            self.made += 1
            session = f"session{self.made}"
            self.sessions[session] = json.loads(body)
            return 200, {"ID": session}
        if verb == "renew":
            return (200, []) if session in self.sessions else (404, f'Session id "{session}" not found')
        self.lapse(session)
        return 200, True

    def lapse(self, session: str) -> None:
        """End a session, and with it what it holds."""
        self.sessions.pop(session, None)
        self.keys = {key: (value, "" if held == session else held) for key, (value, held) in self.keys.items()}

    def _kv(self, method: str, _rest: str, query: dict[str, str], body: bytes) -> tuple[int, Any]:
        value, held = self.keys.get(KEY, (b"", ""))
        if method == "GET":
            found = {"Value": base64.b64encode(value).decode(), **({"Session": held} if held else {})}
            return (200, [found]) if KEY in self.keys else (404, "")
        if method == "DELETE":
            return 200, bool(self.keys.pop(KEY, True))
        if "acquire" in query:
            if held or query["acquire"] not in self.sessions:
                return 200, False
            self.keys[KEY] = body, query["acquire"]
        if "release" in query:
            self.keys[KEY] = body, "" if held == query["release"] else held
        return 200, True

    def _catalog(self, method: str, rest: str, _query: dict[str, str], body: bytes) -> tuple[int, Any]:
        node = json.loads(body)["Node"] if method == "PUT" else rest.rpartition("/")[2]
        if node != self.me:
            if method == "PUT":
                self.nodes.remove(node)
            return 200, {"Node": {"ID": f"id-{node}"}, "Services": []} if node in self.nodes else None
        if method == "PUT":
            self.registered_id = f"id-{self.me}"
            return 200, True
        if not self.registered_id:
            return 200, None
        return 200, {
            "Node": {"ID": self.registered_id},
            "Services": [{"ID": name} for name in ("consul", *self.registered)],
        }

    def _health(self, _method: str, _rest: str, _query: dict[str, str], _body: bytes) -> tuple[int, Any]:
        return 200, [{"CheckID": check, "Status": status} for check, status in self.checks.items()]


@contextmanager
def served(datacenter: MadeUp) -> Iterator[str]:
    """The URL of the agent."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            address = urlsplit(self.path)
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            status, told = datacenter.answer(self.command, address.path.removeprefix("/v1/"), query, body)
            content = (told if status >= 400 and isinstance(told, str) else json.dumps(told)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
