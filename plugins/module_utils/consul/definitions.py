# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Definitions of services, and the checks in them."""

from __future__ import annotations

import typing as t

Definition = t.Mapping[str, t.Any]


def checks_of(path: str, service: Definition) -> list[tuple[str, t.Any]]:
    """The checks of a service with their paths, in the order in which the agent numbers them."""
    several, single = service.get("checks"), service.get("check")
    found = enumerate(several) if isinstance(several, (list, tuple)) else ()
    checks = [(f"{path}.checks[{index}]", check) for index, check in found]
    return checks if single is None else [*checks, (f"{path}.check", single)]
