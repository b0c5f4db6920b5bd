#!/bin/sh
# make-secrets.sh FOLDER: makes the secrets of a new cluster, one file each, readable by their owner alone. What is there
# is kept. For docker-compose.yml as they are; for Kubernetes: kubectl create secret generic granary --from-file=FOLDER
set -eu
folder=${1:?usage: make-secrets.sh FOLDER}
umask 077
mkdir -p "$folder"
random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
word() { head -c 24 /dev/urandom | base64 | tr -dc 'A-Za-z0-9'; }
keep() { [ -s "$folder/$1" ] || printf '%s' "$2" >"$folder/$1"; }
keep operator-key "gk_op_$(word)"
keep cluster-key "$(random 32)"
keep encryption-key "$(random 32)"
keep database-password "$(word)"
keep database "Server=${GRANARY_DATABASE_HOST:-mariadb};Database=granary;User ID=granary;Password=$(cat "$folder/database-password")"
keep redis "${GRANARY_REDIS_HOST:-redis}:6379"
keep s3-user "granary"
keep s3-password "$(word)"
echo "$folder holds the secrets of a cluster. Keep a copy of encryption-key apart from the database: without it the secrets of stores cannot be read."
