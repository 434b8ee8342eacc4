# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a path is, or will be."""

from __future__ import annotations

import os

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.system import paths


@pytest.mark.parametrize("path", ["no/such/directory", "", "/no/such/directory", "."])
def test_the_closest_directory_that_is_there(path: str) -> None:
    closest = paths.existing(path)
    assert os.path.isdir(closest)
    assert os.path.abspath(path).startswith(closest)
