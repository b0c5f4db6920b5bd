#!/usr/bin/env bash
# ./granary servers start|stop: the servers that ./granary test starts for itself, kept up for work in an IDE.
set -u
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
cd "$root" || exit 1
# shellcheck source-path=SCRIPTDIR source=servers-lib.sh
. eng/servers-lib.sh

usage() {
  cat <<'TEXT'
Usage: ./granary servers start [--install] | stop

start brings up the servers that tests talk to, each on a free loopback port, and prints the environment variables by
which tests find them; `eval "$(./granary servers start)"` sets them in a shell. They stay up until stop, which removes
their data too. --install installs what is missing (as root on Debian that is the default).

Exit codes: 0 done, 1 a server is missing or did not start, 2 wrong usage.
TEXT
}

# The state of what runs: a line per server, its name and settings as `declare` prints them.
state=.feed/servers
stop() {
  local folder
  [ -f "$state" ] || return 0
  # shellcheck disable=SC1090
  . "$state"
  for name in "${server_names[@]}"; do server_script "$name" wipe >&2 || true; done
  folder=${GRANARY_SERVERS_FOLDER:-}
  case $folder in /var/tmp/granary-servers.*) rm -rf "$folder" ;; esac
  rm -f "$state"
}

start() {
  local name missing folder variable code=0
  if [ -f "$state" ]; then
    say "the servers run already (./granary servers stop ends them)"
    grep '^export GRANARY_TEST_' "$state"
    return 0
  fi
  mkdir -p .feed
  folder=$(mktemp -d /var/tmp/granary-servers.XXXXXX)
  for name in "${server_names[@]}"; do
    missing=$(server_missing "$name")
    if [ -n "$missing" ] && may_install "$install"; then
      say "installing the $name server ($missing)"
      server_install "$name" "$folder/install.log" || cat "$folder/install.log" >&2
      missing=$(server_missing "$name")
    fi
    if [ -n "$missing" ]; then
      say "no $name server: these programs are missing: $missing(--install installs them)"
      code=1
      continue
    fi
    server_settings "$name" "$folder"
    variable=$(server_variable "$name")
    say "starting the $name server"
    if server_start "$name" "$folder/$name.log"; then
      {
        declare -px | grep -E "^declare -x GRANARY_${name^^}_" | sed 's/^declare -x/export/'
        printf 'export GRANARY_SERVERS_FOLDER=%q\n' "$folder"
        printf 'export %s=%q\n' "$variable" "${!variable}"
      } >>"$state"
      chmod 600 "$state"
    else
      say "the $name server did not start:"
      cat "$folder/$name.log" >&2
      server_script "$name" wipe >&2 || true
      code=1
    fi
  done
  if [ -f "$state" ]; then grep '^export GRANARY_TEST_' "$state"; else rm -rf "$folder"; fi
  return $code
}

install=false
case "$*" in
  start) start ;;
  "start --install") install=true; start ;;
  stop) stop ;;
  -h | --help) usage ;;
  *) usage >&2; exit 2 ;;
esac
