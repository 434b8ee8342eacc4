# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Snapshots on the control node: what a playbook was asked for, and the directory that they are kept in."""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.servicedns.consul.plugins.module_utils.consul import snapshot, snapshot_files
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.variables import with_variables
from ansible_collections.servicedns.consul.plugins.plugin_utils.diagnosis.inputs import directory_fault
from ansible_collections.servicedns.consul.plugins.plugin_utils.input_errors import shown

#: Of the option that a message names.
VARIABLES = {"from_datacenter": "consul_restore_from"}


def private_directory_fault(variable: str, directory: str) -> str:
    """Tell why no snapshot can be kept in a directory of the control node. Nothing when one can."""
    fault = directory_fault(variable, directory)
    if not fault and os.path.isdir(directory) and stat.S_IMODE(os.stat(directory).st_mode) & 0o077:
        return f"{variable}: {directory} is not for its owner alone, and a snapshot has secrets: chmod 700 it, or name another"
    return fault


def save_faults(directory: str, count: Any, stale: Any) -> Iterator[str]:
    """Find what is wrong with the wish for a snapshot."""
    if fault := private_directory_fault("consul_snapshot_directory", directory):
        yield fault
    if not re.fullmatch("[0-9]{1,4}", str(count)):
        yield f"consul_snapshot_count: {shown(count)} must be a number of snapshots to keep, or 0 to keep all"
    try:
        boolean(stale)
    except TypeError:
        yield f"consul_snapshot_stale: {shown(stale)} is not true or false"


def restore_faults(wanted: Mapping[str, Any], locate: Callable[[str], Path]) -> Iterator[str]:
    """Find what is wrong with the wish to restore a snapshot, and with the file.

    :arg locate: finds a file that is to be read
    """
    name, datacenter = str(wanted["snapshot"] or ""), str(wanted["confirm"] or "")
    if not datacenter:
        yield (
            "consul_restore_confirm: missing: a restore replaces all that the datacenter has stored, be it services, keys or ACL "
            "tokens, by what the snapshot has; say which one is meant, as in -e consul_restore_confirm=dc1"
        )
    if not name:
        yield "consul_restore_snapshot: missing: say which one, as in -e consul_restore_snapshot=FILE"
        return
    try:
        refuse(str(locate(name)), datacenter, str(wanted["origin"] or ""))
    except HostError as error:
        yield f"consul_restore_snapshot: {error}"


def refuse(file: str, datacenter: str, origin: str) -> None:
    """Refuse a file that is not to be restored.

    :arg datacenter: that it is to be restored into; empty where that is not known
    :arg origin: the one that it is said to be of, if that is another
    :raises HostError: it is no whole snapshot, or of another datacenter
    """
    found = snapshot.inspected(file)
    try:
        if datacenter:
            snapshot.refuse_stranger(found, datacenter, origin)
    except HostError as error:
        raise HostError(with_variables(str(error), VARIABLES)) from error


class Kept:
    """The snapshots of a datacenter in a directory, with a new one, which may be still to come."""

    def __init__(self, directory: Path, datacenter: str, count: int) -> None:
        self.directory = directory
        new = snapshot_files.file_name(datacenter, time.time())
        self.new = directory / new
        names = sorted({*snapshot_files.taken(str(directory), datacenter), new})
        #: Those of which there are more than are kept.
        self.surplus = [str(directory / name) for name in snapshot_files.surplus(names, count)]

    def keep(self, staged: Path) -> None:
        """Let a file be the new one, and remove those that are too many."""
        staged.chmod(snapshot_files.PRIVATE_SNAPSHOT)
        with staged.open("rb") as file:
            os.fsync(file.fileno())
        staged.replace(self.new)
        for path in self.surplus:
            os.unlink(path)
