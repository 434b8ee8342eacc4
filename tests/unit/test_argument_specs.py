# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specs and defaults of every role say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from plays import ROOT

ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text(encoding="utf-8"))


def points(role: Path) -> dict[str, Any]:
    specs: dict[str, Any] = read(role / "meta" / "argument_specs.yml")["argument_specs"]
    return specs


@pytest.fixture(params=ROLES, ids=lambda role: role.name)
def role(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


#: What applies to the host where that was asked for, else what the role has by itself.
EFFECTIVE = re.compile(r"\{\{ __servicedns_effective\.\w+ \| default\((.*)\) \}\}")


def default_of_role(value: Any) -> Any:
    effective = EFFECTIVE.fullmatch(str(value))
    return yaml.safe_load(effective[1]) if effective else value


def test_defaults_and_specs_are_equal(role: Path) -> None:
    options = points(role)["main"]["options"]
    defaults = {name: default_of_role(value) for name, value in read(role / "defaults" / "main.yml").items()}
    # Compared as YAML, in which 1, true and "1" differ.
    assert yaml.safe_dump(defaults) == yaml.safe_dump(
        {name: option["default"] for name, option in options.items() if "default" in option}
    )


#: Without them nothing is said, and an empty list says something.
UNSET = ("consul_services_external", "consul_services_prepared_queries")


def test_an_option_has_a_default_or_is_required(role: Path) -> None:
    for name, option in points(role)["main"]["options"].items():
        assert ("default" in option) != (option.get("required", False) or name in UNSET), name


def test_options_are_named_after_the_role_and_described(role: Path) -> None:
    for name, option in points(role)["main"]["options"].items():
        assert name.startswith(f"{role.name}_")
        assert option["description"], name
        assert option.get("type"), name
        assert ("elements" in option) == (option["type"] == "list"), name


def test_entry_points_have_the_same_options_and_are_described(role: Path) -> None:
    for name, point in points(role).items():
        assert point["options"] == points(role)["main"]["options"], name
        assert point["short_description"], name
        assert point["description"], name


def test_entry_points_are_files_of_tasks(role: Path) -> None:
    for name in points(role):
        assert (role / "tasks" / f"{name}.yml").is_file(), name


def test_tasks_from_has_no_suffix() -> None:
    """With one, ansible-core skips the validation of arguments and says nothing."""
    files = [*ROOT.glob("playbooks/**/*.yml"), *ROOT.glob("roles/**/*.yml"), *ROOT.glob("molecule/**/*.yml")]
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert not ("tasks_from:" in line and ".yml" in line), f"{file}: {line}"
