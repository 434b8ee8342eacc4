# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever was switched in whichever order, a removal gives the host back what it had, or removes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host_folder import KINDS, PLAIN, HostFolder, forward, make
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    lookups,
    resolv_conf,
    state_before,
    still_asked,
    switch,
)
from ansible_collections.servicedns.consul.plugins.modules import dnsmasq_forwarding_restore


@pytest.fixture(autouse=True)
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no program that could be about to ask."""
    monkeypatch.setattr(switch, "GRACE", 0)


def remove() -> dict[str, Any]:
    return run_main(dnsmasq_forwarding_restore.main, names=["www.example.com"])


def forget() -> None:
    assert not run_main(dnsmasq_forwarding_restore.main, state="forgotten").get("failed")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [False, True], ids=["", "lost-record"])
@pytest.mark.parametrize(
    "runs",
    [[("127.0.0.2", True)], [("127.0.0.2", False), ("127.0.0.2", True)], [("127.0.0.2", True), ("127.0.0.3", True)]],
    ids=["once", "none-first", "another-address"],
)
def test_everything_is_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, lost: bool, runs: list[tuple[str, bool]]
) -> None:
    made = make(tmp_path / "host", monkeypatch, kind)
    before = made.state()
    for address, switched in runs:
        result = forward(kind if switched else "none", f"listen-address={address}\n", address)
        assert result.get("changed"), result
    if kind != "resolved_to_come":
        assert not forward(kind, f"listen-address={runs[-1][0]}\n", runs[-1][0])["changed"]
    if lost:
        os.unlink(state_before.PATH)
    assert not remove().get("failed")
    forget()
    after = made.state()
    if lost:
        # Only the record knows which directories, and what link, were there.
        for directory in ("/etc/systemd/resolved.conf.d", "/run/systemd/resolve"):
            after.pop(directory, None)
    if not (lost and kind == "networkmanager"):
        assert after == before
    assert "127.0.0" not in Path(resolv_conf.RESOLV_CONF).read_text()


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("systemd_resolved", "none"),
        ("resolv_conf", "none"),
        ("resolvconf", "none"),
        ("networkmanager", "none"),
        ("networkmanager_dnsmasq", "networkmanager"),
        ("networkmanager", "networkmanager_dnsmasq"),
        ("resolv_conf_and_resolved", "systemd_resolved"),
        ("resolv_conf_and_resolved", "resolv_conf"),
        ("resolv_conf", "resolvconf"),
    ],
)
def test_another_kind_takes_the_former_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, first: str, then: str
) -> None:
    made = make(tmp_path / "host", monkeypatch, first)
    before = made.state()
    assert forward(first)["changed"]
    if then == "systemd_resolved":
        os.unlink(resolv_conf.RESOLV_CONF)
        made.write("/run/systemd/resolve/stub-resolv.conf", "nameserver 127.0.0.53\n")
        os.symlink("../run/systemd/resolve/stub-resolv.conf", resolv_conf.RESOLV_CONF)
    assert forward(then)["changed"]
    assert not forward(then)["changed"], "and a second run changes nothing"
    wanted = {path for target in switch.targets_for(then, "127.0.0.2", ["consul"]) for path in target.paths()}
    left = [target for target in switch.left([first, then], ["127.0.0.2"]) if target.path not in wanted]
    assert left == [] or (then == "resolvconf" and [target.path for target in left] == [resolv_conf.RESOLV_CONF])
    assert not remove().get("failed")
    forget()
    if then == "systemd_resolved":
        assert os.readlink(resolv_conf.RESOLV_CONF) == "../run/systemd/resolve/stub-resolv.conf", (
            "somebody's change stays"
        )
    elif then != "resolvconf":
        assert made.state() == before


def test_a_changed_address_is_answered_at_both_until_nobody_asks_the_former(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make(tmp_path / "host", monkeypatch, "resolv_conf")
    forward("resolv_conf")
    configurations = []
    make_switch = switch.switch

    def seen(*arguments: Any) -> None:
        configurations.append(Path(dnsmasq.FILES["configuration"]).read_text())
        make_switch(*arguments)

    monkeypatch.setattr(switch, "switch", seen)
    forward("resolv_conf", "listen-address=127.0.0.3\n", "127.0.0.3")
    assert configurations == ["listen-address=127.0.0.3\nlisten-address=127.0.0.2\n"]
    assert Path(dnsmasq.FILES["configuration"]).read_text() == "listen-address=127.0.0.3\n"
    assert resolv_conf.nameservers(Path(resolv_conf.RESOLV_CONF).read_text()) == ["127.0.0.3", "10.0.0.1"]


def test_a_record_that_was_lost_is_made_anew_as_if_nothing_had_been_switched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(tmp_path / "host", monkeypatch, "resolv_conf")
    before = made.state()
    forward("resolv_conf")
    Path(state_before.PATH).write_text("{")
    forward("resolv_conf")
    assert state_before.text(state_before.StateBefore().files[resolv_conf.RESOLV_CONF]) == PLAIN
    assert not remove().get("failed")
    forget()
    assert made.state() == before


@pytest.mark.parametrize(
    ("path", "content", "line"),
    [
        ("/etc/resolv.conf", "search a\nnameserver 127.0.0.2\n", "nameserver 127.0.0.2"),
        ("/etc/systemd/resolved.conf.d/own.conf", "[Resolve]\nDNS=10.0.0.1 127.0.0.2\n", "DNS=10.0.0.1 127.0.0.2"),
        ("/etc/NetworkManager/system-connections/lan", "[ipv4]\ndns=127.0.0.2;\n", "dns=127.0.0.2;"),
        ("/etc/network/interfaces.d/eth0", "  dns-nameservers 127.0.0.2\n", "dns-nameservers 127.0.0.2"),
        (
            "/etc/dhcp/dhclient.conf",
            "prepend domain-name-servers 127.0.0.2;\n",
            "prepend domain-name-servers 127.0.0.2;",
        ),
        ("/etc/dnsmasq.d/consul", "server=/consul/127.0.0.2\n", "server=/consul/127.0.0.2"),
        ("/etc/docker/daemon.json", '{"dns": ["127.0.0.2"]}', "dns: 127.0.0.2"),
    ],
)
def test_nothing_goes_while_something_else_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, content: str, line: str
) -> None:
    """With the resolver left alone by the role, an operator makes something ask dnsmasq."""
    made = make(tmp_path / "host", monkeypatch, "resolv_conf")
    forward("none")
    made.write(path, content)
    before = made.state()
    said = remove()["msg"]
    assert f"{made.path(path)} ({line}) still asks dnsmasq" in said
    assert made.state() == before


@pytest.mark.parametrize(
    "content",
    [
        "# nameserver 127.0.0.2\nnameserver 127.0.0.20\nnameserver 1127.0.0.2\n",
        "iface eth0 inet static\n  address 127.0.0.2\n",
        "nameserver ::127.0.0.2\n",
    ],
)
def test_what_names_no_server_of_ours(content: str) -> None:
    assert still_asked.lines(content, ["127.0.0.2"]) == []


def test_links_of_systemd_resolved() -> None:
    output = "Global: 10.0.0.1\n        127.0.0.2\nLink 2 (eth0): 10.0.0.1\nLink 3 (tun0):\n"
    assert still_asked.links(output, ["127.0.0.2"]) == ["Global: 10.0.0.1 127.0.0.2"]


@pytest.fixture
def loses_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[HostFolder], None]]:
    """Makes a host on which nothing resolves without dnsmasq, whatever its files say."""

    def lose(made: HostFolder) -> None:
        monkeypatch.setattr(lookups, "resolves", lambda _name: dnsmasq.UNIT in made.pids)
        monkeypatch.setattr(
            lookups, "missing", lambda names, has, patience=0: [name for name in names if not has(name)]
        )

    yield lose


@pytest.mark.parametrize("kind", KINDS)
def test_a_name_that_is_lost_when_dnsmasq_stops_brings_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, loses_names: Callable[[HostFolder], None]
) -> None:
    made = make(tmp_path / "host", monkeypatch, kind)
    forward(kind)
    before = made.state()
    loses_names(made)
    said = remove()["msg"]
    assert "without dnsmasq www.example.com" in said
    assert "nothing was removed" in said
    assert made.state() == before
