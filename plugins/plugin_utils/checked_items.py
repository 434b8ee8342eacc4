# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions have in common whose modules get items of a schema, which the control node has and no host."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, ClassVar

from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.servicedns.consul.plugins.module_utils.entry import visible
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import InputError, Remark, kind_of


class CheckedItemsAction(NormalAction):  # type: ignore[misc]  # ansible-core has no types
    """Runs the module of its name with items that are checked, and of the types that Consul wants."""

    #: The option of the module with the items, as JSON text, and the role variable that messages begin with.
    OPTION: ClassVar[str]
    VARIABLE: ClassVar[str]
    CONVERTED: ClassVar[Callable[[Any], Any]]
    FINDINGS: ClassVar[Callable[[str, Sequence[Any]], Iterator[InputError]]]

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """The action, as Ansible calls it."""
        arguments = dict(self._task.args)
        if self.OPTION in arguments:
            try:
                arguments[self.OPTION] = json.dumps(self._checked(str(arguments[self.OPTION])))
            except ValueError as error:
                return {"failed": True, "msg": visible(f"{self.VARIABLE}: {error}", lines=True)}
            self._task.args = arguments
        result: dict[str, Any] = super().run(tmp, task_vars)
        return result

    def _checked(self, text: str) -> list[Any]:
        """The items in a JSON text.

        :raises ValueError: with all that is wrong
        """
        items = type(self).CONVERTED(json.loads(text))
        if not isinstance(items, list):
            raise ValueError(f"{kind_of(items)} is not a list")
        faults = [f"{path}: {text}" for path, text in type(self).FINDINGS("", items) if not isinstance(text, Remark)]
        if faults:
            raise ValueError("; ".join(faults))
        return items
