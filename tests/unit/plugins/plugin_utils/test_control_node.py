# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the playbooks of diagnosis print and leave on the control node. No host of these inventories exists."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from plays import ROOT, run_tasks

from ansible_collections.servicedns.consul.plugins.module_utils.entry import visible
from ansible_collections.servicedns.consul.plugins.module_utils.lookup import verdict as lookup_path

#: Clears the screen, sets the title of the terminal, turns text around, and ends the line.
STEERING = "\x1b[2Jweb\x9b31m\x1b]0;owned\x07\u202eok\r\nhost9  all is well"
SHOWN = r"\x1b[2Jweb\x9b31m\x1b]0;owned\x07\u202eok\r\nhost9  all is well"


def is_calm(text: str) -> bool:
    """Whether a terminal only prints it, but for the colours of Ansible, which are off here."""
    return not any(code in text for code in "\x1b\x9b\x07\r\u202e")


def test_visible() -> None:
    assert visible(STEERING) == SHOWN
    assert visible("two\nlines\x1b", lines=True) == "two\nlines\\x1b"
    assert visible("Gr\u00fc\u00dfe \u2014 \udcfc") == "Gr\u00fc\u00dfe \u2014 ?"


@given(st.text())
def test_any_text_is_one_line_that_steers_nothing(text: str) -> None:
    shown = visible(text)
    assert len(shown.splitlines()) <= 1
    assert is_calm(shown)


def doctor_result() -> dict[str, Any]:
    """What one host tells of a service whose check says what steers a terminal."""
    hops = [{"hop": hop, "state": "ok", "cause": "", "next_step": "", "replies": []} for hop in lookup_path.HOPS]
    hops[-1].update(state="broken", cause=f"DNS leaves out web: '{STEERING}'")
    return {
        "broken": "services",
        "hops": hops,
        "names": {},
        "agent": {"members": [], "nodes": [], "critical": [], "image": {}, "node": STEERING},
        "host": {"skew": 0.0, "disk": {"path": "/data", "free": 50 * 1024**3, "size": 100 * 1024**3}, "ports": []},
    }


@pytest.mark.parametrize(
    ("action", "arguments", "file"),
    [
        ("doctor_report", {"results": {"one": doctor_result()}, "nodes": {"one": "one"}}, "doctor.json"),
        ("report", {"results": {"one": doctor_result()}, "nodes": {"one": "one"}}, "report.html"),
        (
            "dns_trace_report",
            {
                "begun": {
                    "one": {
                        "resolver": "plain",
                        "lookup": {"begun": 1.0, "ended": 2.0, "addresses": [], "text": STEERING},
                    }
                },
                "seen": {
                    "one": {"resolver": "plain", "lines": [{"kind": "A", "events": [{"time": 1.0, "text": STEERING}]}]}
                },
            },
            "timeline.txt",
        ),
    ],
)
def test_text_of_others_is_shown_and_not_obeyed(
    tmp_path: Path, action: str, arguments: dict[str, Any], file: str
) -> None:
    # As JSON, since ansible-core takes away the codes that a playbook has.
    (tmp_path / "arguments.json").write_text(json.dumps(arguments))
    task = {f"servicedns.consul.{action}": {**{name: f"{{{{ {name} }}}}" for name in arguments}, "output": file}}
    (tmp_path / file).write_text("of a former run")
    (tmp_path / file).chmod(0o644)
    run = run_tasks(tmp_path, [task], {"all": {"hosts": {"one": {}}}}, "--extra-vars", "@arguments.json")
    assert is_calm(run.stdout + run.stderr)
    assert SHOWN in run.stdout
    content = (tmp_path / file).read_text()
    assert is_calm(content)
    assert "[2Jweb" in content
    assert (tmp_path / file).stat().st_mode & 0o777 == 0o600
    where = tmp_path if action == "dns_trace_report" else tmp_path / file
    assert str(where) in run.stdout, "it says where"


@pytest.mark.parametrize(
    ("playbook", "variable", "file"),
    [("doctor", "doctor_output", "doctor.json"), ("report", "report_output", "report.html")],
)
def test_files_are_left_where_the_operator_stands(tmp_path: Path, playbook: str, variable: str, file: str) -> None:
    """By its name in the collection, a playbook is in the folder of the collection, and so would the files be."""
    hosts = {"one": {"ansible_connection": "local", "ansible_become": False, "ansible_python_interpreter": "/none"}}
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"consul_servers": {"hosts": hosts}}))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    run = subprocess.run(
        [
            *(Path(sys.executable).with_name("ansible-playbook"), f"servicedns.consul.{playbook}"),
            *("-i", "hosts.yml", "--extra-vars", f"{variable}={file}"),
        ],
        cwd=tmp_path,
        env={**clean, "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".collections")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (tmp_path / file).is_file(), run.stdout + run.stderr
    assert re.search(rf" is (in )?{tmp_path / file}\n", run.stdout), "and it says so"
    assert (tmp_path / file).stat().st_mode & 0o777 == 0o600


def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    task = {"servicedns.consul.report": {"results": {}, "nodes": {}, "output": str(tmp_path / "no" / "report.html")}}
    run = run_tasks(tmp_path, [task], {"all": {"hosts": {"one": {}}}}, "-vvv")
    assert run.returncode == 2
    assert f"{tmp_path}/no/" in run.stdout + run.stderr
    assert "No such file or directory" in run.stdout + run.stderr


def test_a_device_is_written_to(tmp_path: Path) -> None:
    """A file is replaced by another. /dev/stdout must not be."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    task = {"servicedns.consul.doctor_report": {"results": {}, "nodes": {}, "output": str(pipe)}}
    run = run_tasks(tmp_path, [task], {"all": {"hosts": {"one": {}}}})
    assert run.returncode == 0, run.stdout + run.stderr
    assert json.loads(os.read(reader, 65536))["broken"] is False
    os.close(reader)
    assert pipe.is_fifo()
