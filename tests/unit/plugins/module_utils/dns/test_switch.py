# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A switch of the resolver on files of a test: what is switched, and that it is restored."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    detect,
    resolved,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    networkmanager,
    plain_file,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

ROUTES = ["consul", "corp.example", "10.in-addr.arpa"]
PLAIN = "search a.example\nnameserver 10.0.0.1\noptions timeout:1\n"


@pytest.mark.parametrize("kind", switch.TARGETS)
def test_choose(kind: str, etc_resolv_conf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolved, "is_installed", lambda: True)
    found = switch.targets_for(kind, "127.0.0.2", ROUTES)
    assert [type(target) for target in found] == [*switch.TARGETS[kind]]
    for target in found:
        assert not target.in_force()
        assert "127.0.0.2" in target.after or isinstance(target, (networkmanager.NetworkManager, plain_file.Keeper))
        assert target.path in target.paths()


def test_every_kind_can_be_switched() -> None:
    assert {*switch.TARGETS} == {*detect.KINDS, "none"}


def test_a_lost_name_puts_the_file_back(etc_resolv_conf: Path) -> None:
    target = plain_file.PlainResolvConf("127.0.0.2", ROUTES)
    with pytest.raises(HostError, match=r"^after the switch lost\.invalid did not resolve any more; .* was put back"):
        switch.switch([target], [], {}, lambda: switch.check_names(["localhost", "lost.invalid"], "after the switch"))
    assert etc_resolv_conf.read_text() == PLAIN


def test_what_was_begun_is_put_back(etc_resolv_conf: Path) -> None:
    """The second of two switches fails, and both are put back."""
    first = plain_file.PlainResolvConf("127.0.0.2", ROUTES)
    second = networkmanager.NetworkManager("127.0.0.2", ROUTES)
    second.load = lambda: None  # type: ignore[method-assign]
    second.path = str(etc_resolv_conf / "is-no-directory" / "x")
    with pytest.raises(HostError, match=r"Not a directory; .*resolv\.conf was put back as it was$"):
        switch.switch([first, second], [], {}, lambda: switch.check_names([], "after the switch"))
    assert etc_resolv_conf.read_text() == PLAIN
    second.path = str(etc_resolv_conf.parent / "second")
    with pytest.raises(HostError, match=r"/second and .*resolv\.conf was put back as it was$"):
        switch.switch([first, second], [], {}, lambda: switch.check_names(["lost.invalid"], "after the switch"))
    assert etc_resolv_conf.read_text() == PLAIN
    assert not Path(second.path).exists()
