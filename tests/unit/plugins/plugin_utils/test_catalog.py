# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What reads a catalog, against answers as Consul gives them and against bad ones, from a real HTTP server."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from plays import ROOT, run_tasks

from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.plugin_utils import catalog
from ansible_collections.servicedns.consul.plugins.plugin_utils.catalog import Catalog

TOKEN = "7e57-70ke"
EVIL = "{{ lookup('ansible.builtin.pipe', 'touch evil') }}"


def instance(node: str, identifier: str, status: str, **more: Any) -> dict[str, Any]:
    service = {
        "ID": identifier,
        "Service": "web",
        "Address": "",
        "Port": 80,
        "Tags": ["flask-app"],
        "Meta": None,
        **more,
    }
    checks = [{"Node": node, "Status": "passing"}, {"Node": node, "Status": status}]
    return {"Node": {"Node": node, "Address": f"192.0.2.{node[-1]}"}, "Service": service, "Checks": checks}


#: Answers by path, as Consul 1.22 gives them, shortened to what is looked at.
GOOD: dict[str, Any] = {
    "/v1/catalog/nodes": [
        {"Node": "node1", "Address": "192.0.2.1", "ID": "a-b", "Datacenter": "dc1", "Meta": {"rack": "r1"}},
        {"Node": "node2", "Address": "192.0.2.2", "ID": "c-d", "Datacenter": "dc1", "Meta": {"evil": EVIL}},
    ],
    "/v1/health/state/any": [
        {"Node": "node1", "Status": "passing", "ServiceID": ""},
        {"Node": "node2", "Status": "critical", "ServiceID": ""},
        {"Node": "node1", "Status": "critical", "ServiceID": "web-1"},
    ],
    "/v1/catalog/services": {"web": [], "empty": []},
    "/v1/health/service/web": [
        instance("node1", "web-1", "critical"),
        instance("node2", "web-2", "passing", Address="192.0.2.9"),
        instance("node2", "web-1", "warning"),
        instance("node7", "web", "passing"),
    ],
    "/v1/health/service/empty": [],
}


class Answers(ThreadingHTTPServer):
    """Serves what it is given, and keeps what it was asked."""

    def __init__(self, answers: Mapping[str, Any], wants_token: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = answers
        self.wants_token = wants_token
        self.asked: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answer = self.server.answers.get(self.path.partition("?")[0], (404, "no such page"))
        if self.server.wants_token and self.headers["X-Consul-Token"] != TOKEN:
            answer = (403, "Permission denied: anonymous token lacks permission 'node:read' on \"node1\".")
        code, body = answer if isinstance(answer, tuple) else (200, json.dumps(answer))
        self.send_response(code)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serving(answers: Mapping[str, Any], wants_token: bool = False) -> Iterator[Answers]:
    with Answers(answers, wants_token) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


NODES = "/v1/catalog/nodes"
#: What comes back for the nodes, and what is said of it.
BAD: list[tuple[Any, str]] = [
    ((500, "No cluster leader"), "500 No cluster leader"),
    ((503, ""), "503 Service Unavailable"),
    ((403, "Permission denied"), "403 Permission denied; give it a token (CONSUL_HTTP_TOKEN)"),
    ((401, ""), "401 Unauthorized; give it a token (CONSUL_HTTP_TOKEN)"),
    ((502, "<html>\n<h1>Bad  gateway</h1>" + "x" * 99), "502 <html> <h1>Bad gateway</h1>" + "x" * 50 + "..."),
    (
        (200, "<!doctype html>\n<title>Log in</title>"),
        "the answer is not JSON: '<!doctype html> <title>Log in</title>'",
    ),
    ((200, ""), "the answer is not JSON: ''"),
    ((200, "null"), "the answer is not what Consul says there: 'null'"),
    ({"Node": "x"}, 'the answer is not what Consul says there: \'{"Node": "x"}\''),
    ([1], "the answer is not what Consul says there"),
    ([{"Address": "192.0.2.1"}], "the answer is not what Consul says there"),
]


@pytest.mark.parametrize(("answer", "message"), BAD, ids=[message[:40] for _answer, message in BAD])
def test_bad_answers(answer: Any, message: str) -> None:
    with serving({NODES: answer}) as server, pytest.raises(HostError) as error:
        Catalog(ConsulClient(server.url)).nodes()
    assert str(error.value) == f"GET {server.url}{NODES}: {message}"


def test_nobody_answers() -> None:
    with serving({}) as server:
        url = server.url
    with pytest.raises(HostError, match=rf"^GET {url}{NODES}: .*Connection refused"):
        Catalog(ConsulClient(url)).nodes()


def test_a_url_that_is_none() -> None:
    with pytest.raises(HostError, match="^GET ftp+://x/v1/catalog/nodes: "):
        Catalog(ConsulClient("ftp://x")).nodes()


def test_a_token_is_sent_and_never_shown() -> None:
    with serving(GOOD, wants_token=True) as server:
        assert [node["node"] for node in Catalog(ConsulClient(server.url, TOKEN)).nodes()] == ["node1", "node2"]
        with pytest.raises(HostError, match="403 Permission denied: anonymous token.*; give it a token") as error:
            Catalog(ConsulClient(server.url)).nodes()
        with pytest.raises(HostError, match="403 Permission denied: ") as wrong:
            Catalog(ConsulClient(server.url, "7e57-other")).nodes()
    assert "7e57" not in f"{error.value} {wrong.value}"
    with serving({}) as server, pytest.raises(HostError) as before:
        Catalog(ConsulClient(server.url.replace("//", "//operator:7e57-word@"))).nodes()
    assert str(before.value) == f"GET {server.url}{NODES}: 404 no such page"
    assert "give it" not in str(wrong.value)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"Service": {}, "Node": {}}, "has no 'Node'"),
        ({"Service": {"ID": "web"}}, "has no 'Node'"),
        ({"Service": {"ID": "web"}, "Node": {"Node": "node1"}}, "has no 'Address'"),
        ({"Service": {"ID": "web"}, "Node": {"Node": "n", "Address": "a"}, "Checks": [{}]}, "has no 'Status'"),
        ({"Service": None, "Node": {"Node": "node1"}}, "is not what Consul says there"),
    ],
)
def test_an_incomplete_answer_is_a_sentence(entry: Any, words: str) -> None:
    with serving({"/v1/health/service/web": [entry]}) as server, pytest.raises(HostError) as error:
        Catalog(ConsulClient(server.url)).instances("web")
    assert str(error.value).startswith(f"{server.url}: the catalog's answer {words}")


def test_an_address_without_scheme_and_a_datacenter() -> None:
    with serving(GOOD) as server:
        assert len(Catalog(ConsulClient(server.url.partition("//")[2], datacenter="dc 2")).nodes()) == 2
    assert server.asked == [f"{NODES}?dc=dc+2"]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], "passing"),
        (["passing", "warning"], "warning"),
        (["critical", "warning", "passing"], "critical"),
        (["passing", "maintenance"], "maintenance"),
    ],
)
def test_worst(statuses: list[str], expected: str) -> None:
    assert catalog.worst([{"Status": status} for status in statuses]) == expected


def plain(value: Any) -> Any:
    """A value without the marks of what is no template."""
    if isinstance(value, dict):
        marked = value.get("__ansible_unsafe")
        return marked if marked is not None else {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def listed(
    tmp_path: Path, url: str, options: str = "", *arguments: str, static: str = "", **environment: str
) -> tuple[dict[str, Any], str]:
    """What ansible-inventory makes of a file, and what it complains of."""
    others = ["-i", static] if static else []
    file = tmp_path / "consul_catalog.yml"
    file.write_text(f"plugin: servicedns.consul.consul_catalog\nurl: {url}\n{options}")
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "CONSUL_"))}
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), *others, "-i", file, "--list", *arguments],
        cwd=tmp_path,
        env={**clean, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    return plain(json.loads(done.stdout or "{}")), " ".join(done.stderr.split())


def test_inventory(tmp_path: Path) -> None:
    options = """\
compose:
  web_id: consul_services.web[0].id
groups:
  sick: consul_health != 'passing'
keyed_groups:
  - key: consul_meta.rack | default('none')
    prefix: rack
"""
    with serving(GOOD) as server:
        found, complaints = listed(tmp_path, server.url, options)
    assert complaints == ""
    hosts = found["_meta"]["hostvars"]
    assert hosts["node1"] == {
        "ansible_host": "192.0.2.1",
        "consul_node": "node1",
        "consul_node_id": "a-b",
        "consul_address": "192.0.2.1",
        "consul_datacenter": "dc1",
        "consul_meta": {"rack": "r1"},
        "consul_health": "passing",
        "consul_services": {
            "web": [
                {"id": "web-1", "address": "192.0.2.1", "port": 80, "tags": ["flask-app"], "meta": {}, "status": "critical"}
            ]
        },
        "web_id": "web-1",
    }  # fmt: skip
    assert [item["address"] for item in hosts["node2"]["consul_services"]["web"]] == ["192.0.2.9", "192.0.2.2"]
    groups = {name: sorted(group["hosts"]) for name, group in found.items() if "hosts" in group}
    assert groups == {
        "consul_datacenter_dc1": ["node1", "node2"],
        "consul_service_web": ["node1", "node2"],
        "consul_service_web_critical": ["node1"],
        "consul_service_web_passing": ["node2"],
        "consul_service_web_warning": ["node2"],
        "consul_tag_flask_app": ["node1", "node2"],
        "sick": ["node2"],
        "rack_r1": ["node1"],
        "rack_none": ["node2"],
    }


#: Whoever may register something tries to run a command on the control node with each text that the catalog keeps.
HOSTILE: dict[str, Any] = {
    NODES: [
        {"Node": "node2", "Address": "192.0.2.2", "ID": EVIL, "Datacenter": EVIL, "Meta": {"evil": EVIL, EVIL: EVIL}},
        {"Node": "node3", "Address": EVIL, "Meta": {}},
        {"Node": EVIL, "Address": "192.0.2.4"},
        {"Node": "localhost", "Address": "192.0.2.66"},
        {"Node": "127.0.0.1", "Address": "192.0.2.66"},
        {"Node": "node4,localhost", "Address": "192.0.2.66"},
        {"Node": "node\x1b[2J", "Address": "192.0.2.66"},
    ],
    "/v1/health/state/any": [{"Node": "node2", "Status": EVIL, "ServiceID": ""}],
    "/v1/catalog/services": {EVIL: []},
    f"/v1/health/service/{quote(EVIL, safe='')}": [
        instance("node2", EVIL, EVIL, Address=EVIL, Port=EVIL, Tags=[EVIL], Meta={"evil": EVIL, EVIL: EVIL})
    ],
}
OPTIONS = """\
compose:
  composed: consul_meta.evil
  whole: consul_services
  joined: (consul_services.values() | first)[0].tags | join(',')
  first_port: (consul_services.values() | map(attribute=0) | map(attribute='port') | first) ~ ''
groups:
  evil: consul_meta.evil == 'x' or consul_health != 'passing'
keyed_groups:
  - key: consul_meta
    prefix: meta
  - key: consul_datacenter
    parent_group: datacenters
"""


def test_what_is_registered_is_no_template(tmp_path: Path) -> None:
    """ansible-core before 2.19 evaluates a text in a variable, unless it is marked."""
    show = "{{ hostvars | to_json }} {{ groups }} {{ group_names }} {{ inventory_hostname_short }} {{ composed }} {{ joined }} "
    show += "{{ first_port }} {{ whole }} {{ consul_health }} {{ ansible_host }} {{ consul_meta | dict2items }}"
    tasks = [
        {"ansible.builtin.debug": {"msg": show}},
        {"ansible.builtin.debug": {"msg": "{{ item.address }} {{ item.meta }}"}, "loop": "{{ whole.values() | flatten }}"},
        {"ansible.builtin.debug": {"var": "composed"}},
        {"ansible.builtin.set_fact": {"kept": "{{ consul_services }}", "name": "{{ joined }}"}},
        {"ansible.builtin.debug": {"msg": "{{ kept }} {{ name }}"}},
        {"ansible.builtin.debug": {"msg": "{{ hostvars['node3'].ansible_host }} {{ query('servicedns.consul.service', consul_services.keys() | first, url=url, health='any') }}"}},
        {"ansible.builtin.debug": {"msg": "{{ item }}"}, "with_servicedns.consul.service": ["{{ consul_services.keys() | first }}"]},
    ]  # fmt: skip
    play = {"name": "Test", "hosts": "node2", "gather_facts": False, "connection": "local", "tasks": tasks}
    (tmp_path / "playbook.yml").write_text(yaml.safe_dump([play]))
    with serving(HOSTILE) as server:
        found, complaints = listed(tmp_path, server.url, OPTIONS)
        done = subprocess.run(
            [
                *(Path(sys.executable).with_name("ansible-playbook"), "-i", "consul_catalog.yml", "playbook.yml", "-v"),
                *("--extra-vars", json.dumps({"url": server.url, "consul_catalog_url": server.url})),
            ],
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "touch evil" in done.stdout
    assert not (tmp_path / "evil").exists()
    assert set(found["_meta"]["hostvars"]) == {"node2", "node3"}
    assert "\x1b" not in complaints
    assert complaints.count("is left out of the inventory") == 5


STATIC = """\
all:
  hosts:
    node1:
      ansible_host: 203.0.113.1
    node2:
"""


@pytest.mark.parametrize(
    ("options", "hosts"),
    [
        # A host of the operator's is reached as the operator says, and not as whoever may register its name does.
        ("", {"node1": "203.0.113.1", "node2": None}),
        ("hostname_prefix: dc1-\n", {"node1": "203.0.113.1", "dc1-node1": "192.0.2.1", "dc1-node2": "192.0.2.2"}),
    ],
)
def test_a_node_does_not_take_over_a_host(tmp_path: Path, options: str, hosts: dict[str, str | None]) -> None:
    (tmp_path / "static.yml").write_text(STATIC)
    with serving(GOOD) as server:
        found, complaints = listed(tmp_path, server.url, options, static="static.yml")
    variables = found["_meta"]["hostvars"]
    assert {host: variables.get(host, {}).get("ansible_host") for host in hosts} == hosts
    assert variables[max(hosts, key=len)]["consul_node"] == "node1"
    assert complaints == ""


@pytest.mark.parametrize("source", ["file", "template", "environment", "extra"])
def test_where_a_token_comes_from(tmp_path: Path, source: str) -> None:
    options = {
        "file": f"token: {TOKEN}\n",
        "template": "token: \"{{ lookup('ansible.builtin.env', 'SECRET') }}\"\n",
        "environment": "",
        "extra": "",
    }
    environment = {"template": {"SECRET": TOKEN}, "environment": {"CONSUL_HTTP_TOKEN": TOKEN}}.get(source, {})
    arguments = ["--extra-vars", f"consul_catalog_token={TOKEN}"] if source == "extra" else []
    with serving(GOOD, wants_token=True) as server:
        found, complaints = listed(tmp_path, server.url, options[source], *arguments, **environment)
    assert set(found["_meta"]["hostvars"]) == {"node1", "node2"}, complaints


def test_a_token_in_a_template_that_cannot_be_evaluated_is_not_shown(tmp_path: Path) -> None:
    for template, told in (
        (f"{{{{ '{TOKEN}' | no_such_filter }}}}", "the reason may hold a secret, and is not shown"),
        (f"{{{{ '{TOKEN}' ~ no_such }}}}", "'no_such' is undefined"),
    ):
        _found, complaints = listed(tmp_path, "http://127.0.0.1:9", f'token: "{template}"\n')
        assert f"token: its template cannot be evaluated: {told}" in complaints
        assert TOKEN not in complaints


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({}, "/v1/health/state/any: 404 no such page"),
        (GOOD | {NODES: (200, "<html>")}, "/v1/catalog/nodes: the answer is not JSON: '<html>'"),
        (GOOD | {NODES: [{"Node": "node1"}]}, ": the catalog's answer has no 'Address'"),
        (GOOD | {"/v1/catalog/services": []}, "/v1/catalog/services: the answer is not what Consul says there: '[]'"),
        (GOOD | {"/v1/health/service/web": [{"Service": {}, "Node": {}}]}, ": the catalog's answer has no 'Node'"),
    ],
)
def test_inventory_with_bad_answers(tmp_path: Path, answers: Any, message: str) -> None:
    with serving(answers) as server:
        found, complaints = listed(tmp_path, server.url)
    assert found["_meta"]["hostvars"] == {}
    assert message in complaints
    assert server.url in complaints
    assert "Traceback" not in complaints


def test_inventory_cache(tmp_path: Path) -> None:
    options = f"cache: true\ncache_plugin: ansible.builtin.jsonfile\ncache_connection: {tmp_path}/cache\n"
    with serving(GOOD) as server:
        first, _complaints = listed(tmp_path, server.url, options)
        asked = len(server.asked)
        second, _complaints = listed(tmp_path, server.url, options)
        assert (len(server.asked), second) == (asked, first)
        # Other commands have the option since 2.19.
        (tmp_path / "playbook.yml").write_text("[{hosts: all}]")
        subprocess.run(
            [
                Path(sys.executable).with_name("ansible-playbook"),
                *("-i", "consul_catalog.yml", "--list-hosts", "--flush-cache", "playbook.yml"),
            ],
            cwd=tmp_path,
            env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
            check=True,
        )
        assert len(server.asked) == 2 * asked


def test_inventory_file_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "other.yml").write_text("plugin: servicedns.consul.consul_catalog\n")
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "-i", "other.yml", "--list"],
        cwd=tmp_path,
        env={**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "inventory config" in done.stderr or "Unable to parse" in done.stderr


LOOKUPS: list[tuple[str, str]] = [
    ("query('servicedns.consul.service', 'web', url=url)", "node2/web-2 node7/web"),
    ("query('servicedns.consul.service', 'web', url=url, health='warning')", "node2/web-1 node2/web-2 node7/web"),
    (
        "query('servicedns.consul.service', 'web', url=url, health='any')",
        "node1/web-1 node2/web-1 node2/web-2 node7/web",
    ),
    ("query('servicedns.consul.service', 'empty', 'web', url=url)", "node2/web-2 node7/web"),
    ("query('servicedns.consul.service', 'empty', url=url)", ""),
]


def test_lookup(tmp_path: Path) -> None:
    tasks = [
        {"ansible.builtin.assert": {"that": f"({expression} | map(attribute='node') | zip({expression} | map(attribute='id')) | map('join', '/') | join(' ')) == '{expected}'"}}
        for expression, expected in LOOKUPS
    ]  # fmt: skip
    tasks.append(
        {"ansible.builtin.debug": {"msg": "{{ query('servicedns.consul.service', 'web', url=url)[0].address }}"}}
    )
    with serving(GOOD) as server:
        run = run_tasks(tmp_path, tasks, {"all": {"hosts": {"one": {}}}}, "--extra-vars", f"url={server.url}")
        run_tasks(
            tmp_path,
            [{"ansible.builtin.debug": {"msg": "{{ query('servicedns.consul.service', 'web', tag='a b') }}"}}],
            {"all": {"hosts": {"one": {"consul_catalog_url": server.url}}}},
        )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "192.0.2.9" in run.stdout
    assert server.asked[-1] == "/v1/health/service/web?tag=a+b", "the address is a variable"


@pytest.mark.parametrize(
    ("term", "message"),
    [
        ("'web'", ":9/v1/health/service/web: "),
        ("''", "service: '' is no name of a service"),
        ("7", "service: 7 is no name"),
    ],
)
def test_lookup_refuses(tmp_path: Path, term: str, message: str) -> None:
    task = {
        "ansible.builtin.debug": {
            "msg": f"{{{{ query('servicedns.consul.service', {term}, url='http://127.0.0.1:9') }}}}"
        }
    }
    run = run_tasks(tmp_path, [task], {"all": {"hosts": {"one": {}}}})
    assert run.returncode == 2
    assert message in run.stdout + run.stderr
    assert "Traceback" not in run.stdout + run.stderr
