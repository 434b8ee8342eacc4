# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import found_file
from ansible_collections.servicedns.consul.plugins.plugin_utils.snapshots import refuse


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Looks at the snapshot, brings it to the host for the module, and removes it there in any case."""

    TRANSFERS_FILES = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action: what the module returns."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        args = dict(self._task.args)
        file = str(found_file(self._loader, str(args.get("snapshot", ""))))
        try:
            refuse(file, str(args.get("datacenter", "")), str(args.get("from_datacenter") or ""))
        except HostError as error:
            raise AnsibleActionFail(str(error)) from error
        if self._task.check_mode:
            result.update(self._execute_module(module_args=args, task_vars=task_vars))
            return result
        # Of who connects, for its owner alone.
        remote = self._connection._shell.join_path(self._make_tmp_path(), "snapshot")
        try:
            self._transfer_file(file, remote)
            result.update(self._execute_module(module_args={**args, "path": remote}, task_vars=task_vars))
        finally:
            absent = {"path": remote, "state": "absent"}
            self._execute_module(module_name="ansible.builtin.file", module_args=absent, task_vars=task_vars)
        return result
