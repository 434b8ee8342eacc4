# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is wrong with a host is said at once."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from module_runs import run_main
from plain_host import PLAIN
from plays import ROOT

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    detect,
    forwarding_needs,
    lookups,
    preflight,
    probe_names,
    resolv_conf,
    resolved,
)
from ansible_collections.servicedns.consul.plugins.module_utils.system import command
from ansible_collections.servicedns.consul.plugins.modules import dnsmasq_forwarding_preflight


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with nothing: no command of ours, no systemd, another distribution, and an address that it does not have."""
    monkeypatch.setattr(command, "environment", lambda: {"PATH": str(tmp_path)})
    result = run_main(
        dnsmasq_forwarding_preflight.main,
        listen_addresses=["192.0.2.1"],
        resolver="none",
        upstreams=["127.0.0.1#9"],
    )
    assert result["failed"]
    for message in (
        "ss is not installed; install the package iproute2",
        "systemctl is not installed",
        "has no apt-get and no dpkg-query: it must be Debian 12 or later",
        "dnsmasq_forwarding_upstreams: '127.0.0.1#9' does not answer DNS",
        "dnsmasq_forwarding_listen_addresses: '192.0.2.1' is no address of this host",
    ):
        assert message in result["msg"]


def test_every_option_that_a_message_names_has_a_variable() -> None:
    sources = (ROOT / "plugins/module_utils/dns").glob("*.py")
    named = {option for source in sources for option in re.findall(r"O\((\w+)\)", source.read_text())}
    assert named == {*dnsmasq_forwarding_preflight.VARIABLES}


@pytest.fixture
def over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host with nothing in the way, whose systemd-resolved asks over TLS."""
    shown = {"dns": "Link 2 (eth0): 10.0.0.1\n", "dnsovertls": "Link 2 (eth0): yes\n", "dnssec": ""}
    found = PLAIN._replace(resolved_installed=True, resolved_active=True, resolv_conf_target=resolved.STUB_FILE)
    monkeypatch.setattr(detect, "this_host", lambda: found)
    monkeypatch.setattr(lookups, "resolves", lambda _name: True)
    monkeypatch.setattr(resolved, "show", lambda what: shown[what])
    monkeypatch.setattr(command, "run", lambda *_command, **_options: "")
    monkeypatch.setattr(command, "find", lambda _command: "")
    for name in ("lacks", "unknown_addresses"):
        monkeypatch.setattr(preflight, name, lambda *_arguments: [])
    monkeypatch.setattr(forwarding_needs, "commands", list)


@pytest.mark.usefixtures("over_tls")
def test_servers_that_are_asked_over_tls_are_not_asked_in_clear_text(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where systemd-resolved is left alone, it is asked itself."""
    monkeypatch.setattr(lookups, "speaks", lambda server, _names: server == "127.0.0.53")
    result = run_main(dnsmasq_forwarding_preflight.main, listen_addresses=["127.0.0.2"], resolver="none")
    facts = result["ansible_facts"]["dnsmasq_forwarding"]
    assert (facts["upstreams"], facts["upstreams_file"]) == (["127.0.0.53"], "")
    monkeypatch.setattr(lookups, "speaks", lambda _server, _names: False)
    result = run_main(dnsmasq_forwarding_preflight.main, listen_addresses=["127.0.0.2"], resolver="none")
    assert "systemd-resolved's own 127.0.0.53 does not answer" in result["msg"]


@pytest.mark.usefixtures("over_tls")
def test_servers_that_are_named_are_asked_beside_one_that_asks_over_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookups, "speaks", lambda _server, _names: True)
    result = run_main(
        dnsmasq_forwarding_preflight.main, listen_addresses=["127.0.0.2"], resolver="none", upstreams=["10.0.0.9"]
    )
    assert result["ansible_facts"]["dnsmasq_forwarding"]["upstreams"] == ["10.0.0.9"]


@pytest.mark.usefixtures("over_tls")
def test_a_host_that_resolves_none_of_its_probe_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but Consul's names can tell whether a switch was good, and that is said."""
    monkeypatch.setattr(lookups, "speaks", lambda _server, _names: True)

    def warned(resolves: bool) -> bool:
        monkeypatch.setattr(lookups, "resolves", lambda _name: resolves)
        result = run_main(
            dnsmasq_forwarding_preflight.main,
            listen_addresses=["127.0.0.2"],
            resolver="none",
            probe_names=["www.example.com"],
        )
        assert result["ansible_facts"]["dnsmasq_forwarding"]["names"] == ["www.example.com"] * resolves
        return "this host resolves none of its probe names" in str(result.get("warnings"))

    monkeypatch.setattr(probe_names, "apt_uris", list)
    monkeypatch.setattr(probe_names, "own", lambda *_arguments: [])
    monkeypatch.setattr(resolv_conf, "search_domains", lambda _resolv_conf: [])
    assert warned(resolves=False)
    assert not warned(resolves=True)
