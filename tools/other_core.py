#!/usr/bin/env python3
"""Runs a command with another ansible-core than that of .venv: other_core.py VERSION COMMAND...

The requirements are in ansible_core/; the other collections are those of .venv. Ends with 77 where the machine does not
have the Python that this ansible-core is tested with.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "tools" / "ansible_core"
#: With which Python each is tested: the oldest and the newest of those that both it and the collection run on.
PYTHONS = {"2.17": "3.10", "2.21": "3.13"}
NOT_RUN = 77


def find_python(version: str) -> str:
    """The path of a Python, of the machine or of pyenv; nothing where there is none."""
    found = Path.home().glob(f".pyenv/versions/{version}.*/bin/python{version}")
    for candidate in [shutil.which(f"python{version}"), *map(str, sorted(found))]:
        # pyenv has a command of that name for versions that are not chosen, too.
        if candidate and subprocess.run([candidate, "--version"], capture_output=True, check=False).returncode == 0:
            return candidate
    return ""


def environment(core: str, python: str) -> Path:
    """The folder of a virtual environment that has what the requirements say. It is made where they are new."""
    requirements = REQUIREMENTS / f"{core}.txt"
    folder = ROOT / ".lab" / "ansible_core" / core
    made_for = folder / "made_for"
    folder.parent.mkdir(parents=True, exist_ok=True)
    wanted = hashlib.sha256(requirements.read_bytes() + python.encode()).hexdigest()
    with (folder.parent / "lock").open("w") as lock:
        # Another stage may be about to make it, too.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made_for.exists() or made_for.read_text() != wanted:
            subprocess.run([python, "-m", "venv", "--clear", folder], check=True)
            pip = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, "--requirement", str(requirements)], check=True)
            (site,) = folder.glob("lib/python*/site-packages")
            (site / "ansible_collections").symlink_to(Path(sysconfig.get_path("purelib")) / "ansible_collections")
            made_for.write_text(wanted)
    return folder


def main() -> None:
    core, *command = sys.argv[1:]
    python = find_python(PYTHONS[core])
    if not python:
        print(f"ansible-core {core} is tested with Python {PYTHONS[core]}, which this machine does not have")
        sys.exit(NOT_RUN)
    folder = environment(core, python)
    variables = os.environ | {"PATH": f"{folder / 'bin'}:{os.environ['PATH']}"}
    said = subprocess.run(
        ["ansible-playbook", "--version"], env=variables, stdout=subprocess.PIPE, text=True, check=True
    )
    print(said.stdout, flush=True)
    if not re.match(rf"ansible-playbook \[core {re.escape(core)}\.", said.stdout):
        sys.exit(f"this is not ansible-core {core}")
    sys.exit(subprocess.run(command, cwd=ROOT, env=variables, check=False).returncode)


if __name__ == "__main__":
    main()
