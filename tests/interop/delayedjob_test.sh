#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# delayedjob.so judged by the real Delayed Job, with its own table and worker processes, in each version on
# SQLite, PostgreSQL and MariaDB. It has no pauses.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
. "$top_srcdir/tests/support/mariadb.sh"
. "$top_srcdir/tests/support/gems.sh"
needs ruby 'Delayed Job is written in it'
ruby -e "require 'delayed_job_active_record'; require 'sqlite3'; require 'pg'; require 'mysql2'" 2>/dev/null ||
  { echo '1..0 # SKIP ruby-delayed-job-active-record, ruby-sqlite3, ruby-pg or ruby-mysql2 is missing'; exit 77; }
sets=$(gem_sets delayed_job) ||
  { echo '1..0 # SKIP a version of Delayed Job is missing: bin/setup --test installs it'; exit 77; }
postgres_start -c timezone=Asia/Kolkata || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }
mariadb_start --default-time-zone=+05:30 || { echo '1..0 # SKIP MariaDB is missing'; exit 77; }

for set in $sets; do
  judge delayedjob "$set" "$set on SQLite" "sqlite3:$scratch/app.sqlite3"
done
judge_before=
for set in $sets; do
  judge delayedjob "$set" "$set on PostgreSQL" "$postgres_url"
done
judge_before=
for set in $sets; do
  judge delayedjob "$set" "$set on MariaDB" "$mariadb_url"
done
tap_end
