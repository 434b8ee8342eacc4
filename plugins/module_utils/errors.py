# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What keeps a module from its work, as a sentence for the operator."""

from __future__ import annotations

import typing as t


class HostError(Exception):
    """The host lacks something; the message says what, and what to do.

    :arg warnings: what is to be said besides
    :arg result: more of it, as the module returns it
    """

    def __init__(self, message: str, warnings: t.Iterable[str] = (), **result: t.Any) -> None:
        super().__init__(message)
        self.warnings = list(warnings)
        self.result = result
