# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the doctor returns is what its documentation says, and what the control node reads."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, get_args, get_origin, get_type_hints, is_typeddict

import pytest
import yaml
from plays import ROOT

from ansible_collections.servicedns.consul.plugins.module_utils.dns.lookups import Lookup
from ansible_collections.servicedns.consul.plugins.module_utils.lookup.observations import Instance, Reply, Result
from ansible_collections.servicedns.consul.plugins.module_utils.lookup.verdict import Verdict
from ansible_collections.servicedns.consul.plugins.modules import doctor

RETURN = yaml.safe_load(doctor.RETURN)


def kind(hint: Any) -> str:
    """What documentation calls a type."""
    origin = get_origin(hint) or hint
    if is_typeddict(origin):
        return "dict"
    return "list" if origin not in (str, bool, int, float, dict) else str(origin.__name__)


def differences(documented: Mapping[str, Any], shape: Any, where: str = "") -> list[str]:
    """Where documentation and a type are not the same."""
    hints = get_type_hints(shape)
    found = [f"{where}{name}" for name in {*documented} ^ {*hints}]
    for name in {*documented} & {*hints}:
        hint, entry = hints[name], documented[name]
        if entry["type"] != kind(hint):
            found.append(f"{where}{name}: {entry['type']}")
        inner = [one for one in (hint, *get_args(hint)) if is_typeddict(one)]
        if inner and "contains" in entry:
            found += differences(entry["contains"], inner[0], f"{where}{name}.")
    return found


def test_result_is_as_documented() -> None:
    assert differences(RETURN, Result) == []


@pytest.mark.parametrize(
    ("documented", "shape"),
    [(RETURN["hops"]["contains"], Verdict), (RETURN["hops"]["contains"]["replies"]["contains"], Reply)],
)
def test_tuples_are_as_documented(documented: Mapping[str, Any], shape: Any) -> None:
    assert differences(documented, shape) == []


@pytest.mark.parametrize(
    ("text", "shape"),
    [(RETURN["names"]["description"], Lookup), (RETURN["catalog"]["contains"]["services"]["description"], Instance)],
)
def test_keys_in_prose(text: str, shape: Any) -> None:
    assert set(re.findall(r"C\((\w+)\)", text)) == {*get_type_hints(shape)}


def test_a_difference_is_seen() -> None:
    assert differences({**RETURN, "broken": {"type": "int"}, "more": {}}, Result) == ["more", "broken: int"]
    assert differences({"node": {"type": "str"}}, Instance) != []


def test_every_option_that_a_next_step_names_has_a_variable() -> None:
    source = (ROOT / "plugins/module_utils/lookup/verdict.py").read_text()
    assert set(re.findall(r"O\((\w+)\)", source)) == {*doctor.VARIABLES}
