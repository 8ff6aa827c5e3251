#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# An app in trouble: its dynos crash as they start, and somebody sets it into maintenance mode.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the platform'

db=$scratch/app.sqlite3
make_sqlite "$db"
mkdir "$scratch/app"
echo 'worker: test -e fixed && exec sleep 1000' >"$scratch/app/Procfile"
start_fake --procfile "$scratch/app/Procfile" --formation worker=0 --crash-delay 1h
cat >"$scratch/dynomatic.yml" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url", read_every: 1s }
rules: [{ at_least: 1, dynos: 1 }, { at_least: 10, dynos: 4 }, { at_least: 30, dynos: 15 }]
END
control() { curl -s -X "$1" ${3:+-d "$3"} "$api_url/_fake$2" >"$scratch/control"; }
crashed() { [ "$(curl -s "$api_url/_fake/state" | jq '[.apps[0].dynos[] | select(.state == "crashed")] | length')" = "$1" ]; }

# ---- Dynos that crash ----

set_jobs_sqlite "$db" 12
start_daemon "$scratch/dynomatic.yml"
ok 'jobs start dynos' until_true 20 quantity_is worker 4
ok 'which crash' until_true 20 crashed 4
ok 'that is told' until_true 20 logged '4 of its 4 dynos have crashed: no more are added'
set_jobs_sqlite "$db" 40
before=$(requests GET)
looked() { [ "$(requests GET)" -ge $((before + 7)) ]; }
ok 'looks go on' until_true 20 looked
is 'no dyno is added, whatever waits' "$(quantity worker)" 4
has 'check shows it' "$("$top_builddir/dynomatic" -c "$scratch/dynomatic.yml" check --connect 2>&1)" \
  'worker runs 4, 4 crashed'
touch "$scratch/app/fixed"
for dyno in 1 2 3 4; do control POST /apps/myapp/dynos/worker.$dyno/restart; done
ok 'when they run again it goes on' until_true 20 quantity_is worker 15
ok 'and that is told' until_true 20 logged 'most of its dynos run again'
is 'the crashes were told once' "$(grep -c 'have crashed: no more' "$scratch/daemon.log")" 1

# ---- Maintenance mode: somebody stops the workers and wants them stopped ----

control PATCH /apps/myapp '{"maintenance":true}'
ok 'maintenance is noticed' until_true 20 logged 'is in maintenance mode: nothing is started'
control PATCH /apps/myapp/formation/worker '{"quantity":0}'
ok 'a change by somebody else is told' until_true 20 logged '15 -> 0, changed by somebody else'
ok 'and stands' until_true 20 logged 'asked for 15, the platform runs 0: .*maintenance: hold'
is 'nothing is started' "$(quantity worker)" 0
control PATCH /apps/myapp '{"maintenance":false}'
ok 'its end is noticed, and it goes on' until_true 20 quantity_is worker 15
stop_daemon
is 'it ends with status 0' $? 0
has_not 'the token is not in the log' "$(cat "$scratch/daemon.log" "$scratch/daemon.out")" "$token"

# ---- More dynos than the platform allows ----

rm "$scratch/fake.port" "$scratch/fake.log"
start_fake --formation web=1 --formation worker=0 --limit app=2
sed -i "s|api_url: \"[^\"]*\"|api_url: \"$api_url\"|" "$scratch/dynomatic.yml"
set_jobs_sqlite "$db" 12
start_daemon "$scratch/dynomatic.yml"
ok 'it runs what is allowed' until_true 20 quantity_is worker 1
asked_again() { [ "$(requests PATCH)" -ge 5 ]; }
ok 'and asks again' until_true 30 asked_again
ok 'that is told, not each time anew' test "$(grep -c 'level=error' "$scratch/daemon.log")" -le 2
has 'with the reason' "$(cat "$scratch/daemon.log")" 'asked for 4, the platform runs 1: '
stop_daemon
tap_end
