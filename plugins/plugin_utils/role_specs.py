# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the roles take, by their argument specs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

ROLES = Path(__file__).resolve().parents[2] / "roles"

#: An option of an argument spec: type, choices, elements, default, ...
Option = Mapping[str, Any]
Options = Mapping[str, Option]

SERVICES = "consul_services_definitions"
#: That variable, and those that groups and hosts add to it under names of their own.
SERVICE_LISTS = re.compile(SERVICES + "(_.+)?")


def read_specs(roles: Path = ROLES) -> dict[str, dict[str, Any]]:
    """Read the options of all entry points of each role, by role."""
    specs: dict[str, dict[str, Any]] = {}
    for file in sorted(roles.glob("*/meta/argument_specs.yml")):
        points = yaml.safe_load(file.read_text(encoding="utf-8"))["argument_specs"].values()
        specs[file.parts[-3]] = {name: option for point in points for name, option in point.get("options", {}).items()}
    return specs


def all_options(specs: Mapping[str, Options]) -> dict[str, Option]:
    """Join the options of all roles."""
    return {name: option for role in specs.values() for name, option in role.items()}
