#!/usr/bin/env python3
"""Runs the stages of `make test`, all or those named: run.py [STAGE...]. Stops at the first that fails."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / ".lab" / "logs"
TAIL = 80


def stages() -> dict[str, list[str]]:
    found = {
        "lint": ["make", "--no-print-directory", "lint"],
        "sanity": ["python", "tests/sanity.py"],
        "unit": ["pytest", "tests/unit"],
        "integration": ["pytest", "tests/integration"],
    }
    scenarios = sorted(
        (path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")),
        key=lambda name: (name != "default", name),
    )
    return found | {f"molecule-{name}": ["molecule", "test", "--scenario-name", name] for name in scenarios}


def run(command: list[str], log: pathlib.Path) -> bool:
    # Plain text, and no terminal to wait for.
    environment = os.environ | {"ANSIBLE_FORCE_COLOR": "0", "NO_COLOR": "1", "PY_COLORS": "0"}
    with log.open("wb") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    return done.returncode == 0


def prepare(chosen: dict[str, list[str]]) -> None:
    """What the stages on an engine start from: no leftovers of a killed run, and images that are there."""
    if chosen.keys() <= {"lint", "sanity", "unit"}:
        return
    shared = ROOT / "molecule" / "shared"
    for command in (
        [str(shared / "engine.sh")],
        [str(shared / "images.py")],
        ["ansible-playbook", str(shared / "destroy.yml"), "--extra-vars", "lab_name=molecule"],
    ):
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)


def main() -> None:
    known = stages()
    wanted = sys.argv[1:] or list(known)
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"no such stage: {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = {name: known[name] for name in wanted}
    LOGS.mkdir(parents=True, exist_ok=True)
    prepare(chosen)
    for passed, (name, command) in enumerate(chosen.items()):
        print(f"{name} ... ", end="", flush=True)
        start = time.monotonic()
        log = LOGS / f"{name}.log"
        good = run(command, log)
        print(f"{'passed' if good else 'FAILED'} in {time.monotonic() - start:.0f} s", flush=True)
        if not good:
            print(*log.read_text(errors="replace").splitlines()[-TAIL:], sep="\n")
            print(f"\nAll of it: {log}\n{passed} passed, 1 failed, {len(chosen) - passed - 1} not run")
            sys.exit(1)
    print(f"{len(chosen)} passed, 0 failed")


if __name__ == "__main__":
    main()
