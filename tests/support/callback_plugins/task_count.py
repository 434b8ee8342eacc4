# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase
from ansible.plugins.loader import action_loader

DOCUMENTATION = """
name: task_count
type: aggregate
short_description: Count the task executions that reach a host
description:
  - Task executions are what a run costs, since each one is a connection. At the end the counts are written as JSON,
    for each host the number of C(executions), how many of them C(changed) something, and the names of C(tasks).
  - Each item of a loop counts, and each try of C(until). What is skipped does not count, nor does what runs on the
    control node alone, such as C(set_fact), C(assert), or an include. A delegated task counts for the host that it
    runs on.
requirements:
  - Enabled with C(ANSIBLE_CALLBACKS_ENABLED=task_count) and C(ANSIBLE_CALLBACK_PLUGINS) naming its directory.
  - The environment variable C(TASK_COUNT_FILE) names the file.
"""

#: Run by the strategy and not through an action plugin, or by one that does not say that it needs no connection.
ON_CONTROL_NODE = ("meta", "include_tasks", "include_role", "import_tasks", "import_role", "pause")


def reaches_a_host(action: str) -> bool:
    """Whether an action connects to a host."""
    if action.rpartition(".")[2] in ON_CONTROL_NODE:
        return False
    plugin = action_loader.get(action, class_only=True)
    # A module without an action plugin of its own always runs on a host.
    return bool(getattr(plugin, "_requires_connection", True)) if plugin else True


class CallbackModule(CallbackBase):  # type: ignore[misc]  # ansible-core has no type hints
    """Counts results as they arrive."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "task_count"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hosts: dict[str, dict[str, Any]] = defaultdict(lambda: {"executions": 0, "changed": 0, "tasks": []})

    def v2_runner_on_ok(self, result: Any) -> None:
        self.count(result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.count(result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.count(result)

    def count(self, result: Any) -> None:
        """Count one result: of a task without a loop, or of a whole loop."""
        # ansible-core 2.19 made these properties; the older names warn there.
        old = not hasattr(result, "result")
        task, host, values = (
            (result._task, result._host, result._result) if old else (result.task, result.host, result.result)
        )
        if not reaches_a_host(task.resolved_action or task.action):
            return
        items = values["results"] if task.loop is not None and "results" in values else [values]
        for item in items:
            # ansible-core 2.21 says so in one way, the older ones in both.
            if item.get("skipped") or "skip_reason" in item:
                continue
            tries = item.get("attempts", 1)
            counted = self.hosts[task.delegate_to or host.get_name()]
            counted["executions"] += tries
            counted["changed"] += bool(item.get("changed"))
            counted["tasks"] += [task.get_name()] * tries

    def v2_playbook_on_stats(self, stats: Any) -> None:
        """Write what was counted."""
        Path(os.environ["TASK_COUNT_FILE"]).write_text(json.dumps(self.hosts, indent=2) + "\n", encoding="utf-8")
