#!/bin/sh
# Makes sure that a browser is there, for the tests of the report. Does nothing where all is well.
set -eu

say() { echo "chromium: $*"; }

! command -v chromium > /dev/null 2>&1 || exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    say "installing chromium"
    apt-get update -q > /dev/null
    DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends chromium fonts-dejavu-core > /dev/null
else
    say "missing here; on Debian please run: sudo apt-get install --no-install-recommends chromium fonts-dejavu-core" >&2
    exit 1
fi
