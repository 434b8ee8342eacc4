#!/usr/bin/python
# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: agent_config
short_description: Write the configuration file of a Consul agent
version_added: 0.1.0
description:
  - Makes the directories of an agent that runs in a container, and writes its configuration file.
  - The file is validated by C(consul validate) in the very image that will read it before it takes the place of the former.
  - Directories and file are for the agent's user alone, which the image says on a fresh host. The image's entry point gives
    the directories to that user.
author:
  - servicedns.consul contributors (@servicedns)
options:
  config:
    description: The configuration, as JSON text, so that a secret in it is never logged.
    type: str
    required: true
  image:
    description: Image of the agent. It must be on the host already.
    type: str
    required: true
  data_directory:
    description: Directory of the host that keeps the agent's data.
    type: path
    required: true
attributes:
  check_mode:
    support: full
    description: Says what would change, and validates nothing.
  diff_mode:
    support: full
    description: Names the keys that change, and shows no value.
"""

EXAMPLES = r"""
- name: Write the configuration
  servicedns.consul.agent_config:
    config: "{{ {'data_dir': '/consul/data', 'bind_addr': '192.168.100.4'} | to_json }}"
    image: hashicorp/consul:1.22.7
    data_directory: /var/lib/consul
"""

RETURN = r"""# """

import json
import os
import stat

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.servicedns.consul.plugins.module_utils import agent_files, host
from ansible_collections.servicedns.consul.plugins.module_utils.change_summary import summary

STAGED = f"{agent_files.DIRECTORY}/.agent.staged"
PRIVATE = 0o700


def is_private_directory(path: str) -> bool:
    """Whether a directory is there, for its owner alone."""
    return os.path.isdir(path) and stat.S_IMODE(os.stat(path).st_mode) == PRIVATE


def image_user(image: str) -> int:
    """The user of the image that the agent runs as; root where the image has no user of its own for it."""
    try:
        return int(host.run("docker", "run", "--rm", "--network=none", "--entrypoint=id", image, "-u", "consul"))
    except host.HostError:
        return 0


def write(content: str, image: str) -> None:
    """Replace the file with one that the image finds valid."""
    owner = os.stat(agent_files.DIRECTORY).st_uid or image_user(image)
    agent_files.write(STAGED, content, owner)
    try:
        agent_files.validate(STAGED, image=image)
        os.rename(STAGED, agent_files.AGENT)
    except BaseException:
        os.unlink(STAGED)
        raise


def main() -> None:
    module = AnsibleModule(
        argument_spec=dict(
            config=dict(type="str", required=True, no_log=True),
            image=dict(type="str", required=True),
            data_directory=dict(type="path", required=True),
        ),
        supports_check_mode=True,
    )
    config = json.loads(module.params["config"])
    image = module.params["image"]
    after = json.dumps(config, indent=4, sort_keys=True) + "\n"
    before = host.read(agent_files.AGENT)
    directories = [
        path for path in (agent_files.DIRECTORY, module.params["data_directory"]) if not is_private_directory(path)
    ]
    former = json.loads(before or "{}")
    differs = [key for key in config if key in former and former[key] != config[key]]
    diff = dict(
        prepared=summary(set(config) - set(former), dict.fromkeys(differs, ()), set(former) - set(config)),
    )
    changed = bool(directories) or before != after
    if changed and not module.check_mode:
        try:
            for path in directories:
                os.makedirs(path, exist_ok=True)
                os.chmod(path, PRIVATE)
            if before != after:
                write(after, image)
        except (OSError, host.HostError) as error:
            module.fail_json(msg=f"consul_agent_config: {error}")
    module.exit_json(changed=changed, diff=diff)


if __name__ == "__main__":
    main()
