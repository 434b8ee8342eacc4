# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent makes of the definition of a service."""

from __future__ import annotations

import typing as t

Definition = t.Mapping[str, t.Any]


def service_id(definition: Definition) -> str:
    """The id of a service: its name unless it says otherwise."""
    return str(definition.get("id") or definition["name"])


def declared_checks(definition: Definition) -> dict[str, dict[str, t.Any]]:
    """The checks of a service by the ids that the agent gives them, without those of its sidecar."""
    found, default = checks_of("", definition), f"service:{service_id(definition)}"
    return {
        check.get("id") or (f"{default}:{number}" if len(found) > 1 else default): check
        for number, (_path, check) in enumerate(found, 1)
    }


def checks_of(path: str, service: Definition) -> list[tuple[str, t.Any]]:
    """The checks of a service with their paths, in the order in which the agent numbers them."""
    several, single = service.get("checks"), service.get("check")
    found = enumerate(several) if isinstance(several, (list, tuple)) else ()
    checks = [(f"{path}.checks[{index}]", check) for index, check in found]
    return checks if single is None else [*checks, (f"{path}.check", single)]
