# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packages come and go whatever a host knows of packages. Stand-ins tell what apt and dpkg would; Molecule has the real ones."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from plays import ROOT

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import packages
from ansible_collections.servicedns.consul.plugins.modules import package

# Files of the folder: `lists` has the packages that are known, `mirror` those that there are, `installed` those of the
# host; `locked` is there while another program fetches lists, and `broken` where a further source does not answer.
APT_GET = """#!/bin/sh
cd "${0%/*}"
for name; do :; done
echo "$name" >> asked
case " $* " in
*" update "*)
    if [ -e locked ]; then rm locked; echo "E: Could not get lock lists/lock." >&2; exit 100; fi
    cp mirror lists
    if [ -e broken ]; then echo "E: The repository has no Release file." >&2; exit 100; fi ;;
*" purge "*)
    printf 'The following packages will be REMOVED:\\n  %s*\\n' "$name"
    grep -v "^$name " installed > left; mv left installed ;;
*)
    if ! grep -qx "$name" lists; then echo "E: Unable to locate package $name" >&2; exit 100; fi
    printf 'The following NEW packages will be installed:\\n  %s\\n' "$name"
    echo "$name $name:amd64 installed" >> installed ;;
esac
"""
DPKG_QUERY = """#!/bin/sh
cat "${0%/*}/installed"
"""


INSTALLED = {"changed": True, "stdout": "The following NEW packages will be installed:\n  tcpdump\n"}


@pytest.fixture
def apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("apt-get", APT_GET), ("dpkg-query", DPKG_QUERY)):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    for name, text in (
        ("lists", ""),
        ("mirror", "tcpdump\n"),
        ("asked", ""),
        ("installed", "tcpdump tcpdump:amd64 config-files\n"),
    ):
        (tmp_path / name).write_text(text)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(packages, "PATIENCE", 5.0)
    return tmp_path


def act(name: str, check_mode: bool = False, state: str = "present") -> dict[str, Any]:
    return package.act({"name": [name], "state": state}, check_mode)


def asked(apt: Path) -> list[str]:
    return (apt / "asked").read_text().split()


def test_known_package(apt: Path) -> None:
    (apt / "lists").write_text("tcpdump\n")
    assert act("tcpdump") == INSTALLED
    assert asked(apt) == ["tcpdump"], "nothing is fetched that is there"
    assert act("tcpdump") == {}
    assert asked(apt) == ["tcpdump"]


@pytest.mark.parametrize(
    ("trouble", "expected"),
    [
        ("", ["tcpdump", "update", "tcpdump"]),
        ("broken", ["tcpdump", "update", "tcpdump"]),
        ("locked", ["tcpdump", "update", "update", "tcpdump"]),
    ],
)
def test_lists_that_lack_the_package_are_updated(apt: Path, trouble: str, expected: list[str]) -> None:
    if trouble:
        (apt / trouble).touch()
    assert act("tcpdump") == INSTALLED
    assert asked(apt) == expected
    assert packages.installed(["tcpdump"])


def test_what_no_list_has_is_said(apt: Path) -> None:
    (apt / "broken").touch()
    with pytest.raises(
        HostError, match="^nothing cannot be installed: .*Unable to locate package nothing; .*Release file"
    ):
        act("nothing")


def test_check_mode_fetches_nothing(apt: Path) -> None:
    assert act("tcpdump", check_mode=True) == {"changed": True}
    assert asked(apt) == []


def test_a_package_is_removed_without_package_lists(apt: Path) -> None:
    """Only what is there goes, by either of its names."""
    assert act("tcpdump", state="absent") == {}
    (apt / "lists").write_text("tcpdump\n")
    act("tcpdump")
    (apt / "lists").write_text("")
    (apt / "asked").write_text("")
    assert act("tcpdump:amd64", check_mode=True, state="absent") == {"changed": True}
    assert asked(apt) == []
    assert act("tcpdump", state="absent") == {
        "changed": True,
        "stdout": "The following packages will be REMOVED:\n  tcpdump*\n",
    }
    assert asked(apt) == ["tcpdump"]
    assert packages.installed(["tcpdump"]) == []
    assert act("tcpdump", state="absent") == {}


def test_no_role_needs_python3_apt() -> None:
    """The module that would install it leaves it behind, and fails in check mode."""
    for directory in ("roles", "playbooks"):
        for file in (ROOT / directory).rglob("*.yml"):
            assert not re.search(
                r"^\s*(ansible\.builtin\.)?(apt|apt_key|apt_repository|package|deb822\w*):", file.read_text(), re.M
            ), file
