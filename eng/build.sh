#!/bin/sh
# Builds one part in Release and stamps it: eng/build.sh silo|admin|bench|all. The first run also finds out which
# packages this machine's feed has (docs/adr/0001-two-feeds.md). Talks on stderr only; each phase is announced as it
# begins. With GRANARY_BUILD_STRICT=1 a build that warns fails.
set -u
part=$1
root=$(CDPATH='' cd -- "${0%/*}/.." && pwd -P) || exit 1
cd "$root" || exit 1
case $part in
  silo) project=silo/Granary.Silo.csproj what="the server" ;;
  admin) project=admin/Granary.Admin.csproj what="the command line client" ;;
  bench) project=bench/Granary.Bench.csproj what="the benchmarks" ;;
  all) project=Orleans.sln what="everything" ;;
  *) echo "usage: eng/build.sh silo|admin|bench|all" >&2; exit 2 ;;
esac
say() { printf 'granary: %s\n' "$*" >&2; }
# Whatever a tool prints, no address of a package feed leaves this script.
without_addresses() { sed -e 's# (https://learn.microsoft.com[^ )]*)##g' -e 's#[a-z]*://[^ ,;"'"'"'<>)]*#<address>#g'; }
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDTERMINALLOGGER=off DOTNET_CLI_UI_LANGUAGE=en

if ! command -v dotnet >/dev/null 2>&1 || ! dotnet --version >/dev/null 2>&1; then
  say "building needs the .NET SDK 10.0, which was not found; install it (https://dotnet.microsoft.com/download/dotnet/10.0) and run this again"
  exit 1
fi

mkdir -p .feed/stamps
# One build at a time in a checkout: two would write the same files. The lock goes when this script ends, however.
if command -v flock >/dev/null 2>&1; then
  exec 9>.feed/lock
  if ! flock -n 9; then
    say "waiting for another build of this checkout to end"
    flock 9
    # Often it was the same one.
    # shellcheck source-path=SCRIPTDIR source=stale.sh
    . eng/stale.sh
    stale "$part" || exit 0
  fi
fi

probe() {
  say "first run here: finding out which packages this machine's feed has"
  limit=
  if command -v timeout >/dev/null 2>&1; then limit="timeout 300"; fi
  $limit dotnet restore eng/probe/Probe.csproj -v:q --nologo 9>&- >.feed/probe.out 2>&1
  code=$?
  without_addresses <.feed/probe.out >.feed/probe.log
  rm -f .feed/probe.out
  # A feed that did not answer says nothing about what it has, whatever else was reported.
  missing=$(grep -c -E 'NU1101|NU1102' .feed/probe.log)
  other=$(grep -o -E 'error [A-Z]+[0-9]+' .feed/probe.log | grep -v -E 'NU110[12]$' | sort -u | head -n 1)
  if [ $code -eq 0 ]; then
    restricted=false
    say "the feed has every package"
  elif [ $code -eq 124 ]; then
    say "the package feed did not answer within 5 minutes; nothing was recorded, run this again when it does, or set RestrictedFeed to true or false"
    return 1
  elif [ "$missing" -gt 0 ] && [ -z "$other" ]; then
    restricted=true
    say "the feed lacks packages of the product; the stand-ins in compat/ are used instead (docs/adr/0001-two-feeds.md)"
  else
    say "the package feed could not be asked (${other:-exit code $code}; is this machine offline? .feed/probe.log has the details); nothing was recorded, run this again when it answers, or set RestrictedFeed to true or false"
    return 1
  fi
  echo "<Project><PropertyGroup><RestrictedFeed>$restricted</RestrictedFeed></PropertyGroup></Project>" >.feed/feed.props.new
  mv .feed/feed.props.new .feed/feed.props
}
case ${RestrictedFeed:-} in
  true | false) ;;
  "") unset RestrictedFeed; [ -f .feed/feed.props ] || probe || exit 1 ;;
  *) say "RestrictedFeed is '$RestrictedFeed'; it can only be true or false"; exit 2 ;;
esac

# The stamp carries the time at which the build began: what is edited meanwhile is newer. Making the output folders is
# no edit, so they are there before.
for file in */*.csproj */*/*.csproj; do
  [ ! -f "$file" ] || mkdir -p "${file%/*}/bin" "${file%/*}/obj"
done
stamp=.feed/stamps/$part
echo "${RestrictedFeed:-marker}" >"$stamp.new"
first=
[ -f "$stamp" ] || first=", which takes a minute or two the first time"
say "building $what$first"
log=.feed/build-$part.log
{
  dotnet build "$project" -c Release --nologo -v:m -nodeReuse:false 9>&- 2>&1
  echo $? >".feed/code-$part"
} | without_addresses | tee "$log" | while read -r line; do
  # A line for every project that is done, without the folders of this machine.
  case $line in
    *" -> "*) say "  built ${line%% -> *}" ;;
  esac
done
code=$(cat ".feed/code-$part")
rm -f ".feed/code-$part"
if [ "$code" -eq 0 ] && [ "${GRANARY_BUILD_STRICT:-}" = 1 ] && grep -q -E '(^|[ :])warning( [A-Z]+[0-9]+)?:' "$log"; then
  code=1
  say "the build has warnings, which this run does not accept:"
fi
if [ "$code" -ne 0 ]; then
  grep -E '(^|[ :])(error|warning)( [A-Z]+[0-9]+)?:' "$log" | sed "s#$root/##g" | sort -u | head -n 30 >&2
  say "the build failed (all of it: .feed/build-$part.log)"
  rm -f "$stamp.new"
  exit 1
fi
mv "$stamp.new" "$stamp"
if [ "$part" = all ]; then
  # The solution holds the programs too.
  for other in silo admin bench; do cp -p "$stamp" ".feed/stamps/$other"; done
fi
