# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as Go writes them."""

from __future__ import annotations

import re

UNITS = {
    "ns": 1,
    "us": 10**3,
    "\u00b5s": 10**3,
    "\u03bcs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
LARGEST = 2**63 - 1


def parse_duration(text: str) -> int | None:
    """The nanoseconds of a duration as Go writes it, such as 1m30s, or None."""
    match = re.fullmatch(r"([+-]?)(.+)", text, re.DOTALL)
    if not match:
        return None
    sign, rest = match.groups()
    if rest == "0":
        return 0
    total = position = 0
    part = re.compile(r"([0-9]*)(?:\.([0-9]*))?([^0-9.]+)")
    while position < len(rest):
        found = part.match(rest, position)
        unit = UNITS.get(found[3]) if found else None
        if not found or unit is None or not (found[1] or found[2]) or len(found[1].lstrip("0")) > len(str(LARGEST)):
            return None
        total += int(found[1] or 0) * unit + _fraction(found[2] or "", unit)
        position = found.end()
    if total > LARGEST + (sign == "-"):
        return None
    return -total if sign == "-" else total


def _fraction(digits: str, unit: int) -> int:
    """What the digits behind the point are worth; Go counts with the precision of a float, and so do we."""
    value, scale = 0, 1.0
    for digit in digits:
        larger = value * 10 + int(digit)
        if larger > LARGEST + 1:
            break
        value, scale = larger, scale * 10
    return int(float(value) * (float(unit) / scale))
