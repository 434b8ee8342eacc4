#!/usr/bin/python3
"""Looks names up as applications do, 50 times a second by turns, and keeps count.

    lookup-probe FILE NAME...

FILE holds {"lookups": N, "failed": [[begin, name, error], ...], "slow": [[begin, name, seconds], ...], "lost": [...]} and
is never half written. The slow ones that were answered only when they were asked again are lost as well. The first name
counts from the start, each other from its first answer on: it may be still to come.
"""

import json
import os
import socket
import sys
import time

INTERVAL = 0.02  # seconds
SLOW = 0.1  # seconds
RETRY = 5  # seconds after which glibc and systemd-resolved ask again

path, *names = sys.argv[1:]
known = {names[0]}
failed = []
slow = []
lost = []
lookups = 0
due = time.monotonic()
while True:
    name = names[lookups % len(names)]
    begin = time.time()
    counts = name in known
    error = ""
    try:
        socket.getaddrinfo(name, 80, proto=socket.IPPROTO_TCP)
        known.add(name)
    except OSError as what:
        error = str(what)
    seconds = time.time() - begin
    if counts and error:
        failed.append([begin, name, error])
    if counts and seconds >= SLOW:
        slow.append([begin, name, seconds])
    if counts and int(seconds) == RETRY:
        lost.append([begin, name, seconds])
    lookups += 1
    with open(path + ".new", "w") as stream:
        found = {"lookups": lookups, "failed": failed, "slow": slow, "lost": lost, "known": sorted(known)}
        json.dump(found, stream)
    os.rename(path + ".new", path)
    due = max(due + INTERVAL, time.monotonic() - 1)
    time.sleep(max(0.0, due - time.monotonic()))
