# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host in a folder: its files are real, its commands are a small systemd that remembers, and any step can fail."""

from __future__ import annotations

import contextlib
import errno
import inspect
import os
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from module_runs import run_main

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot_timer
from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    apparmor,
    dnsmasq,
    dnsmasq_beside,
    lookups,
    relay,
    resolv_conf,
    resolved,
    state_before,
    still_asked,
    switch,
    trial,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.targets import (
    base,
    networkmanager,
    plain_file,
    resolvconf,
    systemd_resolved,
)
from ansible_collections.servicedns.consul.plugins.module_utils.docker import daemon_json, engine
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, waiting
from ansible_collections.servicedns.consul.plugins.modules import dnsmasq_forwarding

MODULES = (
    apparmor,
    dnsmasq,
    dnsmasq_beside,
    daemon_json,
    state_before,
    base,
    networkmanager,
    plain_file,
    resolv_conf,
    resolvconf,
    resolved,
    systemd_resolved,
    still_asked,
    snapshot_timer,
)
FOLDERS = ("/etc/", "/run/", "/var/lib/", "/usr/local/sbin/", "/usr/lib/systemd/resolved")
# What a service reads when it starts, or is told to read again.
READ = {
    "systemd-resolved.service": ("/etc/systemd/resolved.conf.d/servicedns-consul.conf",),
    "dnsmasq-consul.service": ("/etc/dnsmasq-consul.conf", "/etc/dnsmasq-consul.servers"),
    "NetworkManager.service": (
        "/etc/NetworkManager/conf.d/zz-servicedns-consul.conf",
        "/etc/NetworkManager/dnsmasq.d/servicedns-consul.conf",
    ),
    "dnsmasq-consul-upstreams.service": ("/etc/dnsmasq-consul-upstreams.conf",),
    "dnsmasq-consul-containers.service": ("/etc/dnsmasq-consul-containers.conf",),
    "dnsmasq-consul-network.service": ("/etc/dnsmasq-consul-network.conf",),
}
CHANGES = ("rename", "link", "unlink", "symlink", "mkdir", "rmdir", "chown", "chmod")

PLAIN = "# by hand\nsearch a.example\nnameserver 10.0.0.1\n"
KINDS = sorted({*switch.TARGETS} - {"none"}) + ["resolved_to_come"]


class Trial:
    """In the place of a dnsmasq with new files: it starts, and answers."""

    port = 5300
    upstreams_port = 5301

    def __init__(self, files: Mapping[str, str], _upstreams_file: str) -> None:
        self.addresses = dnsmasq.option(files["configuration"], "listen-address")

    def __enter__(self) -> Trial:
        return self

    def __exit__(self, *_error: object) -> None:
        pass

    def check(self, names: list[str]) -> None:
        pass


class HostFolder:
    """A host whose /etc, /run and /var/lib are in a folder."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        self.commands: list[tuple[str, ...]] = []
        self.enabled: set[str] = set()
        self.pids: dict[str, int] = {}
        self.read: dict[str, dict[str, bytes]] = {}
        self.containers_ask: list[str] = []
        self.containers: dict[str, dict[str, Any]] = {}
        self.keeps_containers = False
        self.answers: dict[str, str] = {}
        self.steps = 0
        self.first_to_fail = 0
        self.fails_too: Callable[[str, str], bool] = lambda _failed, _what: False
        self.failed = ""
        for folder in ("etc/systemd/system", "run/systemd", "var/lib", "usr/local/sbin"):
            (root / folder).mkdir(parents=True)
        self._move_paths(monkeypatch)
        monkeypatch.setattr(command, "run", self.run)
        monkeypatch.setattr(engine, "get", self.docker_get)
        monkeypatch.setattr(os, "fsync", lambda _file: None)
        monkeypatch.setattr(trial, "Trial", Trial)
        monkeypatch.setattr(relay, "StandIn", lambda *_arguments, **_options: contextlib.nullcontext())
        monkeypatch.setattr(relay, "drain", lambda _pid: None)
        monkeypatch.setattr(waiting, "eventually", lambda condition, *_times: condition())
        monkeypatch.setattr(lookups, "knows", lambda *_arguments: True)
        monkeypatch.setattr(lookups, "resolves", lambda _name: True)

    def _move_paths(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Everything that the modules call by an absolute path is in the folder."""

        def moved(value: Any) -> Any:
            return self.path(value) if isinstance(value, str) and f"{value}/".startswith(FOLDERS) else value

        def move(owner: ModuleType | type, name: str, value: Any) -> None:
            if moved(value) is not value:
                monkeypatch.setattr(owner, name, moved(value))
            elif isinstance(value, tuple) and name.isupper():
                monkeypatch.setattr(owner, name, tuple(moved(item) for item in value))
            elif isinstance(value, dict) and name.isupper():
                monkeypatch.setattr(owner, name, {key: moved(item) for key, item in value.items()})

        for module in MODULES:
            for name, value in list(vars(module).items()):
                move(module, name, value)
                if inspect.isclass(value) and value.__module__ == module.__name__:
                    for attribute, inner in list(vars(value).items()):
                        move(value, attribute, inner)

    def path(self, path: str) -> str:
        return str(self.root) + path

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        file = Path(self.path(path))
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        file.chmod(mode)
        if os.geteuid() == 0:
            os.chown(file, 1234, 2345)

    def service(self, unit: str) -> None:
        """A service that runs, and has read its files."""
        self.enabled.add(unit)
        self._start(unit)

    def _start(self, unit: str) -> None:
        if unit == daemon_json.UNIT:
            named = daemon_json.parse(files.read(daemon_json.CONFIGURATION))
            self.keeps_containers = named.get("live-restore", False)
            self.containers_ask = named.get("dns", [])
        self.pids[unit] = max(self.pids.values(), default=100) + 1
        self._reads(unit)

    def _reads(self, unit: str) -> None:
        files = [Path(self.path(path)) for path in READ.get(unit, ())]
        self.read[unit] = {str(file): file.read_bytes() for file in files if file.exists()}

    def container(
        self, name: str, resolv_conf: str, started: str = "", dns: list[str] | None = None, label: str = "theirs"
    ) -> None:
        """A container that runs, with the file of name servers that the engine made for it when it was started."""
        path = f"/var/lib/docker/containers/{name}/resolv.conf"
        self.write(path, resolv_conf)
        self.containers[name] = {
            "Name": f"/{name}",
            "Config": {"Labels": {label: ""}},
            "HostConfig": {"Dns": dns},
            "ResolvConfPath": self.path(path),
            "State": {"StartedAt": f"{started}.123456789Z"},
        }

    # --- what fails -------------------------------------------------------------------------------------------------

    def _step(self, what: str) -> bool:
        self.steps += 1
        if self.steps == self.first_to_fail:
            self.failed = what
        elif not (self.failed and self.first_to_fail and self.fails_too(self.failed, what)):
            return False
        return True

    @contextlib.contextmanager
    def faults(self, first: int, fails_too: Callable[[str, str], bool]) -> Iterator[None]:
        """Let a step fail, be it a command or a change of a file, and later ones by what the first did and they do."""
        self.steps, self.failed, self.first_to_fail, self.fails_too = 0, "", first, fails_too
        with pytest.MonkeyPatch.context() as patch:
            for name in CHANGES:
                patch.setattr(os, name, self._change(name, getattr(os, name)))
            patch.setattr(tempfile, "mkstemp", self._change("write", tempfile.mkstemp))
            yield
        self.first_to_fail = 0

    def _change(self, name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def changed(*arguments: Any, **options: Any) -> Any:
            path = str(options.get("dir") or (arguments[-1] if name in ("rename", "link", "symlink") else arguments[0]))
            if path.startswith(str(self.root)) and self._step(f"{name} {path.removeprefix(str(self.root))}"):
                raise OSError(errno.EPERM, "not permitted here", path)
            return original(*arguments, **options)

        return changed

    # --- its commands -----------------------------------------------------------------------------------------------

    def docker_get(self, path: str) -> Any:
        if self._step(f"GET {path}"):
            raise HostError(f"the Docker engine does not answer {path}")
        if path == "/containers/json":
            return [{"Id": name} for name in self.containers]
        if path.startswith("/containers/"):
            return self.containers.get(path.split("/")[2])
        return {"LiveRestoreEnabled": self.keeps_containers, "Swarm": {"LocalNodeState": "inactive"}}

    def run(self, *arguments: str, timeout: float = 0) -> str:
        self.commands.append(arguments)
        if self._step(" ".join(arguments)):
            raise HostError(f"{' '.join(arguments)}: it failed")
        if arguments[0] == "systemctl":
            return self._systemctl(
                arguments[1], [word for word in arguments[2:] if not word.startswith("-")], arguments
            )
        if arguments[0] == "resolvconf":
            heads = (Path(self.path("/etc/resolvconf/resolv.conf.d/head")), Path(self.path("/etc/resolvconf.conf")))
            head = "".join(file.read_text() for file in heads if file.exists())
            Path(self.path("/etc/resolv.conf")).write_text(f"{head}nameserver 10.0.0.1\n")
        if arguments[0] == "ss":
            configurations = [
                b"".join(read.values()).decode() for unit, read in self.read.items() if "dnsmasq-consul" in unit
            ]
            return "".join(
                f"udp UNCONN 0 0 {address}:{(dnsmasq.option(configuration, 'port') or ['53'])[0]} 0.0.0.0:*\n"
                for configuration in configurations
                for address in dnsmasq.option(configuration, "listen-address")
            )
        if arguments[0] == "nmcli":
            self._start("NetworkManager.service")
        if arguments[0] == "resolvectl":
            read = b"".join(self.read.get("systemd-resolved.service", {}).values()).decode()
            return f"Global: {dnsmasq.option(read, {'dns': 'DNS', 'domain': 'Domains'}[arguments[1]])[-1:]}".translate(
                str.maketrans("", "", "[']")
            )
        return self.answers.get(" ".join(arguments), "")

    def _systemctl(self, verb: str, units: list[str], arguments: tuple[str, ...]) -> str:
        for unit in units:
            if verb in ("restart", "start") or (verb == "enable" and "--now" in arguments):
                self._start(unit)
            if verb == "enable":
                self.enabled.add(unit)
            if verb in ("stop", "disable") and (verb == "stop" or "--now" in arguments):
                self.pids.pop(unit, None)
                self.read.pop(unit, None)
            if verb == "disable":
                self.enabled.discard(unit)
            if verb == "reload":
                self._reads(unit)
                if unit == daemon_json.UNIT:
                    named = daemon_json.parse(files.read(daemon_json.CONFIGURATION))
                    self.keeps_containers = named.get("live-restore", self.keeps_containers)
        if verb == "is-active" and units[0] not in self.pids:
            raise HostError("inactive")
        if verb == "is-enabled" and units[0] not in self.enabled:
            raise HostError("disabled")
        if verb == "is-active":
            return "active\n"
        if verb != "show":
            return ""
        properties = {
            "MainPID": str(self.pids.get(units[0], 0)),
            "ActiveState": "active" if units[0] in self.pids else "inactive",
            "UnitFileState": "enabled" if units[0] in self.enabled else "",
        }
        return "".join(f"{name}={properties[name]}\n" for name in arguments[2].partition("=")[2].split(","))

    # --- how it is --------------------------------------------------------------------------------------------------

    def without_ours(self) -> dict[str, Any]:
        """As L(state), without the files and services of dnsmasq-consul."""
        state = self.state()
        running = {unit: read for unit, read in state.pop("running").items() if "dnsmasq-consul" not in unit}
        enabled = [unit for unit in state.pop("enabled") if "dnsmasq-consul" not in unit]
        files = {path: kept for path, kept in state.items() if "dnsmasq-consul" not in path}
        return {**files, "running": running, "enabled": enabled}

    def state(self) -> dict[str, Any]:
        """All of its files, byte for byte, and what its services run with. The record may stay: it says how the host was.

        So may the lock, which says nothing.
        """
        found: dict[str, Any] = {}
        for path in sorted(self.root.rglob("*")):
            if state_before.DIRECTORY in (str(path), str(path.parent)) or str(path) == dnsmasq.LOCK:
                continue
            status = path.lstat()
            found[str(path).removeprefix(str(self.root))] = (
                ("link", os.readlink(path))
                if stat.S_ISLNK(status.st_mode)
                else (oct(status.st_mode), status.st_uid, status.st_gid, path.read_bytes() if path.is_file() else b"")
            )
        return {
            **found,
            "enabled": sorted(self.enabled),
            "running": {unit: self.read.get(unit, {}) for unit in self.pids},
            "engine": (self.keeps_containers, self.containers_ask),
        }


def make(folder: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> HostFolder:
    """A host that resolves names in one of the ways that are told apart."""
    made = HostFolder(folder, monkeypatch)
    made.write("/etc/resolv.conf", PLAIN, mode=0o640)
    monkeypatch.setattr(resolved, "is_installed", lambda: kind != "resolved_to_come")
    if kind.startswith("networkmanager"):
        made.write("/run/NetworkManager/resolv.conf", PLAIN)
        os.unlink(made.path("/etc/resolv.conf"))
        os.symlink("../run/NetworkManager/resolv.conf", made.path("/etc/resolv.conf"))
        for path in ("/etc/NetworkManager/conf.d/x", "/etc/NetworkManager/dnsmasq.d/x"):
            made.write(path, "")
        made.service("NetworkManager.service")
        # Its dnsmasq is another process after each reload.
        monkeypatch.setattr(
            networkmanager.NetworkManagerDnsmasq, "_pid", lambda _self: made.pids["NetworkManager.service"]
        )
    if "resolved" in kind and kind != "resolved_to_come":
        made.service("systemd-resolved.service")
    if kind == "resolvconf":
        made.write("/etc/resolvconf/resolv.conf.d/head", "# a head\n")
        made.run("resolvconf", "-u")
    return made


def forward(kind: str, configuration: str = "listen-address=127.0.0.2\n", address: str = "127.0.0.2") -> dict[str, Any]:
    return run_main(
        dnsmasq_forwarding.main,
        files={
            **dict.fromkeys(dnsmasq.FILES, "[Unit]\n"),
            "configuration": configuration,
            "servers": "server=/consul/127.0.0.1#8600\n",
        },
        upstreams_file="/etc/resolv.conf",
        resolver="systemd_resolved" if kind == "resolved_to_come" else kind,
        address=address,
        domains=["consul"],
        consul="127.0.0.1#8600",
        names=["www.example.com"],
    )
