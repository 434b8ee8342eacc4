# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What images tell of the Consul in them."""

from __future__ import annotations

from real_agent import IMAGE, real_agent

from ansible_collections.servicedns.consul.plugins.module_utils.consul import datacenter
from ansible_collections.servicedns.consul.plugins.module_utils.consul.client import ConsulClient
from ansible_collections.servicedns.consul.plugins.modules.agent_config import image_version


def test_an_image_and_its_agent_tell_the_same_version() -> None:
    with real_agent() as agent:
        (member,) = datacenter.members_of(ConsulClient(agent.url))
    assert image_version(IMAGE) == member["version"] != ""


def test_an_image_without_consul_tells_none() -> None:
    assert image_version("servicedns-lab/flapp") == ""
