# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations as Go writes them."""

from __future__ import annotations

import re

SECOND = 10**9
#: Micro is a sign of its own, or Greek.
UNITS = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": SECOND, "m": 60 * SECOND, "h": 3600 * SECOND}
LARGEST = 2**63 - 1
#: A number with a digit before or behind its point, and its unit.
PART = rf"(?=\.?[0-9])([0-9]*)(?:\.([0-9]*))?({'|'.join(UNITS)})"


def parse_duration(text: str) -> int | None:
    """The nanoseconds of a duration as Go writes it, such as 1m30s, or None."""
    match = re.fullmatch(rf"([+-]?)(0|(?:{PART})+)", text)
    if not match:
        return None
    total = 0
    for whole, digits, unit in re.findall(PART, match[2]):
        # What has more digits than that is too large, and Python converts no text of thousands.
        total += int(whole.lstrip("0")[:20] or 0) * UNITS[unit] + _fraction(digits, UNITS[unit])
    negative = match[1] == "-"
    if total > LARGEST + negative:
        return None
    return -total if negative else total


def _fraction(digits: str, unit: int) -> int:
    """What the digits behind the point are worth; Go counts with the precision of a float, and so do we."""
    value, scale = 0, 1.0
    for digit in digits:
        larger = value * 10 + int(digit)
        if larger > LARGEST + 1:
            break
        value, scale = larger, scale * 10
    return int(float(value) * (float(unit) / scale))
