#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a look into Delayed Job's table costs on a PostgreSQL of its own, beside statements that bracket it
# in the same run: an exact count (what others ask), and the least that any answer can cost, a walk over
# as many entries of the index. Then what the daemon takes of memory.
#
#   make bench BENCHES=tests/bench/delayedjob_bench.sh [ROWS=1000000] [ROUNDS=15]
#
# Times are medians in ms; the ratios are what counts, since both parts of one moved together.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
. "$top_srcdir/tests/support/e2e.sh"
rows=${ROWS:-1000000} rounds=${ROUNDS:-15} cap=1000
export PGDATABASE= LC_ALL=C

make_table() {
  postgres_sql "DROP TABLE IF EXISTS delayed_jobs;
    CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority integer DEFAULT 0 NOT NULL,
      attempts integer DEFAULT 0 NOT NULL, handler text NOT NULL, last_error text, run_at timestamp(6),
      locked_at timestamp(6), failed_at timestamp(6), locked_by varchar, queue varchar,
      created_at timestamp(6), updated_at timestamp(6));
    CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);" 2>/dev/null
}
# Rows of some 450 bytes, of three priorities; the two expressions may use i, 1 to n.
fill() { # n, run_at, failed_at
  make_table
  postgres_sql "INSERT INTO delayed_jobs (priority, handler, run_at, failed_at, queue, created_at, updated_at)
    SELECT i % 3, repeat('x', 350), $2, $3, 'default', now, now
    FROM generate_series(1, $1) i, (SELECT now() AT TIME ZONE 'utc' AS now) n"
}
past="now - i * interval '1 ms'" future="now + interval '1 day' + i * interval '1 ms'"
make_mix() { # mix, n
  case $1 in
    ready) fill "$2" "$past" NULL ;;
    one_percent) fill "$2" "CASE WHEN i % 100 = 0 THEN $past ELSE $future END" NULL ;;
    half_failed) fill "$2" "$past" 'CASE WHEN i % 2 = 0 THEN now END' ;;
    few_due) fill "$2" "CASE WHEN i <= 100 THEN $past ELSE $future END" NULL ;;
    few_alive) fill "$2" "$past" "CASE WHEN i % ($2 / 100) <> 0 THEN now END" ;;
  esac
}

median() { sort -g | awk '{ all[NR] = $1 } END { printf "%.3f", all[int((NR + 1) / 2)] }'; }
per() { awk -v a="$1" -v b="$2" 'BEGIN { printf a / b < 10 ? "%.1fx" : "%.0fx", a / b }'; }

due="run_at <= now() AT TIME ZONE 'utc'"
count_all="SELECT count(*) FROM delayed_jobs"
count_exact="SELECT count(*) FROM delayed_jobs WHERE $due AND locked_at IS NULL AND failed_at IS NULL"
# From one priority to the next, and inside each the newest due first: entries of the index, no row.
walk="WITH RECURSIVE p(priority) AS ((SELECT min(priority) FROM delayed_jobs) UNION ALL
    SELECT (SELECT min(d.priority) FROM delayed_jobs d WHERE d.priority > p.priority)
    FROM p WHERE p.priority IS NOT NULL)
  SELECT count(*) FROM (SELECT 1 FROM p CROSS JOIN LATERAL (SELECT 1 FROM delayed_jobs d
      WHERE d.priority = p.priority AND $due ORDER BY d.run_at DESC LIMIT $cap) j LIMIT $cap) w"
sql_ms() { # statement, times: the first is not taken
  { echo 'SET jit = off;'; echo '\timing on'; for ((n = 0; n <= $2; n++)); do tr '\n' ' ' <<<"$1;"; echo; done; } |
    psql -X -q -At "$postgres_url" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | tail -n +2
}
measure_ms() { # options, times, group
  "$top_builddir/tests/plugin/measure" delayedjob "$1" -t 60000 -n "$2" measure "$3" 2>&1 >"$scratch/answer" |
    awk '{ print $1 / 1000 }'
}

# In turns, so that a busy moment strikes all of them.
compare() { # title
  local round
  rm -f "$scratch"/ms.*
  for ((round = 0; round < rounds; round++)); do
    measure_ms "{url: '$postgres_url'}" 20 "$cap:w" >>"$scratch/ms.ours"
    measure_ms "{url: '$postgres_url'}" 20 "$cap:wl" >>"$scratch/ms.both"
    sql_ms "$walk" 9 >>"$scratch/ms.walk"
    sql_ms "$count_exact" 1 >>"$scratch/ms.exact"
    sql_ms "$count_all" 1 >>"$scratch/ms.all"
  done
  local ours both walked exact all
  ours=$(median <"$scratch/ms.ours") both=$(median <"$scratch/ms.both") walked=$(median <"$scratch/ms.walk")
  exact=$(median <"$scratch/ms.exact") all=$(median <"$scratch/ms.all")
  printf '%-26s %9s %9s %9s %9s %9s %9s %9s %9s  %s\n' "$1" "$ours" "$both" "$walked" "$exact" "$all" \
    "$(per "$exact" "$ours")" "$(per "$all" "$ours")" "$(per "$ours" "$walked")" "$(sed 's/ .*//;q' "$scratch/answer")"
  last=$ours
}

postgres_start -c shared_buffers=1GB -c autovacuum=off -c max_wal_size=8GB -c synchronous_commit=off || exit 1
echo "Delayed Job on $("$postgres_bin/postgres" --version), cap $cap, $rounds rounds, ms"
printf '%-26s %9s %9s %9s %9s %9s %9s %9s %9s  %s\n' mix waiting '+ latency' walk 'exact' 'count(*)' \
  exact/w 'cnt(*)/w' w/walk answer
for mix in ready few_alive; do
  make_mix $mix 10000
  postgres_sql 'VACUUM ANALYZE delayed_jobs'
  compare "$mix, 10000 rows"
  eval "small_$mix=$last"
done
for mix in ready one_percent half_failed few_due few_alive; do
  make_mix $mix "$rows"
  if [ $mix = one_percent ]; then
    compare "$mix, never analysed"
    fresh=$last
  fi
  postgres_sql 'VACUUM ANALYZE delayed_jobs'
  compare "$mix, $rows rows"
  [ $mix != one_percent ] || vacuumed=$last
  [ $mix != ready ] || echo "  growth from 10000 rows: $(per "$last" "$small_ready")"
  [ $mix != few_alive ] || echo "  growth from 10000 rows: $(per "$last" "$small_few_alive")"
done
echo "never analysed / analysed: $(per "$fresh" "$vacuumed")"

# ---- dynomatic count, a whole run of the program, and how much the daemon takes ----

make_mix one_percent "$rows"
postgres_sql 'VACUUM ANALYZE delayed_jobs'
start_fake --formation worker=0 || exit 1
cat >"$scratch/dynomatic.yml" <<EOF
queue: { adapter: delayedjob, url: "$postgres_url", timeout: 1m }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
rules: [{ at_least: 1, dynos: 1 }, { at_least: 10, dynos: 5 }, { at_least: $cap, dynos: 15 }]
EOF
program_ms() { # command: the whole run of a program
  local before=${EPOCHREALTIME/./}
  "$@" >"$scratch/count"
  echo $((${EPOCHREALTIME/./} - before)) | awk '{ print $1 / 1000 }'
}
echo
for ((n = 0; n < rounds; n++)); do
  program_ms psql -X -q -At "$postgres_url" -c "$count_exact" >>"$scratch/ms.psql_exact"
  program_ms psql -X -q -At "$postgres_url" -c "$count_all" >>"$scratch/ms.psql_all"
  program_ms dynomatic -c "$scratch/dynomatic.yml" count >>"$scratch/ms.program"
done
cat "$scratch/count"
program=$(median <"$scratch/ms.program") exact=$(median <"$scratch/ms.psql_exact") all=$(median <"$scratch/ms.psql_all")
echo "whole programs, ms: dynomatic count $program, psql with the exact count $exact ($(per "$exact" "$program")" \
  "of it), with SELECT count(*) $all ($(per "$all" "$program"))"

start_daemon "$scratch/dynomatic.yml"
until_true 20 quantity_is worker 15 || exit 1
# What others do this with: a Ruby process with the library and its database, connected.
ruby -e "require 'pg'; require 'delayed_job_active_record'
  ActiveRecord::Base.establish_connection('$postgres_url'); Delayed::Job.where('run_at < now()').limit(1).to_a
  \$stdout.puts 'ready'; \$stdout.flush; sleep" >"$scratch/ruby" &
ruby_pid=$!
started $ruby_pid
until_true 60 grep -q ready "$scratch/ruby" || exit 1
kb() { awk -v key="$2:" '$1 == key { print $2 }' "/proc/$1/smaps_rollup"; }
echo
printf '%-42s %8s %8s %14s\n' 'memory, kB' Rss Pss Private_Dirty
for process in "dynomatic run: $daemon_pid" "Ruby with ActiveRecord, pg, Delayed Job: $ruby_pid"; do
  pid=${process##* }
  printf '%-42s %8s %8s %14s\n' "${process%: *}" "$(kb "$pid" Rss)" "$(kb "$pid" Pss)" "$(kb "$pid" Private_Dirty)"
done
printf '%-42s %8s %8s %14s\n' 'Ruby / dynomatic' "$(per "$(kb $ruby_pid Rss)" "$(kb "$daemon_pid" Rss)")" \
  "$(per "$(kb $ruby_pid Pss)" "$(kb "$daemon_pid" Pss)")" \
  "$(per "$(kb $ruby_pid Private_Dirty)" "$(kb "$daemon_pid" Private_Dirty)")"
