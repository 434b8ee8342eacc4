# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values that cannot be had."""

from __future__ import annotations

import pytest
from variable_checks import errors_of_node2

from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.types import Undefined

#: What ansible-core says of a template, and what is told of it. Its words may hold the variables that it is made of.
REASONS = [
    ("'x' is undefined", "'x' is undefined"),
    ("{'image': '{{ x }}', 'password': 'hunter2'}: 'x' is undefined. 'x' is undefined", "'x' is undefined"),
    ("'dict object' has no attribute 'x'", "'dict object' has no attribute 'x'"),
    ("object of type 'dict' has no attribute 'x'", "object of type 'dict' has no attribute 'x'"),
    ("template error while templating string: unexpected 'end'. String: {{ 'hunter2' end }}", ""),
    ("cannot parse hunter2", ""),
]


@pytest.mark.parametrize(("reason", "told"), REASONS)
@pytest.mark.parametrize("name", ["consul_agent_domain", "consul_agent_config", "consul_services_definitions"])
def test_templates_that_cannot_be_evaluated(name: str, reason: str, told: str) -> None:
    told = told or f"the reason may hold a secret; see it with ansible HOST -m debug -a var={name}"
    for missing in (True, False):
        found = errors_of_node2(name, Undefined(reason, missing=missing))
        assert found == [f"node2: {name}: its template cannot be evaluated: {told}"]
