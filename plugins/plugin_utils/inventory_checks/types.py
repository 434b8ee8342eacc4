# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One value: its type, as the argument specs of the roles have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.errors import ArgumentTypeError, ArgumentValueError, ElementError

from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import (
    InputError,
    decrypted,
    kind_of,
    missing_variable,
    shown,
)
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import Option


class Unknown:
    """Stands for the value of a variable that needs facts of a host that this run does not reach."""


class Undefined(NamedTuple):
    """Stands for the value of a variable whose template cannot be evaluated."""

    reason: str
    #: The reason names a variable that is missing, and so shows no value.
    missing: bool = True


TYPES = {
    "str": "a string",
    "path": "a path",
    "int": "a whole number",
    "bool": "true or false",
    "list": "a list",
    "dict": "a mapping",
}


def typed(name: str, value: Any, option: Option) -> tuple[Any, list[InputError]]:
    """Convert a value to the type of its option, None when it has another, and tell what is wrong with it.

    Stricter than the validator in one way: it never makes a list or mapping of a string, nor a string or number of a list,
    a mapping or a boolean, because a role gets its variables unconverted.
    """
    kind = option.get("type", "str")
    if isinstance(value, Undefined):
        hidden = f"the reason may hold a secret; see it with ansible HOST -m debug -a var={name}"
        return None, [(name, f"its template cannot be evaluated: {missing_variable(value.reason) or hidden}")]
    value = decrypted(value)
    if value is None:
        return None, [(name, f"is set to nothing: give it {TYPES.get(kind, kind)}, or remove the line")]
    mistaken = _mistaken(name, value, kind, option.get("choices"))
    if mistaken:
        return None, [mistaken]
    if kind == "list":
        elements = option.get("elements", "raw")
        found = [_mistaken(f"{name}[{index}]", item, elements, None) for index, item in enumerate(value)]
        wrong = [finding for finding in found if finding]
        if wrong:
            # The items that are mappings can be looked at beside one that is none.
            return (value if elements == "dict" else None), wrong
    # Other variables may be missing or come later, and defaults are the roles' business.
    spec = {key: part for key, part in option.items() if key not in ("required", "default", "description")}
    result = ArgumentSpecValidator({name: spec}).validate({name: value})
    findings = [(name, _spec_fault(error, value, option)) for error in result.errors.errors]
    # The validator expands ~ and $HOME of the control node in a path, which may be one of the host.
    converted = value if kind == "path" else result.validated_parameters.get(name)
    return (None if findings else converted), findings


def _mistaken(path: str, value: Any, kind: str, choices: Sequence[Any] | None) -> InputError | None:
    """What is wrong with a value that the validator would convert although no role does."""
    is_list = isinstance(value, (list, tuple))
    is_mapping = isinstance(value, Mapping)
    # YAML reads the choice off as false; the validator knows that.
    is_boolean = isinstance(value, bool) and not choices
    if {"list": not is_list, "dict": not is_mapping}.get(kind, False):
        return path, f"{kind_of(value)} is not {TYPES[kind]}"
    if kind in ("str", "path", "int") and (is_list or is_mapping or is_boolean or value is None):
        return path, f"{shown(value)} is not {TYPES[kind]}"
    return None


def _spec_fault(error: Exception, value: Any, option: Option) -> str:
    """The text for an error of the validator."""
    if isinstance(error, ArgumentTypeError) and not isinstance(error, ElementError):
        return f"{shown(value)} is not {TYPES.get(option['type'], option['type'])}"
    if isinstance(error, ArgumentValueError) and option.get("type") != "list":
        return f"{shown(value)} is not one of {', '.join(str(choice) for choice in option['choices'])}"
    return str(error)
