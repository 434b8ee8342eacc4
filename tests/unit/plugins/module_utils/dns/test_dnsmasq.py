# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What dnsmasq-consul is made of: the list of the host's resolvers, its configuration, and what is asked of it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import waiting

LIST = Path(__file__).parents[5] / "roles/dnsmasq_forwarding/files/upstreams-list"


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        ("", ""),
        ("search a.example\noptions rotate\n", ""),
        ("nameserver 10.0.0.1\n", "nameserver 10.0.0.1\n"),
        # As written by this collection: dnsmasq first, then the host's own, whose order counts.
        (
            "nameserver 127.0.0.2\nnameserver 10.0.0.9\nnameserver 8.8.8.8\nnameserver 10.0.0.1\n",
            "nameserver 10.0.0.9\nnameserver 8.8.8.8\nnameserver 10.0.0.1\n",
        ),
        ("nameserver 127.0.0.20\nnameserver 127.0.0.3\n", "nameserver 127.0.0.20\n"),
        ("  nameserver\t10.0.0.1 # gateway\n#nameserver 10.0.0.2\n;nameserver 10.0.0.3", "nameserver 10.0.0.1\n"),
        ("nameserver fe80::1%eth0\nnameserver 2001:db8::1\n", "nameserver fe80::1%eth0\nnameserver 2001:db8::1\n"),
        ("# caf\udce9\nnameserver 10.0.0.1\n", "nameserver 10.0.0.1\n"),
    ],
)
def test_list_of_resolvers(tmp_path: Path, source: str, copied: str) -> None:
    (tmp_path / "source").write_text(source, errors="surrogateescape")
    target = tmp_path / "new" / "target"
    command = ["sh", str(LIST), "once", str(tmp_path / "source"), str(target), "127.0.0.2", "127.0.0.3"]
    subprocess.run(command, check=True)
    assert target.read_text() == copied
    assert target.stat().st_mode & 0o777 == 0o644
    number = target.stat().st_ino
    subprocess.run(command, check=True)
    assert target.stat().st_ino == number, "an equal list is left alone, as dnsmasq reads each new one"
    assert os.listdir(target.parent) == ["target"]


def test_list_of_resolvers_that_is_not_there_yet(tmp_path: Path) -> None:
    subprocess.run(
        ["sh", str(LIST), "once", str(tmp_path / "missing"), str(tmp_path / "target"), "127.0.0.2"], check=True
    )
    assert (tmp_path / "target").read_text() == ""


def test_list_of_resolvers_is_followed(tmp_path: Path) -> None:
    """Whatever way a change is written, and however many come in a row."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("nameserver 10.0.0.1\n")
    with subprocess.Popen(["sh", str(LIST), "always", str(source), str(target), "127.0.0.2"]) as program:
        try:
            for number in range(2, 50):
                new = tmp_path / "new"
                new.write_text(f"nameserver 10.0.0.{number}\n")
                new.rename(source)
            assert waiting.eventually(
                lambda: target.exists() and target.read_text() == "nameserver 10.0.0.49\n", patience=30
            )
        finally:
            program.terminate()


def test_the_name_server_must_know_what_the_host_knows() -> None:
    dnsmasq.check("127.0.0.77", [])
    with pytest.raises(HostError, match=r"^dnsmasq at 127\.0\.0\.77 does not answer for a\.example, which this host"):
        dnsmasq.check("127.0.0.77", ["a.example"])


def test_options() -> None:
    assert dnsmasq.option("listen-address=127.0.0.2\n#listen-address=x\nlisten-address=::1\n", "listen-address") == [
        "127.0.0.2",
        "::1",
    ]


def test_configuration() -> None:
    configuration = """\
# server=/commented/192.0.2.9
listen-address=127.0.0.2,::1
listen-address = 127.0.0.3
server=/consul/127.0.0.1#8600
server=/consul/192.0.2.4#8600
server=/Example/corp.example/192.0.2.53
local=/example.com/
server=192.0.2.1
rev-server=192.0.2.0/24,192.0.2.4
"""
    assert dnsmasq.listens(configuration) == ["127.0.0.2", "::1", "127.0.0.3"]
    assert dnsmasq.forwards(configuration) == {
        "consul": ["127.0.0.1#8600", "192.0.2.4#8600"],
        "example": ["192.0.2.53"],
        "corp.example": ["192.0.2.53"],
        "example.com": [""],
        "": ["192.0.2.1"],
    }
    assert (dnsmasq.listens(""), dnsmasq.forwards("")) == ([], {})
