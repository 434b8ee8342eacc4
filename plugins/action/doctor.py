# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.hosts import skew


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs the module, and compares the host's clock with that of the control node."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action: what the module returns, with the skew of the host's clock."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        before = time.time()
        result.update(self._execute_module(task_vars=task_vars))
        after = time.time()
        if "host" in result:
            result["host"]["skew"] = round(skew(before, result["host"]["clock"], after), 1)
        return result
