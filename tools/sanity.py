#!/usr/bin/env python3
"""Runs `ansible-test sanity` on the collection as it is shipped, with a home of its own: sanity.py [OPTION...]

ansible-test takes pip for its virtual environments from a site of Ansible's. Where that does not answer, it finds what it
would have got from there: a script that installs the same pip, which the package index has too.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".lab" / "sanity"
COLLECTION = HOME / "ansible_collections" / "servicedns" / "consul"
PIP = "24.2"  # of the ansible-test that requirements.txt pins
GET_PIP_URL = f"https://ci-files.testing.ansible.com/ansible-test/get-pip-{PIP}.py"
GET_PIP = HOME / ".ansible" / "test" / "cache" / f"get_pip_{PIP.replace('.', '_')}.py"


def run(*command: str, cwd: Path = ROOT) -> None:
    done = subprocess.run(command, cwd=cwd, env=os.environ | {"HOME": str(HOME)}, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        sys.exit(done.returncode)


def unpack_collection() -> None:
    """What a user installs: the files of the release and no others."""
    shutil.rmtree(HOME / "ansible_collections", ignore_errors=True)
    COLLECTION.mkdir(parents=True)
    run("ansible-galaxy", "collection", "build", "--force", "--output-path", str(HOME))
    (release,) = HOME.glob("servicedns-consul-*.tar.gz")
    with tarfile.open(release) as archive:
        archive.extractall(COLLECTION, filter="data")
    release.unlink()
    # ansible-test skips what the repository around it ignores.
    run("git", "init", "--quiet", cwd=COLLECTION)


def provide_pip() -> None:
    """Does nothing where ansible-test can download what it wants."""
    try:
        with urllib.request.urlopen(GET_PIP_URL, timeout=20):
            return
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"{GET_PIP_URL}: {error}; pip {PIP} comes from the package index")
    GET_PIP.parent.mkdir(parents=True, exist_ok=True)
    run(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(HOME), f"pip=={PIP}")
    (wheel,) = HOME.glob(f"pip-{PIP}-*.whl")
    GET_PIP.write_text(
        "import sys\n"
        f"sys.path.insert(0, {str(wheel)!r})\n"
        "from pip._internal.cli.main import main\n"
        f"sys.exit(main(['install', '--quiet', '--no-index', '--force-reinstall', {str(wheel)!r}]))\n"
    )


def main() -> None:
    unpack_collection()
    if not GET_PIP.exists():
        provide_pip()
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    run("ansible-test", "sanity", "--python", python, "--color", "no", *sys.argv[1:], cwd=COLLECTION)


if __name__ == "__main__":
    main()
