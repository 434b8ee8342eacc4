# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host lacks is said in sentences, before anything is changed on it."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from read_only import on_read_only

from ansible_collections.servicedns.consul.plugins.module_utils.dns import forwarding_needs
from ansible_collections.servicedns.consul.plugins.module_utils.system import command

POLICY = """dnsmasq-base:
  Installed: (none)
  Candidate: 2.90-4~deb12u1
  Version table:
     2.90-4~deb12u1 500
        500 http://deb.debian.org/debian bookworm/main amd64 Packages
systemd-resolved:
  Installed: (none)
  Candidate: (none)
  Version table:
"""


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for commands; there are no others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setattr(command, "environment", lambda: {"PATH": str(folder)})
    return folder


def program(folder: Path, name: str, output: str = "") -> None:
    (folder / name).write_text(f"#!/bin/sh\n/bin/cat <<'END'\n{output}\nEND\n")
    (folder / name).chmod(0o755)


def test_commands_that_are_missing(commands: Path) -> None:
    for name in ("ip", "systemctl", "journalctl"):
        program(commands, name)
    assert forwarding_needs.commands() == ["ss is not installed; install the package iproute2"]


def test_no_systemd(tmp_path: Path) -> None:
    assert forwarding_needs.init(str(tmp_path)) == []
    (problem,) = forwarding_needs.init(str(tmp_path / "missing"))
    assert problem.startswith("systemd is not the init of this host")


def test_another_distribution(commands: Path, tmp_path: Path) -> None:
    release = tmp_path / "os-release"
    release.write_text('NAME="Rocky Linux"\nPRETTY_NAME="Rocky Linux 9.4 (Blue Onyx)"\n')
    assert forwarding_needs.distribution(str(release)) == [
        "this host is Rocky Linux 9.4 (Blue Onyx) and has no apt-get and no dpkg-query: it must be Debian 12 or later, "
        "or what is made from it"
    ]
    for name in ("apt-get", "dpkg-query"):
        program(commands, name)
    assert forwarding_needs.distribution(str(release)) == []


def test_files_of_somebody_else(tmp_path: Path) -> None:
    ours, theirs, folder, link = (tmp_path / name for name in ("ours", "theirs", "folder", "link"))
    ours.write_text("# Managed by servicedns.consul. The servers are\n")
    theirs.write_bytes(b"# by hand, caf\xe9\nserver=10.0.0.1\n")
    folder.mkdir()
    link.symlink_to("nowhere")
    found = forwarding_needs.foreign_files(str(path) for path in (ours, theirs, folder, link, tmp_path / "none"))
    assert [problem.partition(" ")[0] for problem in found] == [str(path) for path in (theirs, folder, link)]
    assert f"mv {theirs} /root/" in found[0]


def test_read_only(tmp_path: Path) -> None:
    """Each directory once, be it there or still to be made."""
    (tmp_path / "etc").mkdir()
    found = on_read_only(
        tmp_path,
        "module_utils.dns.forwarding_needs",
        "read_only([f'{folder}/etc/a', f'{folder}/etc/b', f'{folder}/missing/deeper/c', '/dev/shm/d'])",
    )
    why = "is read-only, and files are to be written there"
    assert found == [f"{tmp_path}/etc {why}", f"{tmp_path} {why}"]
    assert forwarding_needs.read_only([str(tmp_path / "missing" / "deeper" / "file")]) == []


@pytest.mark.parametrize(
    ("text", "old"),
    [
        ("2.90", False),
        ("2.90-4~deb12u1", False),
        ("2.85-1+deb11u1", True),
        ("2.88", False),
        ("1:3.0", False),
        ("", False),
    ],
)
def test_dnsmasq_that_is_too_old(text: str, old: bool) -> None:
    expected = [f"dnsmasq {text} is too old: it must be 2.88 or later"] if old else []
    assert forwarding_needs.too_old(text) == expected


def test_installed_dnsmasq(commands: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(commands, "dnsmasq", "Dnsmasq version 2.85  Copyright (c) 2000-2021 Simon Kelley")
    monkeypatch.setattr(forwarding_needs, "DNSMASQ", str(commands / "dnsmasq"))
    monkeypatch.setattr(forwarding_needs, "USER", "nobody-has-this-name")
    too_old, no_user = forwarding_needs.installed_dnsmasq()
    assert too_old == "dnsmasq 2.85 is too old: it must be 2.88 or later"
    assert no_user.startswith("there is no user nobody-has-this-name")
    monkeypatch.setattr(forwarding_needs, "USER", "root")
    program(commands, "dnsmasq", "Dnsmasq version 2.90  Copyright (c) 2000-2024 Simon Kelley")
    assert forwarding_needs.installed_dnsmasq() == []


def test_candidate() -> None:
    assert forwarding_needs.candidate("dnsmasq-base", POLICY) == "2.90-4~deb12u1"
    assert forwarding_needs.candidate("systemd-resolved", POLICY) == ""
    assert forwarding_needs.candidate("dnsmasq", POLICY) == ""


@pytest.mark.parametrize(
    ("uris", "expected"),
    [
        (["http://deb.example/debian", "http://deb.example/security"], {"http://deb.example": ("deb.example", 80)}),
        (["https://me:secret@a.example/x"], {"https://a.example": ("a.example", 443)}),
        (["http://[2001:db8::1]:3142/x"], {"http://[2001:db8::1]:3142": ("2001:db8::1", 3142)}),
        (["http://proxy:3128"], {"http://proxy:3128": ("proxy", 3128)}),
    ],
)
def test_where_package_sources_are_asked(uris: list[str], expected: dict[str, tuple[str, int]]) -> None:
    assert forwarding_needs.places(uris) == expected


def test_proxies() -> None:
    dump = (
        'Acquire::http "";\nAcquire::http::Proxy "http://10.0.0.9:3128/";\nAcquire::http::Proxy::a.example "DIRECT";\n'
    )
    session = {"http_proxy": "http://b", "PATH": "/bin"}
    assert forwarding_needs.proxies(dump, session) == ["http://10.0.0.9:3128/"]
    assert forwarding_needs.proxies("", session) == ["http://b"]
    # apt knows better than the session.
    assert forwarding_needs.proxies('Acquire::http::Proxy "DIRECT";\n', session) == []


def test_packages_that_can_be_installed(commands: Path) -> None:
    program(commands, "apt-cache", POLICY)
    program(commands, "apt-config")
    packages = ["dnsmasq-base", "systemd-resolved"]
    with socket.create_server(("127.0.0.1", 0)) as mirror:
        port = mirror.getsockname()[1]
        # Their lists may be old: what is not known yet may be there.
        assert forwarding_needs.installable(packages, [f"http://127.0.0.1:{port}/debian", "http://127.0.0.1:9/"]) == []
    assert forwarding_needs.installable(packages, [f"http://127.0.0.1:{port}/debian"]) == [
        "dnsmasq-base and systemd-resolved must be installed, and no package source takes a connection: "
        f"http://127.0.0.1:{port}"
    ]
    assert forwarding_needs.installable(packages, []) == [
        "apt has no source for systemd-resolved; name one in /etc/apt/sources.list.d"
    ]
    program(commands, "apt-cache", POLICY.replace("2.90-4~deb12u1", "2.85-1"))
    assert "dnsmasq 2.85-1 is too old" in forwarding_needs.installable(["dnsmasq-base"], [])[0]
