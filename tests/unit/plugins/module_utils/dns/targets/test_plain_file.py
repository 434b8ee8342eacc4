# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plain /etc/resolv.conf: what is written, what keeps it so, and what was there is there again."""

from __future__ import annotations

import configparser
import os
import subprocess
from pathlib import Path

import pytest
from host_folder import forward, make

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    resolv_conf,
    state_before,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    plain_file,
)

ROUTES = ["consul", "corp.example", "10.in-addr.arpa"]
PLAIN = "search a.example\nnameserver 10.0.0.1\noptions timeout:1\n"


def test_plain_file(etc_resolv_conf: Path) -> None:
    target = plain_file.PlainResolvConf("127.0.0.2", ROUTES)
    assert not target.in_force()
    switch.switch([target], [], {}, lambda: switch.check_names(["localhost"], "after the switch"))
    assert resolv_conf.nameservers(etc_resolv_conf.read_text()) == ["127.0.0.2", "10.0.0.1"]
    assert etc_resolv_conf.stat().st_mode & 0o777 == 0o640
    assert plain_file.PlainResolvConf("127.0.0.2", ROUTES).in_force()


def keep_first(path: Path, **replaced: str) -> str:
    """Run the program that keeps dnsmasq first on a file of a test; what it complains of."""
    program = plain_file.Keeper.program.replace("sleep 1", replaced.pop("meanwhile", ":"))
    for former, other in replaced.items():
        program = program.replace(former, other)
    done = subprocess.run(
        ["sh", "-c", program, "sh", "127.0.0.2", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "search a\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n",
            "search a\nnameserver X\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n",
        ),
        ("nameserver 10.0.0.1\nnameserver X\n", "nameserver X\nnameserver 10.0.0.1\n"),
        ("  nameserver\t10.0.0.1", "nameserver X\n  nameserver\t10.0.0.1\n"),
        ("# nameserver 10.0.0.1\nnameserver X\n", "# nameserver 10.0.0.1\nnameserver X\n"),
        # It must not fail: a DHCP client may be about to write more.
        ("search a\n", "search a\n"),
        ("", ""),
    ],
)
def test_what_the_keeper_does(etc_resolv_conf: Path, tmp_path: Path, before: str, after: str) -> None:
    etc_resolv_conf.write_text(before.replace("X", "127.0.0.2"))
    there = sorted(tmp_path.iterdir())
    assert keep_first(etc_resolv_conf) == ""
    assert etc_resolv_conf.read_text() == after.replace("X", "127.0.0.2")
    assert etc_resolv_conf.stat().st_mode & 0o777 == 0o640
    assert sorted(tmp_path.iterdir()) == there


def test_the_keeper_leaves_links_links(tmp_path: Path) -> None:
    (tmp_path / "srv").mkdir()
    real, link = tmp_path / "srv" / "real", tmp_path / "link"
    real.write_text("nameserver 10.0.0.1\n")
    link.symlink_to("srv/real")
    keep_first(link)
    assert os.readlink(link) == "srv/real"
    assert real.read_text() == "nameserver 127.0.0.2\nnameserver 10.0.0.1\n"
    # What systemd-resolved makes is its own.
    real.write_text("nameserver 127.0.0.53\n")
    keep_first(link, **{"/run/systemd/resolve": str(tmp_path / "srv")})
    assert real.read_text() == "nameserver 127.0.0.53\n"
    real.unlink()
    keep_first(link)
    assert not real.exists()


def test_the_keeper_sees_what_is_written_while_it_runs(etc_resolv_conf: Path) -> None:
    keep_first(etc_resolv_conf, meanwhile=f"echo nameserver 10.0.0.9 > {etc_resolv_conf}")
    assert etc_resolv_conf.read_text() == "nameserver 127.0.0.2\nnameserver 10.0.0.9\n"


@pytest.mark.parametrize("broken", ["disable", "stop", "edit"])
def test_a_run_repairs_the_keeper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str) -> None:
    """Its files were all that counted."""
    made = make(tmp_path / "host", monkeypatch, "resolv_conf")
    forward("resolv_conf")
    keeper = plain_file.Keeper("127.0.0.2", ["consul"])
    assert keeper.in_force()
    assert {"dnsmasq-consul-resolv-conf.path", "dnsmasq-consul-resolv-conf.service"} <= made.enabled
    if broken == "edit":
        Path(keeper.script).write_text("#!/bin/sh\n")
    else:
        made.run("systemctl", broken, "dnsmasq-consul-resolv-conf.path")
    assert not keeper.in_force()
    assert forward("resolv_conf")["changed"]
    assert keeper.in_force()


@pytest.mark.usefixtures("etc_resolv_conf")
def test_systemd_never_gives_the_keeper_up() -> None:
    """It starts a unit five times in ten seconds, and is triggered by a path two hundred times in two, by default."""
    keeper = plain_file.Keeper("127.0.0.2", ["consul"])
    units = {}
    for path in (keeper.path, keeper.service):
        units[path] = configparser.ConfigParser()
        units[path].read_string(keeper.contents[path])
        assert units[path]["Unit"]["StartLimitIntervalSec"] == "0"
    assert units[keeper.path]["Path"]["TriggerLimitIntervalSec"] == "0"


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("search a.example\nnameserver 127.0.0.2\nnameserver 10.0.0.1\noptions timeout:1\n", PLAIN),
        # What somebody changed since then stays, but for our line.
        ("nameserver 127.0.0.2\nnameserver 10.0.0.9\n", "nameserver 10.0.0.9\n"),
        ("nameserver 10.0.0.9\n", "nameserver 10.0.0.9\n"),
    ],
)
def test_undo_of_a_plain_file(etc_resolv_conf: Path, now: str, expected: str) -> None:
    kept = {str(etc_resolv_conf): state_before.keep(str(etc_resolv_conf))}
    etc_resolv_conf.write_text(now)
    plain_file.PlainResolvConf("127.0.0.2", ROUTES).withdraw(kept)
    assert etc_resolv_conf.read_text() == expected
    assert etc_resolv_conf.stat().st_mode & 0o777 == 0o640


def test_undo_of_a_link(etc_resolv_conf: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    etc_resolv_conf.rename(real)
    etc_resolv_conf.symlink_to("real")
    kept = {str(etc_resolv_conf): state_before.keep(str(etc_resolv_conf))}
    target = plain_file.PlainResolvConf("127.0.0.2", ROUTES)
    target.apply()
    assert not etc_resolv_conf.is_symlink()
    target.withdraw(kept)
    assert os.readlink(etc_resolv_conf) == "real"
    assert real.read_text() == PLAIN
