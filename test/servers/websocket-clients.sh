#!/usr/bin/env bash
# The WebSocket clients of others that tests use: Debian's python3-websockets, and wscat from npm below /opt.
#   websocket-clients.sh missing   prints what is missing
#   websocket-clients.sh install   installs it, as root on Debian
set -euo pipefail
home=/opt/granary-test-clients
case ${1:-} in
  missing)
    /usr/bin/python3 -c 'import websockets' 2>/dev/null || printf 'python3-websockets '
    [ -x "$home/node_modules/.bin/wscat" ] || command -v wscat >/dev/null || printf 'wscat '
    ;;
  install)
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    apt-get install -y -q python3-websockets
    command -v npm >/dev/null || apt-get install -y -q --no-install-recommends npm
    mkdir -p "$home"
    npm install --silent --no-fund --no-audit --prefix "$home" wscat
    ;;
  *) echo "usage: $0 missing | install" >&2; exit 2 ;;
esac
