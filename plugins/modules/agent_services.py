#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_services
short_description: Make a Consul agent serve a list of services
version_added: 0.1.0
description:
  - Writes the definitions into one file of the agent's configuration directory, reloads the agent, and waits until it
    serves them. The agent is never restarted.
  - The file is validated by the running agent's own binary before it takes the place of the former one. When the agent
    refuses it, the former one comes back and the module fails with the agent's words.
  - Services that others registered, through the API or from other files, are not touched.
author:
  - servicedns.consul contributors (@servicedns)
options:
  definitions:
    description: List of services in Consul's own schema, as JSON text, so that a token in it is never logged.
    type: str
    required: true
  agent_url:
    description: Where the agent's HTTP API answers.
    type: str
    default: http://127.0.0.1:8500
attributes:
  check_mode:
    support: full
    description: Says which services would be added, changed and removed.
  diff_mode:
    support: full
    description: Names the services, and shows nothing of their definitions.
"""

EXAMPLES = r"""
- name: Register a web server
  servicedns.consul.agent_services:
    definitions: "{{ [{'name': 'web', 'port': 80}] | to_json }}"
"""

RETURN = r"""
services:
  description: Ids of the services that the file holds.
  returned: success
  type: list
  elements: str
  sample: [web]
"""

import json
import os
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url

from ansible_collections.servicedns.consul.plugins.module_utils import agent_files, host

# Stays until the agent serves what it says, so that a run which was cut off is completed by the next.
STAGED = f"{agent_files.DIRECTORY}/.services.staged"
PATIENCE = 20.0  # seconds


def by_id(definitions: list[dict[str, t.Any]]) -> dict[str, dict[str, t.Any]]:
    """Definitions under their ids. A service's id is its name unless it says otherwise."""
    return {definition.get("id") or definition["name"]: definition for definition in definitions}


#: Fields of a definition, what the agent calls them in its answer, and what stands for a field that is not given.
FIELDS: tuple[tuple[str, str, t.Any], ...] = (
    ("name", "Service", ""),
    ("port", "Port", 0),
    ("address", "Address", ""),
    ("tags", "Tags", []),
)


def differences(wanted: dict[str, dict[str, t.Any]], served: dict[str, t.Any]) -> list[str]:
    """What the agent serves otherwise than declared, a phrase for each service."""
    found = []
    for key, definition in wanted.items():
        if key not in served:
            found.append(f"{key} is not registered")
            continue
        for field, theirs, default in FIELDS:
            declared, actual = definition.get(field) or default, served[key].get(theirs) or default
            if declared != actual:
                found.append(f"{key} has {field} {actual!r} instead of {declared!r}")
    return found


class Agent:
    """The HTTP API of the host's agent."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _request(self, method: str, path: str) -> bytes:
        try:
            return t.cast(bytes, open_url(self.url + path, method=method, timeout=10, use_proxy=False).read())
        except OSError as error:
            reply = getattr(error, "read", lambda: b"")()
            raise host.HostError(
                f"{method} {self.url}{path}: {reply.decode(errors='replace').strip() or error}"
            ) from error

    def services(self) -> dict[str, t.Any]:
        """What the agent serves, by id."""
        return t.cast("dict[str, t.Any]", json.loads(self._request("GET", "/v1/agent/services")))

    def reload(self) -> None:
        """Make the agent read its files again."""
        self._request("PUT", "/v1/agent/reload")


def write(path: str, content: str) -> None:
    """Replace a file. The image made the agent's user own the directory."""
    agent_files.write(path, content, os.stat(agent_files.DIRECTORY).st_uid)


def validate(content: str) -> None:
    """Let the running agent's own binary judge, together with the agent's file: a fragment alone is not valid."""
    write(STAGED, content)
    files = [agent_files.in_container(path) for path in (agent_files.AGENT, STAGED)]
    host.run("docker", "exec", host.CONTAINER, "consul", "validate", "-config-format=json", *files)


def apply(agent: Agent, definitions: list[dict[str, t.Any]], before: str, after: str) -> None:
    """Swap the file in and wait until the agent serves it, or put the former one back."""
    wanted = by_id(definitions)
    try:
        validate(after)
    except host.HostError:
        os.unlink(STAGED)
        raise
    write(agent_files.SERVICES, after)
    try:
        agent.reload()
        end = time.monotonic() + PATIENCE
        while differences(wanted, agent.services()):
            if time.monotonic() > end:
                raise host.HostError("; ".join(differences(wanted, agent.services())))
            time.sleep(0.1)
    except host.HostError as error:
        if before:
            write(agent_files.SERVICES, before)
        else:
            os.unlink(agent_files.SERVICES)
        os.unlink(STAGED)
        agent.reload()
        raise host.HostError(f"the agent refused the services, and has its former ones again: {error}") from error
    os.unlink(STAGED)


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            definitions=dict(type="str", required=True, no_log=True),
            agent_url=dict(type="str", default="http://127.0.0.1:8500"),
        ),
        supports_check_mode=True,
    )
    definitions = json.loads(module.params["definitions"])
    agent = Agent(module.params["agent_url"])
    wanted = by_id(definitions)
    after = json.dumps({"services": definitions}, indent=4, sort_keys=True) + "\n"
    before = host.read(agent_files.SERVICES)
    result = dict(
        services=sorted(wanted),
        diff=agent_files.key_diff(
            agent_files.SERVICES, by_id(json.loads(before or '{"services": []}')["services"]), wanted
        ),
    )
    try:
        changed = before != after or os.path.exists(STAGED)
        # A fresh host has no agent to ask in check mode.
        changed = changed or bool(differences(wanted, agent.services()))
        if changed and not module.check_mode:
            apply(agent, definitions, before, after)
    except host.HostError as error:
        module.fail_json(msg=f"consul_services_definitions: {error}")
    module.exit_json(changed=changed, **result)


if __name__ == "__main__":
    main()
