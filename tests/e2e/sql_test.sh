#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dynomatic sql, and what check --connect tells of events: on real databases, run as a person would.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
. "$top_srcdir/tests/support/postgres.sh"
needs sqlite3 'it makes a database'
needs psql 'it runs the SQL'
postgres_start -c max_prepared_transactions=1 || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

run() { # sets status, out, err
  out=$(dynomatic "$@" 2>"$scratch/err")
  status=$?
  err=$(cat "$scratch/err")
}
cd "$scratch" || exit
make_sqlite small.sqlite3
postgres_sql "CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority integer NOT NULL DEFAULT 0,
  attempts integer NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at timestamp, locked_at timestamp,
  failed_at timestamp, locked_by varchar, queue varchar); CREATE INDEX ON delayed_jobs (priority, run_at)"
start_fake --formation mail=0:Standard-1X --formation small=0:Standard-1X --formation redis=0:Standard-1X
cat >dynomatic.yml <<END
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
queue: { adapter: delayedjob, url: "$postgres_url" }
rules: [{ at_least: 10, dynos: 5 }]
interval: 2s
pools:
  mail: { queues: [mail] }
  small: { queue: { adapter: delayedjob, url: "sqlite3:small.sqlite3" } }
  redis: { queue: { adapter: sidekiq, url: "redis://127.0.0.1:1/0" } }
END
run check
[ $status = 0 ] || { echo "$err$out"; }
is 'the configuration is good' $status 0

# ---- Usage ----

run sql
is 'sql without a topic is a usage error' $status 2
has 'which names the topics' "$err" 'sql prints one of: notify, indexes'
run sql everything
is 'so is another topic' $status 2
run sql notify mial
is 'a pool that there is not is one, too' $status 2
has 'with the nearest' "$err" 'there is no pool "mial"; did you mean "mail"?'

# ---- Notify ----

run sql notify mail
is 'sql notify of one pool' $status 0
is 'names the instance and the pool' "$(head -1 <<<"$out")" '-- delayedjob(mail): mail'
has_not 'and has nothing of others' "$out" small
has 'where transactions can be prepared it says which cannot' "$out" 'PREPARE TRANSACTION, which fails after an insert that notified'
is 'nothing is said besides' "$err" ''
ok 'what it prints can be run' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -c "$out"
run check --connect
has 'then check --connect finds it' "$out" "  told of new jobs by LISTEN on dynomatic:public.delayed_jobs"
has 'an SQLite file tells by itself' "$out" '  told of new jobs by changes of the file (inotify)'
postgres_sql "BEGIN; INSERT INTO delayed_jobs (handler, run_at) VALUES ('x', now()); PREPARE TRANSACTION 'one'"
run check --connect
has 'but not while a transaction that did not notify may yet be committed' "$out" \
  "  asked each 2 s: another session holds the trigger's lock: a transaction that inserts has not ended, or another"
postgres_sql "ROLLBACK PREPARED 'one'"
run sql notify mail
has 'and sql notify as well' "$out" '-- The trigger is there already'
is 'printed, it is still valid SQL' "$(psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -c "$out" 2>&1)" ''
run sql notify
is 'of all pools' "$(grep -c '^-- delayedjob' <<<"$out")" 2
has 'an adapter that has nothing to advise is told apart' "$err" 'dynomatic: sidekiq: its adapter advises nothing of the kind'
is 'which is no failure' $status 0
psql -X -q "$postgres_url" -c 'DROP TRIGGER dynomatic_notify ON delayed_jobs'
run check --connect
has 'without the trigger it is told how often they are asked, and why' "$out" \
  '  asked each 2 s: no trigger on delayed_jobs: `dynomatic sql notify` prints it'
has 'what does not answer has no events' "$out" 'sidekiq: cannot connect'
sed 's/^queue: { /&isolate: yes, /' dynomatic.yml >isolated.yml
run -c isolated.yml check --connect
has 'a plugin in a process of its own tells as well' "$out" '  told of new jobs by changes of the file (inotify)'
run -c isolated.yml sql notify mail
has 'and advises all the same' "$out" 'CREATE OR REPLACE TRIGGER dynomatic_notify AFTER INSERT ON public.delayed_jobs FOR EACH STATEMENT'

# ---- Indexes ----

postgres_sql "INSERT INTO delayed_jobs (handler, run_at, failed_at)
  SELECT 'x', now(), CASE WHEN i % 4 = 0 THEN now() END FROM generate_series(1, 10000) i; ANALYZE delayed_jobs"
failed() { dynomatic sql indexes mail | grep -q 'the server estimates 25[0-9][0-9]\|the server estimates 24[0-9][0-9]'; }
ok 'sql indexes tells how many have failed, without counting' until_true 20 failed
run sql indexes mail
has 'and the index for pools without queues' "$out" \
  'CREATE INDEX CONCURRENTLY IF NOT EXISTS delayed_jobs_waiting ON public.delayed_jobs (run_at) WHERE failed_at IS NULL;'
has 'and the one for pools with queues, which is not run besides' "$out" \
  '-- CREATE INDEX CONCURRENTLY IF NOT EXISTS delayed_jobs_waiting_by_queue ON public.delayed_jobs (queue, run_at)'
has 'with its size' "$out" ' kB for '
is 'it makes none of them' "$(postgres_sql "SELECT count(*) FROM pg_index WHERE indrelid = 'delayed_jobs'::regclass")" 2
postgres_sql 'CREATE UNIQUE INDEX CONCURRENTLY delayed_jobs_waiting ON delayed_jobs (priority)' 2>"$scratch/err"
run sql indexes mail
has 'an index that a failed build left behind is dropped first' "$out" 'DROP INDEX CONCURRENTLY public.delayed_jobs_waiting;'
printf '%s\n' "$out" >indexes.sql
ok 'the first can be made' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f indexes.sql
run sql indexes mail
is 'and is found then' "$(grep -c 'it is there already' <<<"$out")" 1
has_not 'with nothing to drop' "$out" 'DROP INDEX'
sed -n 's/^-- CREATE INDEX/CREATE INDEX/p' <<<"$out" >indexes.sql
ok 'so can the other' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f indexes.sql
run sql indexes mail
is 'and is found as well' "$(grep -c 'it is there already' <<<"$out")" 2
run sql indexes small
printf '%s\n' "$out" >indexes.sql
is 'that of SQLite can be made, too' "$(sqlite3 small.sqlite3 <indexes.sql 2>&1)" ''
run sql indexes small
is 'and is found' "$(grep -c 'it is there already' <<<"$out")" 1

# ---- The daemon, which next looks in ten minutes ----

postgres_sql 'DELETE FROM delayed_jobs'
dynomatic sql notify mail | psql -X -q "$postgres_url"
cat >daemon.yml <<END
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
queue: { adapter: delayedjob, url: "$postgres_url" }
rules: [{ at_least: 10, dynos: 5 }]
interval: 10m
pools: { mail: { queues: [mail] } }
END
start_daemon daemon.yml
listens() { [ "$(postgres_sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'")" = 1 ]; }
ok 'the daemon listens, and holds the gate open' until_true 20 listens
postgres_sql "INSERT INTO delayed_jobs (handler, run_at, queue)
  SELECT 'x', now() AT TIME ZONE 'utc', 'mail' FROM generate_series(1, 12)"
ok 'jobs that come are worked off at once' until_true 20 quantity_is mail 5
ok 'and while they wait nobody need notify' until_true 20 eval '! listens'
kill "$daemon_pid"
wait "$daemon_pid"

# ---- A database that is not there ----

sed '/^queue:/s/{.*}/{ url: "sqlite3:small.sqlite3" }/' dynomatic.yml >detected.yml
run -c detected.yml sql indexes mail
has 'where the adapter is left out it is detected first' "$out" 'ON delayed_jobs (run_at) WHERE failed_at IS NULL;'
postgres_kill
run sql notify mail
is 'a database that is down is a failure' $status 1
has 'and named' "$err" "dynomatic: delayedjob(mail): cannot connect to 127.0.0.1:$postgres_port/app"
is 'with nothing to run' "$out" ''
tap_end
