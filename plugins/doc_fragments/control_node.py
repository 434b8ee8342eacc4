# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What holds for every action that works on the control node."""

    DOCUMENTATION = r"""
attributes:
  check_mode:
    description: Runs the same in check mode.
    support: full
  diff_mode:
    description: Nothing of a host is changed, so there is no difference to show.
    support: none
  platform:
    description: Runs on the control node.
    platforms: all
    support: full
notes:
  - One task for all hosts, with C(run_once); M(servicedns.consul.effective_values) is for each host.
"""
