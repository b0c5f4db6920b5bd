#!/usr/bin/env bash
# A real S3 server for tests and benchmarks: Ceph's RADOS Gateway over one monitor and one object store in a sparse file,
# all on loopback, without root once installed.
#
#   s3.sh install   installs Debian's packages (as root)
#   s3.sh start     starts it; formats the state folder first where it is new. Prints the endpoint
#   s3.sh stop      ends it in order; the data stay
#   s3.sh kill      ends it like a power cut
#   s3.sh wipe      kill, and removes the state folder
#
# Environment:
#   GRANARY_S3_DIR          state folder                       /var/tmp/granary-s3   (short: sockets lie in it)
#   GRANARY_S3_PORT         port of the S3 endpoint            17480  (0: any free one, kept in the state folder)
#   GRANARY_S3_MON_PORT     port of the monitor                any free one, kept in the state folder
#   GRANARY_S3_ACCESS_KEY   key of the one user                granarytestkey00001
#   GRANARY_S3_SECRET_KEY   its secret                         granarytestsecret00000000000000000001
#   GRANARY_S3_BYTES        size of the object store           20 GiB
#   GRANARY_S3_LC_SECONDS   seconds that a lifecycle day lasts, for tests of lifecycle rules; unset: a day
set -euo pipefail

dir=${GRANARY_S3_DIR:-/var/tmp/granary-s3}
port=${GRANARY_S3_PORT:-17480}
access=${GRANARY_S3_ACCESS_KEY:-granarytestkey00001}
secret=${GRANARY_S3_SECRET_KEY:-granarytestsecret00000000000000000001}
bytes=${GRANARY_S3_BYTES:-$((20 << 30))}
lifecycle=${GRANARY_S3_LC_SECONDS:--1}
export CEPH_CONF=$dir/ceph.conf

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${BASH_SOURCE[0]%/*}/lib.sh"

install_packages() { install_debian "ceph-mon, ceph-osd, radosgw, radosgw-admin and ceph" ceph-mon ceph-osd radosgw ceph-common; }

# $1: seconds, the rest: a command that succeeds when what we wait for is there.
wait_for() {
  local tries=$(($1 * 20)) i
  shift
  for ((i = 0; i < tries; i++)); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    sleep 0.05
  done
  return 1
}

osd_is_up() { timeout 10 ceph osd stat | grep -q '1 up'; }
gateway_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$port" && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3 | grep -q '^HTTP/'); }

write_config() {
  local mon=$1
  {
    echo "[global]"
    echo "fsid = $2"
    echo "mon_initial_members = a"
    echo "mon_host = v2:127.0.0.1:$mon"
    echo "public_addr = 127.0.0.1"
    echo "cluster_addr = 127.0.0.1"
    echo "ms_bind_ipv4 = true"
    echo "ms_bind_ipv6 = false"
    echo "ms_bind_port_min = $((mon + 1))"
    echo "ms_bind_port_max = $((mon + 19))"
    # Nobody authenticates inside: it is one machine's loopback. Then monitor clients must not insist on encryption.
    for side in cluster service client; do echo "auth_${side}_required = none"; done
    echo "ms_mon_client_mode = crc"
    echo "run_dir = $dir/run"
    echo "admin_socket = $dir/run/\$name.\$pid.asok"
    echo "pid_file = $dir/run/\$name.pid"
    echo "log_file = $dir/log/\$name.log"
    echo "crash_dir = $dir/log"
    # One copy of everything, few placement groups.
    echo "osd_pool_default_size = 1"
    echo "osd_pool_default_min_size = 1"
    echo "osd_pool_default_pg_num = 8"
    echo "osd_pool_default_pg_autoscale_mode = off"
    echo "osd_crush_chooseleaf_type = 0"
    echo "mon_allow_pool_size_one = true"
    echo "mon_max_pg_per_osd = 1000"
    # Map changes are proposed at once: a start takes 5 s instead of 16.
    echo "paxos_propose_interval = 0.05"
    echo "paxos_min_wait = 0.01"
    # A nearly full test machine is no reason for the monitor to stop.
    echo "mon_data_avail_warn = 1"
    echo "mon_data_avail_crit = 0"
    echo "debug_ms = 0/0"
    echo "debug_rgw = 0/0"
    echo "[mon.a]"
    echo "mon_data = $dir/mon"
    echo "mon_cluster_log_file = $dir/log/cluster.log"
    echo "[osd.0]"
    echo "osd_data = $dir/osd"
    echo "osd_objectstore = bluestore"
    # After a kill of the gateway, writes wait until its watches have timed out (30 s by default). The gateway must renew
    # them more often than that, or it loses its own while it lives and hangs: it does so every tick, of 5 s by default.
    echo "osd_client_watch_timeout = 6"
    echo "bluestore_block_size = $bytes"
    echo "bluestore_block_create = true"
    echo "bluestore_block_db_create = false"
    echo "bluestore_block_wal_create = false"
    echo "bluestore_cache_autotune = false"
    echo "bluestore_cache_size = $((256 << 20))"
    echo "[client.rgw.a]"
    echo "objecter_tick_interval = 1"
    echo "rgw_frontends = beast endpoint=127.0.0.1:$port tcp_nodelay=1"
    echo "rgw_data = $dir/rgw"
    echo "rgw_thread_pool_size = 64"
    echo "rgw_enable_usage_log = false"
    echo "rgw_dynamic_resharding = false"
    echo "rgw_gc_obj_min_wait = 60"
    echo "rgw_gc_processor_period = 60"
    echo "rgw_lc_debug_interval = $lifecycle"
  } >"$CEPH_CONF"
}

start() {
  for program in ceph-mon ceph-osd radosgw radosgw-admin ceph; do
    command -v "$program" >/dev/null || fail "$program is missing; run: $0 install"
  done
  umask 077
  local fresh=false mon fsid
  if [ ! -f "$dir/formatted" ]; then
    # New, or a first start that was cut short: from scratch.
    fresh=true
    rm -rf "$dir"
    mkdir -p "$dir"/{mon,osd,rgw,run,log}
    # The monitor's ports, and one for the gateway.
    mon=${GRANARY_S3_MON_PORT:-$(free_ports 21)}
    [ "$port" != 0 ] || port=$((mon + 20))
    fsid=$(cat /proc/sys/kernel/random/uuid)
    printf '%s %s %s\n' "$mon" "$fsid" "$port" >"$dir/cluster"
  else
    local kept
    read -r mon fsid kept <"$dir/cluster"
    [ "$port" != 0 ] || port=$kept
  fi
  write_config "$mon" "$fsid"
  if [ $fresh = true ]; then
    monmaptool --create --clobber --fsid "$fsid" --addv a "[v2:127.0.0.1:$mon]" "$dir/monmap" >>"$dir/log/format.log"
    ceph-mon -i a --mkfs --monmap "$dir/monmap" >>"$dir/log/format.log" 2>&1
  fi
  ceph-mon -i a >>"$dir/log/start.log" 2>&1
  if [ $fresh = true ]; then
    local osd
    osd=$(cat /proc/sys/kernel/random/uuid)
    timeout 30 ceph osd new "$osd" >>"$dir/log/format.log" 2>&1 || fail "the monitor does not answer; see $dir/log"
    ceph-osd -i 0 --mkfs --osd-uuid "$osd" >>"$dir/log/format.log" 2>&1
  fi
  ceph-osd -i 0 >>"$dir/log/start.log" 2>&1
  wait_for 30 osd_is_up || fail "the object store did not come up; see $dir/log"
  timeout 90 radosgw -n client.rgw.a >>"$dir/log/start.log" 2>&1 || fail "the gateway did not start; see $dir/log"
  wait_for 30 gateway_answers || fail "the gateway does not answer; see $dir/log"
  if [ $fresh = true ]; then
    timeout 60 radosgw-admin user create --uid=granary --display-name=granary --access-key="$access" --secret-key="$secret" >>"$dir/log/format.log" 2>&1 \
      || fail "the user could not be made; see $dir/log/format.log"
    touch "$dir/formatted"
  fi
  echo "http://127.0.0.1:$port"
}

# Ends our three processes by the ids in the state folder, after a look that the ids are still theirs. $1: the signal.
end_all() {
  local name file pid
  for name in client.rgw.a osd.0 mon.a; do
    file=$dir/run/$name.pid
    [ -s "$file" ] || continue
    pid=$(cat "$file")
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qE '^(radosgw|ceph-osd|ceph-mon) ' || continue
    kill "-$1" "$pid" 2>/dev/null || continue
    # A process that was stopped (SIGSTOP) must wake up to end.
    kill -CONT "$pid" 2>/dev/null || true
    wait_for 20 process_ended "$pid" || kill -KILL "$pid" 2>/dev/null || true
  done
}
process_ended() { ! grep -qa . "/proc/$1/cmdline" 2>/dev/null; }

case ${1:-} in
  install) install_packages ;;
  start) start ;;
  stop) end_all TERM ;;
  kill) end_all KILL ;;
  wipe) end_all KILL; rm -rf "$dir" ;;
  *) fail "usage: s3.sh install | start | stop | kill | wipe" ;;
esac
