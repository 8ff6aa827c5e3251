#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A job is written, and the platform is asked for a dyno, although the interval is an hour: only an event can
# have been the cause. Each store that can tell, on the real server; and again after it was lost.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
. "$top_srcdir/tests/support/redis.sh"
. "$top_srcdir/tests/support/postgres.sh"
needs jq 'it reads the platform'
needs sqlite3 'it makes a database'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

sqlite=$scratch/app.sqlite3
make_sqlite "$sqlite"
postgres_sql "CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority integer DEFAULT 0 NOT NULL,
  attempts integer DEFAULT 0 NOT NULL, handler text NOT NULL, last_error text, run_at timestamp,
  locked_at timestamp, failed_at timestamp, locked_by varchar, queue varchar, created_at timestamp,
  updated_at timestamp); CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at)" >/dev/null
start_fake --formation sidekiq=0 --formation resque=0 --formation postgres=0 --formation sqlite=0
cat >"$scratch/dynomatic.yml" <<END
interval: 1h
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
rules: [{ at_least: 1, dynos: 1 }, { at_least: 3, dynos: 2 }]
scale_down: { after: 0s, protect: none }
pools:
  sidekiq: { queue: { adapter: sidekiq, url: "${redis_url%/*}/1" } }
  resque: { queue: { adapter: resque, url: "${redis_url%/*}/2" } }
  postgres: { queue: { adapter: delayedjob, url: "$postgres_url" } }
  sqlite: { queue: { adapter: delayedjob, url: "sqlite3:$sqlite" } }
END

write_postgres() {
  postgres_sql "INSERT INTO delayed_jobs (handler, run_at) SELECT 'x', now() AT TIME ZONE 'utc' FROM generate_series(1, $1)"
}
write_sidekiq() {
  redis -n 1 SADD queues default >/dev/null
  for ((n = 0; n < $1; n++)); do redis -n 1 LPUSH queue:default '{"class":"X","enqueued_at":1}' >/dev/null; done
}
write_resque() {
  redis -n 2 SADD resque:queues default >/dev/null
  for ((n = 0; n < $1; n++)); do redis -n 2 RPUSH resque:queue:default '{"class":"X","args":[]}' >/dev/null; done
}

# ---- Each store tells, once it can ----

dynomatic -c "$scratch/dynomatic.yml" sql notify postgres >"$scratch/notify.sql" 2>"$scratch/notify.err"
ok 'the trigger is printed as SQL that runs' postgres_sql "$(cat "$scratch/notify.sql")"
start_daemon "$scratch/dynomatic.yml"
for name in sidekiq resque 'delayedjob(postgres)' 'delayedjob(sqlite)'; do
  ok "$name says how it is told" until_true 20 logged "subject=$name msg=\"told of new jobs: "
done
write_sidekiq 1
ok 'Sidekiq: a job brings a dyno' until_true 20 quantity_is sidekiq 1
write_sidekiq 2
ok 'Sidekiq: more of them bring another' until_true 20 quantity_is sidekiq 2
redis -n 1 DEL queue:default >/dev/null
ok 'Sidekiq: and none, none' until_true 20 quantity_is sidekiq 0
write_resque 3
ok 'Resque: jobs bring dynos' until_true 20 quantity_is resque 2
write_postgres 1
ok 'Delayed Job on PostgreSQL: a job brings a dyno' until_true 20 quantity_is postgres 1
set_jobs_sqlite "$sqlite" 3
ok 'Delayed Job on SQLite: jobs bring dynos' until_true 20 quantity_is sqlite 2

# ---- What was lost is found again ----

is_older() { [ "$(redis CLIENT LIST TYPE pubsub | sed 's/.* age=\([0-9]*\).*/\1/' | sort -n | head -n 1)" -ge 2 ]; }
ok 'a connection that lived for a while' until_true 20 is_older
redis CLIENT KILL TYPE pubsub >/dev/null
write_sidekiq 3
ok 'Sidekiq: after its connection was cut' until_true 20 quantity_is sidekiq 2
redis CLIENT KILL TYPE normal >/dev/null
redis -n 1 DEL queue:default >/dev/null
ok 'Sidekiq: after all of them were cut' until_true 20 quantity_is sidekiq 0
stop_daemon
is 'it ends at SIGTERM with status 0' $? 0

# ---- Without events it is asked, and pools of none more often ----

redis -n 1 DEL queue:default >/dev/null
sed -i 's/interval: 1h/interval: 5s/; s/adapter: sidekiq,/adapter: sidekiq, watch: no,/' "$scratch/dynomatic.yml"
start_daemon "$scratch/dynomatic.yml"
ok 'it runs' until_true 20 logged '4 pools'
write_sidekiq 3
ok 'with watch: no it is found all the same' until_true 20 quantity_is sidekiq 2
has_not 'and nothing tells of it' "$(cat "$scratch/daemon.log")" 'subject=sidekiq msg="told'
stop_daemon
tap_end
