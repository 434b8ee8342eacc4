# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a host's names before any is changed: which to look up again afterwards, and what stands in the way."""

from __future__ import annotations

import socket
from pathlib import Path

import dns.rcode
import pytest
from name_servers import name_server
from plain_host import PLAIN

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    lookups,
    preflight,
    probe_names,
    resolved,
)


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("10.0.0.1", True),
        ("10.0.0.1#8653", True),
        # Consul, as HashiCorp's guide leaves it; dnsmasq itself; and who would ask dnsmasq.
        ("127.0.0.1#8600", False),
        ("127.0.0.2", False),
        ("127.0.0.2#53@lo", False),
        ("127.0.0.53", False),
        ("127.0.0.54", False),
    ],
)
def test_who_is_an_upstream(server: str, expected: bool) -> None:
    assert preflight.is_upstream(server, ["127.0.0.2"]) is expected


def test_what_the_guide_leaves_is_no_upstream() -> None:
    found = PLAIN._replace(resolved_installed=True, resolved_active=True)
    guide = "# /etc/systemd/resolved.conf.d/consul.conf\n[Resolve]\nDNS=127.0.0.1:8600 10.0.0.1:5353\n"
    servers, path = preflight.found_upstreams("systemd_resolved", found, guide, ["127.0.0.2"])
    assert servers == ["10.0.0.1#5353"]
    assert path == resolved.UPLINK_FILE


def test_own_name_is_asked_of_a_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs find it in /etc/hosts, which says nothing: a name server is asked, the first that answers."""
    own = f"{socket.gethostname()}.corp.example"
    monkeypatch.setattr(probe_names, "apt_uris", list)
    monkeypatch.setattr(lookups, "resolves", lambda _name: False)
    with name_server(["A 10.1.2.3"]) as port, name_server([], dns.rcode.NXDOMAIN) as other:
        knows, denies = f"127.0.0.1#{port}", f"127.0.0.1#{other}"
        assert preflight.names_to_probe(preflight.PreflightOptions(["127.0.0.2"]), PLAIN, ["127.0.0.1#9", knows]) == [
            own
        ]
        assert preflight.names_to_probe(preflight.PreflightOptions(["127.0.0.2"]), PLAIN, [denies, knows]) == []


def test_a_search_domain_that_has_every_name_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the name itself counts, as dnsmasq is asked for it later."""
    monkeypatch.setattr(probe_names, "apt_uris", list)
    asked = []

    def getaddrinfo(name: str, _port: None) -> list[str]:
        asked.append(name)
        if name.endswith("."):
            raise OSError("no such name")
        return ["10.0.0.9"]

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    assert (
        preflight.names_to_probe(preflight.PreflightOptions(["127.0.0.2"], probe_names=["www.example"]), PLAIN, [])
        == []
    )
    assert "www.example." in asked


def test_a_name_server_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(dnsmasq.FILES, "upstreams_configuration", str(tmp_path / "upstreams.conf"))
    silent = "127.0.0.1#9"
    with name_server([], dns.rcode.NXDOMAIN) as port:
        denies = f"127.0.0.1#{port}"
        given = preflight.PreflightOptions(
            ["127.0.0.2"], upstreams=[denies, silent], domains={"corp.example": [silent, denies]}
        )
        problems, warnings = preflight.silent_servers(given)
        away = "does not answer DNS; correct it, or let udp and tcp of its port pass"
        assert problems == [f"O(upstreams): '{silent}' {away}"]
        assert warnings == [f"O(domains): '{silent}' (corp.example) {away}"]
        # In use already, it may be away for a while.
        (tmp_path / "upstreams.conf").write_text(f"server={silent}\n")
        problems, warnings = preflight.silent_servers(given)
        assert problems == []
        assert f"O(upstreams): '{silent}' {away}" in warnings
