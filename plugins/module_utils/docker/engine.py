# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the Docker engine of the host says."""

from __future__ import annotations

import http.client
import json
import socket
import typing as t

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError
from ansible_collections.servicedns.consul.plugins.module_utils.system.command import TimedOut

SOCKET = "/var/run/docker.sock"


class _UnixConnection(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(SOCKET)


def get(path: str, timeout: float = 30) -> t.Any:
    """Ask the engine's API with a GET. None when it knows no such thing.

    :arg timeout: seconds
    :raises TimedOut: it takes longer
    :raises HostError: no engine answers, or it refuses to
    """
    connection = _UnixConnection("localhost", timeout=timeout)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        status, body = response.status, response.read()
    except socket.timeout as error:
        raise TimedOut(f"the Docker engine answers GET {path} not within {timeout:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise HostError(
            f"the Docker engine does not answer at {SOCKET} ({error}); install it "
            "(on Debian: apt install docker.io) and start it (systemctl start docker)"
        ) from error
    finally:
        connection.close()
    if status == 404:
        return None
    try:
        answer = json.loads(body)
    except ValueError:
        answer = {"message": " ".join(body[:200].decode(errors="replace").split()) or response.reason}
    else:
        if status == 200:
            return answer
    words = answer.get("message") if isinstance(answer, dict) else response.reason
    raise HostError(f"the Docker engine answers GET {path} with {status}, {words}")
