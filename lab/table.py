#!/usr/bin/env python3
"""Asks every host of the lab as its users would, and prints the answers: table.py -i INVENTORY...

Ends with an error where an answer is missing or wrong.
"""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys
from typing import Any

PREFIX = "servicedns-lab"
PUBLIC = "www.example.com"


def ask(host: str, *command: str) -> str:
    done = subprocess.run(
        ("docker", "exec", f"{PREFIX}-{host}", *command), capture_output=True, text=True, timeout=30, check=False
    )
    return " ".join(done.stdout.split()) or "-"


def inventory(sources: list[str]) -> dict[str, dict[str, Any]]:
    done = subprocess.run(("ansible-inventory", *sources, "--list"), stdout=subprocess.PIPE, check=True)
    hosts: dict[str, dict[str, Any]] = json.loads(done.stdout)["_meta"]["hostvars"]
    return hosts


def main() -> None:
    hosts = inventory(sys.argv[1:])
    # A cell: its column, what to type on a host, and the only right answer.
    questions: list[tuple[str, tuple[str, ...], str]] = []
    for host, variables in hosts.items():
        if service := variables.get("lab_flapp"):
            name = f"{service['name']}.service.consul"
            url = f"http://{name}:{service['port']}"
            questions.append((f"dig +short {name}", ("dig", "+short", name), variables["ansible_host"]))
            questions.append((f"curl {url}", ("curl", "-s", "-m", "5", url), f"{service['name']} on {host}"))
    questions.append((f"dig +short {PUBLIC}", ("dig", "+short", PUBLIC), "203.0.113.10"))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        rows = {
            host: [pool.submit(ask, host, *command) for _title, command, _right in questions] for host in sorted(hosts)
        }
    lines = [["", *rows]]
    wrong = []
    for number, (title, _command, right) in enumerate(questions):
        answers = [row[number].result() for row in rows.values()]
        lines.append([title, *(answer if answer == right else f"WRONG: {answer}" for answer in answers)])
        wrong += [
            f"{host}: {title} answers {answer!r}, not {right!r}"
            for host, answer in zip(rows, answers, strict=True)
            if answer != right
        ]
    lines.append(["address", *(hosts[host]["ansible_host"] for host in rows)])

    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print()
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())
    print("\nEnter a host:")
    for host in rows:
        print(f"  docker exec -it {PREFIX}-{host} bash")
    if wrong:
        sys.exit("\n".join(["", *wrong]))


if __name__ == "__main__":
    main()
