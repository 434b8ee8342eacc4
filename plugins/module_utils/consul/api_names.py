# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the HTTP API calls the keys of prepared queries and services, and what Consul fills in for them."""

from __future__ import annotations

import typing as t

#: Keys whose name in the API is not made of capitalised words.
EXCEPTIONS = {"dns": "DNS", "id": "ID", "ignore_check_ids": "IgnoreCheckIDs", "ttl": "TTL"}
#: Mappings whose keys are the user's.
VERBATIM = ("node_meta", "service_meta")
#: What Consul shows in place of a token to those who may not see it.
HIDDEN = "<hidden>"


def api_name(key: str) -> str:
    """What the HTTP API calls a key."""
    return EXCEPTIONS.get(key, "".join(word.capitalize() for word in key.split("_")))


def api_form(value: t.Any) -> t.Any:
    """A value with the names that the HTTP API has for its keys."""
    if isinstance(value, t.Mapping):
        return {api_name(key): item if key in VERBATIM else api_form(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [api_form(item) for item in value]
    return value


def without_defaults(value: t.Any) -> t.Any:
    """A value without what Consul fills in for keys that are not given: all of it is empty, zero or false."""
    if isinstance(value, t.Mapping):
        inside = {key: without_defaults(item) for key, item in value.items()}
        return {key: item for key, item in inside.items() if item}
    if isinstance(value, (list, tuple)):
        return [without_defaults(item) for item in value]
    return value
