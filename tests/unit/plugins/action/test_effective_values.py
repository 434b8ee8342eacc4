# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin effective_values, and what the roles take of it. No host of these inventories exists."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from plays import ROOT, run_plays, run_tasks

ASK: dict[str, Any] = {
    "name": "Work out what applies to each host",
    "servicedns.consul.effective_values": {"servers": "{{ groups['consul_servers'] }}"},
    "register": "__servicedns_effective",
}
ROLES = ("consul_agent", "consul_services", "dnsmasq_forwarding")
DEFAULTS = {role: ROOT / "roles" / role / "defaults" / "main.yml" for role in ROLES}
#: The variables that the roles have from there.
TAKEN = [
    name
    for file in DEFAULTS.values()
    for name, value in yaml.safe_load(file.read_text(encoding="utf-8")).items()
    if "__servicedns_effective" in str(value)
]
#: Tells what the roles would do with, as JSON.
TELL: list[dict[str, Any]] = [
    {"name": "Be in the place of a role", "ansible.builtin.include_role": {"name": "all_defaults"}},
]
NETWORK = "192.0.2.0/24"
INVENTORY: dict[str, Any] = {
    "all": {"vars": {"consul_agent_network": "{{ network }}", "network": NETWORK}},
    "consul_servers": {"hosts": {f"node{number}": {"ansible_host": f"192.0.2.{number}"} for number in (1, 2)}},
    "consul_clients": {"hosts": {"node3": {"ansible_host": "192.0.2.3", "consul_agent_domain": "lan"}}},
}


def told(directory: Path, tasks: list[dict[str, Any]], *arguments: str, **settings: str) -> dict[str, dict[str, Any]]:
    """What the roles would take on each host, after some tasks."""
    role = directory / "roles" / "all_defaults"
    for folder in ("defaults", "tasks"):
        (role / folder).mkdir(parents=True, exist_ok=True)
    defaults = "\n".join(file.read_text(encoding="utf-8").removeprefix("---") for file in DEFAULTS.values())
    (role / "defaults" / "main.yml").write_text(defaults)
    text = "TOLD={{ inventory_hostname }} {{ taken | to_json }}=END"
    taken = {name: f"{{{{ {name} }}}}" for name in TAKEN}
    task = {"ansible.builtin.copy": {"content": text, "dest": "{{ playbook_dir }}/{{ inventory_hostname }}.told"}}
    local = {"delegate_to": "localhost", "vars": {"taken": taken, "ansible_connection": "local"}}
    (role / "tasks" / "main.yml").write_text(yaml.safe_dump([{**task, **local}]))
    run = run_tasks(directory, [*tasks, *TELL], INVENTORY, *arguments, **settings)
    assert run.returncode == 0, run.stdout + run.stderr
    found = {}
    for file in directory.glob("*.told"):
        (values,) = re.findall("(?s)TOLD=[^ ]+ (.*)=END", file.read_text())
        found[file.stem] = json.loads(values)
        file.unlink()
    return found


PLAIN: dict[str, Any] = {
    "consul_agent_retry_join": [],
    "consul_agent_recursors": [],
    "consul_services_agent_url": "http://127.0.0.1:8500",
    "dnsmasq_forwarding_domain": "consul",
    "dnsmasq_forwarding_alt_domain": "",
    "dnsmasq_forwarding_server": "127.0.0.1#8600",
    "dnsmasq_forwarding_server_required": False,
    "dnsmasq_forwarding_fallback_servers": [],
    "dnsmasq_forwarding_network_address": "",
}
PRIVATE: dict[str, Any] = {
    "consul_agent_recursors": ["127.0.0.2:8653"],
    "dnsmasq_forwarding_server_required": True,
}
CLIENT = (
    PLAIN
    | PRIVATE
    | {
        "consul_agent_retry_join": ["192.0.2.1", "192.0.2.2"],
        "dnsmasq_forwarding_domain": "lan",
        "dnsmasq_forwarding_fallback_servers": ["192.0.2.1#8600", "192.0.2.2#8600"],
    }
)


def server(own: int, other: int) -> dict[str, Any]:
    return (
        PLAIN
        | PRIVATE
        | {
            "consul_agent_retry_join": [f"192.0.2.{other}"],
            "dnsmasq_forwarding_fallback_servers": [f"192.0.2.{other}#8600"],
            "dnsmasq_forwarding_network_address": f"192.0.2.{own}#8600",
        }
    )


def test_roles_take_it_and_keep_the_types(tmp_path: Path) -> None:
    assert told(tmp_path, [ASK]) == {"node1": server(1, 2), "node2": server(2, 1), "node3": CLIENT}


@pytest.mark.parametrize("arguments", [["--limit", "node3"], ["--check"]])
def test_hosts_outside_of_the_run_count(tmp_path: Path, arguments: list[str]) -> None:
    # A check writes no file.
    if "--check" in arguments:
        run = run_tasks(tmp_path, [ASK], INVENTORY, *arguments)
        assert run.returncode == 0, run.stdout + run.stderr
    else:
        assert told(tmp_path, [ASK], *arguments) == {"node3": CLIENT}


def test_what_is_set_counts_more(tmp_path: Path) -> None:
    extra = {"dnsmasq_forwarding_domain": "x.lan", "consul_agent_retry_join": ["192.0.2.9"], "network": "192.0.2.2/31"}
    found = told(tmp_path, [ASK], "--limit", "node3", "--extra-vars", json.dumps(extra))
    # The first server's address is in another network now, and so is unknown.
    assert found["node3"] == CLIENT | {
        "dnsmasq_forwarding_domain": "x.lan",
        "consul_agent_retry_join": ["192.0.2.9"],
        "dnsmasq_forwarding_fallback_servers": ["192.0.2.2#8600"],
    }


def test_roles_alone_have_their_plain_defaults_whatever_a_cache_has(tmp_path: Path) -> None:
    settings = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts")}
    facts = {"consul_agent": {"address": "192.0.2.9", "retry_join": ["192.0.2.8"]}}
    former = [{"name": "Cache", "ansible.builtin.set_fact": {**facts, "cacheable": True}}, ASK]
    run = run_tasks(tmp_path, former, INVENTORY, **settings)
    assert run.returncode == 0, run.stdout + run.stderr
    assert told(tmp_path, [], **settings) == dict.fromkeys(("node1", "node2", "node3"), PLAIN)


def test_variables_of_a_play_are_those_of_all_its_hosts(tmp_path: Path) -> None:
    look = {"ansible.builtin.debug": {"msg": "SEEN={{ __servicedns_effective.fallback_servers | join }}=END"}}
    play = {
        "hosts": "node3",
        "gather_facts": False,
        "tasks": [ASK, look],
        "vars": {"consul_agent_dns_at_address": False},
    }
    run = run_plays(tmp_path, [play], INVENTORY)
    assert re.findall("SEEN=(.*)=END", run.stdout) == [""], run.stdout + run.stderr


def test_a_key_of_a_cloud_is_not_shown(tmp_path: Path) -> None:
    extra = {"consul_agent_retry_join": ["provider=aws secret_access_key=S3CRET"]}
    (tmp_path / "extra.json").write_text(json.dumps(extra))
    run = run_tasks(tmp_path, [ASK], INVENTORY, "-vvv", "--extra-vars", "@extra.json")
    assert '"provider=..."' in run.stdout
    assert "S3CRET" not in run.stdout + run.stderr


def test_a_server_that_the_inventory_lacks(tmp_path: Path) -> None:
    run = run_tasks(tmp_path, [{"servicedns.consul.effective_values": {"servers": ["nobody"]}}], INVENTORY)
    assert "servers: nobody is no host of the inventory" in run.stdout + run.stderr
