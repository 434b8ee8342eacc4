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
  - dnsmasq is restarted when its log is turned on, and again when it is turned off.
author:
  - servicedns.consul contributors (@servicedns)
options:
  state:
    description:
      - V(started) begins, and looks the name up twice, as programs of the host do, by the C library and by resolv.conf.
      - V(read) waits until systemd has ended it, and reads what was seen.
    type: str
    choices: [started, read]
    required: true
  name:
    description: The name to follow.
    type: str
    required: true
  seconds:
    description: How long.
    type: int
    required: true
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
  description: The file of tcpdump on the host.
  returned: when O(state=read)
  type: str
"""

import contextlib
import json
import os
import re
import shutil
import subprocess
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import dns_query, dns_trace, host, lookup_path, resolver

UNIT = "servicedns-dns-trace.service"
DNSMASQ = "dnsmasq-consul.service"
DIRECTORY = "/run/servicedns-dns-trace"
CAPTURE = f"{DIRECTORY}/capture.pcap"
BEGUN = f"{DIRECTORY}/begun.json"
LOG_ON = f"/run/systemd/system/{DNSMASQ}.d/servicedns-dns-trace.conf"
MOST_PACKETS = 200000  # /run is memory
PATIENCE = 20.0  # seconds for systemd to start and to end it

#: What the unit runs before the capture, and after it, however that ends.
ON = """#!/bin/sh
set -eu
mkdir -p {folder}
cp {directory}/drop-in {drop_in}
systemctl daemon-reload
systemctl restart {unit}
"""
OFF = """#!/bin/sh
set -eu
rm -f {drop_in}
systemctl daemon-reload
systemctl try-restart {unit}
"""


def logging_command(unit_file: str) -> str:
    """The last command of a unit, as ``systemctl cat`` shows it, with the log of all queries."""
    commands = re.findall(r"^ExecStart=(\S.*)$", unit_file, re.MULTILINE)
    if not commands:
        raise host.HostError(f"{DNSMASQ} has no command: run site.yml first")
    return f"{commands[-1]} --log-queries=extra"


def eventually(condition: t.Callable[[], bool], patience: float) -> bool:
    """Whether a condition holds within some seconds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def state() -> str:
    """The state of the unit; inactive when there is none."""
    return host.run("systemctl", "show", "--property=ActiveState", "--value", UNIT).strip()


def resolver_status() -> str:
    """What the host resolves names with."""
    resolv_conf = host.read(resolver.RESOLV_CONF)
    found = [f"{resolver.RESOLV_CONF} names {', '.join(resolver.nameservers(resolv_conf)) or 'no server'}"]
    for what in ("dns", "domain"):
        try:
            words = lookup_path.parse_resolvectl(host.run("resolvectl", what, timeout=5))
        except host.HostError:
            continue
        found.append(
            f"systemd-resolved has the {'servers' if what == 'dns' else 'domains'} {', '.join(words) or 'none'}"
        )
    return "; ".join(found)


def start(name: str, seconds: int) -> dict[str, t.Any]:
    """Begin, and look the name up once the capture is at it."""
    if state() in ("active", "activating", "deactivating"):
        raise host.HostError(f"a trace is at work on this host already: wait for its end, or systemctl stop {UNIT}")
    if shutil.which("tcpdump") is None:
        raise host.HostError("tcpdump is not installed (on Debian: apt install tcpdump)")
    before = resolver_status()
    shutil.rmtree(DIRECTORY, ignore_errors=True)
    os.mkdir(DIRECTORY, 0o700)
    command = logging_command(host.run("systemctl", "cat", DNSMASQ))
    host.write_atomically(f"{DIRECTORY}/drop-in", f"[Service]\nExecStart=\nExecStart={command}\n", mode=0o644)
    for script, text in (("on", ON), ("off", OFF)):
        filled = text.format(folder=os.path.dirname(LOG_ON), directory=DIRECTORY, drop_in=LOG_ON, unit=DNSMASQ)
        host.write_atomically(f"{DIRECTORY}/{script}", filled, mode=0o700)
    host.write_atomically(BEGUN, json.dumps({"time": time.time()}))
    host.run(
        *("systemd-run", f"--unit={UNIT}", "--collect", "--description=Trace of DNS, for a limited time"),
        *(f"--property=RuntimeMaxSec={seconds}", "--property=TimeoutStopSec=10"),
        *(f"--property=ExecStartPre={DIRECTORY}/on", f"--property=ExecStopPost={DIRECTORY}/off"),
        *("tcpdump", "-i", "any", "-n", "-U", "-Z", "root", "-s", "0", "-c", str(MOST_PACKETS), "-w", CAPTURE),
        *("port", "53", "or", "port", "8600"),
        timeout=PATIENCE,
    )
    # Its header is written when it listens.
    if not eventually(lambda: os.path.exists(CAPTURE) and os.path.getsize(CAPTURE) >= 24, PATIENCE):
        raise host.HostError(f"the capture does not begin: {journal_of(UNIT)}")
    begun = time.time()
    done = subprocess.run(["getent", "ahosts", name], capture_output=True, text=True, timeout=PATIENCE, check=False)
    addresses = sorted({line.split()[0] for line in done.stdout.splitlines()})
    lookup = {"begun": begun, "ended": time.time(), "addresses": addresses}
    # Programs that read resolv.conf by themselves ask there; the C library may reach systemd-resolved without a packet.
    for server in resolver.nameservers(host.read(resolver.RESOLV_CONF))[:1]:
        with contextlib.suppress(dns_query.NoAnswer):
            dns_query.ask(server, 53, name)
    host.write_atomically(BEGUN, json.dumps({"time": begun, "lookup": lookup}))
    return {"resolver": before, "lookup": lookup}


def journal_of(unit: str) -> str:
    """The end of a unit's journal."""
    return host.run("journalctl", f"--unit={unit}", "--lines=5", "--output=cat").strip()


def query_log(since: float) -> list[tuple[float, str]]:
    """What dnsmasq logged since a moment."""
    output = host.run("journalctl", f"--unit={DNSMASQ}", f"--since=@{since:.6f}", "--output=json", "--no-pager")
    entries = [json.loads(line) for line in output.splitlines()]
    return [
        (int(entry["__REALTIME_TIMESTAMP"]) / 1e6, entry["MESSAGE"])
        for entry in entries
        if isinstance(entry.get("MESSAGE"), str)
    ]


def hops() -> dict[str, str]:
    """Who answers where on this host."""
    found = {"127.0.0.53:53": "systemd-resolved", "127.0.0.54:53": "systemd-resolved"}
    for listener in host.listeners():
        if listener.port in dns_trace.PORTS:
            names = {"dnsmasq": "dnsmasq", "consul": "the agent", "systemd-resolve": "systemd-resolved"}
            found[f"{listener.address}:{listener.port}"] = names.get(listener.process, listener.process)
    return found


def read(name: str, seconds: int) -> dict[str, t.Any]:
    """Wait for the end, and read what was seen."""
    if not os.path.exists(BEGUN):
        raise host.HostError("no trace was begun on this host")
    if not eventually(lambda: state() in ("inactive", "failed"), seconds + PATIENCE):
        raise host.HostError(f"systemd does not end the trace: systemctl status {UNIT}")
    begun = json.loads(host.read(BEGUN))
    with open(CAPTURE, "rb") as stream:
        capture = stream.read()
    events = [
        *dns_trace.packet_events(dns_trace.packets(capture), name, hops()),
        *dns_trace.log_events(query_log(begun["time"]), name),
    ]
    return {
        "resolver": resolver_status(),
        "lookup": begun.get("lookup", {}),
        "capture": CAPTURE,
        "lines": [
            {"kind": kind, "events": [{"time": event.time, "text": event.text} for event in line]}
            for kind, line in dns_trace.time_lines(events)
        ],
    }


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["started", "read"], required=True),
            name=dict(type="str", required=True),
            seconds=dict(type="int", required=True),
        ),
        supports_check_mode=True,
    )
    name, seconds = module.params["name"], module.params["seconds"]
    if module.check_mode:
        module.exit_json(changed=False, resolver=resolver_status())
    try:
        found = start(name, seconds) if module.params["state"] == "started" else read(name, seconds)
    except (OSError, host.HostError) as error:
        module.fail_json(msg=f"dns_trace: {error}")
    module.exit_json(changed=False, **found)


if __name__ == "__main__":
    main()
