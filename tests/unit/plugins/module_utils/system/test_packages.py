# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packages are there or came, and a module that Python lacks. The module package tests how one is installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.system import command, packages


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            "Reading package lists...\nThe following additional packages will be installed:\n  libnftables1\n"
            "The following NEW packages will be installed:\n  dnsmasq-base libnetfilter-conntrack3\n  libnfnetlink0\n"
            "The following packages will be upgraded:\n  libc6\n1 upgraded, 3 newly installed, 0 to remove.\n",
            ["dnsmasq-base", "libnetfilter-conntrack3", "libnfnetlink0"],
        ),
        ("Reading package lists...\n0 upgraded, 0 newly installed\n", []),
        ("", []),
    ],
)
def test_new_packages(said: str, expected: list[str]) -> None:
    assert packages.new_packages(said) == expected


def test_packages_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """dpkg lists packages of which only the configuration is left, and an architecture where there may be several."""
    lines = "dnsmasq-base dnsmasq-base installed\nlibnfnetlink0 libnfnetlink0:amd64 installed\nold old config-files\n"
    monkeypatch.setattr(command, "run", lambda *_arguments: lines)
    assert packages.installed(["dnsmasq-base", "libnfnetlink0", "old", "gone"]) == ["dnsmasq-base", "libnfnetlink0"]


def test_an_interpreter_that_cannot_have_a_module_is_named(tmp_path: Path) -> None:
    """The Python of an application, as a virtual environment without the packages of the system."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "app")], check=True)
    python = str(tmp_path / "app" / "bin" / "python")
    ask = (
        f"import sys; sys.path.insert(0, {os.getcwd()!r} + '/.collections'); "
        "from ansible_collections.servicedns.consul.plugins.module_utils.system import packages; "
        "print(packages.lacks_python_module(sys.argv[1]), end='')"
    )

    def lacks(name: str) -> str:
        return subprocess.run([python, "-c", ask, name], check=True, stdout=subprocess.PIPE, text=True).stdout

    assert lacks("json") == ""
    assert lacks("requests").startswith(f"ansible_python_interpreter: {python} has no requests, which community.docker")
    assert f"{python} -m pip install requests" in lacks("requests")
