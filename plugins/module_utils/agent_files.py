# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of an agent: who may read them, and what a diff may show of them."""

from __future__ import annotations

import os
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils import host

#: Mounted into the container as CONTAINER_DIRECTORY. A directory, because a mounted file would keep its old inode.
DIRECTORY = "/etc/consul.d"
CONTAINER_DIRECTORY = "/consul/config"
AGENT = f"{DIRECTORY}/agent.json"
SERVICES = f"{DIRECTORY}/services.json"


def in_container(path: str) -> str:
    """The path under which the agent sees a file of the directory."""
    return f"{CONTAINER_DIRECTORY}/{os.path.basename(path)}"


def write(path: str, content: str, owner: int) -> None:
    """Replace a file, readable by the agent's user alone since it may hold secrets."""
    host.write_atomically(path, content, mode=0o600, owner=owner)


def key_diff(path: str, before: t.Mapping[str, t.Any], after: t.Mapping[str, t.Any]) -> dict[str, str]:
    """What a diff shows: the keys that are added, changed or removed, and nothing that may be secret."""
    changed = {key for key in before if key in after and before[key] != after[key]}
    return {
        "before_header": path,
        "after_header": path,
        "before": "".join(f"{key}{' (as it was)' if key in changed else ''}\n" for key in sorted(before)),
        "after": "".join(f"{key}{' (changed)' if key in changed else ''}\n" for key in sorted(after)),
    }
