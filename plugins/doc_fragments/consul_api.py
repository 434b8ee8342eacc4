# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of what reads a running catalogue."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the HTTP API of an agent, with or without a scheme.
      - Agents of this collection answer on their own host alone, unless C(consul_agent_client_address) says otherwise. From
        elsewhere, C(ssh -L 8500:127.0.0.1:8500 HOST) leads there.
    type: str
    default: http://127.0.0.1:8500
    env:
      - name: CONSUL_HTTP_ADDR
    vars:
      - name: consul_catalog_url
  token:
    description: Token that may read nodes and services.
    type: str
    default: ""
    env:
      - name: CONSUL_HTTP_TOKEN
    vars:
      - name: consul_catalog_token
  ca_file:
    description: File with the certificates of the authorities that the API's certificate is checked with.
    type: path
    env:
      - name: CONSUL_CACERT
    vars:
      - name: consul_catalog_ca_file
  validate_certs:
    description: Check the API's certificate.
    type: bool
    default: true
    vars:
      - name: consul_catalog_validate_certs
  datacenter:
    description: The datacentre. Empty is the agent's own.
    type: str
    default: ""
    vars:
      - name: consul_catalog_datacenter
  timeout:
    description: Seconds that an answer may take.
    type: int
    default: 10
    vars:
      - name: consul_catalog_timeout
"""
