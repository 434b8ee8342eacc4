#!/bin/sh
# Makes sure that a Docker engine answers and that the lab's other tools are there. Does nothing where all is well.
set -eu

say() { echo "engine: $*"; }
have() { command -v "$1" > /dev/null 2>&1; }
answers() { docker info > /dev/null 2>&1; }

# install PACKAGE...: from Debian's or Ubuntu's own packages, as root; else says what to type.
install() {
    if [ "$(id -u)" = 0 ] && have apt-get; then
        say "installing $*"
        apt-get update -q > /dev/null
        DEBIAN_FRONTEND=noninteractive apt-get install -qy --no-install-recommends "$@" > /dev/null
    else
        say "missing here: $*" >&2
        if have apt-get; then
            say "please run: sudo apt-get install --no-install-recommends $*" >&2
        else
            say "please install the equivalents of these Debian packages, then start Docker" >&2
        fi
        exit 1
    fi
}

missing=
have dockerd || answers || missing="docker.io iptables"
# From Debian 13 on the command is a package of its own.
have docker || missing="$missing $(apt-cache search --names-only '^docker-cli$' 2> /dev/null | cut -d' ' -f1)"
have ssh || missing="$missing openssh-client"
# A test asks the machine for its own sockets.
have ss || missing="$missing iproute2"
# shellcheck disable=SC2086  # several packages
[ -z "${missing# }" ] || install $missing

if ! answers; then
    if [ "$(id -u)" != 0 ]; then
        say "the Docker engine does not answer you: start it (sudo systemctl start docker), and be in its group" >&2
        say "(sudo usermod -aG docker $(id -un), then log in again)" >&2
        exit 1
    fi
    if [ -d /run/systemd/system ]; then
        say "starting docker.service"
        systemctl start docker
    else
        say "starting dockerd, its log is /var/log/dockerd.log"
        setsid nohup dockerd >> /var/log/dockerd.log 2>&1 < /dev/null &
    fi
    tries=0
    until answers; do
        tries=$((tries + 1))
        if [ "$tries" -gt 120 ]; then
            say "the Docker engine does not answer after 60 s:" >&2
            if [ -d /run/systemd/system ]; then journalctl -n 20 -u docker >&2; else tail -20 /var/log/dockerd.log >&2; fi
            exit 1
        fi
        sleep 0.5
    done
fi

# The hosts share the machine's limit, which is low for two labs of eight, each host with an engine and systemd. Only root can raise it.
instances=/proc/sys/fs/inotify/max_user_instances
if [ "$(id -u)" = 0 ] && [ "$(cat $instances)" -lt 1024 ]; then
    say "raising fs.inotify.max_user_instances to 1024"
    echo 1024 > $instances
fi
