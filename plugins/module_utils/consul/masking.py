# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of Consul, or about it, without the secrets that may be in it."""

from __future__ import annotations

import json
import re
import typing as t
from urllib.parse import quote

MASK = "***"
#: Keys of a search in a cloud that hold no secret in any of its providers. All others may, as those to come:
#: https://developer.hashicorp.com/consul/docs/deploy/server/cloud-auto-join
HARMLESS = frozenset(
    (
        *("provider", "region", "datacenter", "environment", "zone_pattern", "domain", "namespace", "service"),
        *("tag_key", "tag_name", "tag_value", "category_name", "label_selector", "field_selector"),
        *("addr_type", "address_type", "ecs_cluster", "ecs_family", "resource_group", "vm_scale_set"),
        *("project_name", "host_network", "insecure", "insecure_ssl", "timeout", "v4", "v6"),
    )
)
#: Keys that hold a secret wherever they are.
SECRET = re.compile(r"secret|token|passw|credential|access_?key|api_?key|auth_?key|^encrypt$", re.IGNORECASE)
#: A value up to the quote that it begins with, which has backslashes before it inside of another quoted text, or one word.
VALUE = r"""(?:(?P<{0}>\\*")(?:(?!(?P={0})|provider=).)*(?P={0})|(?!\\*"?provider=)(?:[^\s"\\]|\\(?!\\*"))+)"""
PAIR = re.compile(rf"(?<![\w-])(?P<key>[\w-]+)=(?P<value>{VALUE.format('quote')})")
SEARCH = re.compile(rf"provider=[^\s\"\\]*(?:[ \t]+[\w-]+={VALUE.format('quote')})*")
#: What is shorter, such as a number of a setting, is no secret, and would be found everywhere.
SHORTEST = 4


def masked(text: str, known: t.Any = None) -> str:
    """Text without secrets: those of searches in a cloud, values of keys that name a secret, and those that are known.

    Keys stay, as do values that tell what is searched.

    :arg known: searches, or a configuration of the agent, whose secrets are masked however the text has them
    """
    for secret in sorted(_secrets(known), key=len, reverse=True):
        for written in (
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(json.dumps(secret)[1:-1])[1:-1],
            quote(secret, ""),
        ):
            text = text.replace(written, MASK)
    text = SEARCH.sub(lambda found: PAIR.sub(_mask_unless_harmless, found[0]), text)
    return PAIR.sub(_mask_if_secret, text)


def _mask_unless_harmless(pair: re.Match[str]) -> str:
    return pair[0] if pair["key"].lower() in HARMLESS else f"{pair['key']}={MASK}"


def _mask_if_secret(pair: re.Match[str]) -> str:
    return f"{pair['key']}={MASK}" if SECRET.search(pair["key"]) and pair["value"] else pair[0]


def _secrets(known: t.Any, inside: bool = False) -> set[str]:
    """The secrets of a configuration, or of a part of it.

    :arg inside: whether the part is the value of a key that names a secret
    """
    if isinstance(known, t.Mapping):
        return {
            secret
            for key, value in known.items()
            for secret in _secrets(
                value, inside or bool(SECRET.search(str(key)) and not str(key).endswith(("_file", "_path")))
            )
        }
    if isinstance(known, (list, tuple)):
        return {secret for value in known for secret in _secrets(value, inside)}
    if known is None or isinstance(known, bool):
        return set()
    text = str(known)
    if inside:
        found = {text}
    elif "provider=" in text:
        pairs = re.findall(r"([\w-]+)=(\"(?:\\.|[^\"\\])*\"|\S*)", text)
        values = [value for key, value in pairs if key.lower() not in HARMLESS]
        # Consul takes the quotes and the backslashes away.
        found = {*values, *(re.sub(r"\\(.)", r"\1", value.strip('"')) for value in values)}
    else:
        found = set()
    return {secret for secret in found if len(secret) >= SHORTEST}
