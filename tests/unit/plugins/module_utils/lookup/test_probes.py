# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is seen where nothing can be looked at. Molecule has the hosts that can be broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from containers import container
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.dns import lookups
from ansible_collections.servicedns.consul.plugins.module_utils.lookup import probes, verdict
from ansible_collections.servicedns.consul.plugins.module_utils.system import sockets
from ansible_collections.servicedns.consul.plugins.modules import doctor


def program(folder: Path, name: str, script: str) -> None:
    """A command of a host."""
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def test_a_host_without_any_command(bare: Path) -> None:
    result = run_main(doctor.main, names=["web.service.consul"], data_directory="no/such/directory")
    assert result["host"]["unseen"] == [f"{name} is not installed" for name in ("ip", "ss", "systemctl")]
    assert result["names"]["web.service.consul"]["text"] == "getent is not installed"
    assert [hop["hop"] for hop in result["hops"]] == list(verdict.HOPS)
    assert result["host"]["disk"]["size"] > 0


def test_a_lookup_that_takes_too_long_is_told(bare: Path) -> None:
    program(bare, "getent", "exec /bin/sleep 60")
    assert lookups.getent("web.service.consul", 0.2)[:2] == ([], "no answer within 0.2 s")
    program(bare, "getent", "exit 2")
    assert lookups.getent("web.service.consul", 5)[:2] == ([], "not found")
    program(bare, "getent", "echo '192.0.2.5 STREAM web'; echo '192.0.2.5 DGRAM'")
    assert lookups.getent("web.service.consul", 5)[:2] == (["192.0.2.5"], "192.0.2.5")


def test_a_stub_that_does_not_listen_is_not_asked(bare: Path) -> None:
    """DNSStubListener=no: programs ask systemd-resolved over its bus, and so does the doctor."""
    program(bare, "resolvectl", "printf 'web.service.consul: 192.0.2.5 -- link: eth0\\n   192.0.2.6 -- link: eth0\\n'")
    others = [sockets.Socket("udp", "127.0.0.2", 53, "dnsmasq", 7), sockets.Socket("udp", "127.0.0.53", 5355, "x", 7)]
    (reply,) = probes.ask_resolved("web.service.consul", 1, others)
    assert (reply.asked, reply.good, reply.text) == (
        "resolvectl query web.service.consul",
        True,
        "192.0.2.5, 192.0.2.6",
    )
    program(
        bare,
        "resolvectl",
        "echo \"web.service.consul: resolve call failed: 'web.service.consul' not found\" >&2; exit 1",
    )
    (reply,) = probes.ask_resolved("web.service.consul", 1, others)
    assert not reply.good
    assert "not found" in reply.text
    assert probes.ask_resolved("web.service.consul", 1, None) == []


def test_a_stub_that_listens_for_udp_alone_is_asked_over_udp() -> None:
    listeners = [sockets.Socket("udp", "127.0.0.53", 53, "systemd-resolve", 7)]
    asked = [reply.asked for reply in probes.ask_resolved("web.service.consul", 1, listeners)]
    assert asked == ["udp 127.0.0.53:53"]


@pytest.mark.parametrize(
    ("nsswitch", "words"),
    [
        ("hosts: files dns\n", ["files", "dns"]),
        ("# hosts: nis\nhosts:\tfiles resolve [!UNAVAIL=return NOTFOUND=continue] dns # x", ["files", "resolve", "[!UNAVAIL=return NOTFOUND=continue]", "dns"]),
        ("passwd: files\n", ["files", "dns"]),
        ("", ["files", "dns"]),
        ("hosts:\n", []),
    ],
)  # fmt: skip
def test_parse_nss(nsswitch: str, words: list[str]) -> None:
    assert probes.parse_nss(nsswitch) == words


@pytest.mark.parametrize(
    ("image", "found", "same"),
    [
        ("consul:1.15.4", {"Id": "sha256:1154"}, True),
        ("mirror.example/consul:1.15.4", {"Id": "sha256:1154"}, True),
        ("consul:1.15.4", {"Id": "sha256:2"}, False),
        ("consul:1.15.4", None, True),
        ("mirror.example/consul:1.15.4", None, False),
    ],
)
def test_which_image_an_agent_runs(image: str, found: dict[str, Any] | None, same: bool) -> None:
    assert probes.runs(container(), image, found) is same


@pytest.mark.parametrize(
    ("hosts", "names"),
    [
        ("", []),
        ("127.0.0.1 localhost\n10.0.0.5 consul consul.example.com\n", []),
        ("# 10.0.0.5 flapp1.service.consul\n10.0.0.5 host # flapp1.service.consul\n", []),
        (
            "10.0.0.5 Flapp1.service.CONSUL. x\n10.0.0.6\tnode1.node.consul",
            ["Flapp1.service.CONSUL.", "node1.node.consul"],
        ),
    ],
)
def test_names_of_hosts(hosts: str, names: list[str]) -> None:
    assert probes.names_of_hosts(hosts, "consul") == names
