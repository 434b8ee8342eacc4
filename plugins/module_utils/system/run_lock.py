# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run at a time on what two would spoil for each other."""

from __future__ import annotations

import contextlib
import fcntl
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

LOCK_PATIENCE = 30.0  # seconds to wait for another run


@contextlib.contextmanager
def locked(path: str, what: str) -> t.Iterator[None]:
    """Keep other runs away meanwhile.

    :arg path: of a file that is made for this, and stays: who waits has it open
    :arg what: the others are at work on, as the operator calls it
    :raises HostError: another run does not end
    """
    end = time.monotonic() + LOCK_PATIENCE
    with open(path, "a", encoding="utf-8") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    raise HostError(
                        f"another run is at work on {what} of this host (it holds {path}): wait for it, and run again"
                    ) from error
                time.sleep(0.2)
        yield
