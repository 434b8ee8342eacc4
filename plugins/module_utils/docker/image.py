# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Images that the Docker engine of the host has."""

from __future__ import annotations

import typing as t
from urllib.parse import quote

from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine


def inspect(name: str) -> dict[str, t.Any] | None:
    """What the engine says of an image; None where it has none of the name.

    :raises HostError: no engine answers
    """
    return t.cast("dict[str, t.Any] | None", engine.get(f"/images/{quote(name, safe='')}/json"))
