# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each step of a change fails, one after the other: the host is what it was, or the message says what is not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from host_folder import KINDS, HostFolder, forward, make
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    dnsmasq,
    lookups,
    resolv_conf,
    resolved,
    switch,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import plain_file
from ansible_collections.servicedns.consul.plugins.module_utils.docker import daemon_json
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.modules import dnsmasq_forwarding_network, dnsmasq_forwarding_restore

NOT_PUT_BACK = "COULD NOT BE PUT BACK"
Run = Callable[[], "dict[str, Any]"]


@pytest.fixture
def hosts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], HostFolder]]:
    """Makes one host after the other."""
    count = iter(range(10_000))
    with pytest.MonkeyPatch.context() as outer:

        def another(kind: str) -> HostFolder:
            # The paths of the host before are no longer those of the modules.
            outer.undo()
            return make(tmp_path / str(next(count)), outer, kind)

        yield another


def fail_each(
    ready: Callable[[], tuple[HostFolder, dict[str, Any]]], run: Run, fails_too: Callable[[str, str], bool]
) -> int:
    """Let a run fail at each of its steps, and once not at all.

    :arg ready: makes a host, ready for the run, and tells how it was before any
    :arg fails_too: whether a later step fails too, by what the first that failed did, and what it does
    :return: how many steps there are
    """
    step = 0
    while True:
        step += 1
        made, first = ready()
        before = made.state()
        with made.faults(step, fails_too):
            result = run()
        if not made.failed:
            assert not result.get("failed"), result
            return step - 1
        if "resolves names without dnsmasq again" in result.get("msg", ""):
            assert made.without_ours() == first, result["msg"]
        elif result.get("failed") and NOT_PUT_BACK not in result["msg"]:
            after = made.state()
            for path in [path for path in after if "/.servicedns." in path and made.failed.startswith("unlink")]:
                # Nobody reads it, and the next run removes it.
                del after[path]
            assert after == before, f"{made.failed}: {result['msg']}"
        if not result.get("failed"):
            # A step that the change can do without: it is complete all the same.
            after = made.state()
            clean, _first = ready()
            assert not run().get("failed")
            assert {path for path in after if "/.servicedns." not in path} == set(clean.state()), made.failed


def once(_first: str, _what: str) -> bool:
    return False


def for_good(first: str, what: str) -> bool:
    """As a systemd that does not answer, or a file system that became read-only."""
    return first.split()[0] == what.split()[0]


FAULTS = pytest.mark.parametrize("fails_too", [once, for_good])


@FAULTS
@pytest.mark.parametrize("kind", KINDS)
def test_first_switch(hosts: Callable[[str], HostFolder], kind: str, fails_too: Callable[[str, str], bool]) -> None:
    assert fail_each(lambda: (hosts(kind), {}), lambda: forward(kind), fails_too) > 15


@FAULTS
def test_later_change(hosts: Callable[[str], HostFolder], fails_too: Callable[[str, str], bool]) -> None:
    """What is put back is how the run before left the host."""

    kind = "resolv_conf"

    def ready() -> tuple[HostFolder, dict[str, Any]]:
        made = hosts(kind)
        first = made.without_ours()
        assert forward(kind)["changed"]
        return made, first

    assert fail_each(ready, lambda: forward(kind, "listen-address=127.0.0.2\nlog-queries\n"), fails_too) > 8


@FAULTS
@pytest.mark.parametrize("kind", KINDS)
def test_removal(
    hosts: Callable[[str], HostFolder],
    kind: str,
    fails_too: Callable[[str, str], bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(switch, "GRACE", 0)

    def ready() -> tuple[HostFolder, dict[str, Any]]:
        made = hosts(kind)
        first = made.without_ours()
        assert forward(kind)["changed"]
        return made, first

    def run() -> dict[str, Any]:
        return run_main(dnsmasq_forwarding_restore.main, names=["www.example.com"])

    assert fail_each(ready, run, fails_too) > 5


@FAULTS
@pytest.mark.parametrize("before", ["", '{"dns": ["10.0.0.1"], "live-restore": true}\n', '{"debug":\ttrue}'])
def test_daemon_json(hosts: Callable[[str], HostFolder], before: str, fails_too: Callable[[str, str], bool]) -> None:
    def ready() -> tuple[HostFolder, dict[str, Any]]:
        made = hosts("resolv_conf")
        made.answers["dockerd --help"] = "--validate"
        Path(daemon_json.CONFIGURATION).parent.mkdir()
        if before:
            made.write("/etc/docker/daemon.json", before, mode=0o600)
        made.service(daemon_json.UNIT)
        return made, {}

    def run() -> dict[str, Any]:
        try:
            daemon_json.apply(daemon_json.with_server(before, "172.17.0.1"))
        except (OSError, HostError) as error:
            return {"failed": True, "msg": str(error)}
        return {}

    assert fail_each(ready, run, fails_too) > 7


def answer_network(configuration: str) -> dict[str, Any]:
    return run_main(
        dnsmasq_forwarding_network.main,
        configuration=f"listen-address=192.0.2.1\nport=8600\n{configuration}",
        service="[Unit]\n",
        address="192.0.2.1#8600",
    )


@FAULTS
@pytest.mark.parametrize("was_there", [False, True], ids=["first", "later"])
def test_a_dnsmasq_beside(
    hosts: Callable[[str], HostFolder], fails_too: Callable[[str, str], bool], was_there: bool
) -> None:
    def ready() -> tuple[HostFolder, dict[str, Any]]:
        made = hosts("resolv_conf")
        if was_there:
            assert answer_network("")["changed"]
        return made, {}

    assert fail_each(ready, lambda: answer_network("log-queries\n"), fails_too) > 7


def test_the_reason_and_what_was_not_put_back_are_both_said(hosts: Callable[[str], HostFolder]) -> None:
    """A name is lost, and one of two targets cannot be put back: the other one is, and all of it is said."""
    made = hosts("resolv_conf_and_resolved")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lookups, "missing", lambda names, has, patience=0: [*names] if has is lookups.resolves else [])
        patch.setattr(plain_file.PlainResolvConf, "restore", lambda _self, _kept: 1 / 0)
        said = forward("resolv_conf_and_resolved")["msg"]
    assert "after the switch www.example.com" in said
    assert f"{resolv_conf.RESOLV_CONF} {NOT_PUT_BACK}: division by zero" in said
    assert f"{resolved.DROP_IN} was put back as it was" in said
    assert not Path(resolved.DROP_IN).exists()
    # Programs still ask it.
    assert dnsmasq.UNIT in made.pids
