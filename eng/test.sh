#!/usr/bin/env bash
# ./granary test: builds, starts the servers that tests need, runs every test project, stops the servers, and ends with
# one line of totals. See usage below; docs/development.md says more.
set -u
root=$(cd "${BASH_SOURCE[0]%/*}/.." && pwd -P)
cd "$root" || exit 1
# shellcheck source-path=SCRIPTDIR source=servers-lib.sh
. eng/servers-lib.sh
# shellcheck source-path=SCRIPTDIR source=stale.sh
. eng/stale.sh

usage() {
  cat <<'TEXT'
Usage: ./granary test [--filter F] [--soak] [--seed N] [--install]

Runs every test and ends with one line: N passed, N failed, N skipped.

  --filter F   only tests that match: a part of a name, or an expression as `dotnet test --filter` takes it
  --soak       the full counts of repetitions, kills and interleavings, instead of the reduced ones
  --seed N     the seed of everything random in the tests (default: a fresh one, printed at the start)
  --install    installs the servers that tests need and that are missing (as root on Debian that is the default)

Environment: GRANARY_TEST_S3 = "endpoint accessKey secretKey" of an S3 server to use instead of starting one.
With CI=true a server that is missing, or fewer tests than eng/min-tests.txt says, makes the run fail.
Results and logs of each project are left in artifacts/test/.

Exit codes: 0 all passed (or skipped), 1 a test failed or the build did, 2 wrong usage, 130 interrupted.
TEXT
}

filter="" soak=false seed="" install=false
wrong() { say "$1 (./granary test --help)"; exit 2; }
while [ $# -gt 0 ]; do
  case $1 in
    --filter) [ $# -ge 2 ] || wrong "--filter needs a value"; filter=$2; shift ;;
    --filter=*) filter=${1#*=} ;;
    --seed) [ $# -ge 2 ] || wrong "--seed needs a number"; seed=$2; shift ;;
    --seed=*) seed=${1#*=} ;;
    --soak) soak=true ;;
    --install) install=true ;;
    -h | --help) usage; exit 0 ;;
    *) wrong "unknown argument: $1" ;;
  esac
  shift
done
[ -n "$seed" ] || seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
case $seed in *[!0-9]* | "") wrong "--seed is not a number: $seed" ;; esac

started_at=$SECONDS
# Every run has a folder of its own, with a short path: a server's socket has room for 107 bytes.
work=$(mktemp -d /var/tmp/granary-test.XXXXXX)
results=$root/artifacts/test
rm -rf "$results"
mkdir -p "$results"
running_servers=()
declare -A groups=()   # process group of every test run that is under way -> its project

clean_up() {
  trap - EXIT INT TERM HUP
  local group name
  for group in "${!groups[@]}"; do kill -TERM -- "-$group" 2>/dev/null; done
  [ ${#groups[@]} -eq 0 ] || sleep 1
  for group in "${!groups[@]}"; do kill -KILL -- "-$group" 2>/dev/null; done
  for name in "${running_servers[@]}"; do
    # Its own logs are of interest only where something went wrong.
    if [ "${failed:-0}" -gt 0 ] && [ -d "$work/$name/log" ]; then cp -r "$work/$name/log" "$results/server-$name-logs"; fi
    server_script "$name" wipe >>"$work/stop.log" 2>&1
  done
  rm -rf "$work"
}
trap clean_up EXIT
trap 'clean_up; exit 130' INT TERM HUP

# --- 1. Servers are installed while the build runs: one waits for the network, the other for the processor.
missing_servers=()
installing=()
for name in "${server_names[@]}"; do
  variable=$(server_variable "$name")
  [ -z "${!variable:-}" ] || continue
  [ -n "$(server_missing "$name")" ] || continue
  if may_install "$install"; then
    say "installing the $name server for the tests ($(server_missing "$name"))"
    server_install "$name" "$results/install-$name.log" &
    installing+=($!)
  fi
done

# Servers that tests start for themselves, because they kill them: only their programs have to be there.
for name in mariadb redis nginx; do
  if [ -f "test/servers/$name.sh" ] && [ -n "$(server_missing "$name")" ] && may_install "$install"; then
    say "installing the $name server for the tests ($(server_missing "$name"))"
    server_install "$name" "$results/install-$name.log" &
    installing+=($!)
  fi
done

missing_clients=$(bash test/servers/websocket-clients.sh missing)
if [ -n "$missing_clients" ] && may_install "$install"; then
  say "installing WebSocket clients for the tests ($missing_clients)"
  one_install bash test/servers/websocket-clients.sh install >"$results/install-clients.log" 2>&1 &
  installing+=($!)
fi

if [ -n "$(tools_missing)" ] && may_install "$install"; then
  say "installing programs for the tests of stock clients ($(tools_missing))"
  tools_install "$results/install-tools.log" &
  installing+=($!)
fi

# --- 2. The build, in Release: the same programs that ./granary up and the command line client are.
if [ "${CI:-}" = true ] || stale all; then
  if [ "${CI:-}" = true ]; then export GRANARY_BUILD_STRICT=1; fi
  setsid sh eng/build.sh all &
  groups[$!]=build
  wait $!
  built=$?
  unset "groups[$!]"
  [ $built -eq 0 ] || { clean_up; echo "0 passed, 1 failed, 0 skipped"; exit 1; }
fi
for job in "${installing[@]}"; do wait "$job" || say "installing a server failed; see artifacts/test/install-*.log"; done

# --- 3. The servers start; their settings reach the tests through the environment.
for name in "${server_names[@]}"; do
  variable=$(server_variable "$name")
  if [ -n "${!variable:-}" ]; then say "using the $name server of $variable"; continue; fi
  missing=$(server_missing "$name")
  if [ -n "$missing" ]; then
    missing_servers+=("$name")
    say "no $name server: these programs are missing: $missing(./granary test --install); its tests are skipped"
    continue
  fi
  say "starting the $name server"
  server_settings "$name" "$work"
  running_servers+=("$name")
  if ! server_start "$name" "$results/server-$name.log"; then
    missing_servers+=("$name")
    say "the $name server did not start (artifacts/test/server-$name.log); its tests are skipped"
  fi
done

# --- 4. The projects, two at a time; those that say RunsAlone (they measure, or load the whole machine) after them.
export GRANARY_TEST_SEED=$seed
# A hang is reported, and ended, long before the run's own limit.
hang=5m limit=1200
if [ $soak = true ]; then export GRANARY_TEST_SOAK=1; hang=120m limit=86400; fi
say "seed $seed$([ $soak = false ] || echo ", full counts")"

start_project() {
  local project=$1 name=$2 folder=${1%/*}
  local assembly=${project##*/}
  assembly=$folder/bin/Release/net10.0/${assembly%.csproj}.dll
  local arguments=(test "$assembly" --results-directory "$results" --logger "trx;LogFileName=$name.trx"
    --blame-hang-timeout "$hang" --blame-hang-dump-type none)
  [ -z "$filter" ] || arguments+=(--filter "$filter")
  # A session of its own: whatever a test leaves behind is found by its process group and ended with it.
  TMPDIR=$work setsid timeout -k 10 "$limit" dotnet "${arguments[@]}" >"$results/$name.log" 2>&1 &
  groups[$!]=$name
}

end_project() { # $1 process group, $2 exit code
  local name=${groups[$1]}
  kill -KILL -- "-$1" 2>/dev/null
  unset "groups[$1]"
  count_project "$name" "$2"
}

passed=0 failed=0 skipped=0
# Adds up a project's result file, and prints its line and what failed.
count_project() {
  local name=$1 code=$2 file=$results/$1.trx p=0 f=0 total=0 executed=0 counters
  if [ -f "$file" ]; then
    counters=$(grep -o '<Counters [^>]*' "$file" | head -n 1)
    p=$(attribute "$counters" passed) f=$(attribute "$counters" failed)
    total=$(attribute "$counters" total) executed=$(attribute "$counters" executed)
    f=$((f + $(attribute "$counters" error) + $(attribute "$counters" timeout) + $(attribute "$counters" aborted)))
  fi
  # An end that no failed test explains (a crash, a hang, a time-out) is a failure of its own.
  if [ "$code" -ne 0 ] && [ "$f" -eq 0 ]; then
    f=1
    printf 'FAILED %s as a whole: exit code %s; the end of artifacts/test/%s.log:\n' "$name" "$code" "$name"
    tail -n 15 "$results/$name.log" | sed -e "s#$root/##g" -e 's/^/    /'
  fi
  local s=$((total - executed))
  passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s))
  printf '%-16s %5d passed %4d failed %4d skipped\n' "$name" "$p" "$f" "$s"
  [ ! -f "$file" ] || list_failures "$file"
}
attribute() { local value=${1#* "$2"=\"}; [ "$value" != "$1" ] || { echo 0; return; }; echo "${value%%\"*}"; }

# Names and messages of the failed tests of a result file.
list_failures() {
  awk -v root="$root/" '
    function plain(s) { gsub(/&lt;/, "<", s); gsub(/&gt;/, ">", s); gsub(/&quot;/, "\"", s); gsub(/&#x[DA];/, " ", s); gsub(/&apos;/, "\047", s); gsub(/&amp;/, "\\&", s); gsub(root, "", s); return s }
    /<UnitTestResult / { failing = /outcome="Failed"/; if (failing && match($0, /testName="[^"]*"/)) print "FAILED " plain(substr($0, RSTART + 10, RLENGTH - 11)) }
    failing && /<Message>/ { inside = 1; lines = 0 }
    failing && /<StackTrace>/ { inside = 1; lines = 0 }
    inside && / at (System\.Reflection|Xunit)\./ { if (/<\/StackTrace>/) inside = 0; next }
    inside && lines < 8 { line = $0; gsub(/<\/?(Message|StackTrace|ErrorInfo|Output)>/, "", line); if (line ~ /[^ ]/) print "    " plain(line); lines++ }
    /<\/Message>|<\/StackTrace>/ { inside = 0 }' "$1"
}

wait_for_one() {
  local pid code
  wait -n -p pid "${!groups[@]}"
  code=$?
  [ -n "${pid:-}" ] && end_project "$pid" "$code"
}

together=() alone=()
for project in test/*/*.Tests.csproj; do
  if grep -q '<RunsAlone>true</RunsAlone>' "$project"; then alone+=("$project"); else together+=("$project"); fi
done
run_all() { # $1 at a time, then the projects
  local width=$1 project
  shift
  for project in "$@"; do
    while [ ${#groups[@]} -ge "$width" ]; do wait_for_one; done
    start_project "$project" "$(basename "${project%/*}")"
  done
  while [ ${#groups[@]} -gt 0 ]; do wait_for_one; done
}
say "running the tests of $((${#together[@]} + ${#alone[@]})) projects"
[ ${#together[@]} -eq 0 ] || run_all 2 "${together[@]}"
[ ${#alone[@]} -eq 0 ] || run_all 1 "${alone[@]}"

# --- 5. The verdict.
reasons=$(cat "$results"/*.trx 2>/dev/null | awk '
  /<UnitTestResult / { skipping = /outcome="NotExecuted"/ }
  skipping && match($0, /<(Message|StdOut)>[^<]*/) { reason = substr($0, RSTART, RLENGTH); sub(/<[A-Za-z]*>/, "", reason); count[reason]++; skipping = 0 }
  END { for (reason in count) printf "  %d skipped: %s\n", count[reason], reason }' | sort)
[ -z "$reasons" ] || printf '%s\n' "$reasons"
count=$((passed + failed + skipped))
if [ "$count" -eq 0 ]; then
  say "no test matches${filter:+ --filter $filter}"
  failed=1
fi
if [ "${CI:-}" = true ]; then
  if [ ${#missing_servers[@]} -gt 0 ]; then
    echo "FAILED for want of servers: ${missing_servers[*]} (CI=true accepts no skipped server)"
    [ "$failed" -gt 0 ] || failed=1
  fi
  least=$(grep -v '^#' eng/min-tests.txt)
  if [ -z "$filter" ] && [ "$count" -lt "$least" ]; then
    echo "FAILED for want of tests: $count ran, eng/min-tests.txt demands $least"
    failed=$((failed + 1))
  fi
fi
# Which test was under way is of interest only when one ended badly.
[ "$failed" -gt 0 ] || rm -rf "$results"/*-*-*-*-*/
say "$((SECONDS - started_at)) s in all"
verdict="$passed passed, $failed failed, $skipped skipped"
clean_up
echo "$verdict"
[ "$failed" -eq 0 ]
