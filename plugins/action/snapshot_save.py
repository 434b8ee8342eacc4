# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot, snapshot_files
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ARGUMENTS
from ansible_collections.servicedns.consul.plugins.module_utils.entry import sentence
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import output_file
from ansible_collections.servicedns.consul.plugins.plugin_utils.snapshots import Kept, private_directory_fault


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs the module, and brings the snapshot to the control node before it is removed from the host, which it is in any case."""

    TRANSFERS_FILES = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action: what the module returns, and where the snapshot is."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(
            {
                "directory": {"type": "path", "required": True},
                "count": {"type": "int", "default": 14},
                "stale": {"type": "bool", "default": False},
                **ARGUMENTS,
            }
        )
        directory = output_file(args["directory"])
        try:
            if fault := private_directory_fault("directory", str(directory)):
                raise HostError(fault)
            if self._task.check_mode:
                return result | self._looked(args, directory, task_vars)
            return result | self._saved(args, directory, task_vars)
        except (HostError, OSError) as error:
            raise AnsibleActionFail(sentence(error)) from error

    def _looked(self, args: dict[str, Any], directory: Path, variables: dict[str, Any] | None) -> dict[str, Any]:
        told: dict[str, Any] = self._execute_module(module_args=args, task_vars=variables)
        if told.get("failed"):
            return told
        kept = Kept(directory, told["datacenter"], args["count"])
        return told | _result(kept, f"would take a snapshot of {told['datacenter']} to {kept.new}", "would remove")

    def _saved(self, args: dict[str, Any], directory: Path, variables: dict[str, Any] | None) -> dict[str, Any]:
        directory.mkdir(mode=snapshot_files.PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        # Of who connects, for its owner alone. C(fetch) cannot read what is root's but through JSON, whole in memory.
        remote = self._connection._shell.join_path(self._make_tmp_path(), "snapshot")
        try:
            told: dict[str, Any] = self._execute_module(module_args={**args, "path": remote}, task_vars=variables)
            if told.get("failed"):
                return told
            kept = Kept(directory, told["datacenter"], args["count"])
            with tempfile.TemporaryDirectory(dir=directory, prefix=".servicedns.") as private:
                staged = Path(private) / "snapshot"
                self._connection.fetch_file(remote, str(staged))
                if snapshot.inspected(str(staged)).raft_index != told["index"]:
                    raise HostError("the snapshot that came here is not the one that was taken on the host")
                kept.keep(staged)
        finally:
            absent = {"path": remote, "state": "absent"}
            self._execute_module(module_name="ansible.builtin.file", module_args=absent, task_vars=variables)
        return told | _result(kept, f"{kept.new} has {told['datacenter']} up to index {told['index']}", "removed")


def _result(kept: Kept, text: str, removed: str) -> dict[str, Any]:
    """What is said of a snapshot on the control node."""
    more = f"; {removed} {', '.join(kept.surplus)}" if kept.surplus else ""
    return {"snapshot": str(kept.new), "removed": kept.surplus, "msg": text + more}
