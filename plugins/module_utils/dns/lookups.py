# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether names resolve: for programs, and for name servers, asked side by side since some take their time."""

from __future__ import annotations

import contextlib
import functools
import queue
import socket
import threading
import time
import typing as t
from concurrent import futures

from ansible_collections.servicedns.consul.plugins.module_utils.dns import message
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, waiting

PATIENCE = 10.0  # seconds that a name may take to resolve again before a change counts as failed
PROBE_GRACE = 1.0  # seconds that a probe name gets after another one was found


class Lookup(t.NamedTuple):
    """What a program gets for a name: addresses, or what came instead."""

    addresses: list[str]
    text: str
    milliseconds: float


def getent(name: str, patience: float) -> Lookup:
    """Look a name up by the C library, which asks a silent server twice for 5 seconds each.

    :arg patience: seconds
    """
    start = time.monotonic()
    addresses: list[str] = []
    try:
        output = command.run("getent", "ahosts", name, timeout=patience)
        addresses = sorted({line.split()[0] for line in output.splitlines()})
        text = ", ".join(addresses) or "not found"
    except command.TimedOut:
        text = f"no answer within {patience:g} s"
    except command.NotInstalled as error:
        text = str(error)
    except HostError:
        text = "not found"
    return Lookup(addresses, text, round((time.monotonic() - start) * 1000, 2))


def resolves(name: str) -> bool:
    """Whether a program of this host that looks ``name`` up gets an address."""
    try:
        return bool(socket.getaddrinfo(name, None))
    except (OSError, UnicodeError):  # the latter for what can be no name
        return False


def split_server(server: str) -> tuple[str, int]:
    """Split address and port of a name server, as dnsmasq writes it."""
    address, _sharp, port = server.partition("#")
    return address.partition("@")[0], int(port.partition("@")[0] or 53)


def knows(servers: t.Sequence[str], name: str) -> bool:
    """Whether the first of some name servers that answers at all has an address of a name, as programs ask them."""
    for server in servers:
        with contextlib.suppress(message.NoAnswer):
            return any(_answer(server, name, kind).good for kind in ("A", "AAAA"))
    return False


def _answer(server: str, name: str, kind: str) -> message.Answer:
    answer = message.ask(*split_server(server), name, kind, timeout=message.RETRY)
    if answer.truncated:
        return message.ask(*split_server(server), name, kind, tcp=True, timeout=message.RETRY)
    return answer


def speaks(server: str, names: t.Sequence[str]) -> bool:
    """Whether a name server answers any of some questions, be it that there is no such name, while programs wait."""

    def says(name: str) -> bool:
        try:
            message.ask(*split_server(server), name, timeout=message.RETRY)
        except message.NoAnswer:
            return False
        return True

    return bool(side_by_side(names, says, message.RETRY, grace=0))


def missing(names: t.Sequence[str], has: t.Callable[[str], bool], patience: float = PATIENCE) -> list[str]:
    """Choose the names that are not to be had, even after some patience. They are looked up side by side."""
    with futures.ThreadPoolExecutor(max_workers=max(len(names), 1)) as pool:
        had = pool.map(lambda name: waiting.eventually(functools.partial(has, name), patience), names)
        return [name for name, there in zip(names, had) if not there]


def side_by_side(
    items: t.Sequence[str], holds: t.Callable[[str], bool], patience: float, grace: float | None = None
) -> list[str]:
    """Choose the items for which a question that takes its time has the answer yes. All are asked at once.

    :arg patience: seconds after which what is still open counts as a no
    :arg grace: seconds that the others get after the first yes, where a late answer is of no use
    """
    answers: queue.Queue[tuple[str, bool]] = queue.Queue()
    asked = list(dict.fromkeys(items))

    def ask(item: str) -> None:
        yes = False
        try:
            yes = holds(item)
        finally:
            answers.put((item, yes))

    for item in asked:
        # A lookup cannot be called off, but the process ends without waiting for a daemon.
        threading.Thread(target=ask, args=(item,), daemon=True).start()
    end = time.monotonic() + patience
    found = set()
    for _answer in asked:
        try:
            item, yes = answers.get(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            break
        if yes:
            found.add(item)
            end = end if grace is None else min(end, time.monotonic() + grace)
    return [item for item in asked if item in found]
