# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of an option, by the role variable that gives it."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import entry
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError


def with_variables(message: str, variables: t.Mapping[str, str]) -> str:
    """Replace each option in a message, written C(O(name\\)) as in documentation, by the role variable that gives it."""
    return re.sub(r"O\((\w+)\)", lambda option: variables.get(option[1], option[0]), message)


def saying_variables(act: entry.Act, variables: t.Mapping[str, str]) -> entry.Act:
    """Let what a module does say role variables, in its error and its warnings.

    :arg variables: by option
    """

    def told(warnings: t.Iterable[str]) -> list[str]:
        return [with_variables(warning, variables) for warning in warnings]

    def acts(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
        try:
            result = act(params, check_mode)
        except HostError as error:
            error.args = (with_variables(str(error), variables),)
            error.warnings = told(error.warnings)
            raise
        return {**result, "warnings": told(result.get("warnings", []))}

    return acts
