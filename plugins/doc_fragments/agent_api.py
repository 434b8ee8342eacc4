# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of what talks to the agent of its host."""

    DOCUMENTATION = r"""
options:
  agent_url:
    description: Where the agent's HTTP API answers.
    type: str
    default: http://127.0.0.1:8500
"""
