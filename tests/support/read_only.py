# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file system that is mounted read-only, which root cannot write either."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from plays import ROOT

PLUGINS = "ansible_collections.servicedns.consul.plugins"
# In namespaces of its own, so that nobody else sees the mount, and none is left.
MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && shift && exec "$@"'


def on_read_only(folder: Path, module: str, expression: str) -> Any:
    """What an expression of a module, with a folder that is read-only as C(folder), is there."""
    if subprocess.run(["unshare", "-rm", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody have mounts of his own (unshare -rm)")
    program = (
        f"import json, sys; from {PLUGINS}.{module} import *; folder = sys.argv[1]; print(json.dumps({expression}))"
    )
    command = ["unshare", "-rm", "sh", "-c", MOUNT, "sh", str(folder), sys.executable, "-c", program, str(folder)]
    path = os.pathsep.join([str(ROOT / ".collections"), *sys.path])
    return json.loads(
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONPATH": path}).stdout
    )
