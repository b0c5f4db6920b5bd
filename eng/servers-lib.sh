# shellcheck shell=bash disable=SC2034,SC2154 # sourced: what is unused here is used there, and $root comes from there
# Sourced by eng/test.sh and eng/servers.sh: the servers that tests talk to. Each is a script test/servers/NAME.sh that
# answers install, start, stop, kill and wipe, and takes its settings from the environment. The functions take a name:
#   s3    an S3 server; tests find it in GRANARY_TEST_S3, "endpoint accessKey secretKey"

say() { printf 'granary: %s\n' "$*" >&2; }

server_names=(s3)

# The environment variable by which tests learn of a server.
server_variable() { printf 'GRANARY_TEST_%s' "${1^^}"; }

# The programs that the script starts; prints those that are missing.
server_missing() {
  local programs program
  case $1 in
    s3) programs=(ceph-mon ceph-osd radosgw radosgw-admin ceph) ;;
    mariadb) programs=(mariadbd mariadb-install-db mariadb) ;;
    redis) programs=(redis-server) ;;
    nginx) programs=(nginx) ;;
  esac
  for program in "${programs[@]}"; do
    # Debian puts servers where only root's path looks.
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null 2>&1 || printf '%s ' "$program"
  done
}

# Whether missing servers may be installed: when asked to ($1 = true), or as root on Debian, where it changes nothing
# but what apt-get knows how to undo.
may_install() { [ "$1" = true ] || { [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; }; }

# Runs an installation when no other one of ours is under way: apt-get does not wait for another by itself.
one_install() { flock "${TMPDIR:-/tmp}/granary-install.lock" "$@"; }

# Installs server $1, its talk into log $2. Debian's packages start nothing: a policy forbids it while we install.
server_install() {
  DEBIAN_FRONTEND=noninteractive one_install bash "$root/test/servers/$1.sh" install >>"$2" 2>&1
}

# Sets the settings of server $1 with its state in folder $2, where no one else is using it.
server_settings() {
  case $1 in
    s3)
      export GRANARY_S3_DIR=$2/s3 GRANARY_S3_PORT=0 GRANARY_S3_ACCESS_KEY=granarytestkey00001 GRANARY_S3_SECRET_KEY
      GRANARY_S3_SECRET_KEY=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')
      ;;
  esac
}

# Starts server $1, its talk into log $2, and exports the variable by which tests find it.
server_start() {
  local endpoint
  endpoint=$(server_script "$1" start 2>>"$2") || return
  case $1 in
    s3) export GRANARY_TEST_S3="$endpoint $GRANARY_S3_ACCESS_KEY $GRANARY_S3_SECRET_KEY" ;;
  esac
}

server_script() { bash "$root/test/servers/$1.sh" "$2"; }

# Stock clients, and programs that tests drive them with; prints those that are missing.
tools_missing() {
  local program
  for program in node npm chromium curl wget aria2c faketime ip; do
    command -v "$program" >/dev/null 2>&1 || printf '%s ' "$program"
  done
}

# Installs them, the talk into log $1; npm's own dependencies come without what they only recommend.
tools_install() {
  {
    one_install apt-get update -q && DEBIAN_FRONTEND=noninteractive one_install apt-get install -y -q --no-install-recommends -o DPkg::Lock::Timeout=600 \
      $(command -v node >/dev/null 2>&1 || echo nodejs) $(command -v npm >/dev/null 2>&1 || echo npm) chromium curl wget aria2 faketime iproute2
  } >>"$1" 2>&1
}
