# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What each host told, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, cast

from ansible_collections.servicedns.consul.plugins.module_utils.lookup.observations import Result


class Diagnosis(NamedTuple):
    """Something that is wrong: broken, when names do not resolve for it, or will not; else a warning."""

    severity: str
    hosts: list[str]
    what: str
    text: str
    next_step: str


class Row(NamedTuple):
    """What one host told, or why it told nothing."""

    host: str
    result: Result
    lost: str = ""

    @property
    def hops(self) -> dict[str, Mapping[str, Any]]:
        """Tell what is to be said of each hop, by hop."""
        return {hop["hop"]: hop for hop in self.result.get("hops", [])}

    @property
    def agent(self) -> Mapping[str, Any]:
        """Tell what the host's agent told."""
        found: Mapping[str, Any] = self.result.get("agent", {})
        return found

    def is_state(self, hop: str, *states: str) -> bool:
        """Tell whether a hop is in one of the states."""
        return self.hops.get(hop, {}).get("state") in states


def rows_of(results: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """Make a row of the result of each host, by the order of their names."""
    return [row(host, result) for host, result in sorted(results.items())]


def row(host: str, result: Mapping[str, Any]) -> Row:
    """Make the row of a host, from the result of the task that walked its path."""
    if "hops" in result:
        return Row(host, cast(Result, result))
    kind = "cannot be reached" if result.get("unreachable") else "could not be asked"
    reason = " ".join(str(result.get("msg", "no reason is given")).split())
    return Row(host, {}, f"{kind}: {reason}")
