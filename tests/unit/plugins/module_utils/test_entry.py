# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What every module does with its result, and with what goes wrong."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

SPEC = {"path": {"type": "str", "default": "/none"}}


def result_of(act: Any, subject: str = "the_variable", **arguments: Any) -> dict[str, Any]:
    """What a module with this act gives to Ansible."""
    return run_main(lambda: run_module(SPEC, act, subject), **arguments)


def test_a_result_with_diff_and_warnings() -> None:
    def act(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
        return {"changed": check_mode, "diff": {"prepared": params["path"]}, "warnings": ["a word"]}

    result = result_of(act, check=True, path="/etc")
    assert (result["changed"], result["diff"]) == (True, {"prepared": "/etc"})
    assert "a word" in str(result["warnings"])
    assert result_of(lambda _params, _check: {})["changed"] is False


def test_a_result_is_utf_8_whatever_a_file_holds() -> None:
    """ansible-core refuses others since 2.19: "Refusing to deserialize an invalid UTF8 string value"."""
    result = result_of(
        lambda _params, _check: {"diff": [{"before": "# Gr\udcfc\n", "after": ""}], "ports": [("a", 53)]}
    )
    assert (result["diff"], result["ports"]) == ([{"before": "# Gr?\n", "after": ""}], [["a", 53]])


def failing(error: Exception) -> Any:
    def act(_params: dict[str, Any], _check_mode: bool) -> dict[str, Any]:
        raise error

    return act


def error_of(call: Any) -> Exception:
    """What a call ends in."""
    try:
        call()
    except Exception as error:
        return error
    raise AssertionError("nothing went wrong")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (HostError("there is no container"), "there is no container"),
        (error_of(lambda: os.stat("/no/such")), "/no/such: No such file or directory"),
        (OSError("no number"), "no number"),
        (
            error_of(lambda: json.loads("{")),
            "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)",
        ),
        (
            error_of(lambda: b"\xe4".decode()),
            "'utf-8' codec can't decode byte 0xe4 in position 0: unexpected end of data",
        ),
        (HostError("Gr\udcfc\udcdfe"), "Gr??e"),
    ],
)
def test_an_expected_error_is_a_sentence(error: Exception, sentence: str) -> None:
    result = result_of(failing(error))
    assert (result["failed"], result["msg"]) == (True, f"the_variable: {sentence}")
    assert "exception" not in result
    assert result_of(failing(error), subject="")["msg"] == sentence


def test_an_error_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(KeyError, match="Swarm"):
        result_of(failing(KeyError("Swarm")))


def test_a_failure_keeps_the_warnings_before_it() -> None:
    error = HostError("it is held", warnings=["a word"])
    result = result_of(failing(error))
    assert result["msg"] == "the_variable: it is held"
    assert "a word" in str(result["warnings"])


def test_a_failure_may_say_more() -> None:
    result = result_of(failing(HostError("no leader", members=["node1"])))
    assert (result["failed"], result["msg"], result["members"]) == (True, "the_variable: no leader", ["node1"])
