"""Snapshots of the datacenter: to the control node and back, and by a timer on its server."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from testinfra.host import Host

import lab

testinfra_hosts = [lab.backend("node1")]
SNAPSHOT, RESTORE, SITE = (f"servicedns.consul.{name}" for name in ("snapshot", "restore", "site"))
NAME = re.compile(r"consul-dc1-[0-9]{8}T[0-9]{6}Z\.snap")
PUT = "curl -s --fail -X PUT http://127.0.0.1:8500/v1/{} -d '{}'"
THEIRS = {"Node": "theirs", "Address": "192.0.2.9", "Service": {"Service": "kept"}}
UNIT = "servicedns-consul-snapshot"
BACKUPS = "/var/backups/consul"


def run(playbook: str, *extra: str, limit: str = "", good: bool = True) -> str:
    """What a playbook says, in one line; it must end well or not."""
    arguments = [f"--extra-vars={text}" for text in extra] + ([f"--limit={limit}"] if limit else [])
    done = lab.play(playbook, *arguments)
    assert (done.returncode == 0) == good, done.stdout
    return " ".join(done.stdout.split())


@pytest.fixture
def registered(host: Host) -> Iterator[None]:
    """Something that no agent would register again, and that holds what nobody may see."""
    host.check_output(PUT.format("catalog/register", json.dumps(THEIRS)))
    host.check_output(PUT.format("kv/secret", "S3CRET"))
    lab.until_dig(host, "kept.service.consul", "192.0.2.9")
    yield
    host.check_output(PUT.format("catalog/deregister", json.dumps({"Node": "theirs"})))
    host.check_output("curl -s --fail -X DELETE http://127.0.0.1:8500/v1/kv/secret")


def test_a_registration_is_back_after_a_restore(host: Host, registered: None, tmp_path: Path) -> None:
    kept = f"consul_snapshot_directory={tmp_path / 'kept'}"
    output = run(SNAPSHOT, kept)
    (file,) = (tmp_path / "kept").iterdir()
    assert NAME.fullmatch(file.name) and oct(file.stat().st_mode)[-3:] == "600"
    assert oct(file.parent.stat().st_mode)[-3:] == "700"
    assert f"{file} has dc1 up to index" in output and "S3CRET" not in output
    # Neither on the host nor in the agent's container is anything left.
    assert host.run("find /root/.ansible/tmp /tmp -name '*snap*' -type f").stdout == ""
    assert host.check_output("docker exec consul find /tmp -type f") == ""

    host.check_output(PUT.format("catalog/deregister", json.dumps({"Node": "theirs"})))
    for node in ("node1", "node2"):
        lab.until_dig(lab.connect(node), "kept.service.consul")
    output = run(RESTORE, kept, f"consul_restore_snapshot={file}", "consul_restore_confirm=dc1")
    assert "kept on theirs" in output
    assert len(list(file.parent.iterdir())) == 2, "what was there before is kept as well"
    for node in ("node1", "node2"):
        lab.until_dig(lab.connect(node), "kept.service.consul", "192.0.2.9")
        lab.until_dig(lab.connect(node), "web.service.consul", "192.168.111.5")
    assert "changed=0" in run("servicedns.consul.services", limit="node2")


def test_a_damaged_snapshot_is_refused_before_any_change(host: Host, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    run(SNAPSHOT, f"consul_snapshot_directory={kept}")
    (file,) = kept.iterdir()
    damaged = bytearray(file.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    file.write_bytes(damaged)
    before = lab.api(host, "/v1/catalog/services")
    words = (f"consul_snapshot_directory={kept}", f"consul_restore_snapshot={file}", "consul_restore_confirm=dc1")
    output = run(RESTORE, *words, good=False)
    assert f"consul_restore_snapshot: {file} is no whole snapshot of Consul" in output
    assert "TASK [Take it]" not in output and len(list(kept.iterdir())) == 1
    assert lab.api(host, "/v1/catalog/services") == before


def test_without_a_leader_it_is_said(host: Host, tmp_path: Path) -> None:
    host.check_output("docker stop consul")
    try:
        output = run(SNAPSHOT, f"consul_snapshot_directory={tmp_path / 'kept'}", good=False)
    finally:
        host.check_output("docker start consul")
        lab.until(host, "curl -s --fail 127.0.0.1:8500/v1/status/leader | grep 8300")
    assert "There is no snapshot, since no agent of this run knows a leader of the datacenter" in output
    assert not (tmp_path / "kept").exists()


def site(interval: str, *extra: str) -> str:
    return run(SITE, f"consul_agent_snapshot_interval={interval}", "consul_agent_snapshot_count=2", *extra)


def doctor() -> str:
    """What the doctor says, which finds other things too: some of the scenario's checks are critical."""
    return " ".join(lab.play("servicedns.consul.doctor").stdout.split())


def test_a_timer_comes_and_goes(host: Host) -> None:
    try:
        site("1h")
        assert host.check_output(f"systemctl is-active {UNIT}.timer") == "active"
        assert lab.connect("node2").run(f"systemctl cat {UNIT}.timer").rc != 0, "a client takes none"
        assert re.findall(r"changed=(\d+)", site("1h")) == ["0", "0"]
        for _time in range(3):
            host.check_output(f"systemctl start {UNIT}.service")
            host.check_output("sleep 1.1")
        names = host.check_output(f"ls {BACKUPS}").split()
        assert len(names) == 2 and all(map(NAME.fullmatch, names))
        modes = host.check_output(f"stat --format=%a:%U {BACKUPS} {BACKUPS}/*").split()
        assert modes == ["700:root", "600:root", "600:root"]
        assert "snapshot:" not in doctor()

        # A run that fails, and one that was too long ago.
        host.check_output(f"mv {BACKUPS} /root/kept")
        assert host.run(f"systemctl start {UNIT}.service").rc != 0
        host.check_output(f"mv /root/kept {BACKUPS}")
        assert f"warning: snapshot: the last run of {UNIT}.service failed" in doctor()
        host.check_output(f"systemctl start {UNIT}.service")
        old = f"cd {BACKUPS} && rm * && touch -d '-3 hours' /etc/systemd/system/{UNIT}.timer && touch consul-dc1-20200101T000000Z.snap"
        host.check_output(old)
        assert re.search(r"warning: snapshot: the newest snapshot of dc1 is \S+ days old", doctor())
    finally:
        output = site("")
    assert f"The snapshots in {BACKUPS} stay" in output
    assert host.run(f"ls {BACKUPS}").stdout.split() == ["consul-dc1-20200101T000000Z.snap"]
    for path in (f"/etc/systemd/system/{UNIT}.timer", f"/etc/systemd/system/{UNIT}.service", f"/usr/local/sbin/{UNIT}"):
        assert not host.file(path).exists
    assert re.findall(r"changed=(\d+)", site("")) == ["0", "0"]
