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
HARMLESS = re.compile(
    "provider|region|datacenter|environment|zone_pattern|domain|namespace|service|tag_(?:key|name|value)|category_name|"
    "(?:label|field)_selector|addr(?:ess)?_type|ecs_(?:cluster|family)|resource_group|vm_scale_set|project_name|"
    "host_network|insecure(?:_ssl)?|timeout|v[46]"
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
    secrets = {secret for secret in _secrets(known) if len(secret) >= SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        quoted = json.dumps(secret)[1:-1]
        for written in (secret, quoted, json.dumps(quoted)[1:-1], quote(secret, "")):
            text = text.replace(written, MASK)
    text = SEARCH.sub(lambda found: PAIR.sub(_mask_unless_harmless, found[0]), text)
    return PAIR.sub(_mask_if_secret, text)


def _mask_unless_harmless(pair: re.Match[str]) -> str:
    return pair[0] if HARMLESS.fullmatch(pair["key"].lower()) else f"{pair['key']}={MASK}"


def _mask_if_secret(pair: re.Match[str]) -> str:
    return f"{pair['key']}={MASK}" if SECRET.search(pair["key"]) else pair[0]


def _secrets(known: t.Any, inside: bool = False) -> t.Iterator[str]:
    """The secrets of a configuration, or of a part of it.

    :arg inside: whether the part is the value of a key that names a secret
    """
    if isinstance(known, t.Mapping):
        for key, value in known.items():
            is_file = str(key).endswith(("_file", "_path"))
            yield from _secrets(value, inside or bool(SECRET.search(str(key)) and not is_file))
    elif isinstance(known, (list, tuple)):
        for value in known:
            yield from _secrets(value, inside)
    elif inside and known is not None and not isinstance(known, bool):
        yield str(known)
    elif not inside and "provider=" in str(known):
        for key, value in re.findall(r"([\w-]+)=(\"(?:\\.|[^\"\\])*\"|\S*)", str(known)):
            if not HARMLESS.fullmatch(key.lower()):
                # Consul takes the quotes and the backslashes away.
                yield from (value, re.sub(r"\\(.)", r"\1", value.strip('"')))
