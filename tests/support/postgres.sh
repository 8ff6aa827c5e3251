# SPDX-License-Identifier: MIT
# A PostgreSQL server of a test's own: a free port of 127.0.0.1, its data in $scratch, stopped by its pid
# file. Source it after tap.sh. More settings of the server: postgres_start -c ssl=on ...
#
# postgres_start sets postgres_port and postgres_url; it fails if PostgreSQL is not installed.

postgres_bin=$(pg_config --bindir 2>/dev/null || :)
if [ ! -x "$postgres_bin/initdb" ]; then
  postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -1)
fi
postgres_data=$scratch/postgres

# PostgreSQL refuses to run as root: then it runs as the user that its package made.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=postgres --regid=postgres --clear-groups env HOME="$postgres_data" "$@"
  else
    "$@"
  fi
}

free_port() {
  ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); puts s.addr[1]'
}

postgres_start() {
  [ -x "$postgres_bin/initdb" ] || return 1
  mkdir -p "$postgres_data"
  [ "$(id -u)" != 0 ] || chown postgres "$postgres_data"
  (cd / && as_postgres "$postgres_bin/initdb" -D "$postgres_data/data" -U app -A trust --no-sync \
    -E UTF8 --locale=C) >"$scratch/initdb.log" 2>&1 || { cat "$scratch/initdb.log" >&2; return 1; }
  postgres_port=$(free_port)
  postgres_url=postgres://app@127.0.0.1:$postgres_port/app
  postgres_settings="-c listen_addresses=127.0.0.1 -c port=$postgres_port \
    -c unix_socket_directories=$postgres_data -c fsync=off -c log_min_messages=fatal $*"
  postgres_restart || return 1
  postgres_bare_sql postgres 'CREATE DATABASE app'
}

# Starts the server again with the data that it has.
postgres_restart() {
  (cd / && as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data/data" -w -t 60 -o "$postgres_settings" \
    -l "$postgres_data/log" start) >/dev/null 2>&1 || { cat "$postgres_data/log" >&2; return 1; }
  started "$(head -1 "$postgres_data/data/postmaster.pid")"
}

# Kills it at once, as a crash does.
postgres_kill() {
  (cd / && as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data/data" -m immediate -w stop) >/dev/null
}

postgres_bare_sql() { # database, statements
  PGOPTIONS= psql -X -q -At -v ON_ERROR_STOP=1 "postgres://app@127.0.0.1:$postgres_port/$1" -c "$2"
}

postgres_sql() { postgres_bare_sql app "$1"; }
