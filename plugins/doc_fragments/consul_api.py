# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of what talks to Consul's HTTP API."""

    DOCUMENTATION = r"""
options:
  url:
    description:
      - Address of the HTTP API of an agent, with or without a scheme.
      - Agents of this collection answer on their own host alone, unless C(consul_agent_client_address) says otherwise. From
        elsewhere, C(ssh -L 8500:127.0.0.1:8500 HOST) leads there.
    type: str
    default: http://127.0.0.1:8500
  token:
    description: Token that may do or read what is asked for.
    type: str
    default: ""
  ca_path:
    description: File or directory with the certificates of the authorities that the API's certificate is checked with.
    type: path
  validate_certs:
    description: Check the API's certificate.
    type: bool
    default: true
"""

    #: Of what reads a running catalog on the control node.
    PLUGIN = r"""
options:
  url:
    env:
      - name: CONSUL_HTTP_ADDR
    vars:
      - name: consul_catalog_url
  token:
    env:
      - name: CONSUL_HTTP_TOKEN
    vars:
      - name: consul_catalog_token
  ca_path:
    env:
      - name: CONSUL_CACERT
    vars:
      - name: consul_catalog_ca_path
  validate_certs:
    vars:
      - name: consul_catalog_validate_certs
  datacenter:
    description: The datacenter. Empty is the agent's own.
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
