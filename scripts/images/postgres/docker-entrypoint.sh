#!/bin/bash
# Makes the database on the first start, then becomes postgres.
# The database is made in a directory of its own and moved into place when it is complete, its PG_VERSION last: a
# container killed on its first start begins again instead of coming up with half a database.
set -euo pipefail

die() {
  echo "postgres image: $*" >&2
  exit 1
}

# Sets NAME from the file that NAME_FILE names, when it does.
from_file() {
  local name=$1 file_name=$1_FILE
  [ -n "${!file_name:-}" ] || return 0
  [ -z "${!name:-}" ] || die "set $name or $file_name, not both"
  [ -r "${!file_name}" ] || die "$(id -un) cannot read ${!file_name}"
  printf -v "$name" '%s' "$(cat "${!file_name}")"
}

# Runs the scripts a user mounted, against a server that listens on its own socket only.
run_init_scripts() {
  local new=$1 sockets=$2 file sql=(psql -v ON_ERROR_STOP=1 --no-psqlrc -h "$2" -U "$POSTGRES_USER")
  pg_ctl -D "$new" -w start -o "-c listen_addresses='' -c unix_socket_directories='$sockets'" >/dev/null
  if [ "$POSTGRES_DB" != postgres ]; then
    "${sql[@]}" -d postgres -v name="$POSTGRES_DB" -q <<<'CREATE DATABASE :"name"'
  fi
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) PGHOST=$sockets PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB bash "$file" ;;
      *.sql) "${sql[@]}" -d "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) gunzip -c "$file" | "${sql[@]}" -d "$POSTGRES_DB" ;;
    esac
  done
  pg_ctl -D "$new" -m fast -w stop >/dev/null
}

make_database() {
  local new=$1 scratch
  from_file POSTGRES_USER
  from_file POSTGRES_PASSWORD
  from_file POSTGRES_DB
  POSTGRES_USER=${POSTGRES_USER:-postgres}
  POSTGRES_DB=${POSTGRES_DB:-$POSTGRES_USER}
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  [ -n "${POSTGRES_PASSWORD:-}" ] || [ "$method" = trust ] ||
    die "the first start needs POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE (or POSTGRES_HOST_AUTH_METHOD=trust)"
  mkdir -m 0700 "$new"
  local options=(--username="$POSTGRES_USER" --auth-local=trust --auth-host=scram-sha-256 --encoding=UTF8)
  scratch=$(mktemp -d)
  if [ -n "${POSTGRES_PASSWORD:-}" ]; then
    printf '%s\n' "$POSTGRES_PASSWORD" >"$scratch/password"
    options+=(--pwfile="$scratch/password")
  fi
  # shellcheck disable=SC2086 # several options in one variable is what users of the official image write
  initdb -D "$new" "${options[@]}" ${POSTGRES_INITDB_ARGS:-} >/dev/null
  rm -f "$scratch/password"
  echo "listen_addresses = '*'" >>"$new/postgresql.conf"
  echo "host all all all $method" >>"$new/pg_hba.conf"
  run_init_scripts "$new" "$scratch"
  rm -rf "$scratch"
  touch "$new/.complete"
}

move_into_place() {
  local new=$1 entry
  for entry in "$new"/*; do
    [ "${entry##*/}" = PG_VERSION ] || mv -f "$entry" "$PGDATA/"
  done
  [ ! -e "$new/PG_VERSION" ] || mv "$new/PG_VERSION" "$PGDATA/"
  rm -rf "$new"
}

case ${1:-} in
  -*) set -- postgres "$@" ;;
esac
if [ "$1" = postgres ]; then
  if [ "$(id -u)" = 0 ]; then
    mkdir -p "$PGDATA"
    [ "$(stat -c %U "$PGDATA")" = postgres ] || chown -R postgres:postgres "$PGDATA"
    exec setpriv --reuid=postgres --regid=postgres --init-groups "$0" "$@"
  fi
  mkdir -p "$PGDATA"
  chmod 0700 "$PGDATA" 2>/dev/null || true
  if [ ! -s "$PGDATA/PG_VERSION" ]; then
    new=$PGDATA/.new
    if [ ! -e "$new/.complete" ]; then
      rm -rf "$new"
      [ -z "$(find "$PGDATA" -mindepth 1 -maxdepth 1 ! -name lost+found -print -quit)" ] || die "$PGDATA holds files but no database; use an empty volume"
      make_database "$new"
    fi
    move_into_place "$new"
    echo "postgres image: database ready in $PGDATA"
  fi
fi
exec "$@"
