"""A second run changes nothing, restarts nothing, and costs little: also in check mode and for one host."""

from __future__ import annotations

import json
from pathlib import Path

import lab
import pytest

NODES = ["node1", "node2", "node3"]
MOST_EXECUTIONS = 20


def running() -> dict[str, tuple[str, str, str]]:
    """What a restart would change, by host."""
    return {
        node: (
            lab.inspect(host)["State"]["StartedAt"],
            host.check_output("systemctl show --property=MainPID --value dnsmasq-consul"),
            host.check_output("systemctl show --property=MainPID --value systemd-resolved"),
        )
        for node in NODES
        for host in [lab.connect(node)]
    }


@pytest.mark.parametrize("arguments", [[], ["--check", "--diff"], ["--limit", "node3"]], ids=" ".join)
def test_warm_run(tmp_path: Path, arguments: list[str]) -> None:
    before = running()
    counts = tmp_path / "counts.json"
    run = lab.play(
        "servicedns.consul.site",
        *arguments,
        ANSIBLE_CALLBACK_PLUGINS=str(lab.ROOT / "tests" / "callback_plugins"),
        ANSIBLE_CALLBACKS_ENABLED="task_count",
        TASK_COUNT_FILE=str(counts),
    )
    assert run.returncode == 0, run.stdout
    found = json.loads(counts.read_text())
    assert {host["changed"] for host in found.values()} == {0}
    assert set(found) >= ({"node3"} if "--limit" in arguments else set(NODES))
    assert max(host["executions"] for host in found.values()) <= MOST_EXECUTIONS, found
    assert running() == before
