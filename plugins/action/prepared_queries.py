# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.servicedns.consul.plugins.plugin_utils.checked_items import CheckedItemsAction
from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.prepared_query import (
    converted_queries,
    query_findings,
)


class ActionModule(CheckedItemsAction):
    """The action of this file."""

    OPTION, VARIABLE = "queries", "consul_services_prepared_queries"
    CONVERTED, FINDINGS = converted_queries, query_findings
