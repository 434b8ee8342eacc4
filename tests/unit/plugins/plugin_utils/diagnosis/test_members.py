# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is said of members of the datacenter."""

from __future__ import annotations

from doctor_results import MEMBERS, found, member, result, with_hop


def test_members_that_the_inventory_has() -> None:
    """Of a host outside of the run the others tell, when all of them say so; of one in the run it is told already."""
    failed = result(agent__members=member("node2", status="failed"))
    gone = "the inventory has this host, and its node node2 is"
    assert found(failed) == [("broken", "host2", "member", f"{gone} failed in the datacenter")]
    assert found(result(agent__members=MEMBERS[:1])) == [
        ("broken", "host2", "member", f"{gone} no member in the datacenter")
    ]
    assert found(failed, result()) == [], "one sees it alive"
    assert [what for _severity, _host, what, _text in found(failed, {"unreachable": True, "msg": "x"})] == ["host"]
    assert [
        what for _severity, _host, what, _text in found(failed, with_hop("agent", "broken", agent__members=[]))
    ] == ["agent"]
