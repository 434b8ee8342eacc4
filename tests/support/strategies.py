# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lists of services that are valid: every kind of check, every field, and what is odd but allowed."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

Object = dict[str, Any]

#: Anything that JSON carries unchanged; ids in the catalog know no upper and lower case, so none is in here.
odd_text = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Lu", "Lt"]), max_size=12)
letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
labels = st.one_of(
    st.sampled_from(["web", "db", "a", "Web-2", "0", "n" * 63, "x" + "-" * 61 + "x"]),
    st.text(letters, min_size=1, max_size=63),
)
ports = st.one_of(st.sampled_from([1, 80, 65535]), st.integers(1, 65535))
ip4 = st.ip_addresses(v=4).map(str).filter(lambda text: text != "0.0.0.0")
ip6 = st.ip_addresses(v=6).map(str).filter(lambda text: text != "::" and not text.startswith("::ffff:"))
host_names = st.sampled_from(["localhost", "db_1.example.invalid", "web.example.invalid.", "10-0-0-1.invalid"])
addresses = st.one_of(ip4, ip6, host_names)
#: Long ones only, so that no check runs or expires within a test.
durations = st.sampled_from(["90s", "1m30s", "1.5h", "+2h", "100m0.5s", "3600000ms", "7200000000000ns", "5400000000us"])
hosts_with_port = st.one_of(
    st.builds("{}:{}".format, st.one_of(ip4, host_names), ports),
    st.builds("[{}]:{}".format, ip6, ports),
)
endpoints = st.one_of(hosts_with_port, st.sampled_from(["[::1]:80", ":80", "localhost:http", "[fe80::1%lo]:80"]))
urls = st.one_of(
    st.builds(
        "{}://{}{}".format,
        st.sampled_from(["http", "https", "HTTP"]),
        hosts_with_port,
        st.sampled_from(["", "/", "/é"]),
    ),
    st.sampled_from(
        ["http://localhost", "http://user:secret@localhost/a?b=c#d", "https://[::1]/health check/x", "http://h:"]
    ),
)
headers = st.dictionaries(st.sampled_from(["Host", "x-token", "Accept"]), st.lists(odd_text, max_size=2), max_size=2)
arguments = st.builds(lambda rest: ["true", *rest], st.lists(odd_text, max_size=2))

meta_keys = st.text(letters + "_-", min_size=1, max_size=20).filter(lambda key: not key.startswith("consul-"))
meta = st.one_of(
    st.dictionaries(meta_keys, odd_text, max_size=4),
    st.just({f"{number:0128}": "é" * 256 for number in range(64)}),
)
weights = st.fixed_dictionaries({}, optional={"passing": st.integers(1, 65535), "warning": st.integers(0, 65535)})
locality: st.SearchStrategy[Object] = st.one_of(
    st.just({}), st.fixed_dictionaries({"region": st.just("eu")}, optional={"zone": odd_text})
)


def tagged(of: st.SearchStrategy[str]) -> st.SearchStrategy[Object]:
    return st.fixed_dictionaries({"address": of}, optional={"port": ports})


tagged_addresses = st.fixed_dictionaries(
    {},
    optional={
        "lan": tagged(addresses),
        "wan": tagged(addresses),
        "lan_ipv4": tagged(ip4),
        "wan_ipv4": tagged(ip4),
        "lan_ipv6": tagged(ip6),
        "wan_ipv6": tagged(ip6),
        "of-ours": tagged(addresses),
    },
)

#: All kinds but alias_node, which makes the next reload of an agent wait for a minute.
KINDS: dict[str, st.SearchStrategy[Object]] = {
    "http": st.fixed_dictionaries(
        {"http": urls},
        optional={
            "header": headers,
            "method": st.sampled_from(["", "GET", "POST"]),
            "body": odd_text,
            "disable_redirects": st.booleans(),
            "tls_server_name": host_names,
            "tls_skip_verify": st.booleans(),
        },
    ),
    "tcp": st.fixed_dictionaries({"tcp": endpoints}, optional={"tcp_use_tls": st.booleans()}),
    "udp": st.fixed_dictionaries({"udp": endpoints}),
    "grpc": st.fixed_dictionaries(
        {"grpc": st.builds(str.__add__, endpoints, st.sampled_from(["", "/", "/my.service/x"]))},
        optional={"grpc_use_tls": st.booleans()},
    ),
    "h2ping": st.fixed_dictionaries({"h2ping": endpoints}, optional={"h2ping_use_tls": st.booleans()}),
    "args": st.fixed_dictionaries({"args": arguments}),
    "docker": st.fixed_dictionaries(
        {"docker_container_id": st.just("flapp1"), "args": arguments}, optional={"shell": st.just("/bin/sh")}
    ),
    "ttl": st.fixed_dictionaries({"ttl": durations}),
}
WITHOUT_INTERVAL = ("ttl", "alias_service")
of_any_check = st.fixed_dictionaries(
    {},
    optional={
        "name": odd_text,
        "notes": odd_text,
        "token": st.just("secret"),
        "status": st.sampled_from(["passing", "warning", "critical"]),
        "timeout": durations,
        "output_max_size": st.integers(0, 10**6),
        "success_before_passing": st.integers(0, 9),
        "failures_before_critical": st.integers(0, 9),
        "deregister_critical_service_after": st.just("72h"),
    },
)


@st.composite
def checks(draw: st.DrawFn, ids: list[str], unique: str) -> Object:
    """A check of one kind, or an alias of one of the ids."""
    kind = draw(st.sampled_from([*KINDS, "alias_service"]))
    own = {"alias_service": draw(st.sampled_from(ids))} if kind == "alias_service" else draw(KINDS[kind])
    check = {**draw(of_any_check), **own}
    if kind not in WITHOUT_INTERVAL:
        check["interval"] = draw(durations)
    if "failures_before_critical" in check and draw(st.booleans()):
        check["failures_before_warning"] = draw(st.integers(0, check["failures_before_critical"]))
    if draw(st.booleans()):
        check["id"] = f"{draw(odd_text)}/{unique}"
    return check


@st.composite
def with_checks(draw: st.DrawFn, ids: list[str], unique: str) -> Object:
    """The keys check and checks, of a service or a sidecar."""
    found: Object = {}
    count = draw(st.integers(0, 3))
    if count or draw(st.booleans()):
        found["checks"] = [draw(checks(ids, f"{unique}.{number}")) for number in range(count)]
    if draw(st.booleans()):
        found["check"] = draw(checks(ids, f"{unique}.one"))
    return found


@st.composite
def upstreams(draw: st.DrawFn) -> list[Object]:
    found = []
    for number in range(draw(st.integers(0, 2))):
        upstream: Object = {"destination_name": f"db{number}", "config": {"connect_timeout_ms": 1000, "a": [1, {}]}}
        if draw(st.booleans()):
            upstream |= {"local_bind_port": 9000 + number, "local_bind_address": draw(ip4)}
        else:
            upstream |= {"local_bind_socket_path": f"/run/{number}", "local_bind_socket_mode": "0600"}
        upstream |= draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "destination_type": st.sampled_from(["service", "prepared_query"]),
                    "mesh_gateway": st.just({"mode": "local"}),
                },
            )
        )
        found.append(upstream)
    return found


proxies = st.fixed_dictionaries(
    {},
    optional={
        "destination_service_id": st.just("web"),
        "local_service_address": ip4,
        "local_service_port": ports,
        "mode": st.sampled_from(["", "direct", "transparent"]),
        "config": st.just({"protocol": "http"}),
        "upstreams": upstreams(),
        "mesh_gateway": st.just({"mode": "none"}),
        "transparent_proxy": st.just({"outbound_listener_port": 15001, "dialed_directly": True}),
        "expose": st.just({"paths": [{"path": "/health", "listener_port": 21500, "local_path_port": 80}]}),
    },
)


@st.composite
def places(draw: st.DrawFn, port: bool) -> Object:
    """Where a service is: its port, or ports, or socket, and its address."""
    kind = draw(st.sampled_from(["port"] if port else ["port", "port", "ports", "socket", "none"]))
    if kind == "socket":
        return {"socket_path": "/run/web.sock"}
    found: Object = {}
    if kind == "port":
        found["port"] = draw(ports)
    elif kind == "ports":
        found["ports"] = [
            {"name": f"p{number}", "port": draw(ports), "default": number == 0}
            for number in range(draw(st.integers(1, 3)))
        ]
    if draw(st.booleans()):
        found["address"] = draw(st.one_of(addresses, st.just("")))
    return found


of_any_service = st.fixed_dictionaries(
    {},
    optional={
        "tags": st.lists(odd_text.filter(bool), max_size=3),
        "meta": meta,
        "token": st.just("secret"),
        "weights": weights,
        "enable_tag_override": st.booleans(),
        "tagged_addresses": tagged_addresses,
        "locality": locality,
    },
)


@st.composite
def services(draw: st.DrawFn, ids: list[str], number: int, name: str, identifier: str | None) -> Object:
    """A service, a service of the mesh, a proxy or a gateway."""
    kind = draw(
        st.sampled_from(["service"] * 5 + ["native", "sidecar", "connect-proxy", "mesh-gateway", "api-gateway"])
    )
    service: Object = {"name": name, **draw(of_any_service), **draw(with_checks(ids, f"{number}"))}
    if identifier is not None:
        service["id"] = identifier
    service |= draw(places(port=kind in ("native", "connect-proxy", "mesh-gateway", "api-gateway")))
    if kind == "native":
        service["connect"] = {"native": True}
    elif kind == "sidecar":
        sidecar = {**draw(with_checks(ids, f"{number}.sidecar")), "proxy": draw(proxies)}
        service["connect"] = {"sidecar_service": sidecar}
        if draw(st.booleans()):
            sidecar["port"] = draw(ports)
    elif kind == "connect-proxy":
        service |= {"kind": kind, "proxy": {"destination_service_name": "web", **draw(proxies)}}
    elif kind != "service":
        service["kind"] = kind
    return service


@st.composite
def service_lists(draw: st.DrawFn, min_size: int = 0, max_size: int = 8) -> list[Object]:
    """The services of a host. Several are instances of one name."""
    names = draw(st.lists(labels, min_size=min_size, max_size=max_size))
    ids: list[str | None] = []
    for number, name in enumerate(names):
        taken = {(names[other] if given is None else given).lower() for other, given in enumerate(ids)} | {"consul"}
        alone = name.lower() not in taken
        ids.append(None if alone and draw(st.booleans()) else f"{draw(odd_text)}.{number}")
    every = [names[number] if given is None else given for number, given in enumerate(ids)]
    return [draw(services(every, number, name, ids[number])) for number, name in enumerate(names)]
