# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the actions that work on the control node have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Container, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.template import Templar
from ansible.utils.display import Display

from ansible_collections.servicedns.consul.plugins.module_utils.entry import sentence, visible
from ansible_collections.servicedns.consul.plugins.module_utils.system.files import write_atomically
from ansible_collections.servicedns.consul.plugins.plugin_utils.gathered_facts import facts_are_kept, needs_facts


def output_file(path: str) -> Path:
    """Locate a file that a run leaves behind, as seen from where the operator stands.

    Ansible itself would take it as seen from the playbook, which is inside of the collection.
    """
    return Path(path).expanduser().absolute()


def found_file(loader: Any, path: str) -> Path:
    """Locate a file that is to be read: as seen from the playbook, else from where the operator stands.

    A playbook of the collection has nothing of the operator's beside it.

    :arg loader: of the action
    """
    beside = Path(loader.path_dwim(path))
    return beside if beside.exists() else output_file(path)


def write_private(file: Path, text: str) -> None:
    """Leave a file for its owner alone, since it has addresses and names of the whole datacenter."""
    if file.exists() and not file.is_file():
        file.write_text(text, encoding="utf-8")  # /dev/stdout
    else:
        write_atomically(str(file.resolve()), text, mode=0o600)


def show(lines: Iterable[str]) -> None:
    """Print lines. What others registered cannot steer the terminal, or make lines of its own."""
    Display().display("\n".join(["", *map(visible, lines)]))


class ControlNodeAction(ActionBase):  # type: ignore[misc]  # ansible-core has no types
    """An action that reaches no host and changes nothing, in check mode too."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True

    #: Its options, as an argument spec.
    ARGUMENTS: ClassVar[dict[str, dict[str, Any]]]

    @abstractmethod
    def act(self, args: dict[str, Any], variables: Mapping[str, Any]) -> dict[str, Any]:
        """Work out the result, from the options and the variables of the task."""

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the action, as Ansible calls it."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, args = self.validate_argument_spec(self.ARGUMENTS)
        try:
            return result | {"changed": False} | self.act(args, task_vars or {})
        except (OSError, ValueError) as error:
            raise AnsibleActionFail(sentence(error)) from error

    def host_variables(self, hostvars: Any, host: str) -> dict[str, Any]:
        """Read the variables of a host as they are written, those of the play with the place that they have among them.

        C(hostvars) has none of the play, which are those of playbooks that import it too. Roles' defaults are left out.
        """
        inventory: Mapping[str, Any] = hostvars.raw_get(host)
        manager = hostvars._variable_manager
        here = manager.get_vars(
            play=self._play(), host=hostvars._inventory.get_host(host), include_hostvars=False, use_cache=False
        )
        return {name: here[name] for name in {**inventory, **self._play().get_vars()} if name in here}

    def evaluated(self, hostvars: Any, written: Mapping[str, Any], name: str) -> Any:
        """Evaluate a variable of L(host_variables) as that host would.

        :raises AnsibleError: when its template cannot be.
        """
        return Templar(loader=self._loader, variables={**written, "hostvars": hostvars}).template(written[name])

    def values_of(self, hostvars: Any, written: Mapping[str, Any], names: Container[str]) -> dict[str, Any]:
        """Evaluate those of some variables that are set, as that host would.

        One that cannot be is None: it is checked already, and so needs facts of a host that this run does not reach.
        A fact cache may have those of another run.
        """
        values: dict[str, Any] = {name: None for name in written if name in names}
        for name in values:
            if facts_are_kept() and needs_facts(written, name):
                continue
            with suppress(AnsibleError):
                values[name] = self.evaluated(hostvars, written, name)
        return values

    def _play(self) -> Any:
        """The play of the task."""
        part = self._task
        while getattr(part, "_play", None) is None:
            part = part._parent
        return part._play
