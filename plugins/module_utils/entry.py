# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way into every module, and out of it."""

from __future__ import annotations

import re
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

Act = t.Callable[[t.Dict[str, t.Any], bool], t.Dict[str, t.Any]]


def run_module(spec: dict[str, dict[str, t.Any]], act: Act, subject: str = "") -> None:
    """Run a module: every expected error becomes one sentence. An error of the program keeps its traceback.

    :arg spec: the options of the module
    :arg act: takes the parameters, and whether it is check mode; returns the result, C(diff) and C(warnings) included
    :arg subject: the role variable that messages begin with
    """
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    try:
        result = act(module.params, module.check_mode)
    # What is no JSON and no UTF-8 is a ValueError.
    except (HostError, OSError, ValueError) as error:
        told = error if isinstance(error, HostError) else HostError(sentence(error))
        warn(module, told.warnings)
        # Its words may be those of an agent, of what others registered with it, or of a journal.
        message = visible(f"{subject}: {told}" if subject else str(told), lines=True)
        module.fail_json(msg=message, **printable(told.result))
    warn(module, result.pop("warnings", []))
    module.exit_json(**{"changed": False, **printable(result)})


def warn(module: AnsibleModule, warnings: t.Iterable[str]) -> None:
    """Hand warnings on. Those in a result are deprecated since ansible-core 2.19."""
    for warning in warnings:
        module.warn(visible(warning))


def sentence(error: Exception) -> str:
    """An error as one reads it."""
    if isinstance(error, OSError) and error.filename and error.strerror:
        return f"{error.filename}: {error.strerror}"
    return str(error)


def printable(value: t.Any) -> t.Any:
    """A value without the bytes that are no UTF-8, which files of a host may hold, and ansible-core refuses since 2.19."""
    if isinstance(value, str):
        return value.encode(errors="replace").decode()
    if isinstance(value, dict):
        return {printable(key): printable(item) for key, item in value.items()}
    return [printable(item) for item in value] if isinstance(value, (list, tuple)) else value


#: Codes that steer a terminal, and those that change the order in which text is read.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def visible(text: str, lines: bool = False) -> str:
    """Text for a terminal: what would steer it is shown, as in C(\\x1b[31m).

    :arg lines: whether the text may have more than one
    """
    kept = "\n" if lines else ""
    return UNSEEN.sub(lambda code: code[0] if code[0] == kept else ascii(code[0])[1:-1], str(printable(text)))
