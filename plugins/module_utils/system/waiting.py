# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is waited for."""

from __future__ import annotations

import time
import typing as t


def eventually(condition: t.Callable[[], bool], patience: float, pause: float = 0.02) -> bool:
    """Wait until a condition holds, and say whether it does.

    :arg patience: seconds
    :arg pause: seconds between two looks
    """
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True
