#!/usr/bin/python3
"""Looks names up as applications do, 50 times a second by turns, and keeps count.

    lookup-probe FILE NAME...

FILE holds {"lookups": N, "failed": [[begin, name, error], ...], "slow": [[begin, name, seconds], ...]}, is never half
written, and is a tenth of a second old at most, or tells the last lookup that failed or was slow. The first name counts
from the start, each other from its first answer on: it may be still to come. NEW in a name is another number each time, so
that nothing has an answer kept.
"""

import json
import os
import socket
import sys
import time

INTERVAL = 0.02  # seconds
SLOW = 0.1  # seconds
LOOKUPS_A_WRITE = 5

path, *names = sys.argv[1:]
known = {names[0]}
failed = []
slow = []
lookups = 0
due = time.monotonic()
while True:
    name = names[lookups % len(names)]
    begin = time.time()
    counts = name in known
    error = ""
    try:
        socket.getaddrinfo(name.replace("NEW", str(lookups)), 80, proto=socket.IPPROTO_TCP)
        known.add(name)
    except OSError as reason:
        error = str(reason)
    seconds = time.time() - begin
    if counts and error:
        failed.append([begin, name, error])
    if counts and seconds >= SLOW:
        slow.append([begin, name, seconds])
    lookups += 1
    if lookups % LOOKUPS_A_WRITE == 0 or counts and (error or seconds >= SLOW):
        with open(path + ".new", "w") as stream:
            json.dump({"lookups": lookups, "failed": failed, "slow": slow, "known": sorted(known)}, stream)
        os.rename(path + ".new", path)
    due = max(due + INTERVAL, time.monotonic() - 1)
    time.sleep(max(0.0, due - time.monotonic()))
