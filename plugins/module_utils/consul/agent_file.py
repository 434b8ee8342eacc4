# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the configuration file of the host's agent says."""

from __future__ import annotations

import json
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_files
from ansible_collections.servicedns.consul.plugins.module_utils.system import files


def parse(text: str) -> dict[str, t.Any]:
    """The configuration in a file; none where there is no file, or a damaged one."""
    try:
        config = json.loads(text or "{}")
    except ValueError:
        return {}
    return config if isinstance(config, dict) else {}


def joined() -> list[str]:
    """Whom the agent joins, but for searches in a cloud, which may hold a key."""
    servers = parse(files.read(agent_files.AGENT)).get("retry_join")
    return [server for server in servers if "=" not in str(server)] if isinstance(servers, list) else []
