# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is no agent is told from one."""

from __future__ import annotations

import concurrent.futures
import socket
import threading
from collections.abc import Iterator

import pytest

from ansible_collections.servicedns.consul.plugins.module_utils.lookup import agent


@pytest.fixture
def stranger() -> Iterator[str]:
    """Another program at the port of an agent, which answers everything in JSON."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            client, _address = server.accept()
            with client:
                client.recv(4096)
                client.sendall(b"HTTP/1.0 200 OK\r\n\r\n[1]")

        thread = threading.Thread(target=answer)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join()


def test_what_is_no_agent_is_a_sentence(stranger: str) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers_of = agent.AgentAnswers(stranger, pool)
        answers = answers_of.gather({"self": (dict, ("agent", "self"))})
    assert answers["self"] == (None, f"GET {stranger}/v1/agent/self: the answer is not what Consul says there")
