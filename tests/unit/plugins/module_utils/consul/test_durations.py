# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as Go reads them."""

from __future__ import annotations

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration

SECOND = 10**9


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", 0),
        ("-0", 0),
        ("+5s", 5 * SECOND),
        ("-5s", -5 * SECOND),
        ("10s", 10 * SECOND),
        ("1m30s", 90 * SECOND),
        ("1h", 3600 * SECOND),
        ("1.5h", 5400 * SECOND),
        (".5s", SECOND // 2),
        ("1.s", SECOND),
        ("30s1m", 90 * SECOND),
        ("100ms", SECOND // 10),
        ("5us", 5000),
        ("5µs", 5000),
        ("5μs", 5000),
        ("7ns", 7),
        ("0.3333333333333333333h", 1200 * SECOND),
        ("0.1ns", 0),
        ("9223372036854775807ns", 2**63 - 1),
        ("-9223372036854775808ns", -(2**63)),
        ("9223372036854775808ns", None),
        ("-9223372036854775809ns", None),
        ("3000000h", None),
        ("9" * 5000 + "s", None),
        ("0." + "1" * 5000 + "s", 111111111),
        ("", None),
        ("+", None),
        ("10", None),
        (".s", None),
        ("s", None),
        ("1d", None),
        ("1 s", None),
        ("10s ", None),
        ("--1s", None),
        ("1s\n", None),
        ("1S", None),
        ("٣s", None),
    ],
)
def test_durations(text: str, expected: int | None) -> None:
    assert parse_duration(text) == expected
