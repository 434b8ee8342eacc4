# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No message shows a value that may hold a secret: every message that validation can give, with a marked one in each."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from plays import ROOT, run_tasks

from ansible_collections.servicedns.consul.plugins.filter.agent_arguments import agent_arguments
from ansible_collections.servicedns.consul.plugins.filter.service_definitions import service_definitions
from ansible_collections.servicedns.consul.plugins.plugin_utils.inventory_checks.check import check as checked
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import read_specs

MARK = "S3CRET"
#: A secret may be a number as well.
NUMBER = 73577357


class Vaulted:
    """An inline C(!vault), as ansible-core before 2.19 has it: an object of its own, whose text is the secret."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return MARK


#: What somebody may write where a secret belongs: right, almost right, and wrong.
SHAPES: list[Any] = [
    MARK,
    f"{MARK} ",
    f"\n{MARK}",
    MARK * 200,
    f"provider=aws secret_access_key={MARK}",
    f" provider=aws secret_access_key={MARK}",
    f"aws secret_access_key={MARK}",
    f"http://user:{MARK}@host",
    NUMBER,
    -NUMBER,
    float(NUMBER),
    Vaulted(),
]


def nested(value: Any) -> list[Any]:
    """A secret as it is, in a list, in a mapping, and in those of those."""
    return [value, [value], {"key": value}, [[value]], {"key": [value]}, [{"key": value}], {"key": {"key": value}}]


EVERY_SHAPE = [shape for value in SHAPES for shape in nested(value)]


def service(**keys: Any) -> dict[str, Any]:
    return {"name": "web", "port": 80, **keys}


def check(**keys: Any) -> dict[str, Any]:
    return service(check={"http": "http://localhost", "interval": "10s", **keys})


def placed(value: Any) -> dict[str, list[Any]]:
    """Values of variables with a secret at each place that may hold one, by variable."""
    services = [
        service(token=value),
        service(meta=value),
        service(meta={"key": value}),
        service(proxy={"config": value}),
        service(kind="connect-proxy", proxy={"destination_service_name": "x", "config": value}),
        service(kind="connect-proxy", proxy={"destination_service_name": "x", "upstreams": [{"config": value}]}),
        service(connect={"sidecar_service": {"proxy": {"config": value}}}),
        service(connect={"sidecar_service": {"token": value, "meta": value, "check": {"token": value}}}),
        service(checks=[{"http": "http://localhost", "interval": "1s", "token": value}, {"args": value}]),
        check(token=value),
        check(header=value),
        check(header={"Authorization": value}),
        check(header={"Authorization": [value]}),
        check(body=value),
        check(http=value),
        service(check={"args": value, "interval": "10s"}),
        service(check={"args": ["/bin/check", value], "interval": "10s"}),
        service(check={"grpc": value, "interval": "10s"}),
        value,
    ]
    external = [{"node": "db", "address": "192.0.2.9", "node_meta": value, **item} for item in services[:-1]]
    return {
        "consul_services_definitions": [[item] for item in services] + [value],
        "consul_services_definitions_more": [[item] for item in services],
        "consul_services_external": [[item] for item in [*external, *services]] + [value],
        "consul_services_prepared_queries": [
            [{"name": "q", "service": {"service": "web"}, "token": value}],
            [{"name": "q", "service": {"service": "web", "node_meta": value, "service_meta": value}}],
            [value],
            value,
        ],
        "consul_agent_config": [
            {"acl": {"tokens": {"agent": value}}},
            {"encrypt": value},
            {"retry_join": value},
            value,
        ],
        "consul_agent_flags": [{"encrypt": value}, {"retry-join": value}, {"hcl": value}, {"log-level": value}, value]
        + [{f"{flag}{value}": True} for flag in ("encrypt=", "-encrypt=", "encrypt ") if isinstance(value, str)],
        "consul_agent_retry_join": [[value], ["192.0.2.1", value], value],
    }


SPECS = read_specs()
OPTIONS = {name: option for role in SPECS.values() for name, option in role.items()}


def messages(name: str, value: Any) -> str:
    """All that validation says of one variable of one host."""
    found = checked(["one"], [], {"one": {name: value}}, SPECS)
    return json.dumps(found)


def hidden(text: str) -> bool:
    return MARK not in text and str(NUMBER) not in text


@pytest.mark.parametrize("name", placed(None))
def test_no_message_shows_a_secret(name: str) -> None:
    said = set()
    for shape in EVERY_SHAPE:
        for value in placed(shape)[name]:
            text = messages(name, value)
            assert hidden(text), f"{name}: {value!r}: {text}"
            said.add(text)
    assert len(said) > 3, "it does find what is wrong"


# What that one has inside is no secret: addresses of servers.
@pytest.mark.parametrize("name", sorted(set(OPTIONS) - {"dnsmasq_forwarding_domains"}))
def test_no_option_shows_what_is_inside_of_a_mapping_or_list(name: str) -> None:
    """Whatever option it was meant for: a secret is in a mapping, or in a list of them."""
    for value in SHAPES:
        for shape in ({"key": value}, [{"key": value}], {"key": [value]}, [[value]]):
            assert hidden(messages(name, shape)), f"{name}: {shape!r}"


json_values = st.recursive(
    st.sampled_from(SHAPES) | st.none() | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "token", "meta"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(json_values)
@settings(max_examples=40, deadline=None)
def test_nothing_that_is_put_at_a_secret_place_is_shown(value: Any) -> None:
    for name, values in placed(value).items():
        for item in values:
            assert hidden(messages(name, item)), f"{name}: {item!r}"


@pytest.mark.parametrize("shape", EVERY_SHAPE, ids=range(len(EVERY_SHAPE)))
def test_filters_show_no_secret(shape: Any) -> None:
    for services in placed(shape)["consul_services_definitions"]:
        try:
            service_definitions({"services": services})
        except Exception as error:
            assert hidden(str(error)), services
    for flags in placed(shape)["consul_agent_flags"]:
        try:
            agent_arguments(flags)
        except Exception as error:
            assert hidden(str(error)), flags


def test_what_vault_has_is_the_text_that_it_stands_for() -> None:
    assert messages("consul_services_definitions", [service(token=Vaulted())]) == messages(
        "consul_services_definitions", [service(token="text")]
    )
    assert service_definitions({"services": [service(token=Vaulted())]})[0]["token"] == MARK
    assert agent_arguments({"node-name": Vaulted()}) == [f"-node-name={MARK}"]


def test_a_key_of_a_cloud_is_not_on_the_command_line(tmp_path: Path) -> None:
    """C(docker inspect) and C(ps) show it to everyone."""
    cloud = f"provider=aws tag_key=role tag_value=server secret_access_key={MARK}"
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.include_vars": str(ROOT / "roles/consul_agent/defaults/main.yml")},
        {"ansible.builtin.include_vars": str(ROOT / "roles/consul_agent/vars/main.yml")},
        {
            "ansible.builtin.debug": {
                "msg": "ARGUMENTS={{ __consul_agent_flags | servicedns.consul.agent_arguments | join(' ') }}=END "
                "JOINS={{ __consul_agent_config.retry_join }}=END"
            },
            "vars": {
                "ansible_facts": {"consul_agent": {"address": "192.0.2.1"}},
                "__consul_agent_dns_addresses": [],
            },
        },
    ]
    joins = ["192.0.2.4", cloud]
    (tmp_path / "joins.json").write_text(
        json.dumps({"consul_agent_retry_join": joins, "consul_agent_config": {"retry_max": 3}})
    )
    run = run_tasks(tmp_path, tasks, {"all": {"hosts": {"one": {}}}}, "--extra-vars", "@joins.json")
    found = re.search(r"ARGUMENTS=(.*)=END JOINS=(.*)=END", run.stdout)
    assert found, run.stdout + run.stderr
    assert MARK not in found[1]
    assert found[2] == str(joins)


CLOUD = f"provider=aws tag_key=role access_key_id=AKIA7 secret_access_key={MARK}"
# As Consul logs it, once to each stream.
DOCKER = f"""#!/bin/sh
echo '[ERROR] agent: Cannot discover address: cluster=LAN address="{CLOUD}" error="discover-aws: denied"'
echo '[WARN]  agent: {MARK}-TOKEN is none' >&2
"""


class NoLeader(BaseHTTPRequestHandler):
    """An agent without a leader, which knows the members that its server has been given."""

    def do_GET(self) -> None:
        body = json.dumps("" if "leader" in self.path else self.server.members).encode()  # type: ignore[attr-defined]
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments: Any) -> None:
        pass


@pytest.fixture
def no_leader() -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", 0), NoLeader) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("members", "said"),
    [([{"Name": "one"}], "The agent knows no leader"), ([{"Name": "one"}, {"Name": "s1"}], "WARNING: the servers are")],
)
def test_why_there_is_no_leader(
    tmp_path: Path, no_leader: ThreadingHTTPServer, members: list[dict[str, str]], said: str
) -> None:
    no_leader.members = members  # type: ignore[attr-defined]
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    tasks = yaml.safe_load((ROOT / "roles/consul_agent/tasks/leader.yml").read_text())
    (wait,) = [task for task in tasks if task["name"] == "Wait until the agent has a leader"]
    wait["block"][0]["retries"] = 1
    wait["vars"] |= {
        "ansible_facts": {"consul_agent": {"http_url": f"http://127.0.0.1:{no_leader.server_port}"}},
        "consul_agent_node_name": "one",
        "consul_agent_retry_join": [CLOUD, "192.0.2.4"],
        "consul_agent_config": {"acl": {"tokens": {"agent": f"{MARK}-TOKEN"}}},
        "__consul_agent_due": False,
        "__consul_agent_file": {"changed": False},
    }
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    path = f"{tmp_path}:{os.environ['PATH']}"
    run = run_tasks(tmp_path, [wait], {"all": {"hosts": {"one": local}}}, "-vvv", PATH=path)
    assert said in run.stdout
    assert "It joins provider=aws tag_key=role access_key_id=*** secret_access_key=***, 192.0.2.4." in run.stdout
    assert "discover-aws: denied" in run.stdout
    assert "agent: *** is none" in run.stdout
    assert hidden(run.stdout + run.stderr)
    assert "AKIA7" not in run.stdout + run.stderr


def test_what_applies_to_a_host_is_told_without_keys(tmp_path: Path) -> None:
    ask = {"servicedns.consul.effective_values": {"servers": ["s1"]}, "register": "__servicedns_effective"}
    hosts = {"s1": {"consul_agent_address": "192.0.2.4", "consul_agent_retry_join": [CLOUD]}}
    run = run_tasks(tmp_path, [ask], {"consul_servers": {"hosts": hosts}}, "-vvv")
    assert run.returncode == 0 and "provider=..." in run.stdout, run.stdout + run.stderr
    assert hidden(run.stdout + run.stderr)


VAULT = """\
consul_servers:
  hosts:
    one:
      consul_agent_image: "{{ settings.image }}"
      settings:
        image: "{{ no_such }}"
        password: S3CRET
      password: S3CRET
      consul_services_definitions:
        - name: web
          port: 80
          token: !vault |
INLINE
          meta:
            key: !vault |
INLINE
          check:
            args: [/bin/check, "{{ password }}"]
            interval: soon
"""


def test_an_inline_vault_is_not_printed(tmp_path: Path) -> None:
    """ansible-core before 2.19 gives it as an object, which is no string."""
    (tmp_path / "password").write_text("open")
    python = Path(sys.executable)
    done = subprocess.run(
        [python.with_name("ansible-vault"), "encrypt_string", "--vault-password-file", "password", "--name", "x", MARK],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.strip() for line in done.stdout.splitlines()[1:]]
    inline = "\n".join(" " * 14 + line for line in lines)
    (tmp_path / "hosts.yml").write_text(VAULT.replace("INLINE", inline))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    run = subprocess.run(
        [
            *(python.with_name("ansible-playbook"), "servicedns.consul.validate", "-i", "hosts.yml", "-vvv"),
            *("--vault-password-file", "password"),
        ],
        cwd=tmp_path,
        env={**clean, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections"), "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    said = run.stdout + run.stderr
    assert "consul_services_definitions[0].check.interval: 'soon' is not a duration" in said
    assert "token: " not in said.partition("in the variables of the inventory")[2].partition("PLAY RECAP")[0]
    assert "consul_agent_image: its template cannot be evaluated: 'no_such' is undefined" in said
    assert MARK not in said
