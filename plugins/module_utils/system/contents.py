# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What files are to hold, and how that differs from what they hold."""

from __future__ import annotations

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.system import files


def difference(path: str, before: str, after: str) -> dict[str, str]:
    """Make an entry of C(diff) for a file."""
    return dict(before_header=path, before=before, after_header=path, after=after)


class Contents:
    """Files with the contents that they have and are to have; one without content is not there."""

    def __init__(self, after: t.Mapping[str, str]) -> None:
        self.after = after
        self.before = {path: files.read(path) for path in after}

    def changes(self) -> list[str]:
        """List the files that are not as they should be."""
        return [path for path in self.after if self.before[path] != self.after[path]]

    def diff(self) -> list[dict[str, str]]:
        """Make the entries of C(diff) for them."""
        return [difference(path, self.before[path], self.after[path]) for path in self.changes()]
