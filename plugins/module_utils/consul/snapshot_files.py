# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of snapshots: how they are named, who may read them, and which are kept."""

from __future__ import annotations

import calendar
import os
import re
import time
import typing as t

#: Of a directory with snapshots, and of each of them.
PRIVATE_DIRECTORY, PRIVATE_SNAPSHOT = 0o700, 0o600
MOMENT = "%Y%m%dT%H%M%SZ"


def file_name(datacenter: str, moment: float) -> str:
    """Name a snapshot that is taken at a moment, in seconds since the epoch."""
    return f"consul-{datacenter}-{time.strftime(MOMENT, time.gmtime(moment))}.snap"


def taken(directory: str, datacenter: str) -> list[str]:
    """List the snapshots of a datacenter in a directory, the oldest first. Other files are somebody else's."""
    pattern = re.compile(rf"consul-{re.escape(datacenter)}-[0-9]{{8}}T[0-9]{{6}}Z\.snap")
    return sorted(filter(pattern.fullmatch, os.listdir(directory))) if os.path.isdir(directory) else []


def moment_of(name: str) -> float:
    """Tell when a snapshot was taken, by its name."""
    return calendar.timegm(time.strptime(name[:-5].rpartition("-")[2], MOMENT))


def surplus(names: t.Sequence[str], count: int) -> list[str]:
    """Choose the oldest snapshots, of which there are more than are kept; 0 keeps all."""
    return list(names[:-count]) if count else []
