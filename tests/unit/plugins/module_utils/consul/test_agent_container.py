# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whose a container is, and whether it runs."""

from __future__ import annotations

import pytest
from containers import OURS, container

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container


@pytest.mark.parametrize(
    ("labels", "ours"),
    [(None, False), ({}, False), ({"maintainer": "me"}, False), (OURS, True), ({"servicedns.consul.x": ""}, True)],
)
def test_a_container_is_ours_by_its_label(labels: dict[str, str] | None, ours: bool) -> None:
    assert agent_container.is_ours(container(labels)) is ours


@pytest.mark.parametrize(
    ("restarting", "count", "started", "crashing"),
    [
        (True, 3, "2024-03-01T10:00:00.123456789Z", True),
        (False, 3, "2024-03-01T10:00:00.123456789Z", False),
        (False, 3, "2999-03-01T10:00:00Z", True),
        (False, 0, "2999-03-01T10:00:00Z", False),
    ],
)
def test_a_container_that_runs_for_moments_only(restarting: bool, count: int, started: str, crashing: bool) -> None:
    seen = container(OURS)
    seen["State"] |= {"Running": True, "Restarting": restarting, "StartedAt": started}
    assert agent_container.is_crashing({**seen, "RestartCount": count}) is crashing
