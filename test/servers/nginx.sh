#!/usr/bin/env bash
# nginx for the tests of the sample in deploy/nginx.conf, which start it themselves.
#   nginx.sh install   installs Debian's package (as root)
set -euo pipefail

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

case ${1:-} in
  install) install_debian nginx nginx-light ;;
  *) echo "usage: nginx.sh install" >&2; exit 2 ;;
esac
