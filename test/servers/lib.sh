# shellcheck shell=bash
# Sourced by the scripts of the servers that tests start: what all of them do in the same way.

fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# Installs Debian's packages $2 and on, as root; $1: the programs that are needed, for whoever is not on Debian.
install_debian() {
  local needed=$1 policy=/usr/sbin/policy-rc.d ours=false code=0
  shift
  [ "$(id -u)" = 0 ] || fail "install needs root"
  command -v apt-get >/dev/null || fail "install knows Debian only; needed: $needed"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # The packages would start services of their own: we run ours.
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; ours=true; fi
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 "$@" || code=$?
  if [ $ours = true ]; then rm -f $policy; fi
  return $code
}

# The first of $1 ports in a row that nobody listens on.
free_ports() {
  local first i
  for _ in {1..200}; do
    first=$((10000 + RANDOM % 20000))
    for ((i = 0; i < $1; i++)); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$((first + i))") 2>/dev/null; then continue 2; fi
    done
    echo "$first"
    return
  done
  fail "found no free ports"
}
