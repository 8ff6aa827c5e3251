#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dynomatic replay over what a daemon has recorded, and over files that are old, cut off, empty or from
# elsewhere.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the platform'

db=$scratch/app.sqlite3
make_sqlite "$db"
start_fake --formation worker=0:Standard-1X
export HEROKU_API_KEY=$token
cd "$scratch" || exit 1

write_configuration() { # file, what differs
  cat >"$1" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "\${HEROKU_API_KEY}", api_url: "$api_url" }
journal: { file: $scratch/journal.jsonl, every: 1s }
scale_down: { after: 0s }
$2
END
}
write_configuration mine.yml 'rules: [{ at_least: 1, dynos: 1 }, { at_least: 10, dynos: 5 }]'
write_configuration other.yml 'per_dyno: 20'
write_configuration renamed.yml 'pools: { mailer: { process: worker, per_dyno: 20 } }'

# ---- A run ----

set_jobs_sqlite "$db" 12
start_daemon mine.yml
ok 'the daemon raises' until_true 20 quantity_is worker 5
set_jobs_sqlite "$db" 3
ok 'and lowers' until_true 20 quantity_is worker 1
set_jobs_sqlite "$db" 0
ok 'to none' until_true 20 quantity_is worker 0
stop_daemon

out=$(dynomatic -c mine.yml replay journal.jsonl 2>&1)
is 'the same file: exit status' $? 0
has 'the same file: all decisions come out the same' "$out" ', which all came out the same'
has_not 'and nothing is compared' "$out" RECORDED
out=$(dynomatic -c other.yml replay journal.jsonl 2>&1)
is 'another file: exit status' $? 0
has 'another file: what it assumes' "$out" 'the recorded numbers of jobs stand'
has 'and what it cannot know' "$out" 'more jobs waited than were counted'
has 'another file: both largest sizes' "$(tr -s ' ' <<<"$out")" ' largest size 5 1'
json=$(dynomatic -c other.yml replay journal.jsonl --json)
is 'for programs' "$(jq -c '.[0] | [.pool, .recorded.largest, .replayed.largest, .decisions.different]' <<<"$json")" \
  '["worker",5,1,0]'

out=$(dynomatic -c other.yml replay journal.jsonl --size standard-2x --prices "$top_srcdir/core/prices.yml" 2>&1)
has 'with what a dyno is: what it costs' "$out" 'US dollars, Standard-2X'
out=$(dynomatic -c other.yml --dry-run once >/dev/null 2>&1; dynomatic -c other.yml replay journal.jsonl 2>&1)
has 'what a dry run decided is decided again' "$out" 'which all came out the same'

# ---- A decision that was not made so ----

sed 's/"size":5,/"size":6,/' journal.jsonl >changed.jsonl
out=$(dynomatic -c mine.yml replay changed.jsonl 2>&1)
is 'a decision that comes out otherwise: exit status' $? 1
has 'is shown' "$out" 'recorded 6 (at least 10 waiting; rule at_least 10: 5 dynos), made again 5'

# ---- Files ----

lines() { dynomatic -c mine.yml replay "$@" 2>&1 | sed -n 's/^worker: \([0-9]*\) lines.*/\1/p'; }
n=$(lines journal.jsonl)
total=$(wc -l <journal.jsonl)
third=$((total / 3))
head -n $third journal.jsonl >turned.jsonl.2
sed -n "$((third + 1)),$((2 * third))p" journal.jsonl >turned.jsonl.1
sed -n "$((2 * third + 1)),\$p" journal.jsonl >turned.jsonl
is 'files that were turned over are one recording' "$(dynomatic -c mine.yml replay turned.jsonl)" \
  "$(dynomatic -c mine.yml replay journal.jsonl)"
grep -m1 '"kind":"decision"' journal.jsonl >one.jsonl
{ cat one.jsonl; echo '{"kind":"decision"}'; echo nonsense; head -c 100 one.jsonl; } >bad.jsonl
out=$(dynomatic -c mine.yml replay bad.jsonl 2>&1)
is 'lines that are bad or cut off do not matter' $? 0
has 'but are counted' "$out" 'bad lines, passed over: 3'
: >empty.jsonl
out=$(dynomatic -c mine.yml replay empty.jsonl 2>&1)
is 'an empty journal: exit status' $? 1
has 'is told' "$out" 'empty.jsonl has no decisions of the pools of mine.yml'
out=$(dynomatic -c mine.yml replay nowhere.jsonl 2>&1)
is 'no journal: exit status' $? 2
has 'is told' "$out" 'cannot read nowhere.jsonl: No such file or directory'
out=$(dynomatic -c renamed.yml replay journal.jsonl 2>&1)
has 'pools that the file does not have are told' "$out" 'of pools that renamed.yml does not have, such as "worker", passed over: '
is 'all of it since a day ago' "$(lines journal.jsonl --since 1d)" "$n"
is 'none of it before' "$(lines journal.jsonl --until 1d)" ''

# ---- From elsewhere ----

{
  echo time,waiting,busy
  for i in $(seq 0 60); do
    echo "$((1790000000 + 10 * i)),$((i < 30 ? 2 * i : 120 - 2 * i)),$((i < 5 ? 0 : 4))"
  done
  echo tomorrow,5,5
} >other.csv
out=$(dynomatic -c other.yml replay other.csv 2>&1)
is 'a CSV: exit status' $? 0
has 'a CSV has no sizes' "$(tr -s ' ' <<<"$out")" ' largest size ? 3'
has 'its bad lines are counted too' "$out" 'bad lines, passed over: 1'
out=$(dynomatic -c other.yml replay other.csv --closed-loop 2>&1)
has 'with busy jobs its queue can be simulated' "$out" 'its error is not known, since no sizes were recorded'
{ echo time,waiting; echo 2026-11-24T10:00Z,5; echo 2026-11-24T10:01:00Z,0; } >short.csv
out=$(dynomatic -c other.yml replay short.csv --closed-loop 2>&1)
has 'without them it cannot' "$out" 'no closed loop, since neither sizes nor busy jobs were recorded'

# ---- The picture ----

ok 'a picture is drawn' dynomatic -c other.yml replay journal.jsonl --plot plot.svg
has 'it is an SVG' "$(cat plot.svg)" '<svg xmlns="http://www.w3.org/2000/svg"'
for part in 'waiting (jobs' 'age of the oldest (s)' 'size (dynos)' 'time (UTC)' '>recorded<' '>other.yml<' \
  'prefers-color-scheme: dark'; do
  has "with: $part" "$(cat plot.svg)" "$part"
done
has_not 'every place in it is a number' "$(cat plot.svg)" nan
out=$(dynomatic -c other.yml replay journal.jsonl --plot nowhere/plot.svg 2>&1)
is 'one that cannot be written: exit status' $? 1
has 'is told' "$out" 'cannot write nowhere/plot.svg: No such file or directory'

# ---- A shadow ----

write_configuration shadowed.yml 'rules: [{ at_least: 1, dynos: 1 }, { at_least: 10, dynos: 20 }]
shadow: { rules: [{ at_least: 1, dynos: 2 }, { at_least: 10, dynos: 3 }] }'
sed -i 's/journal.jsonl/shadowed.jsonl/' shadowed.yml
asked_before=$(requests PATCH)
set_jobs_sqlite "$db" 12
start_daemon shadowed.yml
ok 'the daemon raises' until_true 20 quantity_is worker 20
set_jobs_sqlite "$db" 3
ok 'and lowers' until_true 20 quantity_is worker 1
set_jobs_sqlite "$db" 0
ok 'to none' until_true 20 quantity_is worker 0
stop_daemon
is 'the platform is asked by the pool alone' "$(($(requests PATCH) - asked_before))" 3
has 'why tells of the shadow' "$(dynomatic -c shadowed.yml why worker --shadow)" 'worker, shadow: 0 dynos would be wanted'
out=$(dynomatic -c shadowed.yml replay shadowed.jsonl 2>&1)
is 'a shadow beside it: exit status' $? 0
has 'its decisions come out the same' "$(grep '  shadow: decisions' <<<"$out")" ', which all came out the same'
has 'where they differed most' "$out" ': live 20, shadow 3'
has 'and the largest sizes' "$(tr -s ' ' <<<"$out")" ' largest size 20 3'
out=$(dynomatic -c shadowed.yml replay shadowed.jsonl --json | jq -c '.[0].shadow | [.live.largest, .shadow.largest, .decisions.different, .greatest[0].shadow]')
is 'for programs' "$out" '[20,3,0,3]'
out=$(dynomatic -c other.yml replay shadowed.jsonl 2>&1)
has 'with a file without it, it is another policy' "$out" '  shadow: decisions of another policy than the file'
has 'and beside the live one as it was' "$out" ': live 20, shadow 3'
ok 'its size is drawn' dynomatic -c shadowed.yml replay shadowed.jsonl --plot shadowed.svg
has 'as a line of its own' "$(cat shadowed.svg)" '>shadow<'
sed '/"kind":"shadow"/ s/"size":3,/"size":4,/' shadowed.jsonl >changed.jsonl
out=$(dynomatic -c shadowed.yml replay changed.jsonl 2>&1)
is 'a decision of a shadow that comes out otherwise: exit status' $? 1
has 'is shown' "$out" 'recorded 4 (at least 10 waiting; rule at_least 10: 3 dynos), made again 3'

# ---- Usage ----

refused() { # name, part, arguments
  local name=$1 part=$2
  shift 2
  out=$(dynomatic -c mine.yml replay "$@" 2>&1)
  is "$name: exit status" $? 2
  has "$name: is told" "$out" "$part"
}
refused 'no journal' 'replay needs a journal'
refused 'no such pool' 'there is no such pool' journal.jsonl --pool web
refused 'no time' '--since yesterday: a time is' journal.jsonl --since yesterday
refused 'no duration' '--bound soon: ' journal.jsonl --bound soon
tap_end
