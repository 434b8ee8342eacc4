# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a module says of its options."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.variables import saying_variables

VARIABLES = {"port": "a_role_port"}


def test_a_result_says_variables_in_its_warnings() -> None:
    def act(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
        return {"changed": check_mode, "path": "O(port)", "warnings": [f"O(port): {params['port']}", "O(other)"]}

    assert saying_variables(act, VARIABLES)({"port": 53}, True) == {
        "changed": True,
        "path": "O(port)",
        "warnings": ["a_role_port: 53", "O(other)"],
    }


class Held(HostError):
    """An error of a kind of its own, as who catches it may want to know."""


def test_an_error_says_variables() -> None:
    def act(_params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        raise Held("O(port): is held, see O(port) and O(other)", ["O(port) is odd"])

    with pytest.raises(Held) as found:
        saying_variables(act, VARIABLES)({}, False)
    assert str(found.value) == "a_role_port: is held, see a_role_port and O(other)"
    assert found.value.warnings == ["a_role_port is odd"]
