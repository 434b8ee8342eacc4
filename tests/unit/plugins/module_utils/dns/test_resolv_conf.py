# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What resolv.conf(5) says, and how a name server comes into it and goes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.servicedns.consul.plugins.module_utils.dns import resolv_conf


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("nameserver 10.0.0.1\n", "nameserver 127.0.0.2\nnameserver 10.0.0.1\n"),
        (
            "# by hand\nsearch a b\nnameserver 10.0.0.1\noptions timeout:1\nnameserver 10.0.0.2",
            "# by hand\nsearch a b\nnameserver 127.0.0.2\nnameserver 10.0.0.1\noptions timeout:1\nnameserver 10.0.0.2\n",
        ),
        ("nameserver 10.0.0.1\nnameserver  127.0.0.2\n", "nameserver 127.0.0.2\nnameserver 10.0.0.1\n"),
        ("search a\n", "search a\nnameserver 127.0.0.2\n"),
        ("", "nameserver 127.0.0.2\n"),
    ],
)
def test_with_nameserver_first(content: str, expected: str) -> None:
    assert resolv_conf.with_nameserver_first(content, "127.0.0.2") == expected


@given(
    st.lists(st.sampled_from(["nameserver 127.0.0.2", "nameserver 10.0.0.1", "search a", "# x", "options rotate", ""]))
)
def test_with_nameserver_first_settles(lines: list[str]) -> None:
    once = resolv_conf.with_nameserver_first("\n".join(lines), "127.0.0.2")
    assert resolv_conf.with_nameserver_first(once, "127.0.0.2") == once
    assert resolv_conf.nameservers(once)[0] == "127.0.0.2"
    others = [line for line in "\n".join(lines).splitlines() if line != "nameserver 127.0.0.2"]
    assert [line for line in once.splitlines() if line != "nameserver 127.0.0.2"] == others


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("search a b\n", ["a", "b"]),
        ("domain a\nsearch b\n", ["b"]),
        ("nameserver 10.0.0.1\n#search a\n", []),
        ("search .\n", []),
    ],
)
def test_search_domains(content: str, expected: list[str]) -> None:
    assert resolv_conf.search_domains(content) == expected


def test_without_nameserver() -> None:
    content = "nameserver 127.0.0.2\nsearch a\nnameserver  127.0.0.2\nnameserver 127.0.0.20"
    assert resolv_conf.without_nameserver(content, "127.0.0.2") == "search a\nnameserver 127.0.0.20"


def test_a_mount_is_kept(tmp_path: Path) -> None:
    assert "is a mount" in resolv_conf.kept_by("/proc")
    (tmp_path / "resolv.conf").touch()
    assert resolv_conf.kept_by(str(tmp_path / "resolv.conf")) == ""
    assert resolv_conf.kept_by(str(tmp_path / "missing")) == ""


@pytest.mark.parametrize(
    ("options", "seconds"),
    [
        ("", 5),
        ("options ndots:2\n", 5),
        ("options timeout:2 attempts:1\n", 2),
        ("options rotate timeout:1\noptions timeout:3\n", 3),
        ("#options timeout:1\n", 5),
        ("options timeout:0\n", 1),
        ("options timeout:99\n", 30),
    ],
)
def test_patience_of_programs(options: str, seconds: int) -> None:
    assert resolv_conf.patience(f"nameserver 10.0.0.1\n{options}") == seconds


def test_number_of_the_ioctl_for_attributes() -> None:
    """FS_IOC_GETFLAGS and FS_IOC32_GETFLAGS of linux/fs.h."""
    assert resolv_conf.fs_ioc_getflags(8) == 0x80086601
    assert resolv_conf.fs_ioc_getflags(4) == 0x80046601
