#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The database is killed in the middle of a run, and nothing shrinks for it.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
. "$top_srcdir/tests/support/postgres.sh"
needs jq 'it reads the platform'
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

postgres_sql "CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority int NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at timestamp,
  locked_at timestamp, failed_at timestamp, locked_by varchar, queue varchar, created_at timestamp,
  updated_at timestamp);
  CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);"
set_jobs() {
  postgres_sql "DELETE FROM delayed_jobs; INSERT INTO delayed_jobs (handler, run_at)
    SELECT '--- job', now() AT TIME ZONE 'utc' - interval '10 s' FROM generate_series(1, $1);"
}

start_fake --formation web=1:Standard-1X --formation worker=0:Standard-1X
cat >"$scratch/dynomatic.yml" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "$postgres_url" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url", read_every: 1s }
scale_down: { after: 0s }
rules:
  - { at_least: 1, dynos: 1 }
  - { at_least: 10, dynos: 5 }
END

set_jobs 12
start_daemon "$scratch/dynomatic.yml"
ok '12 jobs: 5 dynos' until_true 20 quantity_is worker 5

postgres_kill
ok 'the loss is logged' until_true 20 logged 'subject=delayedjob'
requests_later() { [ "$(requests GET)" -ge "$1" ]; }
ok 'it goes on without the database' until_true 30 requests_later "$(($(requests GET) + 3))"
is 'no size goes down' "$(quantity worker)" 5
is 'nothing was sent' "$(requests PATCH)" 1

postgres_restart
set_jobs 3
ok 'with the database back it decides again' until_true 90 quantity_is worker 1
ok 'and says so' logged 'well again'
never_down() { # between the loss and the return no PATCH was sent: 5, then 1
  jq -r 'select(.method == "PATCH") | .body | if type == "string" then fromjson else . end
    | .updates[].quantity' "$scratch/fake.log" | tr '\n' ' '
}
is 'the sizes that were asked for, in order' "$(never_down)" '5 1 '
stop_daemon
is 'it ends at SIGTERM with status 0' $? 0
tap_end
