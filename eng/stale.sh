# shellcheck shell=sh disable=SC2154 # sourced: $root comes from there
# Sourced (with $root set) by the launcher and the scripts beside this one: whether a part must be built again. On the
# way of every command, so it starts one process: find, which stops at the first newer file.

# The folders that a part is built from (a test compares them with the project references).
sources_of() {
  case $1 in
    admin) echo "admin" ;;
    silo) echo "grain-interfaces stores catalog grains client-api silo compat" ;;
    bench) echo "grain-interfaces catalog compat bench" ;;
    *) echo "grain-interfaces stores catalog grains client-api silo compat admin bench test" ;;
  esac
}

# Stale: no stamp, a stamp for another feed, or a stamp older than a source. Folders count as sources (removing a file
# changes their time); build output does not.
stale() {
  stamp=$root/.feed/stamps/$1
  [ -f "$stamp" ] && read -r feed <"$stamp" && [ "$feed" = "${RestrictedFeed:-marker}" ] || return 0
  [ -n "${RestrictedFeed:-}" ] || [ -f "$root/.feed/feed.props" ] || return 0
  # shellcheck disable=SC2046 # a list of folders without blanks
  newer=$(cd "$root" && find $(sources_of "$1") Directory.*.props Directory.*.targets NuGet.config global.json \
    .editorconfig eng/*.targets eng/BannedSymbols.txt \( -name bin -o -name obj \) -prune \
    -o -newer "$stamp" -print -quit 2>&1)
  [ -n "$newer" ]
}
