# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an agent makes of the definition of a service."""

from __future__ import annotations

from service_lines import HTTP, RUNS

from ansible_collections.servicedns.consul.plugins.module_utils.consul.definitions import declared_checks, service_id


def test_ids_that_the_agent_gives() -> None:
    one = {"name": "web", "check": HTTP}
    assert declared_checks(one) == {"service:web": HTTP}
    several = {"name": "web", "id": "w1", "check": RUNS, "checks": [HTTP, {**HTTP, "id": "own"}]}
    assert declared_checks(several) == {"service:w1:1": HTTP, "own": {**HTTP, "id": "own"}, "service:w1:3": RUNS}
    assert declared_checks({"name": "web", "checks": []}) == {}
    assert service_id(one) == "web"
    assert service_id(several) == "w1"
