#!/usr/bin/env bash
# ./granary bench: builds what is stale and becomes the benchmark program, which starts a server of its own.
set -u
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
sh "$root/eng/build.sh" silo && sh "$root/eng/build.sh" admin && sh "$root/eng/build.sh" bench || exit 1
exec dotnet "$root/bench/bin/Release/net10.0/Granary.Bench.dll" "$@"
