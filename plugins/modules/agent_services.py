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
  - The file is validated by the agent's own binary before it takes the place of the former one. When the agent refuses it,
    the former one comes back, with the states that its checks had, and the module fails with the agent's words.
  - Services that others registered, through the API or from other files, are not touched. A definition with the id of such
    a service is an error.
  - When no agent answers, the definitions are left in place for its return, and the module fails.
author:
  - servicedns.consul contributors (@servicedns)
extends_documentation_fragment: servicedns.consul.consul_api
options:
  definitions:
    description: List of services in Consul's own schema, as JSON text, so that a token in it is never logged.
    type: str
    required: true
attributes:
  check_mode:
    support: full
    description: Says which services would be added, changed and removed.
  diff_mode:
    support: full
    description: Names the services, and the keys that change in them, and shows no value.
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

import contextlib
import copy
import json
import os
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_container, agent_files
from ansible_collections.servicedns.consul.plugins.module_utils.consul.change_summary import summary
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import (
    ARGUMENTS,
    AgentSilent,
    ConsulClient,
    client_of,
)
from ansible_collections.servicedns.consul.plugins.module_utils.consul.definitions import checks_of
from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration
from ansible_collections.servicedns.consul.plugins.module_utils.consul.masking import masked
from ansible_collections.servicedns.consul.plugins.module_utils.entry import run_module
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import command, files

Definition = t.Dict[str, t.Any]

# Stays until the agent serves what it says, so that a run which was cut off is completed by the next.
STAGED = f"{agent_files.DIRECTORY}/.services.staged"
PATIENCE = 20.0  # seconds
# A reload waits for the blocking query of a check with alias_node, which takes a minute.
RELOAD_PATIENCE = 90.0  # seconds


class Served(t.NamedTuple):
    """What the agent serves: services and checks, each by id."""

    services: dict[str, t.Any]
    checks: dict[str, t.Any]


def service_id(definition: Definition) -> str:
    """The id of a service: its name unless it says otherwise."""
    return str(definition.get("id") or definition["name"])


def declared_checks(definition: Definition) -> dict[str, dict[str, t.Any]]:
    """The checks of a service by the ids that the agent gives them, without those of its sidecar."""
    found, default = checks_of("", definition), f"service:{service_id(definition)}"
    return {
        check.get("id") or (f"{default}:{number}" if len(found) > 1 else default): check
        for number, (_path, check) in enumerate(found, 1)
    }


def by_id(definitions: list[Definition]) -> dict[str, Definition]:
    """Definitions under their ids."""
    return {service_id(definition): definition for definition in definitions}


def changed_keys(before: dict[str, Definition], after: dict[str, Definition]) -> dict[str, list[str]]:
    """For each service that is declared otherwise than before, the keys that differ."""
    return {
        name: [key for key in {**before[name], **definition} if before[name].get(key) != definition.get(key)]
        for name, definition in after.items()
        if name in before and before[name] != definition
    }


#: Fields of a definition, what the agent calls them in its answer, and what stands for a field that is not given.
FIELDS: tuple[tuple[str, str, t.Any], ...] = (
    ("name", "Service", ""),
    ("port", "Port", 0),
    ("address", "Address", ""),
    ("tags", "Tags", []),
    ("meta", "Meta", {}),
    ("enable_tag_override", "EnableTagOverride", False),
)


def differences(wanted: dict[str, Definition], served: Served) -> list[str]:
    """What the agent serves otherwise than declared, a phrase for each fault."""
    found = []
    for key, definition in wanted.items():
        if key not in served.services:
            found.append(f"{key} is not registered")
            continue
        for field, theirs, default in FIELDS:
            if field == "tags" and definition.get("enable_tag_override"):
                continue  # others may have changed them
            if (definition.get(field) or default) != (served.services[key].get(theirs) or default):
                found.append(f"{key} has another {field}")
        for check_id, check in declared_checks(definition).items():
            if not is_served(check, served.checks.get(check_id), key):
                found.append(f"{key} has no check {check_id} as declared")
    return found


def is_served(check: dict[str, t.Any], served: dict[str, t.Any] | None, service: str) -> bool:
    """Whether the agent has a check as it is declared, as far as the agent tells."""
    return (
        served is not None
        and served["ServiceID"] == service
        and (not check.get("name") or check["name"] == served["Name"])
        and all(
            parse_duration(check.get(key) or "0") == parse_duration(served.get(theirs) or "0")
            for key, theirs in (("interval", "Interval"), ("timeout", "Timeout"))
        )
    )


def ask(agent: ConsulClient) -> Served:
    """What the agent serves now."""
    return Served(agent.get("agent", "services"), agent.get("agent", "checks"))


def ask_patiently(agent: ConsulClient) -> Served:
    """As L(ask), of an agent that may be about to start."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return ask(agent)
        except AgentSilent:
            container = agent_container.inspect()
            if not container or not container["State"]["Running"] or time.monotonic() > end:
                raise
            time.sleep(0.2)


def reload(agent: ConsulClient) -> None:
    """Make the agent read its files again."""
    agent.put("agent", "reload")


def render(definitions: list[Definition]) -> str:
    """The file's content."""
    return json.dumps({"services": definitions}, indent=4, sort_keys=True) + "\n"


def checked(definitions: t.Any) -> list[Definition]:
    """:raises HostError: they are no services"""
    if not isinstance(definitions, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in definitions
    ):
        raise HostError("must be a list of services, each with a name")
    return definitions


def parse(content: str) -> list[Definition] | None:
    """The definitions in the file; None where it is damaged."""
    try:
        return checked(json.loads(content)["services"] if content else [])
    except (ValueError, KeyError, TypeError, HostError):
        return None


def write(path: str, content: str) -> None:
    """Replace a file."""
    agent_files.write(path, content, agent_files.owner(agent_container.inspect()))


def validate() -> None:
    """Let the agent's own binary judge what is staged, together with the agent's file: a fragment alone is not valid."""
    container = agent_container.inspect()
    if not container:
        raise HostError(f"there is no container {agent_container.CONTAINER} on this host")
    inside, outside = agent_files.CONTAINER_DIRECTORY, agent_files.DIRECTORY
    paths = (path.replace(outside, inside) for path in (agent_files.AGENT, STAGED))
    arguments = ("validate", "-config-format=json", *paths)
    if container["State"]["Running"] and not agent_container.is_crashing(container):
        command.run("docker", "exec", agent_container.CONTAINER, "consul", *arguments)
        return
    image, mount = container["Config"]["Image"], f"--volume={outside}:{inside}:ro"
    command.run("docker", "run", "--rm", "--network=none", "--entrypoint=consul", mount, image, *arguments)


def stage(content: str) -> None:
    """Write the content beside the file, once Consul finds it valid."""
    write(STAGED, content)
    try:
        validate()
    except BaseException:
        os.unlink(STAGED)
        raise


def foreign(wanted: t.Iterable[str], ours: t.Iterable[str], served: Served) -> list[str]:
    """Ids that are declared here and were registered by others."""
    return sorted(set(wanted) & set(served.services) - set(ours))


def with_states(definitions: list[Definition], served: Served) -> list[Definition]:
    """Definitions whose checks start in the state that they had."""
    result = copy.deepcopy(definitions)
    for definition in result:
        for check_id, check in declared_checks(definition).items():
            if check_id in served.checks:
                check["status"] = served.checks[check_id]["Status"]
    return result


def put_back(agent: ConsulClient, before: list[Definition], served: Served) -> None:
    """Give the agent its former services. A reload that failed has forgotten the states of their checks."""
    try:
        write(agent_files.SERVICES, render(with_states(before, served)))
        reload(agent)
    finally:
        # States are the agent's to find out: none may stay in the file, whatever became of the agent.
        if before:
            write(agent_files.SERVICES, render(before))
        else:
            os.unlink(agent_files.SERVICES)
    reload(agent)


def settle(agent: ConsulClient, wanted: dict[str, Definition]) -> None:
    """Wait until the agent serves what its file says. One that starts just now reads the file by itself."""
    end = time.monotonic() + PATIENCE
    with contextlib.suppress(AgentSilent):
        reload(agent)
    while found := differences(wanted, ask_patiently(agent)):
        if time.monotonic() > end:
            raise HostError("; ".join(found))
        time.sleep(0.1)


def apply(
    agent: ConsulClient, wanted: dict[str, Definition], before: list[Definition], after: str, served: Served
) -> None:
    """Swap the file in and wait until the agent serves it, or put the former one back.

    :arg before: what the file held
    """
    stage(after)
    write(agent_files.SERVICES, after)
    try:
        settle(agent, wanted)
    except HostError as error:
        fate = "went away while it read" if isinstance(error, AgentSilent) else "refused"
        words = masked(str(error), list(wanted.values()))
        try:
            put_back(agent, before, served)
        except HostError as second:
            raise HostError(
                f"the agent {fate} the services: {words}; and then its former ones, which are in its file: "
                f"{masked(str(second), before)}"
            ) from second
        finally:
            os.unlink(STAGED)
        raise HostError(f"the agent {fate} the services, and has its former ones again: {words}") from error
    os.unlink(STAGED)


def leave_for_return(after: str) -> None:
    """Put the definitions in place for an agent that does not answer now."""
    if not agent_container.inspect():
        raise HostError(
            f"there is no container {agent_container.CONTAINER} on this host: run an agent first, as the playbook site.yml does"
        )
    stage(after)
    os.rename(STAGED, agent_files.SERVICES)


def serve(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    """Make the agent serve the definitions."""
    with contextlib.nullcontext() if check_mode else agent_files.locked():
        return _serve(params, check_mode)


def _serve(params: dict[str, t.Any], check_mode: bool) -> dict[str, t.Any]:
    agent = client_of(params, timeout=RELOAD_PATIENCE)
    definitions = checked(json.loads(params["definitions"]))
    wanted, after = by_id(definitions), render(definitions)
    text = files.read(agent_files.SERVICES)
    before = parse(text)
    former = by_id(before or [])
    result: dict[str, t.Any] = dict(
        services=sorted(wanted),
        diff=dict(
            prepared=summary(set(wanted) - set(former), changed_keys(former, wanted), set(former) - set(wanted)),
        ),
    )
    changed = text != after or os.path.exists(STAGED) or not is_private(agent_files.SERVICES)
    try:
        served = ask_patiently(agent)
    except AgentSilent as error:
        if not check_mode:
            leave_for_return(after)
            raise HostError(
                f"the agent does not answer ({error}); the definitions are in place, and it serves them when it is "
                f"back: see docker logs {agent_container.CONTAINER}"
            ) from error
        # A fresh host has no agent to ask in check mode.
        if agent_container.inspect():
            raise
        return dict(changed=changed, **result)
    if not os.path.isdir(agent_files.DIRECTORY):
        raise HostError(
            f"an agent answers at {agent.url}, and there is no {agent_files.DIRECTORY}: it is none of the role "
            "consul_agent; run one first, as the playbook site.yml does"
        )
    clash = foreign(wanted, former, served)
    if clash and not check_mode:
        # They may be ours, of a file that was lost: then they are gone when the agent has read its files again.
        if before is None:
            write(agent_files.SERVICES, render([]))
        reload(agent)
        clash = foreign(wanted, former, ask(agent))
    if clash and (before is not None or not check_mode):
        raise HostError(
            f"others registered {', '.join(clash)} with this agent already: take another id, or remove theirs first"
        )
    changed = changed or bool(differences(wanted, served))
    if changed and not check_mode:
        apply(agent, wanted, before or [], after, served)
    return dict(changed=changed, **result)


def is_private(path: str) -> bool:
    """Whether a file is readable by the agent, and by nobody else."""
    return os.path.exists(path) and agent_files.belongs(
        path, agent_files.owner(agent_container.inspect()), agent_files.PRIVATE_FILE
    )


def main() -> None:
    run_module(
        dict(
            definitions=dict(type="str", required=True, no_log=True),
            **ARGUMENTS,
        ),
        serve,
        subject="consul_services_definitions",
    )


if __name__ == "__main__":
    main()
