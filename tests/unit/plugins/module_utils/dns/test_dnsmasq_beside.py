# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of a dnsmasq beside the first, on files of a test: what is written, and that it is put back."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.dns import dnsmasq_beside, lookups
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files as system_files

NAME = "dnsmasq-test"


@pytest.fixture
def commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What systemctl and dnsmasq are told; dnsmasq refuses a configuration with 'bad' in it."""
    programs, log = tmp_path / "bin", tmp_path / "log"
    programs.mkdir()
    log.touch()
    (programs / "systemctl").write_text(f'#!/bin/sh\necho "$*" >> {log}\n')
    (programs / "dnsmasq").write_text('#!/bin/sh\n! grep -q bad "${2#*=}" || { echo "bad option" >&2; exit 1; }\n')
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    monkeypatch.setattr(dnsmasq_beside, "SYSTEMD", str(tmp_path))
    monkeypatch.setattr(dnsmasq_beside, "CONFIGURATIONS", str(tmp_path))
    monkeypatch.setattr(lookups, "PATIENCE", 0.0)
    return log


@pytest.fixture
def listens() -> Iterator[tuple[str, int]]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()


def files(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.glob(f"{NAME}.*")}


def start(listens: tuple[str, int]) -> None:
    with dnsmasq_beside.Beside(NAME, "port=1\n", "[Unit]\n") as service:
        service.start(*listens)


def test_start_and_stop(tmp_path: Path, commands: Path, listens: tuple[str, int]) -> None:
    service = dnsmasq_beside.Beside(NAME, "port=1\n", "[Unit]\n")
    assert service.changes() == [*service.after]
    with service:
        service.start(*listens)
    assert files(tmp_path) == {f"{NAME}.conf": "port=1\n", f"{NAME}.service": "[Unit]\n"}
    assert commands.read_text().split("\n")[1:3] == [f"enable {NAME}.service", f"restart {NAME}.service"]
    gone = dnsmasq_beside.Beside(NAME)
    assert not gone.in_force()
    gone.stop()
    assert files(tmp_path) == {}
    assert f"disable --now {NAME}.service" in commands.read_text()
    assert dnsmasq_beside.Beside(NAME).in_force()


@pytest.mark.parametrize("configuration", ["bad\n", "port=2\n"])
@pytest.mark.parametrize("was_there", [True, False])
def test_what_does_not_start_is_put_back(
    tmp_path: Path, commands: Path, listens: tuple[str, int], configuration: str, was_there: bool
) -> None:
    """A configuration that dnsmasq refuses, and one with which it does not listen."""
    if was_there:
        start(listens)
    before = files(tmp_path)
    service = dnsmasq_beside.Beside(NAME, configuration, "[Unit]\nother\n")
    expected = (
        "bad option"
        if configuration == "bad\n"
        else rf"^{NAME}\.service does not listen on 127\.0\.0\.99, port 1; {NAME}\.service was put back as it was$"
    )
    with service, pytest.raises(HostError, match=expected):
        service.start("127.0.0.99", 1)
    assert files(tmp_path) == before
    assert list(tmp_path.glob(".servicedns.*")) == []
    assert commands.read_text().split("\n")[-2] == (f"restart {NAME}.service" if was_there else "daemon-reload")


def test_it_is_put_back_without_room_on_the_disk(
    tmp_path: Path, commands: Path, listens: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(listens)
    before, number = files(tmp_path), (tmp_path / f"{NAME}.conf").stat().st_ino
    with dnsmasq_beside.Beside(NAME, "port=2\n", "[Unit]\nother\n") as service:
        service.start(*listens)
        monkeypatch.setattr(system_files, "write_atomically", lambda *_arguments, **_options: os.write(-1, b""))
        service.restore()
    assert files(tmp_path) == before
    assert (tmp_path / f"{NAME}.conf").stat().st_ino == number


def test_no_file_is_replaced_where_there_is_room_for_one_alone(
    tmp_path: Path, commands: Path, listens: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(listens)
    before, told = files(tmp_path), commands.read_text()
    write = system_files.write_atomically

    def once(path: str, content: str, **options: int) -> None:
        write(path, content, **options)
        monkeypatch.setattr(system_files, "write_atomically", full)

    def full(path: str, *_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

    monkeypatch.setattr(system_files, "write_atomically", once)
    with (
        dnsmasq_beside.Beside(NAME, "port=2\n", "[Unit]\nother\n") as service,
        pytest.raises(HostError, match=r"No space left on device$"),
    ):
        service.start(*listens)
    assert files(tmp_path) == before
    assert commands.read_text() == told, "nothing was to be put back"


def test_the_reason_stays_where_it_cannot_be_put_back(tmp_path: Path, commands: Path, listens: tuple[str, int]) -> None:
    start(listens)
    with dnsmasq_beside.Beside(NAME, "bad\n", "[Unit]\n") as service, pytest.raises(HostError) as error:
        (tmp_path / "bin/systemctl").write_text("#!/bin/sh\necho 'no bus' >&2; exit 1\n")
        service.start(*listens)
    assert "bad option" in str(error.value)
    assert f"{NAME}.service COULD NOT BE PUT BACK: systemctl daemon-reload: no bus" in str(error.value)
