#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SIGTERM, SIGINT and SIGHUP, with calls that are slow and calls that hang.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the platform'

db=$scratch/app.sqlite3
make_sqlite "$db"
set_jobs_sqlite "$db" 12
start_fake --formation worker=0:Standard-1X --formation mailer=0:Standard-1X
write_config() { # dynos for 10 jobs
  cat >"$scratch/dynomatic.yml" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
scale_down: { after: 0s }
rules: [{ at_least: 10, dynos: $1 }]
END
}

# ---- SIGHUP ----

write_config 5
start_daemon "$scratch/dynomatic.yml"
ok 'it runs' until_true 20 quantity_is worker 5
write_config 7
kill -HUP "$daemon_pid"
ok 'SIGHUP puts another configuration in force' until_true 20 quantity_is worker 7
echo 'rules: [{ at_leest: 10, dynos: 9 }]' >"$scratch/dynomatic.yml"
kill -HUP "$daemon_pid"
ok 'a bad file is refused, with the mistake' until_true 20 logged 'at_leest'
ok 'and told' until_true 20 logged 'stays in force'
is 'each mistake is one line' "$(grep -c 'msg="[^"]*  *^' "$scratch/daemon.log")" 0
write_config 7
echo 'journal: /nowhere/at/all/j.jsonl' >>"$scratch/dynomatic.yml"
kill -HUP "$daemon_pid"
ok 'so is one with a journal that cannot be opened' until_true 20 logged 'cannot open the journal'
set_jobs_sqlite "$db" 0
ok 'the one before goes on' until_true 20 quantity_is worker 0
stop_daemon
is 'SIGTERM ends it with status 0' $? 0
ok 'and is logged' logged 'ends: told to terminate'

# ---- a call that hangs ----

cat >"$scratch/hang.yml" <<END
interval: 100ms
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
pools:
  worker:
    queue: { adapter: "$top_builddir/.libs/hang.so", timeout: 200ms }
    rules: [{ at_least: 10, dynos: 5 }]
  mailer:
    queue: { adapter: delayedjob, url: "sqlite3:$db" }
    rules: [{ at_least: 10, dynos: 3 }]
END
set_jobs_sqlite "$db" 12
start_daemon "$scratch/hang.yml"
ok 'a store that hangs holds up only its own pool' until_true 20 quantity_is mailer 3
ok 'it is reported by name' until_true 20 logged 'subject=hang level=error\|level=error subject=hang'
is 'its pool stays as it was' "$(quantity worker)" 0
kill -INT "$daemon_pid"
ok 'SIGINT ends it while the call hangs' until_true 20 logged 'hang (measure)'
wait "$daemon_pid"
is 'with status 0' $? 0
tap_end
