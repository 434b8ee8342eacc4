# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The timer by which a host takes snapshots of the datacenter that it leads: its files, and what became of them."""

from __future__ import annotations

import contextlib
import os
import re
import stat
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot_files
from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, contents, files, systemd

UNIT = "servicedns-consul-snapshot"
SERVICE_UNIT, TIMER_UNIT = f"{UNIT}.service", f"{UNIT}.timer"
PROGRAM = f"/usr/local/sbin/{UNIT}"
SERVICE, TIMER = f"/etc/systemd/system/{SERVICE_UNIT}", f"/etc/systemd/system/{TIMER_UNIT}"
EXECUTABLE = 0o755
FILE = 0o644


def is_there() -> bool:
    """Whether there is a timer, or what is left of one."""
    return any(map(os.path.lexists, (TIMER, SERVICE, PROGRAM)))


class SnapshotTimer(contents.Contents):
    """Timer, service and program with the contents that they are to have; without them they are not to be there."""

    def __init__(self, directory: str = "", program: str = "", service: str = "", timer: str = "") -> None:
        self.directory = directory
        super().__init__({PROGRAM: program, SERVICE: service, TIMER: timer})

    def in_force(self) -> bool:
        """Whether the timer runs, also after a boot, with what its files say, or is not there where it should not be."""
        if self.changes():
            return False
        if not self.after[TIMER]:
            return True
        return self._is_private() and os.access(PROGRAM, os.X_OK) and systemd.runs(TIMER_UNIT)

    def start(self) -> None:
        """Run the timer with its new files.

        :raises HostError: the directory is somebody else's
        """
        os.makedirs(self.directory, mode=snapshot_files.PRIVATE_DIRECTORY, exist_ok=True)
        if not self._is_private():
            if os.stat(self.directory).st_uid or os.listdir(self.directory):
                raise HostError(
                    f"O(snapshot_directory): {self.directory} holds files, and is not for root alone, as snapshots have to be: "
                    "name a directory of its own"
                )
            os.chmod(self.directory, snapshot_files.PRIVATE_DIRECTORY)
        for path, content in self.after.items():
            files.write_atomically(path, content, mode=EXECUTABLE if path == PROGRAM else FILE)
        command.run("systemctl", "daemon-reload")
        command.run("systemctl", "enable", TIMER_UNIT)
        command.run("systemctl", "restart", TIMER_UNIT)

    def stop(self) -> None:
        """Stop the timer and remove its files. A snapshot that is being taken is let be, and so are those that were."""
        if os.path.exists(TIMER):
            command.run("systemctl", "disable", "--now", TIMER_UNIT)
        for path in self.after:
            files.remove(path)
        command.run("systemctl", "daemon-reload")
        # One that failed would be listed for ever.
        with contextlib.suppress(HostError):
            command.run("systemctl", "reset-failed", SERVICE_UNIT)

    def _is_private(self) -> bool:
        """Whether the directory is there, and for root alone."""
        if not os.path.isdir(self.directory):
            return False
        status = os.stat(self.directory)
        return (status.st_uid, stat.S_IMODE(status.st_mode)) == (os.geteuid(), snapshot_files.PRIVATE_DIRECTORY)


class Taken(t.TypedDict):
    """What became of a timer: its directory, and the times in seconds since the epoch."""

    datacenter: str
    directory: str
    interval: float  # seconds
    since: float  # since when it is as it is
    newest: float  # of the last snapshot; 0 without one
    timer: str  # its state
    failure: str  # the last words of the last run, where that failed


def see() -> Taken | None:
    """Look at the timer and its snapshots; None where there is no timer."""
    timer, service = files.read(TIMER), files.read(SERVICE)
    every = re.search(r"^OnUnitActiveSec=(.+)$", timer, re.MULTILINE)
    run = re.search(rf"^ExecStart={re.escape(PROGRAM)} (\S+) (\S+) \S+$", service, re.MULTILINE)
    if not every or not run:
        return None
    directory, datacenter = run.groups()
    names = snapshot_files.taken(directory, datacenter)
    failed = systemd.state(SERVICE_UNIT) == "failed"
    return Taken(
        datacenter=datacenter,
        directory=directory,
        interval=(parse_duration(every[1]) or 0) / 1e9,
        since=os.stat(TIMER).st_mtime,
        newest=snapshot_files.moment_of(names[-1]) if names else 0.0,
        timer=systemd.state(TIMER_UNIT),
        failure=(systemd.journal(SERVICE_UNIT, 1) or "it left no word") if failed else "",
    )
