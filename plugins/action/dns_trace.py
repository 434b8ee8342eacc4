# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from ansible.plugins.action import ActionBase

from ansible_collections.servicedns.consul.plugins.module_utils.dns import capture as dns_capture
from ansible_collections.servicedns.consul.plugins.plugin_utils.control_node import output_file


class ActionModule(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """Runs the module, and brings the capture to the control node before it is removed from the host, which it is in any case."""

    TRANSFERS_FILES = True
    _supports_check_mode = True

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action: what the module returns, and where the capture is."""
        variables = task_vars or {}
        result: dict[str, Any] = super().run(tmp, variables)
        args = dict(self._task.args)
        directory = args.pop("directory", "")
        if directory and args.get("state") == "absent" and not self._task.check_mode:
            file = output_file(directory) / f"{variables['inventory_hostname']}.pcap"
            fetched = self._fetch(dns_capture.CAPTURE, file, variables)
            if fetched.get("failed"):
                self._execute_module(module_args=args, task_vars=variables)
                # Not every ansible-core names the file.
                return result | fetched | {"msg": f"{dns_capture.CAPTURE} of the host: {fetched.get('msg')}"}
            result["capture"] = str(file)
        result.update(self._execute_module(module_args=args, task_vars=variables))
        return result

    def _fetch(self, source: str, file: Path, variables: dict[str, Any]) -> dict[str, Any]:
        """Bring a file of the host here. A packet may hold a secret: at no moment may others read it."""
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent, prefix=".servicedns.") as private:
            staged = Path(private) / "capture"
            task = self._task.copy()
            task.args = {"src": source, "dest": str(staged), "flat": True}
            fetch = self._shared_loader_obj.action_loader.get(
                "ansible.builtin.fetch",
                task=task,
                connection=self._connection,
                play_context=self._play_context,
                loader=self._loader,
                templar=self._templar,
                shared_loader_obj=self._shared_loader_obj,
            )
            result: dict[str, Any] = fetch.run(task_vars=variables)
            if not result.get("failed"):
                staged.chmod(0o600)
                staged.replace(file)
        return result
