# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is wrong with services, a line each, and what the lines have in common."""

from __future__ import annotations

from typing import Any

from ansible_collections.servicedns.consul.plugins.plugin_utils.consul_schema.instances import definitions_findings

FILLED = "must be a string, and not empty"
LABEL = "a DNS label has 1 to 63 letters, digits and hyphens, with no hyphen at its ends"
NESTED_PORT = "must be a number from 1 to 65535"
ENTERPRISE = "is a key of Consul Enterprise; the community edition refuses the whole file with it"
HTTP = {"http": "http://localhost", "interval": "10s"}
RUNS = {"args": ["true"], "interval": "10s"}


def found(*services: Any, allow_unknown_keys: bool = False) -> list[str]:
    """All that is wrong with services, a line each."""
    return [": ".join(finding) for finding in definitions_findings({"X": list(services)}, allow_unknown_keys)]


def of_service(**keys: Any) -> list[str]:
    return found({"name": "web", **keys})


def of_check(**keys: Any) -> list[str]:
    return of_service(checks=[keys])
