#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: dns_trace
short_description: Follow the lookups of a name through a host, for a limited time
version_added: 0.1.0
description:
  - Captures ports 53 and 8600 on every interface, and turns on the query log of C(dnsmasq-consul), in one transient unit of
    systemd with a time limit of its own. Whatever becomes of the run that started it, systemd ends the capture at the limit and
    turns the query log off again.
  - A capture that nobody has read and removed goes ten minutes after its end.
  - dnsmasq is restarted when its log is turned on, and again when it is turned off.
author:
  - servicedns.consul contributors (@servicedns)
options:
  state:
    description:
      - V(started) begins, and looks the name up twice, as programs of the host do, by the C library and by resolv.conf.
      - V(read) waits until systemd has ended it, and reads what was seen.
      - V(absent) removes the capture from the host, and leaves it in O(directory) before.
    type: str
    choices: [started, read, absent]
    required: true
  name:
    description: The name to follow.
    type: str
    required: true
  seconds:
    description: How long.
    type: int
    required: true
  directory:
    description:
      - Directory of the control node, as seen from where the playbook is run, that gets the capture of O(state=absent) as
        C(HOST.pcap), for its owner alone. The action plugin of the same name sees to it.
    type: path
attributes:
  check_mode:
    support: full
    description: Says that it would begin.
  diff_mode:
    support: none
    description: It leaves nothing changed.
"""

EXAMPLES = r"""
- name: Begin
  servicedns.consul.dns_trace:
    state: started
    name: flapp1.service.consul
    seconds: 10

- name: Read what was seen
  servicedns.consul.dns_trace:
    state: read
    name: flapp1.service.consul
    seconds: 10

- name: Bring the capture here, and remove it from the host
  servicedns.consul.dns_trace:
    state: absent
    name: flapp1.service.consul
    seconds: 10
    directory: dns_trace
"""

RETURN = r"""
resolver:
  description: What the resolver of the host was when it was asked.
  returned: success
  type: str
lookup:
  description: The lookup that the module made, with its times.
  returned: when O(state=started)
  type: dict
lines:
  description: One time line a query.
  returned: when O(state=read)
  type: list
  elements: dict
  contains:
    kind:
      description: Type of the query.
      type: str
      sample: A
    events:
      description: What happened, each with its time.
      type: list
      elements: dict
capture:
  description: The file of tcpdump, on the host with O(state=read), and on the control node with O(directory).
  returned: when O(state=read), and with O(directory)
  type: str
"""

import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.dns import trace
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module


def act(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Begin, read, or forget."""
    if params["state"] == "absent":
        return {} if check_mode else {"removed": trace.discard()}
    if check_mode:
        return {"resolver": trace.resolver_status()}
    step = trace.start if params["state"] == "started" else trace.read
    return step(params["name"], params["seconds"])


def main() -> None:
    run_module(
        dict(
            state=dict(type="str", choices=["started", "read", "absent"], required=True),
            name=dict(type="str", required=True),
            seconds=dict(type="int", required=True),
            directory=dict(type="path"),
        ),
        act,
        "dns_trace",
    )


if __name__ == "__main__":
    main()
