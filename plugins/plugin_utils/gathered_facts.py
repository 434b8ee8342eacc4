# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which variables are made of facts that Ansible gathers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible import constants

#: What begins as facts do, and is set by people, or not at all.
CONNECTION = re.compile(
    "ansible_(host|port|user|password|connection|limit|python_interpreter|become.*|ssh_(user|pass|port|private_key_file|.*_args))"
)


def are_gathered(variables: Mapping[str, Any]) -> bool:
    """Tell whether the facts about a host's network are among its variables, and of this run."""
    if facts_are_kept():
        return "ansible_all_ipv4_addresses" in variables.get("__servicedns_gathered", {}).get("ansible_facts", {})
    return "all_ipv4_addresses" in variables.get("ansible_facts", {})


def facts_are_kept() -> bool:
    """Tell whether there is a fact cache that outlives a run."""
    return str(constants.CACHE_PLUGIN).rpartition(".")[2] != "memory"


def needs_facts(variables: Mapping[str, Any], name: str) -> bool:
    """Tell whether a variable is made of facts that this run did not gather."""
    return not are_gathered(variables) and mentions_facts(variables, [name])


def mentions_facts(variables: Mapping[str, Any], names: Iterable[str]) -> bool:
    """Tell whether variables are made of facts that Ansible gathers, by themselves or by the variables that they name."""
    facts = variables.get("ansible_facts", {})
    seen: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for word in words(variables[name]):
            is_defined = word in variables and word[len("ansible_") :] not in facts
            is_fact = word.startswith("ansible_") and not CONNECTION.fullmatch(word) and not is_defined
            if word == "ansible_facts" or is_fact:
                return True
            if is_defined:
                left.append(word)
    return False


def words(value: Any) -> set[str]:
    """Find the words in all templates of a value, names of variables among them."""
    if isinstance(value, str):
        return set(re.findall(r"[A-Za-z_]\w*", value)) if "{{" in value or "{%" in value else set()
    if isinstance(value, Mapping):
        return {word for item in value.values() for word in words(item)}
    if isinstance(value, (list, tuple)):
        return {word for item in value for word in words(item)}
    return set()
