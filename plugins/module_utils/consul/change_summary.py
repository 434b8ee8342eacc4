# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A difference that people can read when hundreds of things change, and that shows no value."""

from __future__ import annotations

import typing as t


def summary(
    added: t.Iterable[str], changed: t.Mapping[str, t.Iterable[str]], removed: t.Iterable[str], most: int = 20
) -> str:
    """A line for each name, with the keys that change; at most ``most`` lines of a kind, and how many more there are.

    Each kind is sorted by name. Nothing when nothing changes.
    """
    keyed = {name: ", ".join(sorted(keys)) for name, keys in changed.items()}
    kinds = {
        "+": sorted(added),
        "~": [f"{name} ({keys})" if keys else name for name, keys in sorted(keyed.items())],
        "-": sorted(removed),
    }
    lines = []
    for sign, texts in kinds.items():
        left = [f"and {len(texts) - most} more"] if len(texts) > most else []
        lines += [f"{sign} {text}\n" for text in (*texts[:most], *left)]
    return "".join(lines)
