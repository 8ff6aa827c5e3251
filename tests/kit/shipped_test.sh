#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dynomatic check-plugin over the plugins that are shipped and the examples: each keeps the contract, on a
# real store or the fake platform. What is not checked there is named, so that no check is skipped unseen.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
. "$top_srcdir/tests/support/postgres.sh"
. "$top_srcdir/tests/support/mariadb.sh"
. "$top_srcdir/tests/support/redis.sh"
home=$HOME # where rustc looks for its own
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes a database'
needs psql 'it fills PostgreSQL'
needs jq 'it reads what the fake platform tells'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
mariadb_start || { echo '1..0 # SKIP MariaDB is missing'; exit 77; }
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

# A build with sanitizers allocates by itself.
case $("$top_builddir/dynomatic" check-plugin --only allocations "$top_builddir/examples/.libs/spool.so" \
  --option path=/) in *sanitizer*) allocations='allocations ' ;; *) allocations= ;; esac

passes() { # what, checks that are skipped, arguments
  local what=$1 skipped=$2 report
  shift 2
  report=$("$top_builddir/dynomatic" check-plugin --limit 60s "$@" 2>&1)
  is "$what: every check passes" "$(sed -n 's/^not ok [0-9]* - //p; /^not ok/,/^ok/{/^#/p;}' <<<"$report")" ''
  is "$what: and is not skipped" "$(sed -n 's/^ok [0-9]* - \([a-z_]*\):.*# SKIP.*/\1 /p' <<<"$report" | tr -d '\n')" \
    "$skipped"
  is "$what: and all were run" "$(tail -n 1 <<<"$report" | grep -c ' passed, 0 failed, ')" 1
}

# ---- Queue adapters: two jobs wait at least ----

touch_jobs() { mkdir -p "$1" && touch "$1/mail.1" "$1/mail.2" "$1/pdf.1"; }
touch_jobs "$scratch/spool"
passes spool "hidden $allocations" "$top_builddir/examples/.libs/spool.so" --option "path=$scratch/spool"

# A program in Rust ends where memory is gone: the language has it so.
if HOME=$home rustc --version >/dev/null 2>&1; then
  mkdir -p "$scratch/mail/new" "$scratch/mail/.pdf/new"
  touch "$scratch/mail/new/1" "$scratch/mail/new/2" "$scratch/mail/.pdf/new/3"
  ok 'maildir is built' env "HOME=$home" rustc --edition 2021 -O --crate-type cdylib \
    "$top_srcdir/examples/maildir.rs" -o "$scratch/maildir.so"
  passes maildir 'hidden allocations ' "$scratch/maildir.so" --option "path=$scratch/mail" --skip allocations
fi

make_sqlite "$scratch/jobs.sqlite3"
set_jobs_sqlite "$scratch/jobs.sqlite3" 5
passes 'delayedjob on SQLite' "hidden $allocations" delayedjob --url "sqlite3:$scratch/jobs.sqlite3"

columns='priority integer NOT NULL DEFAULT 0, attempts integer NOT NULL DEFAULT 0, handler text NOT NULL, last_error text'
postgres_sql "CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, $columns, run_at timestamp, locked_at timestamp,
  failed_at timestamp, locked_by varchar, queue varchar);
  CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);
  INSERT INTO delayed_jobs (handler, run_at) SELECT 'x', now() AT TIME ZONE 'utc' - interval '10 s' FROM generate_series(1, 5)"
cat >"$scratch/notify.yml" <<END
queue: { adapter: delayedjob, url: "$postgres_url" }
scaler: { backend: heroku-formation, app: myapp, token: "$token" }
rules: [{ at_least: 1, dynos: 1 }]
END
dynomatic -c "$scratch/notify.yml" sql notify | psql -X -q "$postgres_url" # without it there is nothing to watch
passes 'delayedjob on PostgreSQL' "$allocations" delayedjob \
  --url "postgres://app:a-password@127.0.0.1:$postgres_port/app"

mariadb_sql "CREATE TABLE delayed_jobs (id bigint PRIMARY KEY AUTO_INCREMENT, $columns, run_at datetime(6),
  locked_at datetime(6), failed_at datetime(6), locked_by varchar(255), queue varchar(255));
  INSERT INTO delayed_jobs (handler, run_at) VALUES ('x', utc_timestamp() - INTERVAL 9 SECOND), ('x', utc_timestamp() - INTERVAL 9 SECOND)"
passes 'delayedjob on MariaDB' "watch_quiet watch_again $allocations" delayedjob --url "$mariadb_url"

redis SADD queues default mail >/dev/null
redis LPUSH queue:default '{"enqueued_at":1700000000}' '{"enqueued_at":1700000001}' '{"enqueued_at":1700000002}' >/dev/null
redis ACL SETUSER app on '>a-password' '~*' '&*' '+@all' >/dev/null
passes sidekiq "$allocations" sidekiq --url "redis://app:a-password@127.0.0.1:$redis_port/0"
redis SADD resque:queues default mail >/dev/null
redis RPUSH resque:queue:default '{}' '{}' '{}' >/dev/null
passes resque "$allocations" resque --url "redis://app:a-password@127.0.0.1:$redis_port/0"

# ---- Scaler back-ends: one pool may be set ----

mkdir "$scratch/sizes"
echo 1 >"$scratch/sizes/worker"
passes files "hidden $allocations" "$top_builddir/examples/.libs/files.so" --option "folder=$scratch/sizes" --name worker
is 'files: the size is what it was' "$(cat "$scratch/sizes/worker")" 1

start_fake --formation worker=1 --formation worker1=0 --formation worker2=0
heroku=(--option app=myapp --option "token=$token" --option "api_url=$api_url")
passes heroku-formation "$allocations" heroku-formation "${heroku[@]}" --name worker
is 'heroku-formation: the size is what it was' "$(quantity worker)" 1
for plugin in heroku-hobby heroku-single; do
  passes $plugin "many ${allocations}partial " $plugin "${heroku[@]}" --option 'worker_names=[worker1, worker2]' --name pool --keep worker1.1
  is "$plugin: the sizes are what they were" "$(quantity worker1) $(quantity worker2)" '0 0'
done
tap_end
