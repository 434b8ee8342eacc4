# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From what was seen on a host to the hop that is to blame."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.lookup import verdict as path
from ansible_collections.servicedns.consul.plugins.module_utils.lookup.observations import (
    AgentSeen,
    DnsmasqSeen,
    Reply,
    ResolvedSeen,
    Seen,
)

GOOD = [Reply("udp there:53", True, "192.0.2.5", [0.4]), Reply("tcp there:53", True, "192.0.2.5", [0.9])]
BAD = [Reply("udp there:53", False, "SERVFAIL"), Reply("tcp there:53", False, "SERVFAIL")]
NO_TCP = [GOOD[0], Reply("tcp there:53", False, "Connection refused")]
FOUND = Reply("getent ahosts consul.service.consul", True, "192.0.2.5", [2.0])
NOT_FOUND = FOUND._replace(good=False, text="not found")
AGENT = AgentSeen(
    container="running",
    url="http://127.0.0.1:8500",
    dns="127.0.0.1#8600",
    domains=["consul"],
    leader="192.0.2.4:8300",
    servers={"192.0.2.4:8300": ""},
    joined=["192.0.2.4"],
    services={"web": {}},
)
HEALTHY = Seen(
    domain="consul",
    name="consul.service.consul",
    application=FOUND,
    nss=["files", "resolve", "[!UNAVAIL=return]", "dns"],
    resolv_conf_target="/run/systemd/resolve/stub-resolv.conf",
    nameservers=["127.0.0.53"],
    holders={"127.0.0.53": "systemd-resolve"},
    first=GOOD,
    resolved=ResolvedSeen(True, ["127.0.0.2"], ["~consul"]),
    stub=GOOD,
    dnsmasq=DnsmasqSeen("active", ["127.0.0.2"], {"consul": ["127.0.0.1#8600"]}),
    dnsmasq_replies=GOOD,
    agent=AGENT,
    agent_replies=GOOD,
    declared=["web"],
)
PLAIN = HEALTHY._replace(
    nss=["files", "dns"],
    resolv_conf_target="/etc/resolv.conf",
    nameservers=["127.0.0.2", "192.0.2.53"],
    holders={"127.0.0.2": "dnsmasq"},
    resolved=ResolvedSeen(False),
    stub=[],
)
#: Nobody behind the agent answers.
DARK: dict[str, Any] = {
    "application": NOT_FOUND, "first": BAD, "stub": BAD, "dnsmasq_replies": BAD, "agent_replies": BAD,
}  # fmt: skip
#: The same on a host with a plain file.
PLAIN_DARK = {**DARK, "stub": []}


def states(verdicts: list[path.Verdict]) -> dict[str, str]:
    return {verdict.hop: verdict.state for verdict in verdicts}


@pytest.mark.parametrize(("seen", "resolver"), [(HEALTHY, "ok"), (PLAIN, "absent")])
def test_healthy(seen: Seen, resolver: str) -> None:
    verdicts = path.judge(seen)
    assert [verdict.hop for verdict in verdicts] == list(path.HOPS)
    assert states(verdicts) == {hop: "ok" for hop in path.HOPS} | {"resolver": resolver}
    assert path.first_broken(verdicts) is None


#: What differs from a healthy host, the hop that is to blame, and words of the cause.
BROKEN: list[tuple[Seen, str, str]] = [
    (HEALTHY._replace(application=NOT_FOUND), "application", "programs find no consul.service.consul, although every hop"),
    (HEALTHY._replace(application=NOT_FOUND, nss=["files"]), "nsswitch", "'hosts: files' asks no name server"),
    (
        HEALTHY._replace(hosts_file=["flapp1.service.consul"]),
        "nsswitch",
        "/etc/hosts has flapp1.service.consul, so that programs ask no name server for it",
    ),
    (HEALTHY._replace(nss=[]), "nsswitch", "'hosts: ' asks no name server"),
    (PLAIN._replace(application=NOT_FOUND, nss=["files", "resolve"]), "nsswitch", "'hosts: files resolve' asks no"),
    (
        PLAIN._replace(application=NOT_FOUND, nss=["files", "myhostname", "[NOTFOUND=return]", "dns"]),
        "nsswitch",
        "ends after myhostname, before any name server",
    ),
    (HEALTHY._replace(nameservers=[], first=[], holders={}), "resolv.conf", "names no server, or is not there"),
    (
        HEALTHY._replace(nameservers=["192.0.2.53"], first=BAD, holders={}),
        "resolv.conf",
        "/etc/resolv.conf, which leads to /run/systemd/resolve/stub-resolv.conf, names 192.0.2.53 first",
    ),
    (
        PLAIN._replace(nameservers=["192.0.2.53", "127.0.0.2"], first=BAD, application=NOT_FOUND),
        "resolv.conf",
        "/etc/resolv.conf names 192.0.2.53 first, which does not know consul (udp there:53: SERVFAIL;",
    ),
    (HEALTHY._replace(resolved=ResolvedSeen(False), first=BAD, stub=[]), "resolver", "systemd-resolved is not running"),
    (
        HEALTHY._replace(application=NOT_FOUND, first=BAD, stub=BAD, resolved=ResolvedSeen(True, ["192.0.2.53"], [])),
        "resolver",
        "systemd-resolved asks 192.0.2.53, and not dnsmasq at 127.0.0.2",
    ),
    (
        HEALTHY._replace(application=NOT_FOUND, first=BAD, stub=BAD, resolved=ResolvedSeen(True, ["127.0.0.2"], ["~example"])),
        "resolver",
        "systemd-resolved does not route ~consul to dnsmasq (domains: ~example)",
    ),
    (HEALTHY._replace(first=NO_TCP, stub=NO_TCP), "resolver", "does not answer as dnsmasq does (tcp there:53: Connection"),
    (
        PLAIN._replace(nameservers=["127.0.0.1"], holders={"127.0.0.1": "unbound"}, first=BAD, application=NOT_FOUND),
        "resolver",
        "unbound, which listens on 127.0.0.1, does not ask dnsmasq for consul",
    ),
    (
        HEALTHY._replace(**{**DARK, "agent_replies": GOOD}, dnsmasq=DnsmasqSeen("failed", ["127.0.0.2"], {}, "bad option")),
        "dnsmasq",
        "the service dnsmasq-consul is failed; its journal ends with: bad option",
    ),
    (
        HEALTHY._replace(dnsmasq=DnsmasqSeen("failed", ["127.0.0.2"], {}, "bad option", "dnsmasq-consul-upstreams")),
        "dnsmasq",
        "the service dnsmasq-consul-upstreams is failed; its journal ends with: bad option",
    ),
    (
        HEALTHY._replace(**{**DARK, "agent_replies": GOOD}, dnsmasq=DnsmasqSeen("not-found")),
        "dnsmasq",
        "there is no service dnsmasq-consul",
    ),
    (
        HEALTHY._replace(**{**DARK, "agent_replies": GOOD}, dnsmasq=DnsmasqSeen("active", ["127.0.0.2"], {"example": ["192.0.2.1"]})),
        "dnsmasq",
        "dnsmasq forwards no domain consul (it forwards example)",
    ),
    (
        HEALTHY._replace(
            **{**DARK, "agent_replies": GOOD}, dnsmasq=DnsmasqSeen("active", ["127.0.0.2"], {"consul": ["127.0.0.1#8601"]})
        ),
        "dnsmasq",
        "dnsmasq forwards consul to 127.0.0.1#8601, and the agent answers at 127.0.0.1#8600",
    ),
    (HEALTHY._replace(first=NO_TCP, stub=NO_TCP, dnsmasq_replies=NO_TCP), "dnsmasq", "does not answer as the agent does (tcp"),
    (HEALTHY._replace(**DARK, agent=AGENT._replace(engine="no engine", complaint="refused")), "agent", "no engine"),
    (HEALTHY._replace(**DARK, agent=AgentSeen(complaint="refused")), "agent", "there is no container consul"),
    (
        HEALTHY._replace(**DARK, agent=AgentSeen(container="exited", exit_code=137, complaint="refused")),
        "agent",
        "the container consul is exited (exit code 137)",
    ),
    (HEALTHY._replace(**DARK, agent=AGENT._replace(complaint="GET x: refused")), "agent", "GET x: refused"),
    (HEALTHY._replace(**DARK, agent=AGENT._replace(domains=["example"])), "agent", "answers for the domain example"),
    # dnsmasq had the answer of another agent, and the next one to ask it that of this one.
    (
        HEALTHY._replace(application=NOT_FOUND, first=BAD, stub=NO_TCP, agent=AGENT._replace(domains=["example"])),
        "agent",
        "answers for the domain example",
    ),
    (
        PLAIN._replace(
            nameservers=["127.0.0.1"],
            holders={"127.0.0.1": "unbound"},
            first=BAD,
            application=NOT_FOUND,
            agent=AGENT._replace(domains=["example"]),
        ),
        "agent",
        "answers for the domain example",
    ),
    (HEALTHY._replace(**DARK), "agent", "its DNS does not answer as it should (udp there:53: SERVFAIL"),
    (
        HEALTHY._replace(**DARK, agent=AGENT._replace(leader="", joined=[])),
        "agent",
        "the agent has not joined: 192.0.2.4:8300 can be reached, and is no member",
    ),
    (
        HEALTHY._replace(**DARK, agent=AGENT._replace(leader="", servers={"192.0.2.4:8300": "no answer within 2 s"})),
        "servers",
        "this host does not reach the server 192.0.2.4:8300 (no answer within 2 s)",
    ),
    (
        HEALTHY._replace(**DARK, agent=AGENT._replace(leader="", servers={}, joined=[])),
        "servers",
        "the agent knows no server, and its retry_join is empty",
    ),
    (
        HEALTHY._replace(**DARK, agent=AGENT._replace(leader="", leader_complaint="No cluster leader")),
        "servers",
        "the datacenter has no leader (No cluster leader)",
    ),
    (
        HEALTHY._replace(**DARK, agent=AGENT._replace(leader="", is_server=True, joined=[])),
        "servers",
        "the datacenter has no leader (none is elected)",
    ),
    (HEALTHY._replace(declared=["web", "mail"]), "services", "the agent does not serve mail, which the inventory declares"),
    (
        HEALTHY._replace(
            agent=AGENT._replace(checks=[{"service": "web", "name": "http", "status": "critical", "output": "a\nb" * 99}])
        ),
        "services",
        "DNS leaves out web: the check http is critical and says 'a ba ba b",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("seen", "hop", "cause"), BROKEN, ids=[cause for _seen, _hop, cause in BROKEN])
def test_broken(seen: Seen, hop: str, cause: str) -> None:
    verdicts = path.judge(seen)
    broken = path.first_broken(verdicts)
    assert broken is not None
    assert (broken.hop, cause in broken.cause) == (hop, True), broken
    assert broken.next_step
    assert "\n" not in broken.cause
    # One thing is wrong, so one hop is to blame, and those before it only hand it on.
    assert [verdict.hop for verdict in verdicts if verdict.state == "broken"] == [hop]
    assert verdicts[0].state == ("broken" if hop == "application" else "ok" if seen.application.good else "fails")


@pytest.mark.parametrize(
    "seen",
    [
        HEALTHY._replace(nss=["files", "mdns4_minimal", "[NOTFOUND=return]", "dns"]),
        HEALTHY._replace(agent=AGENT._replace(servers={"192.0.2.4:8300": "", "192.0.2.7:8300": "Connection refused"})),
        HEALTHY._replace(agent=AGENT._replace(checks=[{"service": "web", "name": "http", "status": "warning"}])),
        # Lookups go to the agent without dnsmasq.
        PLAIN._replace(dnsmasq=DnsmasqSeen("not-found"), dnsmasq_replies=[], nameservers=["192.0.2.53"], holders={}),
        PLAIN._replace(nameservers=["127.0.0.1"], holders={"127.0.0.1": "unbound"}),
        # Another port of the agent's own choice, which dnsmasq knows.
        HEALTHY._replace(agent=AGENT._replace(domains=["other", "consul"])),
    ],
)
def test_not_broken(seen: Seen) -> None:
    assert path.first_broken(path.judge(seen)) is None


def test_what_cannot_be_asked_is_unknown() -> None:
    found = states(path.judge(HEALTHY._replace(**DARK, agent=AgentSeen(complaint="refused"))))
    assert (found["servers"], found["services"]) == ("unknown", "unknown")


def test_nothing_to_serve() -> None:
    assert states(path.judge(HEALTHY._replace(declared=[], agent=AGENT._replace(services={}))))["services"] == "absent"
