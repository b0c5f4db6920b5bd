#!/usr/bin/env bash
# A real MariaDB server for tests and benchmarks, on loopback, without root once installed.
#
#   mariadb.sh install   installs Debian's packages (as root)
#   mariadb.sh start     starts it; makes the state folder first where it is new. Prints a connection string
#   mariadb.sh stop      ends it in order; the data stay
#   mariadb.sh kill      ends it with SIGKILL; the data stay
#   mariadb.sh wipe      kill, and removes the state folder
#
# Environment:
#   GRANARY_MARIADB_DIR        state folder                     /var/tmp/granary-mariadb   (short: a socket lies in it)
#   GRANARY_MARIADB_PORT       TCP port                         17306  (0: any free one, kept in the state folder)
#   GRANARY_MARIADB_PASSWORD   password of the user granary     granarytestsecret0001
#   GRANARY_MARIADB_ARGS       further options of mariadbd, separated by blanks
set -euo pipefail

dir=${GRANARY_MARIADB_DIR:-/var/tmp/granary-mariadb}
port=${GRANARY_MARIADB_PORT:-17306}
password=${GRANARY_MARIADB_PASSWORD:-granarytestsecret0001}

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

# Debian puts the server where only root's path looks.
PATH=$PATH:/usr/sbin:/sbin

install_packages() { install_debian "mariadbd, mariadb-install-db and mariadb" mariadb-server mariadb-client; }

query() { mariadb --no-defaults --protocol=socket --socket="$dir/sock" --user="$(id -un)" "$@"; }

pid_of_server() {
  local pid
  [ -s "$dir/pid" ] || return 1
  pid=$(cat "$dir/pid")
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q "mariadbd.*$dir" || return 1
  echo "$pid"
}

start() {
  for program in mariadbd mariadb-install-db mariadb; do
    command -v "$program" >/dev/null || fail "$program is missing; run: $0 install"
  done
  umask 077
  local fresh=false pid i
  if [ ! -f "$dir/made" ]; then
    # New, or a first start that was cut short: from scratch.
    fresh=true
    rm -rf "$dir"
    mkdir -p "$dir"
    [ "$port" != 0 ] || port=$(free_ports 1)
    echo "$port" >"$dir/port"
    mariadb-install-db --no-defaults --datadir="$dir/data" --user="$(id -un)" --auth-root-authentication-method=socket \
      --auth-root-socket-user="$(id -un)" --skip-test-db --innodb-log-file-size=64M >"$dir/install.log" 2>&1 || fail "the data could not be made; see $dir/install.log"
  elif [ "$port" = 0 ]; then
    port=$(cat "$dir/port")
  fi
  if pid_of_server >/dev/null; then fail "it runs already"; fi
  # Every commit is written and synced, as in production; a small pool, because test machines are small.
  # shellcheck disable=SC2086 # options are separated by blanks
  setsid mariadbd --no-defaults --datadir="$dir/data" --user="$(id -un)" --socket="$dir/sock" --port="$port" --bind-address=127.0.0.1 \
    --pid-file="$dir/pid" --log-error="$dir/error.log" --skip-name-resolve --skip-log-bin --max-connections=400 \
    --innodb-buffer-pool-size=192M --innodb-log-file-size=64M --innodb-flush-log-at-trx-commit=1 --performance-schema=OFF \
    ${GRANARY_MARIADB_ARGS:-} </dev/null >>"$dir/start.log" 2>&1 &
  pid=$!
  for ((i = 0; i < 600; i++)); do
    if query -e 'SELECT 1' >/dev/null 2>&1; then break; fi
    kill -0 "$pid" 2>/dev/null || fail "it ended at once; see $dir/error.log"
    sleep 0.05
  done
  if [ $fresh = true ]; then
    query -e "CREATE USER granary@'127.0.0.1' IDENTIFIED BY '$password'; GRANT ALL ON *.* TO granary@'127.0.0.1';" \
      || fail "the user could not be made; see $dir/error.log"
    touch "$dir/made"
  fi
  echo "Server=127.0.0.1;Port=$port;User ID=granary;Password=$password"
}

end() {
  local pid i
  pid=$(pid_of_server) || return 0
  kill "-$1" "$pid" 2>/dev/null || return 0
  # A process that was stopped (SIGSTOP) must wake up to end.
  kill -CONT "$pid" 2>/dev/null || true
  for ((i = 0; i < 400; i++)); do
    if ! grep -qa . "/proc/$pid/cmdline" 2>/dev/null; then return 0; fi
    sleep 0.05
  done
  kill -KILL "$pid" 2>/dev/null || true
}

case ${1:-} in
  install) install_packages ;;
  start) start ;;
  stop) end TERM ;;
  kill) end KILL ;;
  wipe) end KILL; rm -rf "$dir" ;;
  *) fail "usage: mariadb.sh install | start | stop | kill | wipe" ;;
esac
