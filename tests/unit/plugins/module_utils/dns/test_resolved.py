# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd-resolved is configured to do: whom it asks, and what keeps it from asking dnsmasq, by name."""

from __future__ import annotations

from pathlib import Path

import dns.rcode
import pytest
from name_servers import name_server

from ansible_collections.servicedns.consul.plugins.module_utils.dns import resolved
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

#: What HashiCorp's guide makes a host write.
GUIDE = """# /etc/systemd/resolved.conf
[Resolve]

# /etc/systemd/resolved.conf.d/consul.conf
[Resolve]
DNS=127.0.0.1:8600
DNSSEC=false
Domains=~consul
"""
PLAIN = {
    "dns": "Global:\nLink 2 (eth0): 10.0.0.1\n",
    "dnsovertls": "Global: no\nLink 2 (eth0): no\n",
    "dnssec": "Global: no\n",
}


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        ("", []),
        ("# /etc/systemd/resolved.conf\n[Resolve]\n#DNS=1.1.1.1\nFallbackDNS=8.8.8.8\n", []),
        ("# /etc/systemd/resolved.conf\n[Resolve]\nDNS=10.0.0.1 10.0.0.2\n", ["10.0.0.1", "10.0.0.2"]),
        (
            "[Resolve]\nDNS=10.0.0.1\n# /etc/systemd/resolved.conf.d/a.conf\n[Resolve]\nDNS=\nDNS=10.0.0.3\n",
            ["10.0.0.3"],
        ),
        (
            f"[Resolve]\nDNS=10.0.0.1\n# {resolved.DROP_IN}\n[Resolve]\nDNS=\nDNS=127.0.0.2\nDomains=~consul\n",
            ["10.0.0.1"],
        ),
        ("DNS=9.9.9.9#dns.quad9.net\n", ["9.9.9.9"]),
        (GUIDE, ["127.0.0.1#8600"]),
        ("  DNS = 10.0.0.1\n\tDNS=10.0.0.2 \\\n  10.0.0.3\n;DNS=10.0.0.9\n", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        ("DNS=resolver.example 10.0.0.1\n", ["10.0.0.1"]),
    ],
)
def test_global_servers(configuration: str, expected: list[str]) -> None:
    assert resolved.global_servers(configuration) == expected


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("10.0.0.1:53", "10.0.0.1"),
        ("10.0.0.1:5353", "10.0.0.1#5353"),
        ("10.0.0.1:5353%eth0#dns.example", "10.0.0.1#5353@eth0"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:853", "2001:db8::1#853"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1%eth0"),
        ("[fe80::1]:5353%eth0", "fe80::1%eth0#5353"),
        ("#dns.example", ""),
        ("resolver.example", ""),
    ],
)
def test_server_as_dnsmasq_writes_it(server: str, expected: str) -> None:
    assert resolved.as_dnsmasq_writes_it(server) == expected


def drop_in(name: str, *lines: str) -> str:
    return f"# /etc/systemd/resolved.conf.d/{name}.conf\n[Resolve]\n" + "".join(f"{line}\n" for line in lines)


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (GUIDE, []),
        (drop_in("servicedns-consul", "DNS=", "DNS=127.0.0.2", "Domains=~consul"), []),
        (drop_in("vpn", "DNS=10.8.0.1"), ["DNS=10.8.0.1"]),
        (drop_in("zz", "DNS=", "Domains=", "Domains=corp.example", "Cache=no"), ["DNS=", "Domains="]),
        ("# /etc/systemd/resolved.conf\nDNS=10.0.0.1\n", []),
    ],
)
def test_drop_ins_that_are_read_after_ours(configuration: str, expected: list[str]) -> None:
    found = resolved.overriding(configuration)
    assert [f"{setting.option}={setting.value}" for setting in found] == expected


def test_by_scope() -> None:
    output = "Global: 10.0.0.1 10.0.0.2\n        10.0.0.3\nLink 2 (eth0): no\nLink 3 (br-a(b)):\n"
    assert resolved.by_scope(output) == {
        "Global": ["10.0.0.1", "10.0.0.2", "10.0.0.3"],
        "eth0": ["no"],
        "br-a(b)": [],
    }


def obstacles(upstreams: tuple[str, ...] = (), configuration: str = GUIDE, **shown: str) -> list[str]:
    return resolved.conflicts(configuration, lambda what: {**PLAIN, **shown}[what], ["consul"], upstreams)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (obstacles(dnsovertls="Global: yes\n"), "asks over TLS alone (DNSOverTLS=yes), which dnsmasq does not speak"),
        (obstacles(("127.0.0.1#5053",), dnsovertls="Global: yes\n"), "asks over TLS alone (DNSOverTLS=yes)"),
        (
            obstacles(dnsovertls="Global: no\nLink 2 (eth0): yes\n"),
            "asks 10.0.0.1 over TLS (DNSOverTLS=yes of eth0), and dnsmasq would ask in clear text",
        ),
        (
            obstacles(dnsovertls="Global: opportunistic\nLink 2 (eth0): opportunistic\n"),
            "asks 10.0.0.1 over TLS (DNSOverTLS=opportunistic of eth0), and dnsmasq would ask in clear text",
        ),
        (
            obstacles(dnssec="Global: yes\n"),
            "validates (DNSSEC=yes), and consul is no domain of the root; write it into",
        ),
        (obstacles(dnssec="Global: allow-downgrade\n"), "validates (DNSSEC=allow-downgrade), and consul"),
        (
            obstacles(configuration=drop_in("zz-vpn", "DNS=10.8.0.1")),
            f"/etc/systemd/resolved.conf.d/zz-vpn.conf is read after {resolved.DROP_IN}, and its DNS=10.8.0.1 takes",
        ),
    ],
)
def test_obstacles_are_named(found: list[str], message: str) -> None:
    (problem,) = found
    assert problem.startswith("O(resolver): ")
    assert message in problem


@pytest.mark.parametrize(
    "found",
    [
        obstacles(),
        obstacles(dnssec="Global: no/unsupported\n".replace("/unsupported", "")),
        # A link without servers asks nobody.
        obstacles(dnsovertls="Global: no\nLink 3 (docker0): opportunistic\n"),
        # The operator said whom to ask instead.
        obstacles(("127.0.0.1#5053",), dnsovertls="Global: opportunistic\nLink 2 (eth0): yes\n"),
    ],
)
def test_no_obstacles(found: list[str]) -> None:
    assert found == []


@pytest.mark.parametrize(
    ("shown", "asked"),
    [
        ({"dnsovertls": "Global: yes\nLink 2 (eth0): yes\n"}, "10.0.0.1 over TLS (DNSOverTLS=yes of eth0)"),
        (
            {"dnsovertls": "Global: no\nLink 2 (eth0): opportunistic\n"},
            "10.0.0.1 over TLS (DNSOverTLS=opportunistic of eth0)",
        ),
        ({"dnsovertls": "Global: yes\nLink 2 (eth0): no\nLink 3 (docker0): yes\n"}, ""),
        ({"dnssec": "Global: yes\n"}, ""),
        ({}, ""),
    ],
)
def test_who_is_left_alone_is_not_followed_in_clear_text(shown: dict[str, str], asked: str) -> None:
    """systemd-resolved that is not made to ask dnsmasq: dnsmasq would ask its servers, for containers and the agent."""

    def show(what: str) -> str:
        return {**PLAIN, **shown}[what]

    with name_server([], dns.rcode.NXDOMAIN) as port:
        stub = f"127.0.0.1#{port}"
        assert resolved.left_alone(drop_in("zz-vpn"), show, stub) == ([stub] if asked else [], [])
    _stub, problems = resolved.left_alone(drop_in("zz-vpn"), show, "127.0.0.1#9")
    assert len(problems) == bool(asked)
    for problem in problems:
        assert problem.startswith(f"O(upstreams): systemd-resolved asks {asked}")
        assert "own 127.0.0.1#9 does not answer (DNSStubListener=no)" in problem


def test_a_domain_that_dnssec_does_not_hold_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    anchors = tmp_path / "consul.negative"
    anchors.write_text("; ours\nConsul. ; as dnssec-trust-anchors.d(5) says\n\n")
    monkeypatch.setattr(resolved, "ANCHORS", [str(tmp_path / "*.negative")])
    assert resolved.negative_anchors() == {"consul"}
    assert obstacles(dnssec="Global: yes\n") == []


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["DNSOverTLS=true"], "asks over TLS alone"),
        (
            ["DNS=10.0.0.1", "DNSOverTLS=opportunistic"],
            "asks 10.0.0.1 over TLS (DNSOverTLS=opportunistic of all links)",
        ),
        (["DNSSEC=1"], "validates (DNSSEC=yes)"),
    ],
)
def test_without_a_bus_what_is_configured_counts(lines: list[str], message: str) -> None:
    def show(_what: str) -> str:
        raise HostError("no bus")

    (problem,) = resolved.conflicts(drop_in("a", *lines), show, ["consul"], [])
    assert message in problem
    assert resolved.conflicts(drop_in("a", "DNSSEC=false", "DNSOverTLS=no"), show, ["consul"], []) == []


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("Global: 127.0.0.2\nLink 2 (eth0): 10.0.0.1\n", ["127.0.0.2"]),
        ("Global: ~a ~b\n        ~c\nLink 2 (eth0): ~d\n", ["~a", "~b", "~c"]),
        ("Global:\nLink 2 (eth0): 10.0.0.1\n", []),
        ("", []),
    ],
)
def test_global_setting(output: str, expected: list[str]) -> None:
    assert resolved.global_setting(output) == expected


def test_of_all_scopes() -> None:
    output = "Global: 127.0.0.2\nLink 2 (docker0):\nLink 5 (eth0): 192.0.2.1 2001:db8::1 192.0.2.1\n"
    assert resolved.of_all_scopes(output) == ["127.0.0.2", "192.0.2.1", "2001:db8::1"]
    assert resolved.of_all_scopes("") == []
