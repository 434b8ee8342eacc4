# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What checks of variables find, and how a message shows a value."""

from __future__ import annotations

from typing import Any, Iterator, Mapping, Tuple

from ansible_collections.servicedns.consul.plugins.module_utils.agent import LABEL

#: Where the fault is, as in C(consul_services_definitions[1].port), and what is wrong and allowed.
Finding = Tuple[str, str]


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
    text = str(value)
    return repr(text if len(text) <= 80 else text[:77] + "...")


def kind_of(value: Any) -> str:
    """What a value is, without showing it."""
    if isinstance(value, str):
        return "a string"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "a number"
    return shown(value)


def label_fault(value: str) -> str | None:
    """What is wrong with a string that must be a DNS label."""
    if LABEL.fullmatch(value):
        return None
    usual = {
        "_": "names with underscores are not reachable over DNS",
        ".": "names with dots are not reachable over DNS",
    }
    why = [text for character, text in usual.items() if character in value]
    why.append("a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends")
    return f"{shown(value)} is no DNS label: {'; '.join(why)}"


def is_dns_name(value: str) -> bool:
    """Whether a string is one or several DNS labels with dots between them."""
    return len(value) <= 253 and all(LABEL.fullmatch(part) for part in value.split("."))


def label(path: str, value: str) -> Iterator[Finding]:
    """A check of a string that must be a DNS label."""
    fault = label_fault(value)
    if fault:
        yield path, fault
