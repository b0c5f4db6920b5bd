#!/bin/sh
# Answers for the SDK as files in $FAKE say: VERB.out is printed, VERB.code is the exit code. A build makes programs that
# print what they were given; a test run leaves the result file that the test prepared.
echo "$*" >>"$FAKE/log"
verb=$1
case $verb in
  --version) verb=version ;;
  test)
    echo "seed $GRANARY_TEST_SEED" >>"$FAKE/log"
    echo "S3 ${GRANARY_TEST_S3:-none}" >>"$FAKE/log"
    if [ -f "$FAKE/hang" ]; then echo $$ >"$FAKE/hanging"; exec sleep 60; fi
    for argument in "$@"; do
      case $argument in
        "trx;LogFileName="*) name=${argument#*=} && name=${name%.trx} ;;
      esac
      [ "${previous:-}" != --results-directory ] || results=$argument
      previous=$argument
    done
    if [ -f "$FAKE/$name.trx" ]; then cp "$FAKE/$name.trx" "$results/"; fi
    verb=$name
    ;;
  build)
    [ ! -f "$FAKE/slow" ] || sleep 1
    for part in silo admin bench; do
      mkdir -p "$part/bin/Release/net10.0"
      cp "$FAKE/program" "$part/bin/Release/net10.0/granary-$part"
    done
    ;;
esac
[ ! -f "$FAKE/$verb.out" ] || cat "$FAKE/$verb.out"
[ ! -f "$FAKE/$verb.code" ] || exit "$(cat "$FAKE/$verb.code")"
