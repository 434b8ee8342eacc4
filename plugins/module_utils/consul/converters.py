# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a template gave, as the number, boolean or text that Consul wants there. What is none stays."""

from __future__ import annotations

import re
import typing as t

Converter = t.Callable[[t.Any], t.Any]


def text(value: t.Any) -> t.Any:
    """The text for a number."""
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def whole(value: t.Any) -> t.Any:
    """The number that a text is."""
    return int(value) if isinstance(value, str) and re.fullmatch("-?[0-9]{1,10}", value) else value


def truth(value: t.Any) -> t.Any:
    """The boolean that a text is."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def each(convert: Converter) -> Converter:
    """The items of a list, or the values of a mapping."""

    def of_all(value: t.Any) -> t.Any:
        if isinstance(value, t.Mapping):
            return {key: convert(item) for key, item in value.items()}
        return [convert(item) for item in value] if isinstance(value, (list, tuple)) else value

    return of_all
