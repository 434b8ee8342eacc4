#!/usr/bin/dumb-init /bin/sh
# `agent`, or another Consul command, runs as the user consul; any other program is run as it stands.
set -eu

data=${CONSUL_DATA_DIR:-/consul/data}
config=${CONSUL_CONFIG_DIR:-/consul/config}

[ -z "${CONSUL_LOCAL_CONFIG:-}" ] || printf '%s\n' "$CONSUL_LOCAL_CONFIG" > "$config/local.json"

case "${1:-}" in
agent)
    shift
    # Consul works interface names out by itself. Flags of the caller come last and win.
    [ -z "${CONSUL_CLIENT_INTERFACE:-}" ] || set -- "-client={{ GetInterfaceIP \"$CONSUL_CLIENT_INTERFACE\" }}" "$@"
    [ -z "${CONSUL_BIND_INTERFACE:-}" ] || set -- "-bind={{ GetInterfaceIP \"$CONSUL_BIND_INTERFACE\" }}" "$@"
    set -- consul agent "-data-dir=$data" "-config-dir=$config" "$@"
    ;;
-*)
    set -- consul "$@"
    ;;
*)
    if consul --help "${1:-}" 2>&1 | grep -q "consul ${1:-}"; then set -- consul "$@"; fi
    ;;
esac

if [ "$1" = consul ] && [ -z "${CONSUL_DISABLE_PERM_MGMT+set}" ]; then
    user=${CONSUL_UID:-$(id -u consul)}
    group=${CONSUL_GID:-$(id -g consul)}
    # Only the top: what is below a mounted directory belongs to the agent already, or to someone who knows better.
    for directory in "$data" "$config"; do
        [ "$(stat -c %u "$directory")" = "$user" ] || chown "$user:$group" "$directory"
    done
    set -- gosu "$user:$group" "$@"
fi

exec "$@"
