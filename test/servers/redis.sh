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
fail() { printf 'redis.sh: %s\n' "$*" >&2; exit 1; }

install_packages() {
  [ "$(id -u)" = 0 ] || fail "install needs root"
  command -v apt-get >/dev/null || fail "install knows Debian only; the program needed is redis-server"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # The package would start a service of its own: we run ours.
  local policy=/usr/sbin/policy-rc.d ours=false code=0
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; ours=true; fi
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 redis-server || code=$?
  if [ $ours = true ]; then rm -f $policy; fi
  return $code
}

free_port() {
  local candidate
  for _ in {1..200}; do
    candidate=$((10000 + RANDOM % 20000))
    if ! (exec 3<>"/dev/tcp/127.0.0.1/$candidate") 2>/dev/null; then echo "$candidate"; return; fi
  done
  fail "found no free port"
}

answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'PING\r\n' >&3 && head -n 1 <&3 | grep -q PONG) 2>/dev/null; }

start() {
  command -v redis-server >/dev/null || fail "redis-server is missing; run: $0 install"
  umask 077
  mkdir -p "$dir"
  if [ "$port" = 0 ]; then
    [ -s "$dir/port" ] || free_port >"$dir/port"
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
