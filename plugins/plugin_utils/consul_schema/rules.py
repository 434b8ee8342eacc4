# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules for values of Consul's schemas: what is wrong with a value at a path, and what is allowed.

Types are those of Consul's own reader. Rules are made of rules, for lists and mappings. ``secret`` and what is inside of
mappings is never shown.

Consul refuses a number in quotes, and a number where it wants a text. Templates give the one for the other, and not the same in
every ansible-core, so a rule also knows what to make of a value: L(converted).
"""

from __future__ import annotations

import difflib
import re
import weakref
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.converters import (
    Converter,
    each,
    text,
    truth,
    whole,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, kind_of, label, shown

#: What is wrong with a value at a path; true when keys that are not known may pass.
Rule = Callable[[str, Any, bool], Iterator[InputError]]
Rules = Mapping[str, Rule]


# What templates give


CONVERTERS: MutableMapping[Rule, Converter] = weakref.WeakKeyDictionary()


def converted(rule: Rule, value: Any) -> Any:
    """A value as its rule wants it, where that is only a matter of its type."""
    return CONVERTERS[rule](value) if rule in CONVERTERS else value


def converts(convert: Converter) -> Callable[[Rule], Rule]:
    """Tell what a rule makes of a value."""

    def of_rule(rule: Rule) -> Rule:
        CONVERTERS[rule] = convert
        return rule

    return of_rule


def by_key(rules: Rules) -> Converter:
    """The values of a mapping, each by the rule of its key."""

    def of_mapping(value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return {key: converted(rules[key], item) if key in rules else item for key, item in value.items()}

    return of_mapping


def like(rule: Rule) -> Converter:
    """As another rule does."""
    return lambda value: converted(rule, value)


# Rules for one value


def plain(
    fits: Callable[[Any], bool], wrong: str, convert: Converter | None = None, show: Callable[[Any], str] = shown
) -> Rule:
    """A rule for a value by itself.

    :arg wrong: what is said of a value that does not fit, after it
    """

    def rule(path: str, value: Any, loose: bool) -> Iterator[InputError]:
        if not fits(value):
            yield path, f"{show(value)} {wrong}"

    return converts(convert)(rule) if convert else rule


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_whole(value: Any, low: int, high: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def number(low: int, high: int, more: str = "") -> Rule:
    return plain(lambda value: is_whole(value, low, high), f"must be a number from {low} to {high}{more}", whole)


def one_of(*choices: str) -> Rule:
    return plain(lambda value: is_text(value) and value in choices, f"is not one of {', '.join(choices)}")


string = plain(is_text, "is not a string", text)
secret = plain(is_text, "is not a string", text, kind_of)
filled = plain(lambda value: is_text(value) and bool(value.strip()), "must be a string, and not empty", text)
boolean = plain(lambda value: isinstance(value, bool), "is not true or false", truth)
count = plain(lambda value: is_whole(value, 0, 2**31 - 1), "must be a whole number, 0 or more", whole)
port = number(1, 65535)
service_port = number(1, 65535, "; leave it out for a service without port")
#: What Consul hands on to others as it is.
opaque = plain(lambda value: isinstance(value, Mapping), "is not a mapping", show=kind_of)


@converts(text)
def dns_label(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    yield from label(path, value) if isinstance(value, str) else string(path, value, loose)


def duration(path: str, value: Any, loose: bool) -> Iterator[InputError]:
    nanoseconds = parse_duration(value) if isinstance(value, str) else None
    if re.fullmatch(r"[0-9]*[1-9][0-9]*(\.[0-9]+)?", str(value)):
        yield path, f"{shown(value)} has no unit: write {str(value)[:20]}s"
    elif nanoseconds is None:
        yield path, f"{shown(value)} is not a duration: write it with the units h, m, s or ms, such as 10s or 1m30s"
    elif nanoseconds <= 0:
        yield path, f"{shown(value)} must be more than 0: write 10s or 1m30s, for example"


def list_of(rule: Rule) -> Rule:
    @converts(each(like(rule)))
    def of_list(path: str, value: Any, loose: bool) -> Iterator[InputError]:
        if not isinstance(value, (list, tuple)):
            yield path, f"{kind_of(value)} is not a list"
            return
        for index, item in enumerate(value):
            yield from rule(f"{path}[{index}]", item, loose)

    return of_list


def mapping_of(rule: Rule) -> Rule:
    @converts(each(like(rule)))
    def of_mapping(path: str, value: Any, loose: bool) -> Iterator[InputError]:
        if not isinstance(value, Mapping):
            yield path, f"{kind_of(value)} is not a mapping"
            return
        for key, item in value.items():
            if isinstance(key, str):
                yield from rule(at(path, key), item, loose)
            else:
                yield at(path, key), "the key must be a string: put it in quotes"

    return of_mapping


def at(path: str, key: Any) -> str:
    """The path of a key in a mapping, in one line whatever the key is."""
    return f"{path}.{key}" if re.fullmatch(r"[\w-]{1,80}", str(key)) else f"{path}[{shown(str(key))}]"


def not_allowed(why: str) -> Rule:
    def rule(path: str, value: Any, loose: bool) -> Iterator[InputError]:
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


def fields(path: str, value: Any, rules: Rules, loose: bool) -> Iterator[InputError]:
    """What is wrong with each key of a mapping by itself."""
    if not isinstance(value, Mapping):
        yield path, f"{kind_of(value)} is not a mapping"
        return
    for key, item in value.items():
        if key in rules:
            yield from rules[key](f"{path}.{key}", item, loose)
        elif not loose:
            yield at(path, key), _unknown_key(key, rules)


def object_of(rules: Rules, together: Callable[[Mapping[str, Any]], str] = lambda value: "", **needed: str) -> Rule:
    """A mapping with known keys.

    :arg together: what is wrong with its keys together, or nothing
    :arg needed: why a key must be there; may be empty
    """

    @converts(by_key(rules))
    def rule(path: str, value: Any, loose: bool) -> Iterator[InputError]:
        yield from fields(path, value, rules, loose)
        if not isinstance(value, Mapping):
            return
        for key, why in needed.items():
            if missing(value, key, rules):
                yield f"{path}.{key}", f"is missing: {why}" if why else "is missing"
        if wrong := together(value):
            yield path, wrong

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
