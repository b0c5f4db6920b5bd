#!/usr/bin/env bash
# nginx for the tests of the sample in deploy/nginx.conf, which start it themselves.
#   nginx.sh install   installs Debian's package (as root)
set -euo pipefail

fail() { printf 'nginx.sh: %s\n' "$*" >&2; exit 1; }

install_packages() {
  [ "$(id -u)" = 0 ] || fail "install needs root"
  command -v apt-get >/dev/null || fail "install knows Debian only; the program needed is nginx"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  # The package would start a service of its own: the tests run theirs.
  local policy=/usr/sbin/policy-rc.d ours=false code=0
  if [ ! -e $policy ]; then printf '#!/bin/sh\nexit 101\n' >$policy; chmod +x $policy; ours=true; fi
  apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=300 nginx-light || code=$?
  if [ $ours = true ]; then rm -f $policy; fi
  return $code
}

case ${1:-} in
  install) install_packages ;;
  *) echo "usage: nginx.sh install" >&2; exit 2 ;;
esac
