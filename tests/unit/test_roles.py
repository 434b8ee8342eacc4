# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Roles and plays in check mode on this machine, up to the preflight that stops them, or with a module that stands in."""

from __future__ import annotations

import base64
import json
import re
import sys
from pathlib import Path
from typing import Any

import generate_docs
import pytest
import yaml
from plays import ROOT, run_plays, run_tasks

from ansible_collections.servicedns.consul.plugins.module_utils.consul import change_class
from ansible_collections.servicedns.consul.plugins.plugin_utils.role_specs import read_specs

LOCAL = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
#: What runs of former days left of a host on which all was well.
CACHED = {
    "consul_agent": {"address": "192.0.2.4", "image_present": True, "requests_present": True},
    "dnsmasq_forwarding": {"resolver": "none", "dnsmasq_installed": True, "containers_answered": False},
}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The settings of a fact cache that has these facts of the host."""
    directory = tmp_path_factory.mktemp("cache")
    settings = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(directory / "facts")}
    task = {"name": "Cache them", "ansible.builtin.set_fact": {**CACHED, "cacheable": True}}
    result = run_tasks(directory, [task], {"all": {"hosts": {"one": {}}}}, **settings)
    assert result.returncode == 0, result.stdout + result.stderr
    return settings


@pytest.mark.parametrize(
    ("role", "task"),
    [
        ("consul_agent", "consul_agent : Check whether an agent can run here"),
        ("consul_server", "consul_agent : Check whether an agent can run here"),
        ("consul_client", "consul_agent : Check whether an agent can run here"),
        ("dnsmasq_forwarding", "dnsmasq_forwarding : Check whether names can be forwarded here"),
    ],
)
def test_a_fact_cache_is_no_preflight(tmp_path: Path, cache: dict[str, str], role: str, task: str) -> None:
    # An address that no host has (RFC 5737), so that no preflight lets it pass.
    wrong = {"consul_agent_address": "192.0.2.99", "dnsmasq_forwarding_listen_addresses": ["192.0.2.99"]}
    result = run_tasks(
        tmp_path,
        [{"name": "Run it", "ansible.builtin.include_role": {"name": f"servicedns.consul.{role}"}}],
        {"all": {"hosts": {"one": {**LOCAL, **wrong, "consul_server_bootstrap_expect": 1}}}},
        "--check",
        **cache,
    )
    assert re.findall(r"TASK \[(.*)\]", result.stdout)[-1] == f"servicedns.consul.{task}"
    assert re.search(r"changed=0 .*failed=1", result.stdout)


def test_what_is_wrong_with_agents_and_resolvers_is_said_at_once(tmp_path: Path) -> None:
    """With the one on one host and the other on another, and both on a third."""
    agent = {"consul_agent_address": "192.0.2.97"}
    resolver = {"dnsmasq_forwarding_listen_addresses": ["192.0.2.98"]}
    hosts = {
        "all": {"vars": {**LOCAL, "ansible_become": False}},
        "consul_servers": {"hosts": {"one": agent}},
        "consul_clients": {"hosts": {"two": resolver, "three": {"consul_agent_address": "192.0.2.99", **resolver}}},
    }
    result = run_plays(tmp_path, [], hosts, "--check", playbook="servicedns.consul.site")
    said = dict(re.findall(r"^fatal: \[(\w+)\]: FAILED! => (.*)$", result.stdout, re.MULTILINE))
    assert said.keys() == {"one", "two", "three"}, result.stdout + result.stderr
    of_resolver = "dnsmasq_forwarding_listen_addresses: '192.0.2.98' is no address of this host"
    assert "consul_agent_address: '192.0.2.97' is no address of this host" in said["one"]
    assert of_resolver in said["two"]
    assert "consul_agent_address: '192.0.2.99' is no address of this host" in said["three"]
    assert of_resolver in said["three"]
    assert re.findall(r"TASK \[(.*)\]", result.stdout)[-1] == "Refuse hosts that cannot work, with all that is wrong"
    assert re.findall(r"changed=(\d+)", result.stdout) == ["0"] * 3


def test_what_a_server_outside_of_the_run_says_is_seen_by_all(tmp_path: Path) -> None:
    """The preflight of its host, for which set_fact stands in here, counts as that of a host of the run."""
    plays = yaml.safe_load((ROOT / "playbooks" / "site.yml").read_text(encoding="utf-8"))
    (play,) = (play for play in plays if play["name"] == "Ask servers that this run leaves out")
    find, ask = play["tasks"][:2]
    del ask["servicedns.consul.agent_preflight"]
    ask["ansible.builtin.set_fact"] = {"consul_agent": {"address": "192.0.2.{{ item.name[1:] }}"}}
    seen = {"ansible.builtin.debug": {"msg": "{{ __servicedns_effective.retry_join }}"}}
    look = {"name": "Look", "hosts": "all", "gather_facts": False, "tasks": [find, seen]}
    hosts = {
        "all": {"vars": {**LOCAL, "ansible_become": False}},
        "consul_servers": {"hosts": {"s1": {}, "s2": {"consul_agent_address": "192.0.2.2"}, "s3": {}}},
        "consul_clients": {"hosts": {"c1": {}, "c2": {}}},
    }
    result = run_plays(tmp_path, [play, look], hosts, "--limit", "c1,c2")
    assert result.returncode == 0, result.stdout + result.stderr
    said = [json.loads(found) for found in re.findall(r'"msg": (\[[^]]*\])', result.stdout)]
    assert said == [["192.0.2.1", "192.0.2.2", "192.0.2.3"]] * 2


def test_another_order_of_flags_is_the_same_command_line(tmp_path: Path) -> None:
    """Another one would restart the agent."""
    flags: dict[str, Any] = {"log-level": "debug", "disable-keyring-file": True, "raft-protocol": 3, "segment": ""}
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.include_vars": str(ROOT / "roles/consul_agent/defaults/main.yml")},
        {"ansible.builtin.include_vars": str(ROOT / "roles/consul_agent/vars/main.yml")},
        {
            "ansible.builtin.debug": {
                "msg": "COMMAND={{ __consul_agent_definition.command | to_json | b64encode }}=END"
            },
            "vars": {"ansible_facts": {"consul_agent": {"address": "192.0.2.1", "log_driver": "json-file"}}},
        },
    ]
    found = []
    for order in (flags, dict(reversed(flags.items()))):
        (tmp_path / "flags.json").write_text(json.dumps({"consul_agent_flags": order}))
        run = run_tasks(tmp_path, tasks, {"all": {"hosts": {"one": {}}}}, "--extra-vars", "@flags.json")
        found += re.findall(r"COMMAND=(.*)=END", run.stdout)
    assert len(found) == 2
    assert found[0] == found[1]


#: Another value of each variable of the agent; an address is a fact by the time that the role reads it.
OTHERS: dict[str, Any] = {
    "consul_agent_image": "hashicorp/consul:1.22.8",
    "consul_agent_image_archive": "consul.tar",
    "consul_agent_data_directory": "/srv/consul",
    "consul_agent_log_max_size": "20m",
    "consul_agent_log_max_file": 4,
    "consul_agent_memory": "512m",
    "consul_agent_stop_timeout": 60,
    "consul_agent_server": False,
    "consul_agent_bootstrap_expect": 5,
    "consul_agent_ui": False,
    "consul_agent_snapshot_interval": "1h",
    "consul_agent_snapshot_count": 7,
    "consul_agent_snapshot_directory": "/srv/snapshots",
    "consul_agent_datacenter": "dc2",
    "consul_agent_domain": "example",
    "consul_agent_alt_domain": "example",
    "consul_agent_node_name": "other",
    "consul_agent_network": {"found": "192.0.2.2"},
    "consul_agent_address": {"found": "192.0.2.2"},
    "consul_agent_client_address": "127.0.0.1 192.0.2.1",
    "consul_agent_retry_join": ["192.0.2.9"],
    "consul_agent_script_checks": "off",
    "consul_agent_dns_ttl": 6,
    "consul_agent_dns_only_passing": False,
    "consul_agent_dns_at_address": True,
    "consul_agent_recursors": ["192.0.2.53"],
    "consul_agent_config": {"log_level": "debug", "retry_max": 3, "log_json": True},
    "consul_agent_flags": {"log-level": "debug"},
    "consul_agent_even_number_of_servers": True,
    "consul_agent_client_batch": 3,
    "consul_agent_remove_data": True,
}
ROLE = ROOT / "roles" / "consul_agent"


def test_what_a_change_of_a_variable_needs(tmp_path: Path) -> None:
    """What the pages say of each is what becomes of it in the role: each host has another value of one."""
    same = {"consul_agent_server": True, "consul_agent_bootstrap_expect": 3, "consul_agent_node_name": "one"}
    hosts: dict[str, Any] = {"same": {**same, "found": "192.0.2.1"}}
    for name, value in OTHERS.items():
        hosts[name] = {
            **hosts["same"],
            **(value if name.endswith(("_network", "_address")) and isinstance(value, dict) else {name: value}),
        }
    facts = {"consul_agent": {"address": "{{ found }}", "log_driver": "json-file"}}
    show = "{{ [__consul_agent_config, __consul_agent_definition, consul_agent_image] | to_json | b64encode }}"
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.include_vars": {"file": str(ROLE / "vars" / "main.yml")}},
        {"ansible.builtin.debug": {"msg": f"SHOWN={show}=END"}, "vars": {"ansible_facts": facts}},
    ]
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    run = run_tasks(tmp_path, tasks, {"all": {"vars": defaults, "hosts": hosts}})
    shown = dict(re.findall(r'ok: \[(\w+)\] => \{\s*"msg": "SHOWN=(.*?)=END"', run.stdout))
    assert shown.keys() == hosts.keys(), run.stdout + run.stderr
    found = {name: json.loads(base64.b64decode(text)) for name, text in shown.items()}
    config, *container = found.pop("same")
    for name, (other, *made) in found.items():
        classes = change_class.changed(config, other) | ({change_class.RESTART} if made != container else set())
        needs = generate_docs.CHANGES[name]
        if needs == generate_docs.BY_KEY:
            assert classes == {change_class.RESTART, change_class.RELOAD, change_class.NEXT_START}
        elif change_class.RESTART in classes:
            assert needs == change_class.RESTART, name
        else:
            assert classes == {needs} - {generate_docs.NOTHING}, name


def test_every_variable_of_an_agent_has_a_class() -> None:
    specs = read_specs()
    assert specs["consul_agent"].keys() == OTHERS.keys()
    agents = [name for role in ("consul_agent", "consul_server", "consul_client") for name in specs[role]]
    assert sorted(generate_docs.CHANGES) == sorted(agents)
    for name in (*specs["consul_server"], *specs["consul_client"]):
        of_agent = re.sub("^consul_(server|client)", "consul_agent", name)
        assert generate_docs.CHANGES[name] == generate_docs.CHANGES[of_agent], name


def test_the_container_is_made_of_its_definition_alone() -> None:
    """What is not in it would change no container: the label tells what it is made of."""
    tasks = yaml.safe_load((ROLE / "tasks" / "step.yml").read_text(encoding="utf-8"))
    (options,) = [task[module] for task in tasks for module in task if module == "community.docker.docker_container"]
    definition = yaml.safe_load((ROLE / "vars" / "main.yml").read_text(encoding="utf-8"))["__consul_agent_definition"]
    about_the_module = {"name", "image", "pull", "labels", "comparisons"}
    assert options.keys() - about_the_module == definition.keys()
    for name in definition:
        assert f"__consul_agent_definition.{name} " in options[name], name
    assert options["comparisons"] == {"*": "ignore", "labels": "allow_more_present"}


@pytest.mark.parametrize(
    ("driver", "variables", "expected"),
    [
        ("json-file", {}, ("json-file", {"max-size": "10m", "max-file": "3"})),
        ("local", {"consul_agent_log_max_file": 5}, ("local", {"max-size": "10m", "max-file": "5"})),
        ("journald", {}, ("", {})),
        ("json-file", {"consul_agent_log_max_size": ""}, ("", {})),
    ],
)
def test_where_the_log_is_rotated(tmp_path: Path, driver: str, variables: dict[str, Any], expected: Any) -> None:
    """Other drivers than these refuse the options."""
    shown = "{{ [__consul_agent_definition.log_driver, __consul_agent_definition.log_options] | to_json | b64encode }}"
    facts = {"consul_agent": {"address": "192.0.2.1", "log_driver": driver}}
    tasks: list[dict[str, Any]] = [
        {"ansible.builtin.include_vars": {"file": str(ROLE / "vars" / "main.yml")}},
        {"ansible.builtin.debug": {"msg": f"SHOWN={shown}=END"}, "vars": {"ansible_facts": facts}},
    ]
    defaults = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
    run = run_tasks(tmp_path, tasks, {"all": {"hosts": {"one": {**defaults, **variables}}}})
    (text,) = re.findall("SHOWN=(.*?)=END", run.stdout)
    assert tuple(json.loads(base64.b64decode(text))) == expected


@pytest.mark.parametrize(
    ("archive", "files", "expected"),
    [
        ("images/consul.tar", ["stands/images/consul.tar"], "stands/images/consul.tar"),
        ("./consul.tar", ["stands/consul.tar", "playbooks/consul.tar"], "playbooks/consul.tar"),
        ("~/consul.tar", ["home/consul.tar", "stands/consul.tar"], "home/consul.tar"),
    ],
)
def test_an_archive_is_copied_from_where_the_operator_stands(
    tmp_path: Path, archive: str, files: list[str], expected: str
) -> None:
    """A playbook of the collection has nothing of the operator's beside it; one of his own may."""
    for name in ("stands", "playbooks", "home"):
        (tmp_path / name).mkdir()
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    (load,) = [task for task in image_tasks() if task["name"] == "Load the image from the control node"]
    copied = "{{ __consul_agent_archive.path }}/image.tar"
    play = {
        "hosts": "all",
        "gather_facts": False,
        "tasks": [
            {
                # Up to where the engine is needed.
                "block": [
                    *load["block"][:2],
                    {"ansible.builtin.copy": {"src": copied, "dest": str(tmp_path / "copied"), "remote_src": True}},
                ],
                "always": load["always"],
            }
        ],
    }
    run_plays(tmp_path / "playbooks", [play], {})
    run = run_plays(
        tmp_path / "stands",
        [],
        {"all": {"hosts": {"one": {**LOCAL, "consul_agent_image_archive": archive}}}},
        playbook="../playbooks/playbook.yml",
        HOME=str(tmp_path / "home"),
        TMPDIR=str(tmp_path),
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert (tmp_path / "copied").read_text() == expected


def image_tasks() -> list[dict[str, Any]]:
    """What gets an image to a host."""
    tasks: list[dict[str, Any]] = yaml.safe_load((ROOT / "roles/consul_agent/tasks/image.yml").read_text())
    return tasks
