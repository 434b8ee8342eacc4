# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin validate, through ansible-playbook. No host of these inventories exists."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from plays import run_plays, run_tasks

TASK = {
    "name": "Check the variables of every host",
    "servicedns.consul.validate": {
        "servers": "{{ groups['consul_servers'] | default([]) }}",
        "clients": "{{ groups['consul_clients'] | default([]) }}",
    },
    "run_once": True,
}


def inventory(common: dict[str, Any] | None = None, **hosts: dict[str, Any]) -> dict[str, Any]:
    """One server, node1, and two clients, all at addresses that are never given to a host (RFC 5737)."""
    given = {
        f"node{number}": {"ansible_host": f"192.0.2.{number}", **hosts.get(f"node{number}", {})} for number in (1, 2, 3)
    }
    return {
        "all": {"vars": common or {}},
        "consul_servers": {"hosts": {"node1": given.pop("node1")}},
        "consul_clients": {"hosts": given},
    }


def errors(directory: Path, hosts: dict[str, Any], *arguments: str) -> list[str]:
    """The lines that a run reports; a run that is fine and changes nothing has none."""
    result = run_tasks(directory, [TASK], hosts, *arguments)
    if result.returncode == 0:
        assert "changed=0" in result.stdout
        return []
    (failure,) = re.findall(r"FAILED! => (\{.*?^\})", result.stdout, re.DOTALL | re.MULTILINE)
    found: list[str] = json.loads(failure)["errors"]
    return found


def test_good_inventory(tmp_path: Path) -> None:
    common = {
        # Templates are evaluated as the host would that has them, and may look at another host.
        "consul_agent_address": "{{ ansible_host }}",
        "consul_agent_network": "192.0.2.0/24",
        "consul_agent_retry_join": ["{{ hostvars['node1'].consul_agent_address }}"],
        # YAML makes false of it.
        "consul_agent_script_checks": False,
    }
    assert errors(tmp_path, inventory(common)) == []


def test_all_errors_of_all_hosts_at_once(tmp_path: Path) -> None:
    secret = "hunter2"
    hosts = inventory(
        {"consul_agent_network": "abc"},
        node1={"consul_agent_datacentre": secret},
        node2={"consul_agent_address": "{{ hostvars['node3'].ansible_host }}", "consul_agent_image": "{{ no_such }}"},
        node3={
            "consul_agent_address": "{{ ansible_host }}",
            "consul_agent_config": f"encrypt={secret}",
            "consul_services_definitions": [{"name": "my.app", "token": secret}, {"name": "web", "port": 99999}],
        },
    )
    result = errors(tmp_path, hosts)
    assert result == [
        "node1: consul_agent_datacentre: no role of this collection knows this variable; did you mean consul_agent_datacenter?",
        "node1, node2, node3: consul_agent_network: 'abc' is not a CIDR, such as 192.168.100.0/24",
        "node2: consul_agent_image: its template cannot be evaluated: 'no_such' is undefined",
        "node3: consul_agent_config: a string is not a mapping",
        "node3: consul_services_definitions[0].name: 'my.app' is no DNS label: names with dots are not reachable "
        "over DNS; a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends",
        "node3: consul_services_definitions[1].port: 99999 must be a number from 1 to 65535; leave it "
        "out for a service without port",
        "node2, node3: consul_agent_address: '192.0.2.3' is the same on these hosts, and each agent needs its own",
    ]


@pytest.mark.parametrize("arguments", [["--limit", "node2"], ["--check"], ["-vvv"]])
def test_hosts_outside_of_the_limit_are_checked_and_secrets_stay_secret(tmp_path: Path, arguments: list[str]) -> None:
    hosts = inventory(node3={"consul_agent_domain": "", "consul_agent_config": {"encrypt": "hunter2"}})
    result = run_tasks(tmp_path, [TASK], hosts, *arguments)
    assert result.returncode != 0
    assert "node3: consul_agent_domain: ''" in result.stdout + result.stderr
    assert "hunter2" not in result.stdout + result.stderr


def test_extra_variables_are_checked(tmp_path: Path) -> None:
    assert errors(tmp_path, inventory(), "-e", "consul_agent_dommain=x") == [
        "node1, node2, node3: consul_agent_dommain: no role of this collection knows this variable; did you mean consul_agent_domain?"
    ]
    # They are texts on the command line.
    assert errors(tmp_path, inventory(), "-e", "consul_server_bootstrap_expect=1 consul_server_ui=no") == []


def test_no_servers(tmp_path: Path) -> None:
    hosts: dict[str, Any] = {"consul_clients": {"hosts": {"node2": {}}}}
    assert errors(tmp_path, hosts)[0].startswith("node2: groups: consul_servers is missing or empty")


def test_found_addresses(tmp_path: Path) -> None:
    task = {
        **TASK,
        "servicedns.consul.validate": {
            "servers": ["node1"],
            "clients": ["node2"],
            "addresses": {"node1": "192.0.2.9", "node2": "192.0.2.9"},
        },
    }
    result = run_tasks(tmp_path, [task], inventory())
    assert "node1, node2: consul_agent_address: '192.0.2.9' is the same" in result.stdout + result.stderr


def test_an_archive_is_found_beside_the_playbook(tmp_path: Path) -> None:
    hosts = inventory({"consul_agent_image_archive": "image.tar"})
    assert errors(tmp_path, hosts) == [
        "node1, node2, node3: consul_agent_image_archive: 'image.tar' is no file on the control node, as seen from the "
        "playbook or from where it was started"
    ]
    (tmp_path / "image.tar").touch()
    assert errors(tmp_path, hosts) == []


def test_unknown_arguments_are_refused(tmp_path: Path) -> None:
    task = {"name": "Check", "servicedns.consul.validate": {"servers": [], "clients": [], "hosts": []}}
    result = run_tasks(tmp_path, [task], inventory())
    assert "Unsupported parameters" in result.stdout + result.stderr


def test_a_host_that_the_inventory_lacks(tmp_path: Path) -> None:
    task = {"name": "Check", "servicedns.consul.validate": {"servers": ["nobody"], "clients": []}}
    result = run_tasks(tmp_path, [task], inventory())
    assert "nobody: groups: is no host of the inventory" in result.stdout + result.stderr


VALIDATE = "servicedns.consul.validate"
#: The servers that stand in for the agent of a host, which its own variables do not tell.
SEEN = {
    "name": "Look",
    "ansible.builtin.debug": {"msg": "SEEN={{ __servicedns_effective.fallback_servers | join }}=END"},
}


def seen(output: str) -> list[str]:
    """What the last task of a run said, on each host."""
    return re.findall(r"SEEN=(.*)=END", output)


def imported(variables: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A playbook of one's own that imports the check, and looks at what hosts see of each other."""
    look = {"hosts": "all", "gather_facts": False, "tasks": [SEEN]}
    return [{"name": "Check", "import_playbook": VALIDATE, "vars": dict(variables)}, {"name": "Look", **look}]


ADDRESSES = {f"node{number}": {"consul_agent_address": f"192.0.2.{number}"} for number in (1, 2, 3)}


@pytest.mark.parametrize("arguments", [[], ["--limit", "node2"]])
def test_variables_of_an_import_are_checked_and_seen_by_other_hosts(tmp_path: Path, arguments: list[str]) -> None:
    wrong = {"consul_agent_network": "abc", "consul_agent_dommain": "x", "consul_agent_address": "{{ ansible_host }}"}
    result = run_plays(tmp_path, imported(wrong), inventory(), *arguments)
    assert result.returncode != 0
    assert "node1, node2, node3: consul_agent_network: 'abc' is not a CIDR" in result.stdout + result.stderr
    assert "did you mean consul_agent_domain?" in result.stdout + result.stderr
    right = {"consul_agent_client_address": "0.0.0.0", "consul_agent_address": "{{ ansible_host }}"}
    result = run_plays(tmp_path, imported(right), inventory(), *arguments)
    assert sorted(seen(result.stdout)) == (
        ["192.0.2.1#8600"] if arguments else ["", "192.0.2.1#8600", "192.0.2.1#8600"]
    )


def test_extra_variables_count_more_than_those_of_an_import(tmp_path: Path) -> None:
    variables = {"consul_agent_client_address": "0.0.0.0"}
    extra = ["-e", "consul_agent_client_address=127.0.0.1"]
    result = run_plays(tmp_path, imported(variables), inventory(**ADDRESSES), *extra)
    assert seen(result.stdout) == ["", "", ""]


def test_an_archive_is_found_where_the_operator_stands(tmp_path: Path) -> None:
    hosts = inventory({"consul_agent_image_archive": "image.tar"})
    result = run_plays(tmp_path, [], hosts, playbook=VALIDATE)
    assert "'image.tar' is no file on the control node" in result.stdout + result.stderr
    (tmp_path / "image.tar").touch()
    result = run_plays(tmp_path, [], hosts, playbook=VALIDATE)
    assert result.returncode == 0, result.stdout + result.stderr


def test_warnings_do_not_end_a_run(tmp_path: Path) -> None:
    result = run_tasks(tmp_path, [TASK], inventory({"consul_client_address": "127.0.0.1"}))
    assert result.returncode == 0, result.stdout + result.stderr
    # An older ansible-core breaks lines.
    output = " ".join((result.stdout + result.stderr).split())
    warning = "node1, node2, node3: consul_client_address: no role of this collection knows this variable"
    assert output.count(f"[WARNING]: {warning}") == 1


#: This machine, as a host whose facts can be gathered.
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


#: Ways to make a variable of facts.
MADE_OF_FACTS = {
    "node1": ["{{ ansible_all_ipv4_addresses[0] }}"],
    "node2": "{{ mine | default([]) }}",
    "node3": ["{{ hostvars.node1['ansible_facts'].all_ipv4_addresses[0] }}"],
}


def test_facts_are_gathered_where_they_are_used(tmp_path: Path) -> None:
    addresses = "{{ ansible_facts['all_ipv4_addresses'][0] }}"
    common = {**HERE, "mine": [addresses], "consul_agent_even_number_of_servers": True}
    hosts = inventory(common, **{host: {"consul_agent_recursors": made} for host, made in MADE_OF_FACTS.items()})
    # A host that this run does not reach is not refused, and its address is left to be found.
    away = {"ansible_host": "192.0.2.4", "consul_agent_address": "{{ ansible_default_ipv4.address }}"}
    hosts["consul_servers"]["hosts"]["away"] = away
    message = {"mine": "{{ consul_agent_recursors | first }}", "away": "{{ __servicedns_effective.retry_join | join }}"}
    look = {"name": "Look", "ansible.builtin.debug": {"msg": message}}
    plays: list[dict[str, Any]] = [
        {"name": "Check", "import_playbook": VALIDATE},
        {"name": "Look", "hosts": "all", "gather_facts": False, "tasks": [look]},
    ]
    result = run_plays(tmp_path, plays, hosts, "--limit", "!away")
    said = [json.loads(found) for found in re.findall(r'"msg": (\{[^}]*\})', result.stdout)]
    assert len(said) == 3, result.stdout
    assert {each["away"] for each in said} == {""}
    assert all(re.fullmatch(r"[0-9.]+", each["mine"]) for each in said)


def test_facts_of_another_run_do_not_count(tmp_path: Path) -> None:
    """A fact cache has those of hosts that this run leaves out, too."""
    settings = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(tmp_path / "facts")}
    once = {"address": "192.0.2.77"}
    facts = {"ansible_all_ipv4_addresses": [once["address"]], "ansible_default_ipv4": once, "cacheable": True}
    address = "{{ ansible_default_ipv4.address }}"
    hosts = inventory(HERE, node1={"consul_agent_address": address}, node2={"consul_agent_address": address})
    cached = run_tasks(tmp_path, [{"name": "Cache them", "ansible.builtin.set_fact": facts}], hosts, **settings)
    assert cached.returncode == 0, cached.stdout + cached.stderr
    message = "{{ [consul_agent_address, __servicedns_effective.retry_join | join] }}"
    look = {"name": "Look", "ansible.builtin.debug": {"msg": message}}
    plays: list[dict[str, Any]] = [
        {"name": "Check", "import_playbook": VALIDATE},
        {"name": "Look", "hosts": "all", "gather_facts": False, "tasks": [look]},
    ]
    result = run_plays(tmp_path, plays, hosts, "--limit", "node2", **settings)
    assert result.returncode == 0, result.stdout + result.stderr
    (said,) = re.findall(r'"msg": (\[[^]]*\])', result.stdout)
    here, away = json.loads(said)
    assert here != once["address"], "gathered anew"
    assert away == "", "left to be found"


def test_a_host_that_cannot_be_reached_is_left_to_those_who_need_it(tmp_path: Path) -> None:
    unreachable = {"ansible_host": "away.invalid", "ansible_connection": "ssh"}
    hosts = inventory(HERE, node2={**unreachable, "consul_agent_address": "{{ ansible_default_ipv4.address }}"})
    result = run_plays(tmp_path, [], hosts, playbook=VALIDATE)
    assert "node2" in "".join(re.findall("^.*UNREACHABLE.*$", result.stdout, re.MULTILINE))
    assert "TASK [Work out what applies to each host]" in result.stdout
    assert result.returncode == 0, result.stdout + result.stderr


def test_a_fact_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    common = {**HERE, "consul_agent_address": "{{ ansible_facts.no_such.ipv4.address }}"}
    result = run_plays(tmp_path, [], inventory(common), "--limit", "node2", playbook=VALIDATE)
    output = result.stdout + result.stderr
    assert "node2: consul_agent_address: its template cannot be evaluated" in output
    assert "no_such" in output and "node1" not in re.findall("^.*cannot be evaluated.*$", output, re.MULTILINE)[-1]


OPTIONAL = (
    "{{ ansible_user | default('') }} {{ ansible_port | default(22) }} {{ ansible_ssh_common_args | default('') }}"
)


def test_no_facts_are_gathered_without_need(tmp_path: Path) -> None:
    given = {"consul_agent_address": "{{ ansible_host }}", "consul_agent_config": {"node_meta": {"user": OPTIONAL}}}
    result = run_plays(tmp_path, [], inventory(given), playbook=VALIDATE)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "UNREACHABLE" not in result.stdout, "none of these hosts can be reached"
