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
  esac
  for program in "${programs[@]}"; do
    command -v "$program" >/dev/null 2>&1 || printf '%s ' "$program"
  done
}

# Whether missing servers may be installed: when asked to ($1 = true), or as root on Debian, where it changes nothing
# but what apt-get knows how to undo.
may_install() { [ "$1" = true ] || { [ "$(id -u)" = 0 ] && [ -f /etc/debian_version ]; }; }

# Installs server $1, its talk into log $2. Debian's packages start nothing: a policy forbids it while we install.
server_install() {
  DEBIAN_FRONTEND=noninteractive bash "$root/test/servers/$1.sh" install >>"$2" 2>&1
}

# The first of $1 consecutive loopback ports that nobody listens on, outside the range the system hands out itself.
free_ports() {
  local count=$1 port i
  for _ in {1..200}; do
    port=$((12000 + RANDOM % 18000))
    for ((i = 0; i < count; i++)); do
      if (exec 3<>"/dev/tcp/127.0.0.1/$((port + i))") 2>/dev/null; then continue 2; fi
    done
    echo "$port"
    return 0
  done
  return 1
}

# Sets the settings of server $1 with its state in folder $2, where no one else is using it.
server_settings() {
  case $1 in
    s3)
      export GRANARY_S3_DIR=$2/s3 GRANARY_S3_PORT GRANARY_S3_ACCESS_KEY=granarytestkey00001 GRANARY_S3_SECRET_KEY
      GRANARY_S3_PORT=$(free_ports 1)
      GRANARY_S3_SECRET_KEY=$(od -An -N20 -tx1 /dev/urandom | tr -d ' \n')
      ;;
  esac
}

# What the tests' variable says about server $1 once it runs.
server_value() {
  case $1 in
    s3) printf 'http://127.0.0.1:%s %s %s' "$GRANARY_S3_PORT" "$GRANARY_S3_ACCESS_KEY" "$GRANARY_S3_SECRET_KEY" ;;
  esac
}

server_script() { bash "$root/test/servers/$1.sh" "$2"; }
