#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command line: what each command prints, and its exit status.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads JSON'

run() { # sets status, out, err
  out=$(dynomatic "$@" 2>"$scratch/err")
  status=$?
  err=$(cat "$scratch/err")
}

# ---- usage ----

run --help
is '--help has status 0' $status 0
has '--help names the commands' "$out" 'count'
run help
is 'help has status 0 too' $status 0
run --version
has '--version' "$out" 'dynomatic '
if [ -c /dev/full ]; then
  dynomatic --help >/dev/full 2>"$scratch/err"
  is 'help that cannot be written is a failure' $? 1
  has 'and says so' "$(cat "$scratch/err")" 'cannot write to standard output'
fi
run
is 'no command is a usage error' $status 2
has 'and says so' "$err" 'no command is given'
run cuont
is 'an unknown command is a usage error' $status 2
has 'with the nearest one' "$err" 'did you mean "count"?'
run check --json
is 'an option of another command is a usage error' $status 2
has 'and says so' "$err" '--json is not an option of check'
run check --jsno
is 'an unknown option is a usage error' $status 2
has 'with the nearest one' "$err" 'dynomatic: there is no option --jsno; did you mean "--json"?'
run check -x
has 'also of one letter' "$err" 'dynomatic: there is no option -x; '
run hold worker -12
has 'a negative number is no option' "$err" 'dynomatic: a number cannot be negative: -1; '
run count --json=yes
has 'a value that is none' "$err" 'dynomatic: --json takes no value; '
run check --config
has 'a value that is lacking' "$err" 'dynomatic: --config takes a value behind it; '
run check -c
has 'also behind one letter' "$err" 'dynomatic: -c takes a value behind it; '
run check one
is 'a word too many is a usage error' $status 2
cd "$scratch"
run check
is 'no configuration at all has status 2' $status 2
has 'and tells where it was looked for' "$err" '/etc/dynomatic/dynomatic.yml'

# ---- the main configuration ----

db=$scratch/app.sqlite3
make_sqlite "$db"
set_jobs_sqlite "$db" 12
start_fake --formation worker=0:Standard-1X --formation worker1=0:Basic --formation worker2=0:Basic
cat >dynomatic.yml <<END
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
rules: [{ at_least: 10, dynos: 5 }]
END

run check
is 'check of a good file has status 0' $status 0
is 'and says what it holds' "$out" 'dynomatic.yml: 1 pool, 1 queue instance, 1 scaler instance: good'
cp dynomatic.yml scheduled.yml
cat >>scheduled.yml <<END
schedule:
  - { dates: 2025-12-24, min: 2 }
  - { zone: Europe/Brussels, min: 1 }
END
run -c scheduled.yml check
has 'check tells what the schedule says now' "$out" \
  'worker: always: min 1 is in force, and no other within a year'
has 'and warns of dates that are over' "$out" \
  'warning: worker: the dates are over of schedule 2025-12-24: min 2'
cat >hobby.yml <<END
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-hobby, app: myapp, token: "$token", api_url: "$api_url", worker_names: [worker1, worker2] }
rules: [{ at_least: 10, dynos: 1 }]
schedule: [{ min: 5 }]
END
run -c hobby.yml check
has 'an entry may ask for more than the back-end can run' "$out" 'worker: the file asks for up to 5 dynos'
run -c hobby.yml once --dry-run
has 'and never gets it' "$err" '-> 2, not applied: dry run'
run -c scheduled.yml once --dry-run
has 'so does once' "$err" 'the dates are over of schedule 2025-12-24: min 2'
has 'whose decision names the entry' "$err" 'schedule always: min 1)'
mv dynomatic.yml other.yml
DYNOMATIC_CONFIG=other.yml run check
has 'DYNOMATIC_CONFIG names the file' "$out" 'other.yml: '
run -c other.yml check
has '-c names the file' "$out" 'other.yml: '
mv other.yml dynomatic.yml

run check --connect
is 'check --connect has status 0' $status 0
has 'it tries the store' "$out" 'delayedjob: answers'
has 'it tries the platform' "$out" 'heroku-formation: answers'
has 'it tells the sizes' "$out" 'worker runs 0'
is 'it changes nothing' "$(requests PATCH)" 0

sed "s|sqlite3:$db|postgres://x@127.0.0.1:1/y|" dynomatic.yml >dead.yml
run -c dead.yml check --connect
is 'a store that is down has status 1' $status 1
has 'and what to look at, where it is written' "$out" \
  'delayedjob: cannot connect to 127.0.0.1:1/y: Connection refused; check host and port in the URL, and whether the server runs (url: dead.yml:1)'
OTHER_URL=postgres://x@127.0.0.1:1/y run -c dead.yml check --connect
has 'or in which variable' "$out" 'runs (url: OTHER_URL)'

cat >refused.yml <<END
queue:
  adapter: delayedjob
  url: "mongodb://x/y"
scaler:
  backend: heroku-formation
  app: myapp
  token: "$token"
rules: [{ at_least: 10, dynos: 5 }]
pools:
  one: { scaler: { api_url: "ftp://x" } }
  two: { queue: { url: "sqlite3:$db", min_priority: 9, max_priority: 1 } }
END
run -c refused.yml check
is 'what a plugin refuses has status 2' $status 2
has 'and the line of the option' "$out" 'refused.yml:3: delayedjob(one): url: '
has 'that a pool says for itself' "$out" 'refused.yml:10: heroku-formation(one): api_url'
has 'and goes by the pool that uses it' "$out" 'refused.yml:11: delayedjob(two): min_priority is above max_priority'
run -c refused.yml once
has 'run says so too' "$err" 'refused.yml:3: delayedjob(one): url: '

run count
is 'count has status 0' $status 0
has 'count has a table' "$out" 'POOL'
has 'with the figures' "$(printf '%s' "$out" | tail -1 | tr -s ' ')" 'worker delayedjob 12 '
run count --json
is 'count --json' "$(printf '%s' "$out" | jq -c '.[0] | del(.latency_ms)')" \
  '{"pool":"worker","adapter":"delayedjob","queues":[],"waiting":12,"at_least":[]}'
run count --json --all
is 'count --all' "$(printf '%s' "$out" | jq -c '.[0] | [.waiting, .busy, .failed, .next_due_ms]')" \
  '[12,0,0,null]'
run count --all
has 'with all columns' "$out" 'NEXT DUE'
has 'no job for later has a sign' "$(tail -1 <<<"$out" | tr -s ' ')" 's 0 0 0 0 -'
sed "s|delayedjob|$top_builddir/tests/plugin/.libs/sample_queue.so|" dynomatic.yml >sample.yml
run -c sample.yml count --all
is 'what an adapter cannot tell has that of the unknown' "$(tail -1 <<<"$out" | tr -s ' ')" \
  'worker sample_queue 0 0 ms ? ? ? ? ?'

run once --dry-run
is 'once --dry-run has status 0' $status 0
has 'it tells what it would do' "$err" '0 -> 5, not applied: dry run'
is 'it applies nothing' "$(requests PATCH)" 0
run once
is 'once has status 0' $status 0
is 'once applies' "$(quantity worker)" 5
run once
is 'once again has nothing to do' "$(requests PATCH)" 1
run once --dry-run
has 'once --dry-run says so too' "$err" '5, stays (at least 10 waiting'

# ---- the journal ----

cp dynomatic.yml plain.yml
echo 'journal: /nowhere/at/all/j.jsonl' >>dynomatic.yml
run once
is 'a journal that cannot be opened is a mistake' $status 2
has 'and named' "$err" 'cannot open the journal /nowhere/at/all/j.jsonl: No such file or directory'
run check --connect
is 'check --connect finds it too' $status 1
has 'and names it' "$out" 'cannot open the journal'
{ cat plain.yml; echo "journal: $scratch/j.jsonl"; } >dynomatic.yml
set_jobs_sqlite "$db" 0
run once --dry-run
has 'a dry run is written as one' "$(cat "$scratch/j.jsonl")" '"kind":"dry_run"'
has_not 'and as no decision' "$(cat "$scratch/j.jsonl")" '"kind":"decision"'
run once
is 'with a journal once waits as run does' "$(quantity worker)" 5
run once
is 'from one to the next' "$(quantity worker)" 5
mv plain.yml dynomatic.yml
run once
is 'without one it does not' "$(quantity worker)" 0
set_jobs_sqlite "$db" 12
run once
is 'and so on' "$(quantity worker)" 5

run plugins
has 'plugins lists the adapters' "$out" 'delayedjob'
has 'and the back-ends' "$out" 'heroku-hobby'
run plugins delayedjob
has 'plugins NAME prints the options' "$out" 'max_run_time'
run plugins nonsense
is 'plugins with an unknown name has status 1' $status 1
has 'and names what there is' "$err" 'delayedjob'

# ---- failing ----

kill "$fake_pid"
wait "$fake_pid"
run check --connect
is 'a platform that is down fails check --connect with status 1' $status 1
has 'and the address is named' "$out" '127.0.0.1'
run once
is 'and once' $status 1
rm "$db"
run count
is 'a store that is not there fails count with status 1' $status 1
has 'what is not known is no zero' "$(printf '%s' "$out" | sed -n 2p | tr -s ' ')" 'worker delayedjob ? ?'
has 'and the reason is told' "$out" 'app.sqlite3'
run count --json
is 'in JSON it is null' "$(printf '%s' "$out" | jq -c '.[0] | [.waiting, .latency_ms, (.unknown | length > 0)]')" \
  '[null,null,true]'
echo 'ruels: []' >bad.yml
for command in run once check count; do
  run -c bad.yml $command
  is "a bad file has status 2: $command" $status 2
  has "and the mistake is told: $command" "$err$out" 'bad.yml:1:1'
done
ok 'a closed output fails' test "$(dynomatic plugins >/dev/full 2>/dev/null; echo $?)" = 1

# ---- on a terminal ----

terminal() { script -qec "$top_builddir/dynomatic plugins" /dev/null; }
if command -v script >/dev/null; then
  has 'headings are bold on a terminal' "$(TERM=xterm terminal)" $'\033[1m'
  has_not 'unless NO_COLOR is set' "$(NO_COLOR=1 TERM=xterm terminal)" $'\033['
fi
tap_end
