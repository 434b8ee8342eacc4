# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for values of Consul's schemas: what is wrong with a value at a path, and what is allowed.

Types are those of Consul's own reader, which refuses a number in quotes, for example. Rules are made of rules, for lists and
mappings. ``secret`` and what is inside of mappings is never shown.
"""

from __future__ import annotations

import difflib
import re
from typing import Any, Callable, Iterator, Mapping

from ansible_collections.servicedns.consul.plugins.module_utils.findings import Finding, kind_of, label, shown

#: What is wrong with a value at a path; true when keys that are not known may pass.
Rule = Callable[[str, Any, bool], Iterator[Finding]]
Rules = Mapping[str, Rule]


# Durations


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


# Rules for one value


def string(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield path, f"{shown(value)} is not a string"


def secret(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str):
        yield path, f"{kind_of(value)} is not a string"


def dns_label(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if isinstance(value, str):
        yield from label(path, value)
    else:
        yield path, f"{shown(value)} is not a string"


def filled(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, str) or not value.strip():
        yield path, f"{shown(value)} must be a string, and not empty"


def boolean(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not isinstance(value, bool):
        yield path, f"{shown(value)} is not true or false, without quotes"


def is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def number(low: int, high: int, more: str = "") -> Rule:
    def rule(path: str, value: Any, loose: bool) -> Iterator[Finding]:
        # Consul's own reader refuses a number in quotes.
        if not is_whole(value, low, high):
            yield path, f"{shown(value)} must be a number from {low} to {high}, without quotes{more}"

    return rule


def count(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    if not is_whole(value, 0, 2**31 - 1):
        yield path, f"{shown(value)} must be a whole number, 0 or more, without quotes"


port = number(1, 65535)
service_port = number(1, 65535, "; leave it out for a service without port")


def one_of(*choices: str) -> Rule:
    def rule(path: str, value: Any, loose: bool) -> Iterator[Finding]:
        if not isinstance(value, str) or value not in choices:
            yield path, f"{shown(value)} is not one of {', '.join(choices)}"

    return rule


def duration(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    nanoseconds = parse_duration(value) if isinstance(value, str) else None
    if re.fullmatch(r"[0-9]*[1-9][0-9]*(\.[0-9]+)?", str(value)):
        yield path, f"{shown(value)} has no unit: write {str(value)[:20]}s"
    elif nanoseconds is None:
        yield path, f"{shown(value)} is not a duration: write it with the units h, m, s or ms, such as 10s or 1m30s"
    elif nanoseconds <= 0:
        yield path, f"{shown(value)} must be more than 0: write 10s or 1m30s, for example"


def list_of(rule: Rule) -> Rule:
    def of_list(path: str, value: Any, loose: bool) -> Iterator[Finding]:
        if not isinstance(value, (list, tuple)):
            yield path, f"{kind_of(value)} is not a list"
            return
        for index, item in enumerate(value):
            yield from rule(f"{path}[{index}]", item, loose)

    return of_list


def mapping_of(rule: Rule) -> Rule:
    def of_mapping(path: str, value: Any, loose: bool) -> Iterator[Finding]:
        if not isinstance(value, Mapping):
            yield path, f"{kind_of(value)} is not a mapping"
            return
        for key, item in value.items():
            if isinstance(key, str):
                yield from rule(at(path, key), item, loose)
            else:
                yield at(path, key), "the key must be a string: put it in quotes"

    return of_mapping


def opaque(path: str, value: Any, loose: bool) -> Iterator[Finding]:
    """What Consul hands on to others as it is."""
    if not isinstance(value, Mapping):
        yield path, f"{kind_of(value)} is not a mapping"


def at(path: str, key: Any) -> str:
    """The path of a key in a mapping, in one line whatever the key is."""
    return f"{path}.{key}" if re.fullmatch(r"[\w-]{1,80}", str(key)) else f"{path}[{shown(str(key))}]"


def not_allowed(why: str) -> Rule:
    def rule(path: str, value: Any, loose: bool) -> Iterator[Finding]:
        yield path, f"is not allowed here: {why}"

    return rule


# Rules for one mapping


#: What others call a key, without case, hyphens and underscores.
OTHER_NAMES = {
    "checkid": "id",
    "healthcheck": "check",
    "script": "args",
    "scriptargs": "args",
    "serviceid": "id",
    "servicename": "name",
    "url": "http",
}
ENTERPRISE = ("namespace", "partition")


def fields(path: str, value: Any, rules: Rules, loose: bool) -> Iterator[Finding]:
    """What is wrong with each key of a mapping by itself."""
    if not isinstance(value, Mapping):
        yield path, f"{kind_of(value)} is not a mapping"
        return
    for key, item in value.items():
        if key in rules:
            yield from rules[key](f"{path}.{key}", item, loose)
        elif not loose:
            yield at(path, key), _unknown_key(key, rules)


def object_of(rules: Rules) -> Rule:
    def rule(path: str, value: Any, loose: bool) -> Iterator[Finding]:
        yield from fields(path, value, rules, loose)

    return rule


def _unknown_key(key: Any, rules: Rules) -> str:
    if key in ENTERPRISE:
        return "is a key of Consul Enterprise; the community edition refuses the whole file with it"
    meant = _meant(key, rules)
    return f"unknown key, did you mean {meant}?" if meant else f"unknown key; allowed are {', '.join(sorted(rules))}"


def _meant(key: Any, rules: Rules) -> str | None:
    """The key that a misspelt one stands for."""
    plain = _plain(key)
    known = {_plain(name): name for name in rules}
    if OTHER_NAMES.get(plain) in rules:
        return OTHER_NAMES[plain]
    close = difflib.get_close_matches(plain, known, n=1, cutoff=0.75)
    return known[close[0]] if close else None


def _plain(key: Any) -> str:
    return re.sub(r"[_-]", "", str(key)).lower()


def missing(value: Mapping[str, Any], key: str, rules: Rules) -> bool:
    """Whether a mapping lacks a key, and no misspelt one stands for it."""
    return key not in value and key not in {_meant(other, rules) for other in value if other not in rules}
