# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""AppArmor's profile of dnsmasq allows what our services use, before they run, and is as it was afterwards."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from host_folder import HostFolder, Trial, forward, make
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    apparmor,
    dnsmasq,
    state_before,
    switch,
    trial,
)
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files
from ansible_collections.servicedns.consul.plugins.modules import (
    dnsmasq_forwarding_preflight,
    dnsmasq_forwarding_restore,
)

TEMPLATES = Path(__file__).parents[5] / "roles/dnsmasq_forwarding/templates"
#: The end of the profile of Debian and Ubuntu.
PROFILE = """profile dnsmasq /usr/{bin,sbin}/dnsmasq flags=(attach_disconnected) {
  include <abstractions/base>
  # Site-specific additions and overrides. See local/README for details.
  include if exists <local/usr.sbin.dnsmasq>
}
"""


def allowed(access: str) -> list[re.Pattern[str]]:
    """Our rules with some access, as regular expressions: an asterisk is anything but a slash, see apparmor.d(5)."""
    rules = [line.rstrip(",").split() for line in apparmor.RULES.splitlines() if not line.startswith("#")]
    return [
        re.compile(re.escape(path).replace(r"\*", "[^/]*")) for path, granted in rules if set(access) <= set(granted)
    ]


@pytest.mark.parametrize("name", [path.name for path in sorted(TEMPLATES.iterdir())])
def test_every_path_of_dnsmasq_is_allowed(name: str) -> None:
    """What options of dnsmasq name, in its configurations and in its units' command lines."""
    text = (TEMPLATES / name).read_text()
    named = re.findall(r"(?:^|--)([a-z]+-file)=(/[^\s{]+)", text, re.MULTILINE)
    for option, path in named:
        access = "rw" if option == "pid-file" else "r"
        assert any(rule.fullmatch(path) for rule in allowed(access)), f"{name}: {option}={path}"
    assert named or name.endswith((".servers.j2", ".path.j2", "list.service.j2"))


@pytest.mark.parametrize(
    ("path", "access"),
    [
        (dnsmasq.FILES["servers"], "r"),
        # A trial's, with all that it writes, its log included.
        (f"{trial.RUNTIME}/dnsmasq-consul-x1_y2/", "r"),
        (f"{trial.RUNTIME}/dnsmasq-consul-x1_y2/configuration.log", "rw"),
    ],
)
def test_other_paths_are_allowed(path: str, access: str) -> None:
    assert any(rule.fullmatch(path) for rule in allowed(access))


def test_nothing_else_is_allowed() -> None:
    for path in ("/etc/passwd", "/etc/dnsmasq-consul/../shadow", "/run/dnsmasq-consul", "/run/docker.sock"):
        assert not any(rule.fullmatch(path) for rule in allowed("r"))


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A host with the profile, and a parser that notes what it loads."""
    (tmp_path / "local").mkdir()
    for name, path in {
        "PROFILE": "usr.sbin.dnsmasq", "LOCAL": "local/usr.sbin.dnsmasq", "LOADED": "profiles",
    }.items():  # fmt: skip
        monkeypatch.setattr(apparmor, name, str(tmp_path / path))
    (tmp_path / "usr.sbin.dnsmasq").write_text(PROFILE)
    (tmp_path / "profiles").write_text("/usr/bin/man (enforce)\ndnsmasq (enforce)\ndnsmasq//x (complain)\n")
    parser(
        tmp_path, f"echo $* >> {tmp_path}/loaded; /bin/cat {tmp_path}/local/usr.sbin.dnsmasq >> {tmp_path}/loaded || :"
    )
    monkeypatch.setattr(command, "environment", lambda: {"PATH": str(tmp_path)})
    return tmp_path


def parser(folder: Path, script: str) -> None:
    (folder / "apparmor_parser").write_text(f"#!/bin/sh\n{script}\n")
    (folder / "apparmor_parser").chmod(0o755)


@pytest.mark.parametrize("before", [None, "", "# by hand", "# by hand\n/srv/hosts r,\n"])
def test_allowed_and_away_again(profile: Path, before: str | None) -> None:
    local = profile / "local/usr.sbin.dnsmasq"
    if before is not None:
        local.write_text(before)
        local.chmod(0o640)
    kept = {str(local): state_before.keep(str(local))}
    assert not apparmor.in_force()
    apparmor.allow()
    assert apparmor.in_force()
    assert local.read_text().startswith(before or "")
    loaded = (profile / "loaded").read_text()
    assert loaded == f"--replace {profile}/usr.sbin.dnsmasq\n{local.read_text()}"
    apparmor.withdraw(kept)
    assert state_before.keep(str(local)) == kept[str(local)]


def test_what_others_added_since_stays(profile: Path) -> None:
    local = profile / "local/usr.sbin.dnsmasq"
    apparmor.allow()
    local.write_text(f"{local.read_text()}/srv/hosts r,\n")
    apparmor.withdraw({str(local): {}})
    assert local.read_text() == "/srv/hosts r,\n"


def test_a_profile_that_cannot_be_loaded_leaves_the_file_as_it_was(profile: Path) -> None:
    parser(profile, "echo 'syntax error' >&2; exit 1")
    with pytest.raises(HostError, match="syntax error"):
        apparmor.allow()
    assert not (profile / "local/usr.sbin.dnsmasq").exists()
    assert not apparmor.in_force()


def test_a_profile_that_the_kernel_does_not_have_is_ready_for_the_next_boot(profile: Path) -> None:
    (profile / "profiles").unlink()
    apparmor.allow()
    assert apparmor.in_force()
    assert not (profile / "loaded").exists()


def test_a_host_without_the_profile_is_left_alone(profile: Path) -> None:
    (profile / "usr.sbin.dnsmasq").unlink()
    (profile / "profiles").write_text("/usr/bin/man (enforce)\n")
    assert apparmor.in_force()
    assert apparmor.obstacles() == []


def test_a_profile_of_somebody_else_is_named(profile: Path) -> None:
    assert apparmor.obstacles() == []
    (profile / "usr.sbin.dnsmasq").write_text("/usr/sbin/dnsmasq {\n  #include <local/usr.sbin.dnsmasq>\n}\n")
    assert apparmor.obstacles() == []
    (profile / "usr.sbin.dnsmasq").write_text("/usr/sbin/dnsmasq {\n}\n")
    (problem,) = apparmor.obstacles()
    assert "does not include <local/usr.sbin.dnsmasq>" in problem
    assert "/etc/dnsmasq-consul* r, /run/dnsmasq-consul*/ r," in problem
    (profile / "usr.sbin.dnsmasq").unlink()
    assert len(apparmor.obstacles()) == 1, "it may be loaded from elsewhere"


@pytest.fixture
def confined(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> HostFolder:
    """A host whose kernel confines dnsmasq."""
    made = make(tmp_path / "host", monkeypatch, "resolv_conf")
    monkeypatch.setattr(apparmor, "LOADED", made.path("/etc/profiles"))
    made.write("/etc/profiles", "dnsmasq (enforce)\n")
    made.write("/etc/apparmor.d/usr.sbin.dnsmasq", PROFILE)
    monkeypatch.setattr(switch, "GRACE", 0)
    return made


def test_it_is_allowed_before_any_dnsmasq_of_ours_runs_and_withdrawn_after_all(
    confined: HostFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Tried(Trial):
        def __enter__(self) -> Trial:
            confined.commands.append(("a trial",))
            return self

    load = ("apparmor_parser", "--replace", apparmor.PROFILE)
    monkeypatch.setattr(trial, "Trial", Tried)
    before = confined.state()
    assert forward("resolv_conf")["changed"]
    assert apparmor.RULES in files.read(apparmor.LOCAL)
    assert confined.commands.index(load) < confined.commands.index(("a trial",))
    assert confined.commands.index(load) < confined.commands.index(("systemctl", "restart", dnsmasq.UNIT))
    confined.commands.clear()
    assert not forward("resolv_conf")["changed"]
    assert load not in confined.commands
    assert not run_main(dnsmasq_forwarding_restore.main).get("failed")
    assert confined.commands.index(load) > confined.commands.index(("systemctl", "stop", dnsmasq.UNIT))
    run_main(dnsmasq_forwarding_restore.main, state="forgotten")
    after = confined.state()
    after.pop("/etc/apparmor.d/local", None)
    assert after == before


def test_the_preflight_names_a_profile_of_somebody_else(confined: HostFolder) -> None:
    confined.answers["ip -json address"] = "[]"
    missing = "AppArmor confines dnsmasq by a profile that does not include"
    given: dict[str, Any] = {"listen_addresses": ["127.0.0.2"], "resolver": "none"}
    assert missing not in str(run_main(dnsmasq_forwarding_preflight.main, **given))
    Path(apparmor.PROFILE).write_text("/usr/sbin/dnsmasq {\n}\n")
    assert missing in run_main(dnsmasq_forwarding_preflight.main, **given)["msg"]
