#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# delayedjob.so judged by the real Delayed Job, with its own table, on SQLite, PostgreSQL and MariaDB.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
. "$top_srcdir/tests/support/mariadb.sh"
needs ruby 'Delayed Job is written in it'
ruby -e "require 'delayed_job_active_record'; require 'sqlite3'; require 'pg'; require 'mysql2'" 2>/dev/null ||
  { echo '1..0 # SKIP ruby-delayed-job-active-record, ruby-sqlite3, ruby-pg or ruby-mysql2 is missing'; exit 77; }
postgres_start -c timezone=Asia/Kolkata || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }
mariadb_start --default-time-zone=+05:30 || { echo '1..0 # SKIP MariaDB is missing'; exit 77; }

compare() { # database, url
  local name got wanted n=0
  while IFS='|' read -r name got wanted; do
    is "$1: $name" "$got" "$wanted"
    n=$((n + 1))
  done < <(ruby "$top_srcdir/tests/interop/delayedjob.rb" "$2" "$top_builddir/tests/plugin/measure" delayedjob)
  is "$1: it came to the end" $n 28
}
compare sqlite "sqlite3:$scratch/app.sqlite3"
compare postgresql "$postgres_url"
compare mariadb "$mariadb_url"
tap_end
