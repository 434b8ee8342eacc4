# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lock that one server of a datacenter has while it restarts: a key of the key-value store, held by a session.

It keeps two runs from taking a server away each in the moment before either sees that. A run that was cut off holds it no longer
than its session lives, and the key stays as a trace.
"""

from __future__ import annotations

import base64
import json
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentRefused, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

KEY = ("kv", "servicedns.consul", "rollout")
#: Seconds that a session lives after it was renewed, and up to twice as many. A server is missed sooner when it is away.
TTL = 30


class Holder(t.TypedDict):
    """Who has the lock."""

    host: str
    run: str
    since: str


class Held(HostError):
    """Somebody else has the lock."""

    def __init__(self, holder: Holder) -> None:
        super().__init__(
            f"{holder['host']} is being changed already, by {holder['run'] or 'another run'} since {holder['since']}"
        )
        self.holder = holder


def take(client: ConsulClient, host: str, run: str) -> str:
    """Take the lock, and tell the session that holds it.

    :raises Held: by somebody else, or by a run that was cut off a moment ago
    """
    holder, session = held(client)
    if holder and session:
        raise Held(holder)
    # By no check of the node, whose agent is about to be away.
    wanted = {"Name": "servicedns.consul rollout", "TTL": f"{TTL}s", "LockDelay": "0s", "NodeChecks": []}
    mine: str = client.put("session", "create", body=wanted)["ID"]
    value: Holder = {"host": host, "run": run, "since": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
    if client.put(*KEY, body=value, acquire=mine):
        return mine
    client.put("session", "destroy", mine)
    raise Held(held(client)[0] or {"host": "another host", "run": "", "since": "a moment ago"})


def held(client: ConsulClient) -> tuple[Holder | None, str]:
    """Who has the lock, or had it last, and the session that holds it now."""
    try:
        (entry,) = client.get(*KEY, consistent="")
    except AgentRefused as error:
        if error.status != 404:
            raise
        return None, ""
    try:
        value = json.loads(base64.b64decode(entry["Value"] or ""))
        holder: Holder = {"host": value["host"], "run": value["run"], "since": value["since"]}
    except (KeyError, TypeError, ValueError):
        holder = {
            "host": "somebody",
            "run": "",
            "since": "a moment that the key servicedns.consul/rollout does not tell",
        }
    return holder, str(entry.get("Session") or "")


def renew(client: ConsulClient, session: str) -> None:
    """Let a session live on. One that is gone by now did its work: it is seen that the server is away."""
    try:
        client.put("session", "renew", session)
    except AgentRefused as error:
        if error.status != 404:
            raise


def release(client: ConsulClient, session: str) -> None:
    """Give the lock back, and leave no trace. It is somebody else's by now where the session has lapsed."""
    _holder, holding = held(client)
    if holding == session:
        client.delete(*KEY)
    client.put("session", "destroy", session)
