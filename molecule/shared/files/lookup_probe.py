#!/usr/bin/python3
"""Looks a name up as applications do, 20 times a second, and keeps count.

    lookup-probe NAME FILE

FILE holds {"lookups": N, "failed": [[time, error], ...]} and is never half written.
"""

import json
import os
import socket
import sys
import time

INTERVAL = 0.05  # seconds

name, path = sys.argv[1:]
failed = []
lookups = 0
due = time.monotonic()
while True:
    try:
        socket.getaddrinfo(name, 80, proto=socket.IPPROTO_TCP)
    except OSError as error:
        failed.append([time.time(), str(error)])
    lookups += 1
    with open(path + ".new", "w") as stream:
        json.dump({"lookups": lookups, "failed": failed}, stream)
    os.rename(path + ".new", path)
    due += INTERVAL
    time.sleep(max(0.0, due - time.monotonic()))
