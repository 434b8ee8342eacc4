#!/usr/bin/env python3
"""Runs the stages of `make test`, all or those named: run_stages.py [STAGE...]. Starts no other once one failed.
With --soak it runs those of `make soak`. With --list the names are printed, as JSON.

Those that need no host run beside the others, which take turns: two labs at once keep two cores from answering in time. A
stage for which the machine lacks something is not run, which is told and not counted as passed.
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

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOGS = ROOT / ".lab" / "logs"
TAIL = 40
WIDTH = 600
IMAGES = "lab-images"
TEST = ["molecule", "test", "--scenario-name"]
#: Without what says the same of a host whichever ansible-core is at work.
OTHER_CORE = ["env", "PYTEST_ADDOPTS=-m 'not any_core'"]
NOT_RUN = 77  # how a stage ends that needs what the machine does not have
#: What the oldest ansible-core does in a way of its own: it templates numbers, and prints errors. Its modules are the same.
OLDEST = (
    "tests/unit/plugins/action",
    "tests/unit/plugins/filter",
    "tests/unit/plugins/modules/test_agent_modules.py",
    "tests/unit/test_secrets.py",
)
#: Scenarios that say much what another one says, and take long. `make soak` runs them.
SOAK = {"dns_resolvers_swapped", "lifecycle_long"}


def scenarios() -> set[str]:
    return {path.parent.name for path in ROOT.glob("molecule/*/molecule.yml")}


def cores() -> list[str]:
    """The other ansible-cores, the oldest first."""
    return sorted(path.stem for path in (ROOT / "tools" / "ansible_core").glob("*.txt"))


def soak() -> dict[str, list[str]]:
    """The commands of `make soak` by the names of their stages."""
    oldest = cores()[0]
    return {
        **{f"molecule-{name}": [*TEST, name] for name in sorted(SOAK)},
        f"unit-ansible-core-{oldest}-whole": ["python", "tools/other_core.py", oldest, "pytest", "tests/unit"],
    }


def stages() -> dict[str, list[str]]:
    """The commands of `make test` by the names of their stages."""
    found = {
        "lint": ["make", "--no-print-directory", "lint"],
        "sanity": ["python", "tools/sanity.py"],
        "unit": ["pytest", "tests/unit", "--cov"],
        # Images are made by one at a time.
        "integration": ["sh", "-c", "lab/images.py consul && pytest tests/integration"],
        IMAGES: ["lab/images.py"],
    }
    oldest, newest = cores()[0], cores()[-1]
    # The newest Debian is the reference case of the newest ansible-core.
    scenario_of = dict.fromkeys(cores(), "default") | {newest: "debian13"}
    own = sorted(scenarios() - {"debian13", *SOAK}, key=lambda name: (name != "default", name))
    found |= {f"molecule-{name}": [*TEST, name] for name in own}
    found |= {f"unit-ansible-core-{oldest}": ["python", "tools/other_core.py", oldest, "pytest", *OLDEST]}
    return found | {
        f"ansible-core-{version}": [*OTHER_CORE, "python", "tools/other_core.py", version, *TEST, scenario_of[version]]
        for version in cores()
    }


def uses_lab(name: str) -> bool:
    """Whether a stage runs on hosts of the lab, or makes what they are made of."""
    return name.startswith(("molecule-", "ansible-core-")) or name == IMAGES


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


def reasons(log: str) -> list[str]:
    """The lines of a log that say why: a scenario goes on for long after its tests, and removes its hosts."""
    found = re.findall(r"^(?:E  .*|(?:FAILED|ERROR) \S+::.*|fatal: .*|\[ERROR\]: .*)", log, re.MULTILINE)
    return [line[:WIDTH] for line in found[-TAIL:]]


def coverage(log: str) -> str:
    """How many of the plugins' lines were run, from the log of a stage that counts them."""
    total = re.search(r"^TOTAL .* (\d+%)$", log, re.MULTILINE)
    return f", with {total[1]} of the plugins' lines" if total else ""


def prepare(chosen: dict[str, list[str]]) -> None:
    """What the stages on an engine start from: one that answers, and no leftovers of a killed run."""
    if not any(name == "integration" or uses_lab(name) for name in chosen):
        return
    lab = ROOT / "lab"
    for command in (
        [str(lab / "engine.sh")],
        ["ansible-playbook", str(lab / "destroy.yml"), "--extra-vars", f"lab_names={'|'.join(sorted(scenarios()))}"],
    ):
        subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=True)


class Lane(threading.Thread):
    """Stages that run one after the other, until one fails in this lane or another.

    :arg failed: the stages that failed, in all lanes
    """

    def __init__(self, stages: dict[str, list[str]], failed: list[str]) -> None:
        super().__init__()
        self.stages = stages
        self.failed = failed
        self.passed = 0

    def run(self) -> None:
        for name, command in self.stages.items():
            if self.failed:
                return
            start = time.monotonic()
            log = LOGS / f"{name}.log"
            code = run(command, log)
            took = f"{time.monotonic() - start:.0f} s"
            said = log.read_text(errors="replace").strip()
            if code == 0:
                self.passed += 1
                print(f"{name} passed in {took}{coverage(said)}", flush=True)
                continue
            if code == NOT_RUN:
                print(f"{name} NOT RUN: {said}", flush=True)
                continue
            self.failed.append(name)
            end = "\n".join(said.splitlines()[-TAIL:])
            why = "\n".join(reasons(said))
            print(f"{name} FAILED in {took}\n{end}\n\nAll of it: {log}\n{why}", flush=True)


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
    failed: list[str] = []
    lanes = [
        Lane({name: chosen[name] for name in chosen if not uses_lab(name)}, failed),
        Lane({name: chosen[name] for name in chosen if uses_lab(name)}, failed),
    ]
    for lane in lanes:
        lane.start()
    for lane in lanes:
        lane.join()
    passed = sum(lane.passed for lane in lanes)
    left = len(chosen) - passed - len(failed)
    print(f"{passed} passed, {len(failed)} failed" + (f", {left} not run" if left else ""))
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
