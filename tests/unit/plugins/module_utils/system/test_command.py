# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command is found, speaks one language, has a limit, and what goes wrong is a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command


def test_run() -> None:
    assert command.run("echo", "word") == "word\n"
    with pytest.raises(command.NotInstalled, match="^no-such-command is not installed$"):
        command.run("no-such-command")
    with pytest.raises(HostError, match=r"^sh -c echo bad >&2; exit 3: bad$"):
        command.run("sh", "-c", "echo bad >&2; exit 3")


def test_run_finds_commands_of_administration(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """su keeps the PATH of an ordinary user, which has no sbin."""
    monkeypatch.setattr(command, "ADMINISTRATION", (str(tmp_path),))
    program = tmp_path / "userdel"
    program.write_text("#!/bin/sh\necho $PATH\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    assert command.run("userdel") == f"/usr/bin:/bin:{tmp_path}\n"
    assert command.find("userdel") == str(program)
    assert command.find("no-such-command") == ""
    monkeypatch.delenv("PATH")
    assert command.run("userdel").endswith(f":{tmp_path}\n")
    program.chmod(0o644)
    with pytest.raises(HostError, match="^userdel cannot be run: Permission denied$"):
        command.run("userdel")


def test_run_speaks_one_language(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    monkeypatch.setenv("LANGUAGE", "de")
    assert command.run("sh", "-c", "echo $LC_ALL $LANGUAGE") == "C.UTF-8\n"


def test_run_has_a_limit() -> None:
    with pytest.raises(HostError, match=r"^sleep 9: no answer within 0\.1 s$"):
        command.run("sleep", "9", timeout=0.1)
