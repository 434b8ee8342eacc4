# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin validate, through ansible-playbook. No host of these inventories exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from plays import run_tasks

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
    found = (result.stdout + result.stderr).partition("in the variables of the inventory:\n")[2]
    return found.partition("\nOrigin:")[0].splitlines()


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
            "consul_services_definitions": [{"name": "my_app", "token": secret}, {"name": "web", "port": 99999}],
        },
    )
    result = errors(tmp_path, hosts)
    assert result == [
        "node1: consul_agent_datacentre: no role knows this variable; did you mean consul_agent_datacenter?",
        "node1, node2, node3: consul_agent_network: 'abc' is not a CIDR, such as 192.168.100.0/24",
        "node2: consul_agent_image: its template cannot be evaluated: 'no_such' is undefined",
        "node3: consul_agent_config: a string is not a mapping",
        "node3: consul_services_definitions[0].name: 'my_app' is no DNS label: names with underscores are not reachable "
        "over DNS; a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends",
        "node3: consul_services_definitions[1].port: 99999 must be a number from 1 to 65535, without quotes; leave it "
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
        "node1, node2, node3: consul_agent_dommain: no role knows this variable; did you mean consul_agent_domain?"
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
        "node1, node2, node3: consul_agent_image_archive: 'image.tar' is no file on the control node"
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
