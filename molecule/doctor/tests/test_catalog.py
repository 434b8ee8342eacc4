"""A playbook runs against the hosts that the catalog has, and with the instances that it finds."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

import lab

CONNECTION = lab.ROOT / ".lab" / lab.NAME / "connection.yml"
PLAY = """
- name: Run where flapp1 is passing
  hosts: consul_service_flapp1_passing
  gather_facts: false
  tasks:
    - name: Ask the application by what the catalog says of it
      ansible.builtin.uri:
        url: http://{{ item.address }}:{{ item.port }}
        return_content: true
      loop: "{{ query('servicedns.consul.service', 'flapp1') }}"
      register: answer

    - name: Show it
      ansible.builtin.debug:
        msg: "{{ answer.results | map(attribute='content') | join }} {{ consul_services.flapp1[0].meta.owner }}"
"""


@pytest.fixture
def url() -> Iterator[str]:
    """The API of the server's agent, which answers on its own host alone."""
    variables = yaml.safe_load(CONNECTION.read_text())["all"]["vars"]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    options = ["-o", "ControlPath=none", *shlex.split(variables["ansible_ssh_common_args"])]
    key = variables["ansible_ssh_private_key_file"]
    tunnel = ["ssh", *options, "-i", key, "-N", "-L", f"{port}:127.0.0.1:8500", "root@192.168.109.4"]
    with subprocess.Popen(tunnel) as process:
        try:
            end = time.monotonic() + 20
            while subprocess.run(
                ["curl", "-s", f"http://127.0.0.1:{port}/v1/status/leader"], capture_output=True
            ).returncode:
                assert time.monotonic() < end, "no tunnel"
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def run(tmp_path: Path, url: str, *command: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "consul_catalog.yml").write_text("plugin: servicedns.consul.consul_catalog\n")
    (tmp_path / "play.yml").write_text(PLAY)
    return subprocess.run(
        [*command, "-i", str(tmp_path / "consul_catalog.yml"), "-i", str(CONNECTION)],
        cwd=lab.ROOT,
        env=os.environ | {"CONSUL_HTTP_ADDR": url, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def test_ping(tmp_path: Path, url: str) -> None:
    done = run(tmp_path, url, "ansible", "all", "-m", "ansible.builtin.ping", "--one-line")
    assert done.returncode == 0, done.stdout
    assert sorted(line.split()[0] for line in done.stdout.splitlines() if "pong" in line) == ["node1", "node2", "node3"]


def test_a_play_where_a_service_is_passing(tmp_path: Path, url: str) -> None:
    done = run(tmp_path, url, "ansible-playbook", str(tmp_path / "play.yml"))
    assert done.returncode == 0, done.stdout
    assert "flapp1 on node2" in done.stdout
    assert "<script>document.title" in done.stdout
    assert "node3" not in done.stdout


def test_a_service_that_is_critical_has_no_host(tmp_path: Path, url: str) -> None:
    host = lab.connect("node3")
    host.check_output("docker stop flapp2")
    try:
        lab.until(host, "curl -s 127.0.0.1:8500/v1/health/state/critical | grep flapp2")
        done = run(tmp_path, url, "ansible", "consul_service_flapp2_critical", "--list-hosts")
        passing = run(tmp_path, url, "ansible", "consul_service_flapp2_passing", "--list-hosts")
    finally:
        host.check_output("docker start flapp2")
        lab.until_dig(host, "flapp2.service.consul", "192.168.109.6")
    assert "node3" in done.stdout
    assert "node3" not in passing.stdout
