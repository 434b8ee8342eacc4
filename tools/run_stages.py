#!/usr/bin/env python3
"""Runs the stages of `make test`, all or those named: run_stages.py [STAGE...]. Starts no other once one failed.
With --soak it runs those of `make soak`. With --list the names are printed, as JSON.

As many run side by side as the machine has cores, but scenarios that have the same addresses take turns. A stage for which
the machine lacks something is not run, which is told and not counted as passed.
"""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time
import typing as t

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / ".lab" / "logs"
TAIL = 80
NOT_RUN = 77  # how a stage ends that needs what the machine does not have
#: Scenarios whose hosts have the addresses of another one's.
ADDRESSES_OF = {"debian13": "default", "dns_resolvers_swapped": "dns_resolvers"}
#: Scenarios that say much what another one says, and take long. `make soak` runs them.
SOAK = {"dns_resolvers_swapped"}


class Stage(t.NamedTuple):
    """What is run, and the scenario whose addresses it needs, if any."""

    command: list[str]
    addresses: str = ""


def scenario(name: str, *runner: str) -> Stage:
    return Stage([*runner, "molecule", "test", "--scenario-name", name], ADDRESSES_OF.get(name, name))


def scenarios() -> set[str]:
    return {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}


def soak() -> dict[str, Stage]:
    """The stages of `make soak` by their names."""
    return {f"molecule-{name}": scenario(name) for name in sorted(SOAK)}


def stages() -> dict[str, Stage]:
    """The stages of `make test`: those that take turns first, so that none is left to wait for another at the end."""
    cores = sorted(path.stem for path in (ROOT / "tools" / "ansible_core").glob("*.txt"))
    # The oldest templates numbers in a way of its own. The newest has the newest Debian.
    oldest, newest = cores[0], cores[-1]
    other_core = {core: ("python", "tools/other_core.py", core) for core in cores}
    found = {"lint": Stage(["make", "--no-print-directory", "lint"]), "molecule-default": scenario("default")}
    found |= {
        f"ansible-core-{core}": scenario("debian13" if core == newest else "default", *other_core[core])
        for core in cores
    }
    found |= {f"molecule-{name}": scenario(name) for name in sorted(scenarios() - {"default", "debian13", *SOAK})}
    return found | {
        "unit": Stage(["pytest", "tests/unit", "--cov"]),
        f"unit-ansible-core-{oldest}": Stage([*other_core[oldest], "pytest", "tests/unit"]),
        "integration": Stage(["pytest", "tests/integration"]),
        "sanity": Stage(["python", "tools/sanity.py"]),
    }


def run(command: list[str], log: pathlib.Path) -> int:
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
    return done.returncode


def coverage(log: str) -> str:
    """How many of the plugins' lines were run, from the log of a stage that counts them."""
    total = re.search(r"^TOTAL .* (\d+%)$", log, re.MULTILINE)
    return f", with {total[1]} of the plugins' lines" if total else ""


def prepare(chosen: dict[str, Stage]) -> None:
    """What the stages on an engine start from: no leftovers of a killed run, and images that are there."""
    if not any(name == "integration" or stage.addresses for name, stage in chosen.items()):
        return
    lab = ROOT / "lab"
    for command in (
        [str(lab / "engine.sh")],
        [str(lab / "images.py")],
        ["ansible-playbook", str(lab / "destroy.yml"), "--extra-vars", f"lab_names={'|'.join(sorted(scenarios()))}"],
    ):
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)


class Queue:
    """Stages that wait for their turn, and how those ended that had it."""

    def __init__(self, stages: dict[str, Stage]) -> None:
        self.waiting = dict(stages)
        self.passed: list[str] = []
        self.failed: list[str] = []
        self._taken: list[str] = []
        self._changed = threading.Condition()

    def take(self) -> tuple[str, Stage] | None:
        """The next stage, as soon as the addresses that it needs are free; none when no other is to be started."""
        with self._changed:
            while self.waiting and not self.failed:
                for name, stage in self.waiting.items():
                    if stage.addresses not in self._taken:
                        self._taken += filter(None, [stage.addresses])
                        return name, self.waiting.pop(name)
                self._changed.wait()
        return None

    def give_back(self, name: str, stage: Stage, code: int) -> None:
        """:arg code: how a stage ended"""
        with self._changed:
            if stage.addresses:
                self._taken.remove(stage.addresses)
            if code != NOT_RUN:
                (self.failed if code else self.passed).append(name)
            self._changed.notify_all()

    def work(self) -> None:
        """Run one stage after the other."""
        while taken := self.take():
            name, stage = taken
            start = time.monotonic()
            log = LOGS / f"{name}.log"
            code = run(stage.command, log)
            took = f"{time.monotonic() - start:.0f} s"
            said = log.read_text(errors="replace").strip()
            if code == 0:
                print(f"{name} passed in {took}{coverage(said)}", flush=True)
            elif code == NOT_RUN:
                print(f"{name} NOT RUN: {said}", flush=True)
            else:
                end = "\n".join(said.splitlines()[-TAIL:])
                print(f"{name} FAILED in {took}\n{end}\n\nAll of it: {log}", flush=True)
            self.give_back(name, stage, code)


def main() -> None:
    if sys.argv[1:] == ["--list"]:
        print(json.dumps(list(stages())))
        return
    known = stages() | soak()
    wanted = list(soak()) if sys.argv[1:] == ["--soak"] else sys.argv[1:] or list(stages())
    if unknown := [name for name in wanted if name not in known]:
        sys.exit(f"no such stage: {', '.join(unknown)}; there are {', '.join(known)}")
    chosen = {name: known[name] for name in wanted}
    LOGS.mkdir(parents=True, exist_ok=True)
    prepare(chosen)
    queue = Queue(chosen)
    workers = [threading.Thread(target=queue.work) for _core in range(os.cpu_count() or 1)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    left = len(chosen) - len(queue.passed) - len(queue.failed)
    print(f"{len(queue.passed)} passed, {len(queue.failed)} failed" + (f", {left} not run" if left else ""))
    sys.exit(bool(queue.failed))


if __name__ == "__main__":
    main()
