# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions that work on the control node have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from ansible.plugins.action import ActionBase


class ControlNodeAction(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """An action that reaches no host and changes nothing, in check mode too."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    #: Its options, as an argument spec.
    ARGUMENTS: ClassVar[dict[str, dict[str, Any]]]

    @abstractmethod
    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """The result, from the options and the variables of the task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action, as Ansible calls it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(self.ARGUMENTS)
        return result | {"changed": False} | self.act(args, task_vars or {})

    def file(self, path: str) -> Path:
        """A file that a user named, as seen from the playbook."""
        return Path(self._loader.path_dwim(path))
