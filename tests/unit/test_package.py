# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection's tarball has what users need, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml
from plays import ROOT

#: What may be at the top.
WANTED = {
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "FILES.json",
    "LICENSE",
    "MANIFEST.json",
    "README.md",
    "changelogs",
    "docs",
    "inventories",
    "meta",
    "playbooks",
    "plugins",
    "roles",
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files of the tarball, built from what git tracks and has not tracked yet, without what it ignores."""
    directory = tmp_path_factory.mktemp("build")
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.splitlines()
    tree = directory / "tree"
    for name in listed:
        source, target = ROOT / name, tree / name
        if source.is_symlink() or source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.symlink_to(os.readlink(source)) if source.is_symlink() else target.write_bytes(source.read_bytes())
    galaxy = Path(sys.executable).with_name("ansible-galaxy")
    subprocess.run(
        [galaxy, "collection", "build", tree, "--output-path", directory],
        check=True,
        capture_output=True,
        cwd=directory,
    )
    with tarfile.open(next(directory.glob("servicedns-consul-*.tar.gz"))) as tar:
        return {member.name for member in tar if not member.isdir()}


def test_only_what_users_need(files: set[str]) -> None:
    assert {name.partition("/")[0] for name in files} <= WANTED
    assert not [
        name for name in files if "/." in name or "__pycache__" in name or name.startswith("changelogs/fragments")
    ]


def test_all_that_users_need(files: set[str]) -> None:
    for pattern in (
        "LICENSE",
        "README.md",
        "meta/runtime.yml",
        "playbooks/*.yml",
        "plugins/**/*.py",
        "plugins/**/*.j2",
        "roles/*/*/*.*",
    ):
        for path in ROOT.glob(pattern):
            assert str(path.relative_to(ROOT)) in files


def test_dependencies_are_the_same_everywhere() -> None:
    galaxy = yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))
    requirements = yaml.safe_load((ROOT / "requirements.yml").read_text(encoding="utf-8"))
    assert {item["name"]: item["version"] for item in requirements["collections"]} == galaxy["dependencies"]
