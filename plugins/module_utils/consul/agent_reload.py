# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A new configuration for an agent that runs: it reads it, or has its former one again.

The former file stays beside the new one until the agent has read that, so that a run which was cut off is completed by the next.
Its name says since when the agent runs: one that started later has read the new file by itself.
"""

from __future__ import annotations

import os
import time
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.consul import agent_files
from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_container import Container
from ansible_collections.servicedns.consul.plugins.module_utils.consul.agent_file import parse
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import AgentSilent, ConsulClient
from ansible_collections.servicedns.consul.plugins.module_utils.consul.durations import parse_duration
from ansible_collections.servicedns.consul.plugins.module_utils.consul.masking import masked
from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system import files

#: Tries a configuration, and raises HostError where no agent would start with it.
TryOut = t.Callable[[str], object]

#: How the name begins of the former file. Consul does not read it.
FORMER = ".servicedns.agent.former."
#: For an agent that is about to start.
PATIENCE = 20.0  # seconds
# A reload waits for the blocking query of a check with alias_node, which takes a minute.
RELOAD_PATIENCE = 90.0  # seconds

#: Where C(/v1/agent/self) shows what an agent has read, in its C(DebugConfig). Secrets are hidden there.
SHOWN = {
    "discard_check_output": "DiscardCheckOutput",
    "dns_config.allow_stale": "DNSAllowStale",
    "dns_config.enable_truncate": "DNSEnableTruncate",
    "dns_config.max_stale": "DNSMaxStale",
    "dns_config.node_ttl": "DNSNodeTTL",
    "dns_config.only_passing": "DNSOnlyPassing",
    "dns_config.recursor_timeout": "DNSRecursorTimeout",
    "dns_config.service_ttl": "DNSServiceTTL",
    "dns_config.udp_answer_limit": "DNSUDPAnswerLimit",
    "log_level": "Logging.LogLevel",
    "node_meta": "NodeMeta",
    "recursors": "DNSRecursors",
}


def at(config: t.Any, path: str) -> t.Any:
    """The value at a path in a configuration; None where there is none."""
    for part in path.split("."):
        config = config.get(part) if isinstance(config, dict) else None
    return config


def is_same(wanted: t.Any, shown: t.Any) -> bool:
    """Whether two values mean the same to Consul, which writes durations in its own way, and levels as they were given."""
    if isinstance(wanted, dict) and isinstance(shown, dict):
        return wanted.keys() == shown.keys() and all(is_same(value, shown[name]) for name, value in wanted.items())
    if isinstance(wanted, str) and isinstance(shown, str):
        duration = parse_duration(wanted)
        return wanted.lower() == shown.lower() if duration is None else duration == parse_duration(shown)
    return bool(wanted == shown)


def differences(config: dict[str, t.Any], shown: dict[str, t.Any], flags: t.Iterable[str]) -> list[str]:
    """The settings that an agent has otherwise than its file says, as far as it shows them.

    :arg flags: its command line, which comes before the file
    """
    overruled = {flag.lstrip("-").partition("=")[0].replace("-", "_") for flag in flags}
    return [
        path
        for path, theirs in SHOWN.items()
        if path not in overruled
        and None not in (at(config, path), at(shown, theirs))
        and not is_same(at(config, path), at(shown, theirs))
    ]


def former_file(container: Container) -> str:
    """Where the former file is kept for the agent that runs in a container now."""
    return os.path.join(agent_files.DIRECTORY, FORMER + container["State"]["StartedAt"])


def is_pending(container: Container) -> bool:
    """Whether an earlier run was cut off before the agent had read its file."""
    return os.path.lexists(former_file(container))


def forget(container: Container | None) -> None:
    """Remove the former files of agents that started anew meanwhile."""
    kept = former_file(container) if container else ""
    for name in os.listdir(agent_files.DIRECTORY):
        path = os.path.join(agent_files.DIRECTORY, name)
        if name.startswith(FORMER) and path != kept:
            files.remove(path)


def reload(agent: ConsulClient, config: dict[str, t.Any], flags: t.Iterable[str]) -> None:
    """Make an agent read its file. One that is about to start is waited for.

    :raises HostError: it does not
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            agent.put("agent", "reload")
            shown = agent.get("agent", "self")["DebugConfig"]
            break
        except AgentSilent:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)
    if found := differences(config, shown, flags):
        raise HostError(
            f"it read the file, and has another {', '.join(found)}: see whether another file of "
            f"{agent_files.DIRECTORY} says otherwise"
        )


def apply(agent: ConsulClient, container: Container, text: str, user: int, try_out: TryOut) -> None:
    """Swap the file in and let the agent read it, or put the former one back.

    :arg text: a configuration that was tried
    :arg user: who reads the file
    :raises HostError: the agent refuses it, or is away
    """
    kept, config, flags = former_file(container), parse(text), container["Config"]["Cmd"] or ()
    if not is_pending(container):
        agent_files.write(kept, files.read(agent_files.AGENT), user)
    agent_files.write(agent_files.AGENT, text, user)
    try:
        reload(agent, config, flags)
    except HostError as error:
        fate = "did not answer when it was to read" if isinstance(error, AgentSilent) else "refused"
        words = masked(str(error), [config, parse(files.read(kept))])
        after = put_back(agent, kept, user, flags, try_out)
        raise HostError(f"the agent {fate} its new configuration: {words}; {after}") from error
    files.remove(kept)


def put_back(agent: ConsulClient, kept: str, user: int, flags: t.Iterable[str], try_out: TryOut) -> str:
    """Give an agent its former file again, and tell what became of it."""
    text = files.read(kept)
    former = parse(text)
    try:
        try_out(text)
    except HostError as error:
        return f"it stays in its file, as no agent starts with the former one: {masked(str(error), former)}"
    agent_files.write(agent_files.AGENT, text, user)
    try:
        reload(agent, former, flags)
    except HostError as error:
        return f"the former one is in its file again, and was not read either: {masked(str(error), former)}"
    files.remove(kept)
    return "it has the former one again"
