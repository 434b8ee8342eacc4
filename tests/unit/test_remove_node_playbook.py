# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What remove_node.yml refuses before it touches a host. Those of the inventory would have to be reached for the rest."""

from __future__ import annotations

from pathlib import Path

import pytest
from plays import run_plays


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ({"consul_servers": ["s1"]}, "consul_removed has no host"),
        ({"consul_servers": ["s1"], "consul_removed": []}, "consul_removed has no host"),
        (
            {"consul_servers": ["s1"], "consul_clients": ["c1"], "consul_removed": ["c1", "c2"]},
            "consul_removed has c1, c2, of which c1 is among the others",
        ),
        ({"consul_removed": ["s1"], "consul_clients": ["c1"]}, "and consul_servers has no host"),
    ],
)
def test_refused(tmp_path: Path, groups: dict[str, list[str]], expected: str) -> None:
    inventory: dict[str, dict[str, dict[str, dict[str, str]]]] = {
        name: {"hosts": {host: {} for host in hosts}} for name, hosts in groups.items()
    }
    done = run_plays(tmp_path, [], inventory, playbook="servicedns.consul.remove_node")
    assert done.returncode != 0
    assert expected in " ".join((done.stdout + done.stderr).split())
    assert "UNREACHABLE" not in done.stdout
