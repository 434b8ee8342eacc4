# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks of variables find, and how a message shows a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import LABEL, NAME


class Remark(str):
    """The text of a finding that is no fault: the run goes on, and says it."""

    __slots__ = ()


#: Where the fault is, as in C(consul_services_definitions[1].port), and what is wrong and allowed.
InputError = tuple[str, str]


def shown(value: Any) -> str:
    """A value as a message shows it; never what is inside of a mapping or a list."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "an empty value"}[value]
    if isinstance(value, (int, float)):
        return str(value)
    if not isinstance(value, str):
        return f"a {type(value).__name__}"  # a date, for one; what stands for it may be a secret
    return repr(value if len(value) <= 80 else value[:77] + "...")


def kind_of(value: Any) -> str:
    """What a value is, without showing it."""
    if isinstance(value, str):
        return "a string"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "a number"
    return shown(value)


def missing_variable(reason: str) -> str:
    """What ansible-core says is missing for a template. All else that it says may show the variables that it is made of."""
    found = re.search(
        r"'\w{1,80}' is undefined|('[\w ]{1,80}'|object of type '\w+') has no attribute '\w{1,80}'", reason
    )
    return found[0] if found else ""


def decrypted(value: Any) -> Any:
    """A value with the texts that C(!vault) stands for, which ansible-core before 2.19 has as objects of a kind of their own."""
    if getattr(value, "__ENCRYPTED__", False):
        return str(value)
    if isinstance(value, Mapping):
        return {key: decrypted(item) for key, item in value.items()}
    return [decrypted(item) for item in value] if isinstance(value, (list, tuple)) else value


def label_fault(value: str) -> str | None:
    """What is wrong with a string that must be a DNS label, or may be one with underscores."""
    if NAME.fullmatch(value):
        return None
    dots = "names with dots are not reachable over DNS; " if "." in value else ""
    label = "a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends"
    return f"{shown(value)} is no DNS label: {dots}{label}"


def underscores(value: str) -> Remark:
    """What is to be said of a name with underscores, which resolves all the same."""
    return Remark(
        f"{shown(value)} has an underscore: it resolves, but is no host name, and TLS certificates and programs that are "
        f"strict about names in URLs refuse it; {shown(value.replace('_', '-'))} works everywhere"
    )


def is_dns_name(value: str) -> bool:
    """Whether a string is one or several DNS labels with dots between them."""
    return len(value) <= 253 and all(LABEL.fullmatch(part) for part in value.split("."))


def label(path: str, value: str) -> Iterator[InputError]:
    """A check of a string that must be a DNS label."""
    fault = label_fault(value)
    if fault:
        yield path, fault
    elif "_" in value:
        yield path, underscores(value)
