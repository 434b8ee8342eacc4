# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who knows a name, asked side by side."""

from __future__ import annotations

import threading

import pytest
from name_servers import name_server

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq, lookups, message


@pytest.mark.parametrize(
    ("records", "code", "response", "known"),
    [
        (["A 192.0.2.1"], 0, True, True),
        (["AAAA 2001:db8::1"], 0, True, True),
        (["CNAME b.example.", "A 192.0.2.1"], 0, True, True),
        # Programs do not ask again for the other name.
        (["CNAME b.example."], 0, True, False),
        ([], 0, True, False),
        (["A 192.0.2.1"], 3, True, False),
        ([], 2, True, False),
        # A query that comes back.
        (["A 192.0.2.1"], 0, False, False),
    ],
)
def test_a_name_server_knows_a_name(records: list[str], code: int, response: bool, known: bool) -> None:
    with name_server(records, code, response) as port:
        assert lookups.knows([f"127.0.0.1#{port}"], "a.example") is known


@pytest.mark.parametrize("records", [["A 192.0.2.1"], []])
def test_a_slow_name_server_is_waited_for_as_programs_do(records: list[str]) -> None:
    """They ask again after 5 s, twice in all, so what resolves on a host may take that long behind dnsmasq, too."""
    assert 2 * message.RETRY == lookups.PATIENCE
    with name_server(records, seconds=2.5) as port:
        assert lookups.speaks(f"127.0.0.1#{port}", ["a.example"])
        if records:
            dnsmasq.check("127.0.0.1", ["a.example"], port)


def test_nobody_knows() -> None:
    """Nobody listens on the port of names there, which the kernel says at once."""
    assert not lookups.knows(["127.0.0.77"], "a.example")


def test_missing_asks_side_by_side() -> None:
    """Each waits for the other, which comes only when both are asked at once."""
    together = threading.Barrier(2, timeout=20)

    def has(name: str) -> bool:
        together.wait()
        return name == "a"

    assert lookups.missing(["a", "b"], has, patience=0) == ["b"]
    assert lookups.missing([], has) == []


def test_all_are_asked_at_once() -> None:
    """Each waits until the others are asked as well: one after the other, none would come to an end."""
    others = threading.Barrier(3)

    def holds(item: str) -> bool:
        others.wait(30)
        return item != "no"

    assert lookups.side_by_side(["a", "no", "b", "a"], holds, 60) == ["a", "b"]


@pytest.mark.parametrize("limits", [{"patience": 0.2}, {"patience": 60, "grace": 0.2}])
def test_who_is_slow_is_not_waited_for(limits: dict[str, float]) -> None:
    never = threading.Event()
    answered = threading.Event()

    def holds(item: str) -> bool:
        if item == "slow":
            never.wait()
        answered.set()
        return True

    assert lookups.side_by_side(["slow", "quick"], holds, **limits) == ["quick"]
    assert answered.is_set()
    never.set()


def test_what_can_be_no_name_does_not_resolve() -> None:
    assert not lookups.resolves("a" * 64 + ".example")
