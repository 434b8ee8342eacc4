# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action of a module that has to tell one run of Ansible from the others."""

from __future__ import annotations

import getpass
import os
import platform
from typing import Any

from ansible.plugins.action import ActionBase


class RunAction(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs the module of its name, and tells it which run of Ansible this is."""

    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action. All workers of a run are children of one process."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        run = f"{getpass.getuser()} at {platform.node()} (process {os.getppid()})"
        result.update(self._execute_module(module_args={**self._task.args, "run": run}, task_vars=task_vars))
        return result
