# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Docker engine says of a container named consul."""

from __future__ import annotations

from typing import Any

#: The label of a container that the role consul_agent made.
OURS = {"servicedns.consul.restart": "7"}


def container(labels: dict[str, str] | None = None, **mounts: str) -> dict[str, Any]:
    """What the engine says of a container, with directories of the host at data and config."""
    return {
        "Name": "/consul",
        "Created": "2024-03-01T10:00:00.123456789Z",
        "Image": "sha256:1154",
        "Config": {"Image": "consul:1.15.4", "Labels": labels, "Cmd": ["agent"]},
        "State": {"Pid": 0, "Running": False, "Restarting": False, "StartedAt": "2024-03-01T10:00:01.123456789Z"},
        "HostConfig": {"RestartPolicy": {"Name": "always", "MaximumRetryCount": 0}},
        "Mounts": [{"Type": "bind", "Source": path, "Destination": f"/consul/{name}"} for name, path in mounts.items()],
    }
