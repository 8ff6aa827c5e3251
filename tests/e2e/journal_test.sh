#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The journal of a daemon that is killed, whose disk is full, or whose folder cannot be written; and of once.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the journal'

db=$scratch/app.sqlite3
make_sqlite "$db"
set_jobs_sqlite "$db" 12
start_fake --formation worker=0:Standard-1X

write_config() { # journal, scale_down's after
  cat >"$scratch/dynomatic.yml" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
scale_down: { after: $2, protect: none }
rules: [{ at_least: 10, dynos: 5 }]
$1
END
}
journal=$scratch/journal.jsonl
decided() { # jq filter over the last decision
  grep '"kind":"decision"' "$journal" | tail -n 1 | jq -e "$1"
}

# ---- killed ----

write_config "journal: { file: $journal, every: 1s }" 1h
start_daemon "$scratch/dynomatic.yml"
ok 'it runs' until_true 20 quantity_is worker 5
set_jobs_sqlite "$db" 0
ok 'a size that was wanted stays' until_true 20 decided '.steps[-1].step == "down_after" and .size == 5'
before=$(decided '.history.down[0]' | jq -c '.[1]')
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
lines=$(wc -l <"$journal")
is 'each line of a killed daemon is whole' "$(jq -e .at <"$journal" | wc -l)" "$lines"
printf '{"at":"2026-11-24T10:00:00.000Z","kind":"decision","pool":"wor' >>"$journal"
start_daemon "$scratch/dynomatic.yml"
more() { [ "$(grep -c '"kind":"start"' "$journal")" = 2 ] && decided '.present == 5'; }
ok 'it is started anew' until_true 20 more
ok 'its window goes on' until_true 20 decided ".steps[-1].step == \"down_after\" and .history.down[0][1] == $before"
is 'and holds what it held' "$(quantity worker)" 5
stop_daemon
has 'why tells it' "$(dynomatic -c "$scratch/dynomatic.yml" why 2>&1)" 'wanted within 1 h'
is 'a broken line costs itself' "$(jq -c -R 'fromjson? // empty | select(.kind == "start")' <"$journal" | wc -l)" 2

# Without the journal what runs would count as wanted: the platform's 7.
curl -s -X PATCH -H "Authorization: Bearer $token" -H 'Accept: application/vnd.heroku+json; version=3' \
  -H 'Content-Type: application/json' -d '{"quantity":7}' "$api_url/apps/myapp/formation/worker" >/dev/null
start_daemon "$scratch/dynomatic.yml"
ok 'what somebody set meanwhile is seen' until_true 20 logged '5 -> 7, changed by somebody else'
ok 'and the window goes on' until_true 20 quantity_is worker 5
stop_daemon

# ---- not to be written ----

unwritable() { # name, journal, [a folder that is taken away once it runs]
  set_jobs_sqlite "$db" 0
  write_config "journal: { file: $2, every: 1s }" 0s
  start_daemon "$scratch/dynomatic.yml"
  ok "$1: it runs" until_true 20 logged 1
  [ -z "${3:-}" ] || { until_true 20 test -s "$2" && rm -r "$3"; }
  ok "$1: it scales down" until_true 20 quantity_is worker 0
  set_jobs_sqlite "$db" 12
  ok "$1: it scales up" until_true 20 quantity_is worker 5
  ok "$1: it is told" until_true 20 logged 'its lines are lost until that works, scaling goes on'
  is "$1: once" "$(grep -c 'its lines are lost until that works' "$scratch/daemon.log")" 1
  [ -z "${3:-}" ] || mkdir "$3"
  [ -z "${3:-}" ] || ok "$1: and that it works again" until_true 20 logged 'can be written again'
  stop_daemon
}
unwritable 'a full disk' /dev/full
mkdir "$scratch/gone"
unwritable 'a folder that is gone' "$scratch/gone/journal.jsonl" "$scratch/gone"

# A file that may not grow: the signal for that must not end the program.
set_jobs_sqlite "$db" 0
yes '' | head -c 65000 >"$journal"
write_config "journal: { file: $journal, every: 1s }" 0s
bash -c 'ulimit -f 64; exec "$0" -c "$1" run' "$top_builddir/dynomatic" "$scratch/dynomatic.yml" \
  2> >(cat >"$scratch/daemon.log") &
daemon_pid=$!
started $daemon_pid
ok 'a file that may not grow: it scales down' until_true 20 quantity_is worker 0
ok 'a file that may not grow: it is told' until_true 20 logged 'its lines are lost until that works'
set_jobs_sqlite "$db" 12
ok 'a file that may not grow: it scales up' until_true 20 quantity_is worker 5
stop_daemon
is 'a file that may not grow: it ends well' $? 0

# ---- dry run, and once ----

once() { dynomatic -c "$scratch/dynomatic.yml" once "$@" 2>"$scratch/once.log"; }
rm -f "$journal"
write_config "journal: $journal" 1h
ok 'once runs' once
set_jobs_sqlite "$db" 0
once --dry-run
has 'a dry run goes by the journal' "$(cat "$scratch/once.log")" '5, stays'
is 'and why does not tell of it' "$(dynomatic -c "$scratch/dynomatic.yml" why | sed -n 's/ *seen *//p')" 'at least 10 waiting'
ok 'once runs again' once
is 'it remembers what was wanted' "$(quantity worker)" 5
write_config '' 1h
ok 'once without a journal' once
is 'remembers nothing' "$(quantity worker)" 0
tap_end
