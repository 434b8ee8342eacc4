# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.servicedns.consul.plugins.plugin_utils.run_of_ansible import RunAction


class ActionModule(RunAction):
    """Runs the module, and tells it which run of Ansible this is."""
