# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is found, as text."""

from __future__ import annotations

from typing import Any

import pytest
from doctor_results import NODES, result, with_hop

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import findings
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.rows import Diagnosis, row, rows_of
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.table import sentences, summary, table


def test_table() -> None:
    """The first hop that is to blame is marked, and only it."""
    told = with_hop("nsswitch", "broken")
    for hop in told["hops"]:
        if hop["hop"] in ("dnsmasq", "servers", "resolver", "application"):
            states = {"dnsmasq": "broken", "servers": "unknown", "resolver": "absent", "application": "fails"}
            hop.update(state=states[hop["hop"]])
    rows = [row("host1", told), row("a-longer-name", {"unreachable": True, "msg": "x"})]
    assert table(rows) == [
        "host           application  nsswitch   resolv.conf  resolver  dnsmasq  agent      servers  services",
        "host1          fails        => BROKEN  ok 3.0 ms    -         BROKEN   ok 3.0 ms  ?        ok 3.0 ms",
        "a-longer-name  ?            ?          ?            ?         ?        ?          ?        ?",
    ]


def test_sentences_name_some_hosts() -> None:
    finding = Diagnosis("warning", [f"h{number}" for number in range(9)], "clock", "text", "do this")
    assert sentences([finding]) == ["h0, h1, h2, h3 and 5 more: warning: clock: text", "    -> do this"]


@pytest.mark.parametrize(
    ("told", "text"),
    [
        (result(), "1 host asked: nothing is broken"),
        (result(host__skew=9.0), "1 host asked: nothing is broken, and 1 warning"),
        (with_hop("agent", "broken"), "1 host asked: 1 thing broken on host1; first: host1: agent: the cause"),
    ],
)
def test_summary(told: dict[str, Any], text: str) -> None:
    rows = rows_of({"host1": told})
    assert summary(rows, findings(rows, NODES)) == text
