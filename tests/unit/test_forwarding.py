# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch of the resolver on files of a test: what it writes, and that it puts back what it found."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, host, record, resolver, resolver_targets
from ansible_collections.servicedns.consul.plugins.modules import forwarding

PLAIN = "search a.example\nnameserver 10.0.0.1\noptions timeout:1\n"
ROUTES = ["consul", "corp.example", "10.in-addr.arpa"]


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Patience is for services that start; nothing here does."""
    monkeypatch.setattr(dnsmasq, "missing", lambda names, has, _patience=0: [name for name in names if not has(name)])


@pytest.fixture
def resolv_conf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A plain /etc/resolv.conf, with everything else that a switch touches beside it."""
    path = tmp_path / "resolv.conf"
    path.write_text(PLAIN)
    path.chmod(0o640)
    for name in ("BEFORE_RESOLVED", "RESOLVED_STUB"):
        monkeypatch.setattr(resolver, name, str(tmp_path / name.lower()))
    monkeypatch.setattr(resolver, "RESOLV_CONF", str(path))
    monkeypatch.setattr(resolver_targets.ResolvConf, "path", str(path))
    monkeypatch.setattr(resolver_targets.ResolvedToCome, "path", str(path))
    monkeypatch.setattr(resolver_targets.Resolved, "path", str(tmp_path / "resolved.conf.d" / "drop-in.conf"))
    for target, name in (
        (resolver_targets.NetworkManager, "nm.conf"),
        (resolver_targets.NetworkManagerDnsmasq, "nm-dnsmasq.conf"),
        (resolver_targets.Keeper, "keeper.path"),
    ):
        monkeypatch.setattr(target, "path", str(tmp_path / "nm" / name))
    monkeypatch.setattr(resolver_targets.Resolvconf, "head", str(tmp_path / "head"))
    monkeypatch.setattr(resolver_targets.Resolvconf, "openresolv", str(tmp_path / "openresolv.conf"))
    return path


@pytest.mark.parametrize("kind", resolver_targets.TARGETS)
def test_choose(kind: str, resolv_conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "resolved_installed", lambda: True)
    found = resolver_targets.choose(kind, "127.0.0.2", ROUTES)
    assert [type(target) for target in found] == [*resolver_targets.TARGETS[kind]]
    for target in found:
        assert not target.in_force()
        assert "127.0.0.2" in target.after or isinstance(
            target, (resolver_targets.NetworkManager, resolver_targets.Keeper)
        )
        assert target.path in target.paths()


def test_every_kind_can_be_switched() -> None:
    assert {*resolver_targets.TARGETS} == {*resolver.KINDS, "none"}


def test_systemd_resolved_that_is_still_to_be_installed(resolv_conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolver, "resolved_installed", lambda: False)
    (target,) = resolver_targets.choose("systemd_resolved", "127.0.0.2", ROUTES)
    assert isinstance(target, resolver_targets.ResolvedToCome)


def test_plain_file(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvConf("127.0.0.2", ROUTES)
    assert not target.in_force()
    forwarding.switch([target], ["localhost"])
    assert resolver.nameservers(resolv_conf.read_text()) == ["127.0.0.2", "10.0.0.1"]
    assert resolv_conf.stat().st_mode & 0o777 == 0o640
    assert resolver_targets.ResolvConf("127.0.0.2", ROUTES).in_force()


def test_a_lost_name_puts_the_file_back(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvConf("127.0.0.2", ROUTES)
    with pytest.raises(
        host.HostError, match=r"^after the switch lost\.invalid did not resolve any more; .* was put back"
    ):
        forwarding.switch([target], ["localhost", "lost.invalid"])
    assert resolv_conf.read_text() == PLAIN


def test_what_was_begun_is_put_back(resolv_conf: Path) -> None:
    """The second of two switches fails, and both are put back."""
    first = resolver_targets.ResolvConf("127.0.0.2", ROUTES)
    second = resolver_targets.Target()
    second.path = str(resolv_conf / "is-no-directory" / "x")
    second.before, second.after = "", "x"
    with pytest.raises(OSError, match="Not a directory"):
        forwarding.switch([first, second], [])
    second.path = str(resolv_conf.parent / "second")
    forwarding.switch([first, second], [])
    with pytest.raises(host.HostError, match=r"resolv\.conf and .*/second was put back as it was$"):
        forwarding.switch([first, second], ["lost.invalid"])
    assert resolv_conf.read_text() == PLAIN
    assert not Path(second.path).exists()


def test_the_name_server_must_know_what_the_host_knows() -> None:
    dnsmasq.check("127.0.0.77", [])
    with pytest.raises(
        host.HostError, match=r"^dnsmasq at 127\.0\.0\.77 does not answer for a\.example, which this host"
    ):
        dnsmasq.check("127.0.0.77", ["a.example"])


def test_drop_in(resolv_conf: Path) -> None:
    target = resolver_targets.Resolved("127.0.0.2", ROUTES)
    assert not target.in_force()
    target.write(target.after)
    lines = [line for line in Path(target.path).read_text().splitlines() if not line.startswith("#")]
    # The empty assignment first: a second server would be asked for the domain as well.
    assert lines == ["[Resolve]", "DNS=", "DNS=127.0.0.2", "Domains=~consul ~corp.example ~10.in-addr.arpa"]
    target.write("")
    target.write("")
    assert not os.path.exists(target.path)


def test_drop_in_beside_a_plain_file_keeps_its_search_domains(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvedBeside("127.0.0.2", ["consul"])
    assert target.after.endswith("\nDomains=~consul a.example\n")


def test_ready_for_systemd_resolved_and_back(resolv_conf: Path) -> None:
    target = resolver_targets.ResolvedToCome("127.0.0.2", ROUTES)
    target.apply(target.after)
    assert os.readlink(resolv_conf) == f"..{resolver.RESOLVED_STUB}"
    stub = Path(resolver.RESOLVED_STUB).read_text()
    assert stub == "nameserver 127.0.0.2\nsearch a.example\noptions timeout:1\n"
    assert os.path.exists(target.drop_in.path)
    # Another run gives up, and knows only what lies on the host.
    again = resolver_targets.ResolvedToCome("127.0.0.2", ROUTES)
    again.apply(again.before)
    assert not resolv_conf.is_symlink()
    assert resolv_conf.read_text() == PLAIN
    assert not os.path.exists(target.drop_in.path)
    assert not os.path.exists(resolver.BEFORE_RESOLVED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "nameserver 127.0.0.2\n"),
        ("# by hand\nnameserver 10.0.0.1\n", "# by hand\nnameserver 10.0.0.1\nnameserver 127.0.0.2\n"),
        ("# no newline at its end", "# no newline at its end\nnameserver 127.0.0.2\n"),
    ],
)
def test_head_of_resolvconf(resolv_conf: Path, before: str, after: str) -> None:
    head = Path(resolver_targets.Resolvconf.head)
    head.write_text(before)
    target = resolver_targets.Resolvconf("127.0.0.2", ROUTES)
    assert target.after.replace(resolver_targets.MANAGED, "") == after
    target.write(target.after)
    resolv_conf.write_text("nameserver 127.0.0.2\nnameserver 10.0.0.1\n")
    assert resolver_targets.Resolvconf("127.0.0.2", ROUTES).in_force()
    resolv_conf.write_text("nameserver 10.0.0.1\nnameserver 127.0.0.2\n")
    assert not resolver_targets.Resolvconf("127.0.0.2", ROUTES).in_force()


def test_setting_of_openresolv(resolv_conf: Path) -> None:
    path = Path(resolver_targets.Resolvconf.openresolv)
    path.write_text("resolv_conf=/etc/resolv.conf\nname_servers=10.0.0.9\n")
    target = resolver_targets.Resolvconf("127.0.0.2", ROUTES)
    target.write(target.after)
    # A file for the shell, so what somebody set before stays.
    assert path.read_text().splitlines()[-2:] == ['name_servers="127.0.0.2 $name_servers"', "resolv_conf_local_only=NO"]
    assert path.read_text().startswith("resolv_conf=/etc/resolv.conf\nname_servers=10.0.0.9\n")
    assert resolver_targets.Resolvconf("127.0.0.2", ROUTES).after == target.after


def test_networkmanagers_own_dnsmasq_gets_the_domains(resolv_conf: Path) -> None:
    target = resolver_targets.NetworkManagerDnsmasq("127.0.0.2", ROUTES)
    assert target.after.splitlines()[1:] == [f"server=/{route}/127.0.0.2" for route in ROUTES]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "search a\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n",
            "search a\nnameserver X\nnameserver 10.0.0.1\nnameserver 10.0.0.2\n",
        ),
        ("nameserver 10.0.0.1\nnameserver X\n", "nameserver X\nnameserver 10.0.0.1\n"),
        ("search a\n", "search a\n"),
    ],
)
def test_what_the_keeper_does(resolv_conf: Path, tmp_path: Path, before: str, after: str) -> None:
    """Its line of sed, which systemd takes for an escaped one."""
    resolv_conf.write_text(before.replace("X", "127.0.0.2"))
    work = resolver_targets.Keeper("127.0.0.2", ROUTES).work
    (line,) = (line for line in work.splitlines() if "/bin/sed" in line)
    arguments = shlex.split(line.partition("=")[2].replace("\\\\", "\\"))[:-1]
    subprocess.run([*arguments, str(resolv_conf)], check=True)
    assert resolv_conf.read_text() == after.replace("X", "127.0.0.2")


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("search a.example\nnameserver 127.0.0.2\nnameserver 10.0.0.1\noptions timeout:1\n", PLAIN),
        # What somebody changed since then stays, but for our line.
        ("nameserver 127.0.0.2\nnameserver 10.0.0.9\n", "nameserver 10.0.0.9\n"),
        ("nameserver 10.0.0.9\n", "nameserver 10.0.0.9\n"),
    ],
)
def test_undo_of_a_plain_file(resolv_conf: Path, now: str, expected: str) -> None:
    kept = {str(resolv_conf): record.keep(str(resolv_conf))}
    resolv_conf.write_text(now)
    resolver_targets.ResolvConf("127.0.0.2", ROUTES).undo(kept)
    assert resolv_conf.read_text() == expected
    assert resolv_conf.stat().st_mode & 0o777 == 0o640


def test_undo_of_a_link(resolv_conf: Path, tmp_path: Path) -> None:
    real = tmp_path / "real"
    resolv_conf.rename(real)
    resolv_conf.symlink_to("real")
    kept = {str(resolv_conf): record.keep(str(resolv_conf))}
    target = resolver_targets.ResolvConf("127.0.0.2", ROUTES)
    target.apply(target.after)
    assert not resolv_conf.is_symlink()
    target.undo(kept)
    assert os.readlink(resolv_conf) == "real"
    assert real.read_text() == PLAIN


@pytest.fixture
def kept_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(record, "DIRECTORY", str(tmp_path / "record"))
    monkeypatch.setattr(record, "PATH", str(tmp_path / "record" / "before.json"))
    return tmp_path


def test_record(kept_in: Path) -> None:
    file, link, folder, none = (kept_in / name for name in ("file", "link", "folder", "none"))
    file.write_bytes(b"\xff\x00 bytes\n")
    file.chmod(0o604)
    link.symlink_to("nowhere")
    paths = [str(path) for path in (file, link, folder, none)]
    record.Record().remember(paths, ["b", "a"], resolver="x")
    # A later run, on a host that is changed already.
    file.write_text("changed")
    link.unlink()
    link.write_text("a file now")
    folder.mkdir()
    none.write_text("new")
    known = record.Record()
    known.remember(paths, ["c"], resolver="y")
    assert record.Record().packages == ["a", "b", "c"]
    assert record.Record().data["resolver"] == "x"
    for path in paths:
        record.restore(path, record.Record().files[path])
    assert file.read_bytes() == b"\xff\x00 bytes\n"
    assert file.stat().st_mode & 0o777 == 0o604
    assert os.readlink(link) == "nowhere"
    assert not folder.exists()
    assert not none.exists()
    known.forget()
    assert not Path(record.DIRECTORY).exists()


def test_a_directory_with_something_of_others_stays(tmp_path: Path) -> None:
    (tmp_path / "of-others").touch()
    record.restore(str(tmp_path), {})
    assert tmp_path.exists()


def test_options() -> None:
    assert dnsmasq.option("listen-address=127.0.0.2\n#listen-address=x\nlisten-address=::1\n", "listen-address") == [
        "127.0.0.2",
        "::1",
    ]


def test_eventually() -> None:
    tries = iter([False, False, True])
    assert dnsmasq.eventually(lambda: next(tries), patience=5)
    assert not dnsmasq.eventually(lambda: False, patience=0)


def echo(server: socket.socket, answer: Callable[[bytes], bytes]) -> None:
    query, client = server.recvfrom(512)
    server.sendto(answer(query), client)


@pytest.mark.parametrize("interface", ["", "lo"])
def test_stand_in_takes_over_and_hands_on(monkeypatch: pytest.MonkeyPatch, interface: str) -> None:
    """Two servers with the same address: what comes after the stand-in is bound is answered by the other one."""
    with socket.socket(type=socket.SOCK_DGRAM) as old, socket.socket(type=socket.SOCK_DGRAM) as other:
        old.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        old.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.encode())
        old.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        monkeypatch.setattr(dnsmasq, "PORT", old.getsockname()[1])
        with socket.socket(type=socket.SOCK_DGRAM) as client:
            client.settimeout(10)
            client.connect(old.getsockname())
            thread = threading.Thread(target=echo, args=(other, bytes.upper))
            thread.start()
            with dnsmasq.StandIn(["127.0.0.1"], other.getsockname()[1], interface=interface):
                client.send(b"query")
                assert client.recv(512) == b"QUERY"
            thread.join()
            thread = threading.Thread(target=echo, args=(old, bytes.title))
            thread.start()
            client.send(b"query")
            assert client.recv(512) == b"Query"
            thread.join()
