# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names that a host depends on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    probe_names,
)


@pytest.mark.parametrize(
    ("content", "file", "expected"),
    [
        (
            "deb http://deb.debian.org/debian bookworm main\n# deb http://old.example/ x y\n",
            "sources.list",
            ["http://deb.debian.org/debian"],
        ),
        (
            "deb [arch=amd64 signed-by=/a] https://user:secret@mirror.example:8443/x stable main",
            "sources.list.d/a.list",
            ["https://user:secret@mirror.example:8443/x"],
        ),
        (
            "Types: deb\nURIs: http://a.example/debian\n mirror+https://b.example\nSuites: x\n",
            "sources.list.d/a.sources",
            ["http://a.example/debian", "https://b.example"],
        ),
        (
            "deb file:///srv/mirror x main\ndeb http://[2001:db8::1]/debian x main\ndeb cdrom:[Debian]/ x main\n",
            "sources.list",
            ["http://[2001:db8::1]/debian"],
        ),
        ("deb http://a.example/ x main\n", "sources.list.d/a.list.save", []),
    ],
)
def test_package_sources(tmp_path: Path, content: str, file: str, expected: list[str]) -> None:
    path = tmp_path / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    assert probe_names.apt_uris(str(tmp_path)) == expected


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("hashicorp/consul:1.22", "registry-1.docker.io"),
        ("consul", "registry-1.docker.io"),
        ("registry.example/consul@sha256:0", "registry.example"),
        ("registry:5000/consul", "registry"),
        ("", ""),
    ],
)
def test_registry(image: str, expected: str) -> None:
    assert probe_names.registry(image) == expected


def test_candidates(monkeypatch: pytest.MonkeyPatch) -> None:
    sources = [
        "http://me:secret@deb.example/debian",
        "http://[2001:db8::1]/x",
        "http://10.0.0.9/",
        "https://www.example:8443/x",
    ]
    monkeypatch.setattr(probe_names, "apt_uris", lambda: sources)
    found = probe_names.candidates("h1", ["corp.example", "lab"], "10.0.0.7:5000/consul", ["www.example."])
    assert found == ["www.example", "h1.corp.example", "h1.lab", "corp.example", "lab", "deb.example"]
    assert probe_names.candidates("h1.corp.example", ["lab"], "", [])[0] == "h1.corp.example"
