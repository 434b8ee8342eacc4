# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A trace of DNS on this host, for a limited time: packets, dnsmasq's query log, and one lookup."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul.addresses import DNS_PORT
from ansible_collections.servicedns.consul.plugins.module_utils.dns import (
    capture,
    dnsmasq,
    lookups,
    message,
    resolv_conf,
    resolved,
)
from ansible_collections.servicedns.consul.plugins.module_utils.dns.capture import CAPTURE, FOLDER
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files, sockets, systemd, waiting

TRACE_UNIT = "servicedns-dns-trace.service"
#: Removes the capture of a run that never came to do it.
END = "servicedns-dns-trace-end"
KEPT = 600  # seconds after the limit, in which a run on many hosts comes to read
BEGUN = f"{FOLDER}/begun.json"
LOG_ON = f"/run/systemd/system/{dnsmasq.UNIT}.d/servicedns-dns-trace.conf"
MOST_PACKETS = 200000  # /run is memory
START_PATIENCE = 20.0  # seconds for systemd to start and to end it
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
    """Find the last command of a unit, as ``systemctl cat`` shows it, with the log of all queries."""
    commands = re.findall(r"^ExecStart=(\S.*)$", unit_file, re.MULTILINE)
    if not commands:
        raise HostError(f"{dnsmasq.UNIT} has no command: run site.yml first")
    return f"{commands[-1]} --log-queries=extra"


def resolver_status() -> str:
    """Tell what the host resolves names with."""
    servers = resolv_conf.nameservers(files.read(resolv_conf.RESOLV_CONF))
    parts = [f"{resolv_conf.RESOLV_CONF} names {', '.join(servers) or 'no server'}"]
    for setting, noun in (("dns", "servers"), ("domain", "domains")):
        with contextlib.suppress(HostError):
            words = resolved.of_all_scopes(resolved.show(setting))
            parts.append(f"systemd-resolved has the {noun} {', '.join(words) or 'none'}")
    return "; ".join(parts)


def start(name: str, seconds: int) -> dict[str, t.Any]:
    """Begin, and look the name up once the capture is at it."""
    if systemd.state(TRACE_UNIT) in ("active", "activating", "deactivating"):
        raise HostError(f"a trace is at work on this host already: wait for its end, or systemctl stop {TRACE_UNIT}")
    tcpdump = command.find("tcpdump")
    if not tcpdump:
        raise HostError("tcpdump is not installed (on Debian: apt install tcpdump)")
    before = resolver_status()
    discard()
    os.mkdir(FOLDER, 0o700)
    try:
        return {"resolver": before, "lookup": follow(name, seconds, tcpdump)}
    except BaseException:
        discard()
        raise


def follow(name: str, seconds: int, tcpdump: str) -> dict[str, t.Any]:
    """Start the unit, and look the name up."""
    logging = logging_command(command.run("systemctl", "cat", dnsmasq.UNIT))
    files.write_atomically(f"{FOLDER}/drop-in", f"[Service]\nExecStart=\nExecStart={logging}\n", mode=0o644)
    for script, text in (("on", ON), ("off", OFF)):
        filled = text.format(folder=os.path.dirname(LOG_ON), directory=FOLDER, drop_in=LOG_ON, unit=dnsmasq.UNIT)
        files.write_atomically(f"{FOLDER}/{script}", filled, mode=0o700)
    files.write_atomically(BEGUN, json.dumps({"time": time.time()}))
    command.run(
        *("systemd-run", f"--unit={END}", "--collect", "--description=End of a trace of DNS that nobody read"),
        *(f"--on-active={seconds + KEPT}", "--timer-property=AccuracySec=1s"),
        # No shell with a semicolon: systemd 252 does not read it as it wrote it, and it reads its units again for the log.
        *(f"--property=ExecStopPost=rm -rf {FOLDER}", "systemctl", "stop", TRACE_UNIT),
        timeout=START_PATIENCE,
    )
    command.run(
        *("systemd-run", f"--unit={TRACE_UNIT}", "--collect", "--description=Trace of DNS, for a limited time"),
        *(f"--property=RuntimeMaxSec={seconds}", "--property=TimeoutStopSec=10"),
        *(f"--property=ExecStartPre={FOLDER}/on", f"--property=ExecStopPost={FOLDER}/off"),
        # What the kernel has not handed over when it ends would be lost: it hands over at once.
        *(tcpdump, "--immediate-mode", "-i", "any", "-n", "-U", "-Z", "root", "-s", "0"),
        *("-c", str(MOST_PACKETS), "-w", CAPTURE),
        *("port", "53", "or", "port", str(DNS_PORT)),
        timeout=START_PATIENCE,
    )
    # Its header is written when it listens.
    if not waiting.eventually(lambda: os.path.exists(CAPTURE) and os.path.getsize(CAPTURE) >= 24, START_PATIENCE):
        raise HostError(f"the capture does not begin: {_journal()}")
    begun = time.time()
    # Three silent servers cost the C library 30 seconds: the lookup that a trace is for.
    seen = lookups.getent(name, START_PATIENCE)
    lookup = {"begun": begun, "ended": time.time(), "addresses": seen.addresses, "text": seen.text}
    # Programs that read resolv.conf by themselves ask there; the C library may reach systemd-resolved without a packet.
    for server in resolv_conf.nameservers(files.read(resolv_conf.RESOLV_CONF))[:1]:
        with contextlib.suppress(message.NoAnswer):
            message.ask(server, 53, name)
    files.write_atomically(BEGUN, json.dumps({"time": begun, "lookup": lookup}))
    return lookup


def _journal() -> str:
    """The end of the unit's journal, or why it cannot be read."""
    try:
        return systemd.journal(TRACE_UNIT, 5)
    except HostError as error:
        return str(error)


def query_log(since: float) -> list[tuple[float, str]]:
    """Read what dnsmasq logged since a moment."""
    output = command.run("journalctl", f"--unit={dnsmasq.UNIT}", f"--since=@{since:.6f}", "--output=json", "--no-pager")
    entries = [json.loads(line) for line in output.splitlines()]
    return [
        (int(entry["__REALTIME_TIMESTAMP"]) / 1e6, entry["MESSAGE"])
        for entry in entries
        if isinstance(entry.get("MESSAGE"), str)
    ]


def hops() -> dict[str, str]:
    """Tell who answers where on this host."""
    names = {"dnsmasq": "dnsmasq", "consul": "the agent", "systemd-resolve": "systemd-resolved"}
    who = {f"{address}:53": "systemd-resolved" for address in resolved.STUBS}
    for listener in sockets.listeners():
        if listener.port in capture.PORTS:
            who[f"{listener.address}:{listener.port}"] = names.get(listener.process, listener.process)
    return who


def read(name: str, seconds: int) -> dict[str, t.Any]:
    """Wait for the end, and read what was seen."""
    if not os.path.exists(BEGUN):
        raise HostError("there is no trace on this host: none was begun, or it ended more than ten minutes ago")
    if not waiting.eventually(
        lambda: systemd.state(TRACE_UNIT) in ("inactive", "failed"), seconds + START_PATIENCE, 0.1
    ):
        raise HostError(f"systemd does not end the trace: systemctl status {TRACE_UNIT}")
    begun = json.loads(files.read(BEGUN))
    with open(CAPTURE, "rb") as stream:
        packets = stream.read()
    events = [
        *capture.packet_events(capture.packets(packets), name, hops()),
        *capture.log_events(query_log(begun["time"]), name),
    ]
    return {
        "resolver": resolver_status(),
        "lookup": begun.get("lookup", {}),
        "capture": CAPTURE,
        "lines": [
            {"kind": kind, "events": [{"time": event.time, "text": event.text} for event in line]}
            for kind, line in capture.time_lines(events)
        ],
    }


def discard() -> bool:
    """End a trace, and remove what it leaves in memory. Whether there was anything."""
    for unit in (f"{END}.timer", TRACE_UNIT):
        # It may not be there. That of the capture turns the log off by a file that is to be removed.
        with contextlib.suppress(HostError):
            command.run("systemctl", "stop", unit, timeout=START_PATIENCE)
    if not os.path.exists(FOLDER):
        return False
    shutil.rmtree(FOLDER)
    return True
