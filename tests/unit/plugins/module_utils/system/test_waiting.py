# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is waited for comes, or the time is over."""

from __future__ import annotations

from ansible_collections.servicedns.consul.plugins.module_utils.system import waiting


def test_eventually() -> None:
    tries = iter([False, False, True])
    assert waiting.eventually(lambda: next(tries), patience=5)
    assert not waiting.eventually(lambda: False, patience=0)
