#!/bin/sh
# The image's `granary`: the same commands as the launcher of a checkout, without its scripts. It becomes the program, so
# that signals and exit codes are the program's own.
case ${1:-} in
  up | down | serve | worker | migrate) exec /opt/granary/silo/granary-silo "$@" ;;
  test | bench | servers)
    echo "granary: '$1' works in a checkout of the sources, not in the image." >&2
    exit 2
    ;;
  restore)
    # A catalog backup is a file; a version of a file is named SCOPE:/PATH.
    for argument in "$@"; do
      if [ -f "$argument" ]; then exec /opt/granary/silo/granary-silo "$@"; fi
    done
    ;;
esac
exec /opt/granary/admin/granary-admin "$@"
