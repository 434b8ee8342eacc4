#!/bin/sh
# Makes .venv in the current directory from requirements.txt, when it is missing or other requirements made it.
set -eu

say() { echo "venv: $*"; }

! sha256sum --check --status .venv/requirements.sha256 2> /dev/null || exit 0

usable() { "$1" -c 'import sys; sys.exit(not sys.version_info >= (3, 11))' 2> /dev/null; }

python=
for candidate in python3.13 python3.12 python3.11 python3.14 python3; do
    if usable "$candidate"; then
        python=$candidate
        break
    fi
done
if [ -z "$python" ]; then
    say "Python 3.11 or later is needed, and none of python3.11 to python3.14 or python3 is one" >&2
    exit 1
fi

# Debian has ensurepip in a package of its own.
if ! "$python" -c 'import ensurepip, venv' 2> /dev/null; then
    version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
        say "installing python$version-venv"
        apt-get update -q > /dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "python$version-venv" > /dev/null
    else
        say "$python has no venv; on Debian or Ubuntu please run: sudo apt-get install python$version-venv" >&2
        exit 1
    fi
fi

say "installing requirements.txt into .venv, with $("$python" --version)"
"$python" -m venv .venv
.venv/bin/pip install --quiet --disable-pip-version-check --requirement requirements.txt
# Last, so that an interrupted installation is begun again.
sha256sum requirements.txt > .venv/requirements.sha256
