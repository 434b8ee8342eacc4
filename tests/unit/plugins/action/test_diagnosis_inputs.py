# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The action plugin diagnosis_inputs, through ansible-playbook. No host of these inventories exists."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from plays import run_tasks


def test_the_action_reads_the_whole_inventory(tmp_path: Path) -> None:
    inventory = {
        "consul_servers": {"hosts": {"one.example.com": {}}},
        "consul_clients": {
            "hosts": {
                "two": {
                    "consul_agent_node_name": "second",
                    "consul_agent_domain": "example",
                    "consul_services_definitions": [{"name": "{{ 'we' }}b", "token": "7e57"}],
                }
            }
        },
    }
    tasks: list[dict[str, Any]] = [
        {"servicedns.consul.diagnosis_inputs": {}, "register": "read", "run_once": True},
        {
            "ansible.builtin.copy": {"content": "{{ read | to_json }}", "dest": str(tmp_path / "read")},
            "delegate_to": "localhost",
        },
    ]
    run = run_tasks(tmp_path, tasks, inventory, "--limit", "one.example.com")
    assert run.returncode == 0, run.stdout + run.stderr
    read = (tmp_path / "read").read_text()
    for part in (
        '"one.example.com": "one"',
        '"two": "second"',
        '"names": ["web.service.example"]',
        '"services": ["web"]',
    ):
        assert part in read
    assert '"image": "hashicorp/consul:' in read, "the role's default"
    assert "7e57" not in read


def test_the_action_says_all_that_is_wrong_at_once(tmp_path: Path) -> None:
    task = {
        "servicedns.consul.diagnosis_inputs": {
            "trace": {"name": "a b", "seconds": 0},
            "files": {"doctor_output": "/no/such/file", "report_output": ""},
            "directories": {"dns_trace_directory": "/dev/null"},
        }
    }
    run = run_tasks(tmp_path, [task], {"consul_servers": {"hosts": {"one": {}}}})
    assert run.returncode != 0
    for text in (
        "dns_trace_name: 'a b'",
        "dns_trace_seconds: '0'",
        "doctor_output: there is no",
        "dns_trace_directory: /dev/null is no",
    ):
        assert text in run.stdout + run.stderr
    assert "report_output" not in run.stdout
