# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the modules decide, apart from what they do to a host: Molecule has that."""

from __future__ import annotations

import http.server
import json
import os
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from module_runs import run_main
from read_only import on_read_only
from service_lines import HTTP, RUNS

from ansible_collections.servicedns.consul.plugins.module_utils.dns import preflight, probe_names
from ansible_collections.servicedns.consul.plugins.module_utils.docker import engine as docker
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, packages
from ansible_collections.servicedns.consul.plugins.module_utils.system.sockets import Socket
from ansible_collections.servicedns.consul.plugins.modules import (
    agent_preflight,
    agent_services,
)


@pytest.mark.parametrize(
    ("listener", "client", "server"),
    [
        # Whether a client and a server are kept from listening.
        (Socket("tcp", "192.168.100.4", 8300, "other", 7), False, True),
        (Socket("udp", "0.0.0.0", 8301, "other", 7), True, True),
        (Socket("udp", "*", 8302, "other", 7), False, True),
        (Socket("tcp", "192.168.100.4", 8302, "consul", 42), False, False),
        (Socket("tcp", "10.0.0.1", 8300, "other", 7), False, False),
        (Socket("tcp", "127.0.0.1", 8500, "other", 7), True, True),
        (Socket("udp", "127.0.0.1", 8500, "other", 7), False, False),
        (Socket("tcp", "127.0.0.1", 8503, "other", 7), False, True),
        (Socket("udp", "*", 8600, "other", 7), True, True),
        (Socket("tcp", "192.168.100.4", 8500, "other", 7), False, False),
        (Socket("tcp", "127.0.0.1", 8501, "other", 7), False, False),
    ],
)
def test_foreign_listeners_of_the_agent(listener: Socket, client: bool, server: bool) -> None:
    for kind, foreign in ((False, client), (True, server)):
        wanted = agent_preflight.wanted_sockets("192.168.100.4", ["127.0.0.1"], kind, {})
        found = agent_preflight.foreign_listeners([listener], wanted, lambda pid: pid == 42)
        assert found == ([listener] if foreign else [])


@pytest.mark.parametrize(
    ("listens", "wants", "collide"),
    [
        ("127.0.0.1", "0.0.0.0", True),
        ("127.0.0.1", "::", True),
        ("::1", "0.0.0.0", False),
        ("*", "127.0.0.1", True),
        ("127.0.0.1", "127.0.0.1", True),
        ("127.0.0.2", "127.0.0.1", False),
    ],
)
def test_a_wildcard_wants_all_addresses(listens: str, wants: str, collide: bool) -> None:
    held = Socket("tcp", listens, 8500, "other", 7)
    wanted = agent_preflight.wanted_sockets("192.168.100.4", [wants], False, {})
    assert bool(agent_preflight.foreign_listeners([held], wanted, lambda _pid: False)) is collide


def test_ports_that_the_configuration_changes() -> None:
    wanted = agent_preflight.wanted_sockets("10.0.0.1", ["127.0.0.1"], True, {"serf_wan": -1, "https": "8501"})
    assert ("tcp", "127.0.0.1", 8501) in wanted
    assert 8302 not in {port for _protocol, _address, port in wanted}


@pytest.mark.parametrize(
    ("info", "fault"),
    [
        ({"SecurityOptions": ["name=seccomp,profile=default", "name=cgroupns"], "OSType": "linux"}, ""),
        ({"SecurityOptions": None}, ""),
        ({"SecurityOptions": ["name=seccomp", "name=rootless"]}, "runs rootless"),
        ({"SecurityOptions": ["name=userns"]}, "has userns-remap"),
        ({"OperatingSystem": "Docker Desktop", "OSType": "linux"}, "is Docker Desktop, whose containers"),
    ],
)
def test_engines_without_the_network_of_the_host(info: dict[str, Any], fault: str) -> None:
    found = [*agent_preflight.engine_faults(info)]
    assert [fault in each for each in found] == [True] * bool(fault)


IP = """#!/bin/sh
case "$*" in
*route*) echo '[{"dev": "eth0"}]' ;;
*) echo '[{"ifname": "eth0", "addr_info": [{"local": "192.0.2.4", "prefixlen": 24, "scope": "global"}]}]' ;;
esac
"""


@pytest.mark.parametrize(("there", "missing"), [({}, "ip"), ({"ip": IP}, "ss")])
def test_a_host_without_a_command_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: dict[str, str], missing: str
) -> None:
    for name, text in there.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(command, "environment", lambda: {"PATH": str(tmp_path)})
    monkeypatch.setattr(docker, "SOCKET", str(tmp_path / "docker.sock"))
    result = run_main(agent_preflight.main, image="hashicorp/consul:1.22.7", data_directory=str(tmp_path / "data"))
    assert result["failed"]
    for message in (
        f"{missing} is not installed (on Debian: apt install iproute2)",
        "the Docker engine does not answer",
        "the docker command is not installed",
    ):
        assert message in result["msg"]


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """An engine that gives these answers by path, each a status and a body. It knows nothing else."""
    answers: dict[str, Any] = {"/info": (200, {"Architecture": "x86_64"})}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = answers.get(unquote(self.path), (404, {"message": "none"}))
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def address_string(self) -> str:
            return "a local program"

        def log_message(self, *_arguments: object) -> None:
            pass

    path = str(tmp_path / "docker.sock")
    monkeypatch.setattr(docker, "SOCKET", path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with socketserver.ThreadingUnixStreamServer(path, Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield answers
        server.shutdown()


REFUSED = (500, {"message": 'Get "https://r.example/v2/": dial tcp 192.0.2.1:443: connect: connection refused'})


@pytest.mark.parametrize(
    ("image", "answer", "said"),
    [
        ("hashicorp/consul:1.22.7", (200, {"Descriptor": {}}), ""),
        ("hashicorp/consul:1.99.9", (404, {"message": "manifest unknown"}), "registry-1.docker.io has no such image"),
        ("r.example/consul:1", REFUSED, '500, Get "https://r.example/v2/": dial tcp 192.0.2.1:443: connect: conn'),
        ("mine/consul:1", (403, {"message": "denied: requested access to the resource is denied"}), "403, denied: req"),
    ],
)
def test_an_image_that_cannot_be_pulled(
    engine: dict[str, Any], tmp_path: Path, image: str, answer: tuple[int, Any], said: str
) -> None:
    """Before any host is changed; not where the image comes from a file, nor where it is there."""
    engine[f"/distribution/{image}/json"] = answer
    message = f"consul_agent_image: {image!r} is not on this host, and cannot be pulled: "
    found = run_main(agent_preflight.main, image=image).get("msg", "")
    assert (message in found) is bool(said)
    assert said in found
    assert message not in run_main(agent_preflight.main, image=image, pull=False).get("msg", "")
    engine[f"/images/{image}/json"] = (200, {"Id": "7"})
    assert message not in run_main(agent_preflight.main, image=image).get("msg", "")


def test_an_image_that_may_be_pulled_in_another_way(engine: dict[str, Any], tmp_path: Path) -> None:
    hub, other = "hashicorp/consul:1.22.7", "r.example/consul:1"
    engine[f"/distribution/{other}/json"] = REFUSED

    def refused(image: str) -> bool:
        result = run_main(agent_preflight.main, image=image)
        assert "cannot be pulled" in json.dumps(result)
        return "cannot be pulled" in result.get("msg", "")

    assert refused(hub)
    engine["/info"] = (200, {"RegistryConfig": {"Mirrors": ["http://mirror.example/"]}})
    assert not refused(hub), "the mirror may not have it"
    assert refused(other)
    (tmp_path / "config.json").write_text('{"auths": {}}')
    assert refused(other)
    (tmp_path / "config.json").write_text('{"auths": {"r.example": {"auth": "dTpw"}}}')
    assert not refused(other), "whoever pulls has a password"


def test_a_registry_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "SOCKET", str(tmp_path / "docker.sock"))
    monkeypatch.setattr(agent_preflight, "REGISTRY_PATIENCE", 0.2)
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(docker.SOCKET)
        silent.listen()
        assert "answers GET /distribution/r.example%2Fx/json not within 0.2 s" in agent_preflight.registry_fault(
            "r.example/x"
        )


def test_requests_that_no_source_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, text in (("apt-cache", "#!/bin/sh\n"), ("apt-config", "#!/bin/sh\n"), ("apt-get", "#!/bin/sh\n")):
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(command, "environment", lambda: {"PATH": str(tmp_path)})
    monkeypatch.setattr(probe_names, "apt_uris", lambda: ["http://127.0.0.1:9/debian"])
    monkeypatch.setattr(packages, "DEBIAN_MODULES", sys.path[0])
    assert agent_preflight.lacks_requests() == []
    monkeypatch.setattr(packages, "has_python_module", lambda _name: False)
    assert agent_preflight.lacks_requests() == [
        "python3-requests must be installed, and no package source takes a connection: http://127.0.0.1:9"
    ]


def test_room(tmp_path: Path) -> None:
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    missing = str(tmp_path / "not" / "there")
    assert [*agent_preflight.room_faults("d:", missing, 1)] == []
    (fault,) = agent_preflight.room_faults("d:", missing, free * 2)
    assert fault.startswith(f"d: {missing} is on a file system with ")
    assert [*agent_preflight.room_faults("d:", "relative/not/there", 1)] == [], "it comes to an end"


def test_room_that_is_read_only(tmp_path: Path) -> None:
    found = on_read_only(tmp_path, "modules.agent_preflight", "[*room_faults('d:', f'{folder}/not/there', 1)]")
    assert found == [f"d: {tmp_path}/not/there is on a file system that is mounted read-only"]


def test_the_image_is_made_for_some_machines() -> None:
    assert [*agent_preflight.image_faults({"Architecture": "aarch64"}, "hashicorp/consul:1.22.7")] == []
    assert [*agent_preflight.image_faults({"Architecture": "riscv64"}, "mine/consul:1.22.7")] == []
    (fault,) = agent_preflight.image_faults({"Architecture": "riscv64"}, "hashicorp/consul:1.22.7")
    assert fault == ("image: 'hashicorp/consul:1.22.7' is not made for this host's riscv64; name one that is")


@pytest.mark.parametrize(
    ("listener", "foreign"),
    [
        (Socket("udp", "127.0.0.2", 53, "dnsmasq", 7), True),
        (Socket("udp", "0.0.0.0", 53, "named", 7), True),
        (Socket("udp", "127.0.0.53", 53, "systemd-resolve", 7), False),
        (Socket("udp", "127.0.0.2", 5353, "avahi", 7), False),
    ],
)
def test_foreign_listeners_of_dnsmasq(listener: Socket, foreign: bool) -> None:
    assert preflight.foreign_listeners([listener], [("127.0.0.2", 53)], [0, 0]) == ([listener] if foreign else [])


def test_ids_that_the_agent_gives() -> None:
    one = {"name": "web", "check": HTTP}
    assert agent_services.declared_checks(one) == {"service:web": HTTP}
    several = {"name": "web", "id": "w1", "check": RUNS, "checks": [HTTP, {**HTTP, "id": "own"}]}
    assert agent_services.declared_checks(several) == {
        "service:w1:1": HTTP,
        "own": {**HTTP, "id": "own"},
        "service:w1:3": RUNS,
    }
    assert agent_services.declared_checks({"name": "web", "checks": []}) == {}
    assert agent_services.service_id(one) == "web"
    assert agent_services.service_id(several) == "w1"


WEB: dict[str, Any] = {
    "name": "web",
    "port": 80,
    "tags": ["a"],
    "check": {"http": "http://127.0.0.1", "interval": "1m"},
}
SERVED = {
    "ID": "web",
    "Service": "web",
    "Port": 80,
    "Tags": ["a"],
    "Address": "",
    "Meta": {},
    "EnableTagOverride": False,
}
CHECK = {"ServiceID": "web", "Name": "Service 'web' check", "Interval": "1m0s", "Timeout": ""}
CHECKS = {"service:web": CHECK}


@pytest.mark.parametrize(
    ("definition", "services", "checks", "expected"),
    [
        (WEB, {"web": SERVED}, CHECKS, []),
        (WEB, {"web": SERVED, "foreign": {}}, {**CHECKS, "foreign": {}}, []),
        ({"name": "web"}, {"web": SERVED | {"Port": 0, "Tags": None}}, {}, []),
        (WEB, {}, CHECKS, ["web is not registered"]),
        (WEB, {"web": SERVED | {"Port": 81}}, CHECKS, ["web has another port"]),
        (WEB, {"web": SERVED | {"Tags": []}}, CHECKS, ["web has another tags"]),
        (
            WEB | {"enable_tag_override": True},
            {"web": SERVED | {"Tags": []}},
            CHECKS,
            ["web has another enable_tag_override"],
        ),
        (WEB | {"enable_tag_override": True}, {"web": SERVED | {"Tags": [], "EnableTagOverride": True}}, CHECKS, []),
        (WEB | {"meta": {"a": "b"}}, {"web": SERVED}, CHECKS, ["web has another meta"]),
        (WEB | {"address": "10.0.0.1"}, {"web": SERVED}, CHECKS, ["web has another address"]),
        (WEB, {"web": SERVED}, {}, ["web has no check service:web as declared"]),
        (
            WEB,
            {"web": SERVED},
            {"service:web": CHECK | {"ServiceID": "x"}},
            ["web has no check service:web as declared"],
        ),
        (
            WEB,
            {"web": SERVED},
            {"service:web": CHECK | {"Interval": "1s"}},
            ["web has no check service:web as declared"],
        ),
        (
            {"name": "web", "port": 80, "tags": ["a"], "checks": [{"id": "c", "name": "n", "ttl": "1s"}]},
            {"web": SERVED},
            {"c": {"ServiceID": "web", "Name": "other"}},
            ["web has no check c as declared"],
        ),
    ],
)
def test_differences(
    definition: dict[str, Any], services: dict[str, Any], checks: dict[str, Any], expected: list[str]
) -> None:
    served = agent_services.Served(services, checks)
    assert agent_services.differences(agent_services.by_id([definition]), served) == expected


def test_changed_keys() -> None:
    before = agent_services.by_id([WEB, {"name": "gone"}, {"name": "same"}])
    after = agent_services.by_id([WEB | {"port": 81, "token": "secret"}, {"name": "new"}, {"name": "same"}])
    assert agent_services.changed_keys(before, after) == {"web": ["port", "token"]}


def test_former_definitions_come_back_with_the_states_of_their_checks() -> None:
    served = agent_services.Served({}, {"service:web": CHECK | {"Status": "passing"}})
    (found,) = agent_services.with_states([WEB], served)
    assert found == WEB | {"check": WEB["check"] | {"status": "passing"}}
    assert "status" not in WEB["check"]


def test_only_what_is_not_ours_is_foreign() -> None:
    served = agent_services.Served({"a": {}, "b": {}, "c": {}}, {})
    assert agent_services.foreign(["a", "b", "d"], ["b"], served) == ["a"]
