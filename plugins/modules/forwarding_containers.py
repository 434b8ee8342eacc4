#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: forwarding_containers
short_description: Let the containers of a host ask its dnsmasq
version_added: 0.1.0
description:
  - Runs a second dnsmasq as the service C(dnsmasq-consul-containers), which answers on the bridges of the Docker engine alone
    and asks the first.
  - Makes it the first name server of C(/etc/docker/daemon.json). Everything else in that file stays, as do other name servers.
  - When that file changes the engine is restarted, as it reads its name servers at no other time. Containers go on running, except in a swarm.
    They have the new name server when they are started the next time.
author:
  - servicedns.consul contributors (@servicedns)
options:
  state:
    description: Whether containers are answered.
    type: str
    choices: [present, absent]
    default: present
  configuration:
    description: Configuration of the second dnsmasq.
    type: str
    default: ""
  service:
    description: The unit of its service.
    type: str
    default: ""
  address:
    description: Address of the host on the default bridge.
    type: str
    default: ""
attributes:
  check_mode:
    support: full
    description: Says what would change.
  diff_mode:
    support: full
    description: Shows the files that change.
"""

EXAMPLES = r"""
- name: Answer containers
  servicedns.consul.forwarding_containers:
    configuration: "{{ lookup('ansible.builtin.template', 'dnsmasq-containers.conf.j2') }}"
    service: "{{ lookup('ansible.builtin.template', 'dnsmasq-consul-containers.service.j2') }}"
    address: 172.17.0.1
"""

RETURN = r"""# """

import os
import subprocess
import typing as t

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import dnsmasq, engine, host, record

UNIT = "dnsmasq-consul-containers.service"
FILES = {"configuration": "/etc/dnsmasq-consul-containers.conf", "service": f"/etc/systemd/system/{UNIT}"}


def running() -> bool:
    """Whether the service runs, also after a boot."""
    state = host.run("systemctl", "show", "--property=ActiveState,UnitFileState", UNIT).split()
    return sorted(state) == ["ActiveState=active", "UnitFileState=enabled"]


def answer(files: t.Mapping[str, str], address: str) -> None:
    """Run the service, and see that it does. It holds nothing that it could lose, and is away for milliseconds."""
    for path, content in files.items():
        host.write_atomically(path, content, mode=0o644)
    host.run("dnsmasq", "--test", f"--conf-file={FILES['configuration']}")
    host.run("systemctl", "daemon-reload")
    host.run("systemctl", "enable", UNIT)
    host.run("systemctl", "restart", UNIT)
    if not dnsmasq.eventually(
        lambda: any(found.port == dnsmasq.PORT and found.address == address for found in host.listeners())
    ):
        raise host.HostError(f"{UNIT} does not listen on {address}; the Docker engine was left alone")


def stop() -> None:
    """Stop the service and remove its files."""
    if os.path.exists(FILES["service"]):
        host.run("systemctl", "disable", "--now", UNIT)
    for path in FILES.values():
        if os.path.exists(path):
            os.unlink(path)
    host.run("systemctl", "daemon-reload")


def without(known: record.Record, before: str) -> str:
    """The engine's file as it was before the first run; somebody's later change stays."""
    address = known.data.get("containers", "")
    if not address:
        return before
    text = engine.without_server(before, address)
    kept = record.text(known.files.get(engine.CONFIGURATION, {}))
    return kept if engine.parse(kept) == engine.parse(text) else text


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            configuration=dict(type="str", default=""),
            service=dict(type="str", default=""),
            address=dict(type="str", default=""),
        ),
        supports_check_mode=True,
    )
    params = module.params
    present = params["state"] == "present"
    known = record.Record()
    try:
        files = {path: params[name] if present else "" for name, path in FILES.items()}
        before = {path: host.read(path) for path in [*files, engine.CONFIGURATION]}
        text = before[engine.CONFIGURATION]
        after = {
            **files,
            engine.CONFIGURATION: engine.with_server(text, params["address"]) if present else without(known, text),
        }
        paths = [path for path in after if before[path] != after[path]]
        serve = any(path in files for path in paths) or (present and not running())
        restart = engine.CONFIGURATION in paths or (os.path.exists(engine.PENDING) and present)
        if not module.check_mode:
            if present:
                known.remember([engine.CONFIGURATION], containers=params["address"])
            if present and serve:
                answer(files, params["address"])
            if restart:
                engine.apply(after[engine.CONFIGURATION])
            if not present and serve:
                stop()
    except (OSError, subprocess.SubprocessError, host.HostError) as error:
        module.fail_json(msg=f"dnsmasq_forwarding_containers: {error}")
    module.exit_json(
        changed=serve or restart,
        diff=[dict(before_header=path, before=before[path], after_header=path, after=after[path]) for path in paths],
    )


if __name__ == "__main__":
    main()
