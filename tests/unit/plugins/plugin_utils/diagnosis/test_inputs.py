# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a playbook of diagnosis refuses, and what it reads of the inventory. No host of these inventories exists."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.inputs import (
    declared,
    directory_fault,
    names_of,
    output_fault,
    trace_faults,
)


def test_declared_takes_id_and_name_and_no_secret() -> None:
    variables = {
        "consul_services_definitions": [
            {"name": "web", "token": "7e57"},
            {"name": "web", "id": "web-2"},
            "no mapping",
            {},
        ],
        "consul_services_definitions_more": [{"name": "with_underscore"}, {"name": "with.dot"}],
        "consul_services_agent_url": "http://127.0.0.1:8500",
    }
    services = declared(variables)
    assert services == [
        {"id": "web", "name": "web"},
        {"id": "web-2", "name": "web"},
        {"id": "with_underscore", "name": "with_underscore"},
        {"id": "with.dot", "name": "with.dot"},
    ]
    assert names_of(services, "consul") == ["web.service.consul", "with_underscore.service.consul"], (
        "a name that DNS cannot carry is not asked for"
    )


@pytest.mark.parametrize(
    ("name", "seconds", "expected"),
    [
        ("flapp1.service.consul", 10, []),
        ("flapp1.service.consul.", "1", []),
        ("_flapp1._tcp.service.consul", 600, []),
        ("", 10, ["dns_trace_name: '' is no DNS name, such as flapp1.service.consul"]),
        ("a..b", 10, ["dns_trace_name: 'a..b' is no DNS name, such as flapp1.service.consul"]),
        ("flapp1 service", 10, ["dns_trace_name: 'flapp1 service' is no DNS name, such as flapp1.service.consul"]),
        ("x;reboot", 10, ["dns_trace_name: 'x;reboot' is no DNS name, such as flapp1.service.consul"]),
        ("x" * 64, 10, [f"dns_trace_name: {'x' * 64!r} is no DNS name, such as flapp1.service.consul"]),
        ("a.b", 0, ["dns_trace_seconds: '0' must be a number from 1 to 600"]),
        ("a.b", 10000, ["dns_trace_seconds: '10000' must be a number from 1 to 600"]),
        ("a.b", "1.5", ["dns_trace_seconds: '1.5' must be a number from 1 to 600"]),
        ("a.b", -1, ["dns_trace_seconds: '-1' must be a number from 1 to 600"]),
        ("a.b", "soon", ["dns_trace_seconds: 'soon' must be a number from 1 to 600"]),
    ],
)
def test_trace_faults(name: Any, seconds: Any, expected: list[str]) -> None:
    assert list(trace_faults(name, seconds)) == expected


def test_output_fault(tmp_path: Path) -> None:
    assert output_fault("x_output", str(tmp_path / "file")) == ""
    assert output_fault("x_output", str(tmp_path)) == f"x_output: {tmp_path} is a directory, and must be a file"
    missing = tmp_path / "no" / "file"
    assert (
        output_fault("x_output", str(missing))
        == f"x_output: there is no directory {missing.parent} on the control node"
    )


def test_directory_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert directory_fault("x_directory", str(tmp_path / "new" / "deep")) == ""
    assert directory_fault("x_directory", str(tmp_path / "file")) == f"x_directory: {tmp_path / 'file'} is no directory"
    below = tmp_path / "file" / "below"
    assert directory_fault("x_directory", str(below)) == (
        f"x_directory: {below} cannot be written by the user who runs the playbook"
    )


def test_a_file_of_others_cannot_be_written(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Asked of the operating system, which lets root write everywhere."""
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    cannot = "cannot be written by the user who runs the playbook"
    assert output_fault("x_output", str(tmp_path / "file")) == f"x_output: {tmp_path / 'file'} {cannot}"
    assert directory_fault("x_directory", str(tmp_path)) == f"x_directory: {tmp_path} {cannot}"
