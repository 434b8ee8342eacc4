# Copyright: (c) 2026, servicedns.consul contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of the host: one place that finds them, in one language, with a time limit, and a sentence for what goes wrong."""

from __future__ import annotations

import os
import shutil
import subprocess

from ansible_collections.servicedns.consul.plugins.module_utils.errors import HostError

#: Where commands of administration are. The PATH of who becomes root by su may lack them.
ADMINISTRATION = ("/usr/local/sbin", "/usr/sbin", "/sbin")
LONGEST = 300.0  # seconds that a command may take; Docker with many containers takes a minute to restart


class NotInstalled(HostError):
    """There is no such command on the host."""


class TimedOut(HostError):
    """A command took longer than it may."""


def environment() -> dict[str, str]:
    """In which commands are run: all of them are found, and they speak English, in UTF-8."""
    kept = {name: value for name, value in os.environ.items() if name != "LANGUAGE"}
    folders = kept.get("PATH", os.defpath).split(os.pathsep)
    folders += [folder for folder in ADMINISTRATION if folder not in folders]
    return {**kept, "PATH": os.pathsep.join(folders), "LC_ALL": "C.UTF-8"}


def find(name: str) -> str:
    """Find the path of a command; nothing when it is not installed."""
    return shutil.which(name, path=environment()["PATH"]) or ""


def run(*arguments: str, timeout: float = LONGEST) -> str:
    """Run a command, and return its output. Bytes that are no UTF-8 are kept, as in L(files.read).

    :arg timeout: seconds
    :raises NotInstalled: there is no such command
    :raises TimedOut: it was ended
    :raises HostError: with what it complained of
    """
    try:
        return subprocess.run(
            arguments,
            check=True,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            env=environment(),
            timeout=timeout,
        ).stdout
    except FileNotFoundError as error:
        raise NotInstalled(f"{arguments[0]} is not installed") from error
    except OSError as error:
        raise HostError(f"{arguments[0]} cannot be run: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise TimedOut(f"{' '.join(arguments)}: no answer within {timeout:g} s") from error
    except subprocess.CalledProcessError as error:
        complaint = error.stderr.strip() or error.stdout.strip() or f"it ends with {error.returncode}"
        raise HostError(f"{' '.join(arguments)}: {complaint}") from error
