#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What people say by hand: hold, release, pause, resume, with the daemon up and down; and what becomes
# of a size that somebody else has set.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the platform'

db=$scratch/app.sqlite3
make_sqlite "$db"
start_fake --formation worker=0:Standard-1X --formation mailer=0:Standard-1X
cd "$scratch" || exit 1
write_config() { # more keys of worker
  cat >dynomatic.yml <<END
interval: 100ms
state: $scratch/state
scale_down: { after: 0s, protect: none }
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url", read_every: 1s }
pools:
  worker: { queues: [default], rules: [{ at_least: 10, dynos: 5 }]${1:-} }
  mailer: { queues: [mail], per_dyno: 1 }
END
}
write_config

run() { # sets status, out, err
  out=$(dynomatic "$@" 2>"$scratch/err")
  status=$?
  err=$(cat "$scratch/err")
}

# Lets cycles go by: the other pool follows its own jobs, so what worker was to do it has done. It
# only grows, since there are times when nothing shrinks.
follows() {
  local mail
  mail=$(($(quantity mailer) + 1))
  set_jobs_sqlite "$db" "$mail" mail
  until_true 20 quantity_is mailer "$mail"
}
cycles_go_by() { follows && follows; }

# What somebody else does, past the program.
set_quantity() { # type, quantity
  curl -sf -X PATCH -d "{\"quantity\":$2}" "$api_url/_fake/apps/myapp/formation/$1" >/dev/null
}
log_lines() { grep -c -- "$1" daemon.log; }

# ---- the commands, with no daemon ----

run hold
is 'hold alone has status 0' $status 0
is 'and says that nothing is held' "$out" "nothing is held or paused, says $scratch/state/overrides.json"
run hold --json
is 'in JSON that is an empty list' "$(jq -c . <<<"$out")" '[]'
ok 'and made no folder' test ! -e state
run hold wroker 6
is 'an unknown pool is a usage error' $status 2
has 'with the nearest name' "$err" 'there is no pool "wroker"; did you mean "worker"?'
run hold 6 worker
has 'or with those that there are' "$err" 'there is no pool "6"; there is worker, mailer'
run hold worker
is 'hold without a size is a usage error' $status 2
run hold worker six
is 'a size that is no number, too' $status 2
has 'and says so' "$err" 'the size must be a whole number'
run hold worker 99999999999
is 'one that is too large, too' "$status $err" '2 dynomatic: the size must be from 0 to 100000'
run hold worker 6 --for soon
is 'an end that is no duration, too' $status 2
has 'and says so' "$err" '--for must be a duration'
run hold worker 6 --why $'two\nlines'
is 'a reason of two lines, too' $status 2
run release
is 'release without a pool is a usage error' $status 2
run release worker
is 'release of what is not held has status 1' $status 1
is 'and says so' "$err" 'dynomatic: worker is not held'
run resume
is 'resume while nothing is paused, too' $status 1
is 'and says so' "$err" 'dynomatic: nothing is paused'

write_config ', max: 5'
run hold worker 6
has 'a size above max is told of when it is said' "$out" 'worker: its max is 5, which does not bound what a person asks for'
run hold worker 5
has_not 'one that is not is not' "$out" 'its max'
run release worker
write_config

run hold worker 6 --for 1h --why 'deploy of "8"'
is 'hold has status 0' $status 0
has 'and prints what holds now' "$out" 'worker: held at 6 until '
has 'with the reason' "$out" ': deploy of "8"'
has 'and the file' "$out" "written to $scratch/state/overrides.json"
run hold
has 'the list has a table' "$out" 'POOL'
has 'with what is held' "$out" 'held at 6'
run hold --json
is 'in JSON' "$(jq -c '.[0] | [.pool, .kind, .size, .why, (.until > .since)]' <<<"$out")" \
  '["worker","hold",6,"deploy of \"8\"",true]'
is 'with who said so' "$(jq -r '.[0].who' <<<"$out" | grep -c .)" 1
sed -i 's/queue: /queue: { url: "${NOT_SET_HERE}" }\n#/' dynomatic.yml
run pause mailer --for 1s
is 'a variable that only the daemon has is not needed' $status 0
run resume mailer
is 'nor to resume' $status 0
write_config

# Each of many commands at the same time adds one.
printf 'state: %s/many\npools:\n' "$scratch" >many.yml
printf '  p%d: {}\n' {1..20} >>many.yml
many() {
  local pids=() i
  for i in {1..20}; do
    dynomatic -c many.yml hold "p$i" "$i" >/dev/null &
    pids+=($!)
  done
  wait "${pids[@]}"
}
many
run -c many.yml hold --json
is 'commands at the same time do not undo each other' "$(jq length <<<"$out")" 20

sed -i 's/"until":.*/"until": "2026-01-01T00:00:00Z",/' state/overrides.json
run release worker
is 'what is over is not held' "$status $err" '1 dynomatic: worker is not held'
run hold
has 'nor listed' "$out" 'nothing is held or paused'
run hold worker 6 --for 1h --why deploy

# ---- a hold ----

set_jobs_sqlite "$db" 12
start_daemon dynomatic.yml
ok 'a daemon that starts later obeys' until_true 20 quantity_is worker 6
ok 'it logs who holds what' logged 'subject=worker msg="held at 6 until .*, by .*: deploy"'
ok 'the decision says why' logged '0 -> 6 (.*rule at_least 10: 5 dynos; held at 6 by hand until .* UTC (deploy))'
set_jobs_sqlite "$db" 0
ok 'cycles go by' cycles_go_by
is 'no rule lowers it' "$(quantity worker)" 6
disown "$daemon_pid" # so that bash does not tell of it
kill -KILL "$daemon_pid"

set_jobs_sqlite "$db" 50
start_daemon dynomatic.yml
ok 'after a restart cycles go by' cycles_go_by
is 'it is still held' "$(quantity worker)" 6
ok 'and that is logged' logged 'held at 6 until'
set_quantity worker 2
ok 'what somebody else sets is told' until_true 20 logged '6 -> 2, changed by somebody else; the platform does not tell who'
ok 'and corrected' until_true 20 quantity_is worker 6
dynomatic hold worker 7 --for 2s >/dev/null
ok 'another hold takes its place' until_true 20 quantity_is worker 7
ok 'at its end it is over' until_true 20 logged 'no longer held: its time is over'
ok 'and the rules decide' until_true 20 quantity_is worker 5
dynomatic hold worker 0 >/dev/null
ok 'a hold at 0 stops them all' until_true 20 quantity_is worker 0
dynomatic release worker >/dev/null
ok 'release is noticed' until_true 20 logged 'no longer held: ended by hand'
ok 'and the rules decide' until_true 20 quantity_is worker 5

# ---- a pause ----

dynomatic pause worker --why 'looking' >/dev/null
ok 'a pause is noticed' until_true 20 logged 'paused until resumed, by .*: looking'
set_jobs_sqlite "$db" 0
set_quantity worker 8
ok 'sizes are still read, and told' until_true 20 logged '5 -> 8, changed by somebody else'
ok 'cycles go by' cycles_go_by
is 'nothing is applied' "$(quantity worker)" 8
dynomatic pause >/dev/null
dynomatic resume >/dev/null
ok 'resume ends the pauses of all pools' until_true 20 quantity_is worker 0

# ---- a file that cannot be read ----

dynomatic hold worker 4 >/dev/null
ok 'held once more' until_true 20 quantity_is worker 4
cp state/overrides.json good.json
echo '[{' >state/overrides.json
ok 'a broken file is an error that names it' until_true 20 logged "level=error.*cannot read $scratch/state/overrides.json"
ok 'cycles go by' cycles_go_by
is 'what was known stays in force' "$(quantity worker)" 4
is 'it is logged once' "$(log_lines 'cannot read .*overrides.json')" 1
run hold worker 9
is 'a command leaves it alone' $status 1
has 'and names it' "$err" "cannot read $scratch/state/overrides.json"
stop_daemon
set_quantity worker 3
start_daemon dynomatic.yml
ok 'a daemon that starts then' cycles_go_by
is 'lowers nothing' "$(quantity worker)" 3
ok 'and says so' logged 'no size is lowered'
cp good.json state/overrides.json
ok 'once it is good it is obeyed' until_true 20 quantity_is worker 4
ok 'and that is logged' logged 'the overrides can be read again'
rm state/overrides.json
ok 'without the file the rules decide' until_true 20 quantity_is worker 0
stop_daemon

# ---- once ----

dynomatic hold worker 3 --why 'by cron' >/dev/null
run once --dry-run
has 'once --dry-run obeys' "$err" 'held at 3 by hand until released (by cron)'
run once
is 'once has status 0' $status 0
is 'and obeys' "$(quantity worker)" 3
dynomatic pause worker >/dev/null
set_quantity worker 9
run once
is 'once has status 0 for a pool that is paused' $status 0
is 'and applies nothing to it' "$(quantity worker)" 9
dynomatic resume worker >/dev/null
dynomatic release worker >/dev/null

# ---- what somebody else sets ----

start_daemon dynomatic.yml
ok 'the rules decide' until_true 20 quantity_is worker 0
ok 'the daemon has read that' cycles_go_by
set_quantity worker 4
ok 'somebody else sets a size: corrected' until_true 20 logged '0 -> 4, changed by somebody else'
ok 'at once' until_true 20 quantity_is worker 0
write_config ', max: 6, on_drift: { respect: 1h }'
echo "journal: $scratch/journal.jsonl" >>dynomatic.yml
kill -HUP "$daemon_pid"
ok 'another configuration' until_true 20 test "$(log_lines '2 pools')" -ge 1
ok 'is in force' cycles_go_by
curl -sf -X POST -d '{"reset":"after","method":"PATCH"}' "$api_url/_fake/faults" >/dev/null
set_jobs_sqlite "$db" 12
ok 'the answer to a change is lost' until_true 20 logged 'level=warn subject=heroku-formation'
ok 'what it did is not taken for somebody else'"'"'s' until_true 20 logged '0 -> 5, as was asked for; the answer was lost'
curl -sf -X DELETE "$api_url/_fake/faults" >/dev/null
set_jobs_sqlite "$db" 0
ok 'so the rules decide' until_true 20 quantity_is worker 0
ok 'cycles go by' cycles_go_by
set_quantity worker 4
ok 'somebody else sets a size: respected' until_true 20 logged 'stays so for 1 h'
ok 'cycles go by' cycles_go_by
is 'it is not lowered' "$(quantity worker)" 4
set_jobs_sqlite "$db" 50
ok 'cycles go by' cycles_go_by
is 'nor raised' "$(quantity worker)" 4
stop_daemon
start_daemon dynomatic.yml
ok 'with a journal, after a restart, cycles go by' cycles_go_by
is 'and it is respected still' "$(quantity worker)" 4
set_quantity worker 20
ok 'max holds' until_true 20 quantity_is worker 6
ok 'and the decision says why' logged 'set by somebody else, stays for another .*: 20; max 6: 6'
dynomatic hold worker 1 >/dev/null
ok 'a hold goes before it' until_true 20 quantity_is worker 1
stop_daemon
is 'the daemon ends well' $? 0
has_not 'no token was logged' "$(cat daemon.log)" "$token"
tap_end
