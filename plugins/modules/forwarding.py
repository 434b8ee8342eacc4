#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding
short_description: Run dnsmasq and make a host's resolver ask it, without one failed lookup
version_added: 0.1.0
description:
  - Runs dnsmasq as the service C(dnsmasq-consul), then makes systemd-resolved, or a plain C(/etc/resolv.conf), ask it.
  - The configuration is tested by dnsmasq before it takes the place of the former, and dnsmasq must know what the host knows
    before the resolver is switched.
  - While systemd-resolved restarts, C(/etc/resolv.conf) names dnsmasq beside it, because the C library gives up at once when
    nobody listens.
  - When anything fails, or a name that resolved before does not resolve after, everything is put back and the module fails
    with the reason.
author:
  - servicedns.consul contributors (@servicedns)
options:
  configuration:
    description: Configuration of dnsmasq.
    type: str
    required: true
  service:
    description: The unit of the service.
    type: str
    required: true
  resolver:
    description:
      - What the programs of the host resolve names with. V(none) leaves it alone.
      - Where systemd-resolved is not installed yet, everything is made ready for it, and its package is to be installed next.
    type: str
    choices: [systemd_resolved, resolv_conf, none]
    required: true
  address:
    description: Address on which dnsmasq answers, on port 53.
    type: str
    required: true
  domain:
    description: Domain that systemd-resolved asks dnsmasq alone for.
    type: str
    required: true
  names:
    description: Names that resolve on this host, and must go on to. Looked up also when nothing changes.
    type: list
    elements: str
    default: []
  give_up:
    description: Put back what was made ready for a systemd-resolved that could not be installed.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says what would change.
  diff_mode:
    support: full
    description: Shows the files that change.
"""

EXAMPLES = r"""
- name: Forward Consul's names
  servicedns.consul.forwarding:
    configuration: "{{ lookup('ansible.builtin.template', 'dnsmasq.conf.j2') }}"
    service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul.service.j2') }}"
    resolver: systemd_resolved
    address: 127.0.0.2
    domain: consul
    names: [www.debian.org]
"""

RETURN = r"""# """

import functools
import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import host, resolver, resolver_targets

UNIT = "dnsmasq-consul.service"
CONFIGURATION = "/etc/dnsmasq-consul.conf"
SERVICE = f"/etc/systemd/system/{UNIT}"
# Stays until dnsmasq runs with what it says, so that a run which was cut off is completed by the next.
STAGED = "/etc/.dnsmasq-consul.conf.staged"
PATIENCE = 10.0  # seconds that a name may take to resolve again before the switch counts as failed


def eventually(condition: t.Callable[[], bool], patience: float = PATIENCE) -> bool:
    """Whether a condition holds within some seconds."""
    end = time.monotonic() + patience
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


class Dnsmasq:
    """The service, its files, and how both were before."""

    def __init__(self, configuration: str, service: str) -> None:
        self.after = {CONFIGURATION: configuration, SERVICE: service}
        self.before = {path: host.read(path) for path in self.after}

    def changes(self) -> list[str]:
        """The files that are not as they should be."""
        return [path for path in self.after if self.before[path] != self.after[path]]

    def in_force(self) -> bool:
        """Whether the service runs, also after a boot, with what its files say."""
        if self.changes() or os.path.exists(STAGED):
            return False
        state = host.run("systemctl", "show", "--property=ActiveState,UnitFileState", UNIT).split()
        return sorted(state) == ["ActiveState=active", "UnitFileState=enabled"]

    def start(self) -> None:
        """Run the service with its new files, once dnsmasq finds them valid."""
        host.write_atomically(STAGED, self.after[CONFIGURATION])
        try:
            host.run("dnsmasq", "--test", f"--conf-file={STAGED}")
            self._run(self.after)
        finally:
            os.unlink(STAGED)

    def put_back(self) -> None:
        """Run the service as it was before, or not at all where it was not there."""
        if self.before[SERVICE]:
            self._run(self.before)
            return
        if os.path.exists(SERVICE):
            host.run("systemctl", "disable", "--now", UNIT)
        for path in self.after:
            if os.path.exists(path):
                os.unlink(path)
        host.run("systemctl", "daemon-reload")

    def _run(self, files: dict[str, str]) -> None:
        for path, content in files.items():
            host.write_atomically(path, content)
        host.run("systemctl", "daemon-reload")
        host.run("systemctl", "enable", UNIT)
        # Only the servers' files are read again on a reload, see SIGHUP in dnsmasq(8).
        host.run("systemctl", "restart", UNIT)


def missing(names: list[str], has: t.Callable[[str], bool]) -> list[str]:
    """The names that are not to be had, even after some patience."""
    return [name for name in names if not eventually(functools.partial(has, name))]


def check(address: str, names: list[str]) -> None:
    """Refuse a name server that does not know what the host knows."""
    unanswered = missing(names, functools.partial(resolver.answers, address))
    if unanswered:
        raise host.HostError(
            f"dnsmasq at {address} does not answer for {', '.join(unanswered)}, which this host resolves; "
            "the resolver was left as it was"
        )


def switch(target: resolver_targets.Target, names: list[str]) -> None:
    """Switch, look again, and switch back if a name was lost. Raises L(host.HostError) with the reason."""
    try:
        target.apply(target.after)
        lost = missing(names, resolver.resolves)
        if lost:
            raise host.HostError(f"after the switch {', '.join(lost)} did not resolve any more")
    except (OSError, host.HostError) as error:
        target.apply(target.before)
        raise host.HostError(f"{error}; {target.path} was put back as it was") from error


def forward(dnsmasq: Dnsmasq, pending: resolver_targets.Target | None, address: str, names: list[str]) -> bool:
    """Bring dnsmasq, and the switch that is still to be made, into force. Raises L(host.HostError) with the reason, after everything was put back."""
    changed = not dnsmasq.in_force()
    try:
        if changed:
            dnsmasq.start()
        check(address, names)
        if pending:
            switch(pending, names)
            changed = True
    except (OSError, host.HostError) as error:
        journal = host.run("journalctl", f"--unit={UNIT}", "--lines=10", "--output=cat").strip()
        if changed:
            dnsmasq.put_back()
        raise host.HostError(f"{error}\nThe end of dnsmasq's journal:\n{journal}") from error
    return changed


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            configuration=dict(type="str", required=True),
            service=dict(type="str", required=True),
            resolver=dict(type="str", choices=["systemd_resolved", "resolv_conf", "none"], required=True),
            address=dict(type="str", required=True),
            domain=dict(type="str", required=True),
            names=dict(type="list", elements="str", default=[]),
            give_up=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    params = module.params
    dnsmasq = Dnsmasq(params["configuration"], params["service"])
    target = resolver_targets.choose(params["resolver"], params["address"], params["domain"])
    diff = [
        dict(before_header=path, before=dnsmasq.before[path], after_header=path, after=dnsmasq.after[path])
        for path in dnsmasq.changes()
    ]
    try:
        pending = target if target and not target.in_force() else None
        if pending:
            diff.append(
                dict(before_header=pending.path, before=pending.before, after_header=pending.path, after=pending.after)
            )
        if params["give_up"]:
            changed = False
            if isinstance(target, resolver_targets.ResolvedToCome):
                target.apply(target.before)
                changed = True
        elif module.check_mode:
            changed = bool(diff) or not dnsmasq.in_force()
        else:
            changed = forward(dnsmasq, pending, params["address"], params["names"])
    except (OSError, host.HostError) as error:
        module.fail_json(msg=f"dnsmasq_forwarding: {error}")
    module.exit_json(changed=changed, diff=diff)


if __name__ == "__main__":
    main()
