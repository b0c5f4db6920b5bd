#!/usr/bin/env bash
# ./granary bench: builds what is stale and becomes the benchmark program, which starts a server of its own.
set -u
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
# shellcheck source-path=SCRIPTDIR source=stale.sh
. "$root/eng/stale.sh"
for part in silo admin bench; do
  if stale "$part"; then sh "$root/eng/build.sh" "$part" || exit 1; fi
done
exec "$root/bench/bin/Release/net10.0/granary-bench" "$@"
