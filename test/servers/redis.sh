#!/usr/bin/env bash
# A Redis server for tests on loopback, without root once installed.
#
#   redis.sh install   installs Debian's package (as root)
#   redis.sh start     starts it, prints host:port
#   redis.sh stop      ends it in order
#   redis.sh kill      ends it like a power cut
#   redis.sh wipe      kill, and removes the state folder
#
# Environment: GRANARY_REDIS_DIR  state folder, /var/tmp/granary-redis
#              GRANARY_REDIS_PORT port, 17379 (0: any free one, kept in the state folder)
set -euo pipefail

dir=${GRANARY_REDIS_DIR:-/var/tmp/granary-redis}
port=${GRANARY_REDIS_PORT:-17379}
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

install_packages() { install_debian "redis-server" redis-server; }

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'PING\r\n' >&3 && head -n 1 <&3 | grep -q PONG) 2>/dev/null; }

start() {
  command -v redis-server >/dev/null || fail "redis-server is missing; run: $0 install"
  umask 077
  mkdir -p "$dir"
  if [ "$port" = 0 ]; then
    [ -s "$dir/port" ] || free_ports 1 >"$dir/port"
    port=$(cat "$dir/port")
  fi
  redis-server --bind 127.0.0.1 --port "$port" --dir "$dir" --save "" --appendonly yes --daemonize yes \
    --pidfile "$dir/pid" --logfile "$dir/log" >/dev/null
  for _ in {1..100}; do
    if answers; then echo "127.0.0.1:$port"; return; fi
    sleep 0.05
  done
  fail "it does not answer; see $dir/log"
}

# $1: the signal. The id must still be that of a Redis server.
end_it() {
  local pid
  [ -s "$dir/pid" ] || return 0
  pid=$(cat "$dir/pid")
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q '^redis-server ' || return 0
  kill "-$1" "$pid" 2>/dev/null || return 0
  kill -CONT "$pid" 2>/dev/null || true
  for _ in {1..200}; do
    grep -qa . "/proc/$pid/cmdline" 2>/dev/null || return 0
    sleep 0.05
  done
}

case ${1:-} in
  install) install_packages ;;
  start) start ;;
  stop) end_it TERM ;;
  kill) end_it KILL ;;
  wipe) end_it KILL; rm -rf "$dir" ;;
  *) echo "usage: redis.sh install|start|stop|kill|wipe" >&2; exit 2 ;;
esac
