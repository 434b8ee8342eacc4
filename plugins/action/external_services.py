# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.servicedns.consul.plugins.plugin_utils.checked_items import CheckedItemsAction
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.external import (
    converted_services,
    external_findings,
)


class ActionModule(CheckedItemsAction):
    """The action of this file."""

    OPTION, VARIABLE = "services", "consul_services_external"
    CONVERTED, FINDINGS = converted_services, external_findings
