"""Looks names up as programs do, 0.NAME, 1.NAME and so on: lookups.py NAME COUNT THREADS. Prints as JSON how often each answer came."""

from __future__ import annotations

import collections
import concurrent.futures
import json
import socket
import sys


def look_up(name: str) -> str:
    """The addresses of a name, or why there are none."""
    try:
        return " ".join(sorted({str(info[4][0]) for info in socket.getaddrinfo(name, None)}))
    except socket.gaierror as error:
        return str(error.strerror)


def main() -> None:
    name, count, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    with concurrent.futures.ThreadPoolExecutor(threads) as pool:
        print(json.dumps(collections.Counter(pool.map(look_up, [f"{number}.{name}" for number in range(count)]))))


if __name__ == "__main__":
    main()
