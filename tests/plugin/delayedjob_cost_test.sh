#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a look of the daemon costs PostgreSQL does not grow with the table: the blocks that it touches, in each bad mix
# of rows, in a table and in one ten times as large. Times prove nothing here; blocks are the same on each run.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
needs psql 'it fills PostgreSQL'
postgres_start -c autovacuum=off || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }
postgres_sql "CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at timestamp, locked_at timestamp,
  failed_at timestamp, locked_by varchar, queue varchar); CREATE INDEX ON delayed_jobs (priority, run_at)"
now="now() AT TIME ZONE 'utc'"

# Rows of 450 bytes in three priorities and ten queues; of a row i: run_at, failed_at, locked_at in SQL.
fill() { # rows, run_at, failed_at, locked_at, VACUUM or nothing
  postgres_sql "TRUNCATE delayed_jobs; INSERT INTO delayed_jobs (priority, handler, run_at, failed_at, locked_at, queue)
    SELECT i % 3, repeat('x', 400), $2, $3, $4, 'q' || i % 10 FROM generate_series(1, $1) i"
  [ -z "${5:-}" ] || postgres_bare_sql app "$5 ANALYZE delayed_jobs"
}
touched() {
  postgres_sql "SELECT heap_blks_hit + heap_blks_read + idx_blks_hit + idx_blks_read FROM pg_statio_user_tables
    WHERE relname = 'delayed_jobs'"
}
# A session tells what it touched when it ends.
is_over() { [ "$(postgres_sql "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'dynomatic'")" = 0 ]; }
looks() { # times, what to ask
  local before times=$1
  shift
  before=$(touched)
  "$top_builddir/tests/plugin/measure" delayedjob "{url: '$postgres_url'}" -t 60000 -n "$times" "$@" >"$scratch/said" 2>&1
  until_true 20 is_over
  echo $(($(touched) - before))
}
# Of a look: without the first one, which may count exactly, as the daemon does for one part in a hundred of its time.
look() {
  local first
  first=$(looks 1 "$@")
  echo $((($(looks 5 "$@") - first) / 4))
}
check_mix() { # name, run_at, failed_at, locked_at, VACUUM or nothing
  local asked small large
  for asked in 1000:wl 1000:w:q1 1000:wl:q1,q2; do
    fill 20000 "$2" "$3" "$4" "${5:-}"
    small=$(look measure $asked)
    fill 200000 "$2" "$3" "$4" "${5:-}"
    large=$(look measure $asked)
    ok "$1, $asked: $small blocks of 20,000 rows, $large of 200,000" \
      test "$large" -gt 0 -a "$large" -lt $((small + small / 2 + 200))
  done
}
check_mix 'all are due' "$now - i * interval '1 ms'" NULL NULL VACUUM
check_mix 'few are due, the rest later' "$now + (i - 100) * interval '1 hour'" NULL NULL VACUUM
check_mix 'half have failed' "$now - i * interval '1 ms'" "CASE WHEN i % 2 = 0 THEN $now END" NULL VACUUM
check_mix 'half are locked' "$now - i * interval '1 ms'" NULL "CASE WHEN i % 2 = 0 THEN $now END" VACUUM
check_mix 'few among failed ones' "$now - i * interval '1 ms'" "CASE WHEN i % 1000 > 0 THEN $now END" NULL VACUUM
check_mix 'the failed ones are the oldest' "$now - i * interval '1 ms'" "CASE WHEN i > 200 THEN $now END" NULL VACUUM
check_mix 'a table that was never analysed' "$now - i * interval '1 ms'" "CASE WHEN i % 1000 > 0 THEN $now END" NULL
tap_end
