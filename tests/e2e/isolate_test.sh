#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# isolate: a plugin that crashes, hangs or leaks costs its own pool; what its process may see; that it goes
# with the host, whatever ends that.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the platform'
needs pgrep 'it finds the processes'

db=$scratch/app.sqlite3
make_sqlite "$db"
set_jobs_sqlite "$db" 12
start_fake --formation sick=0:Standard-1X --formation well=0:Standard-1X
faulty=$top_builddir/tests/plugin/.libs/faulty.so
export FAULTY_SECRET=s3same-secret OTHER_SECRET=s3other-secret

write_config() { # the options of the faulty adapter, more for its pool
  cat >"$scratch/dynomatic.yml" <<END
interval: 100ms
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url", isolate: yes }
pools:
  sick:
    queue: { adapter: "$faulty", watch: no, $1 }
    rules: [{ at_least: 10, dynos: 2 }]
  well:
    queue: { adapter: delayedjob, url: "sqlite3:$db", isolate: no }
    rules: [{ at_least: 10, dynos: 3 }]
END
}

reset() {
  : >"$scratch/daemon.log"
  curl -s -X PATCH "$api_url/apps/myapp/formation" -H "Authorization: Bearer $token" \
    -H 'Accept: application/vnd.heroku+json; version=3' -H 'Content-Type: application/json' \
    -d '{"updates":[{"type":"well","quantity":0},{"type":"sick","quantity":0}]}' >/dev/null
}

children() { pgrep -P "$daemon_pid" | sort -n; }
child_of() { pgrep -P "$daemon_pid" -f "dynomatic isolated $1"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# ---- One that breaks holds up its own pool only ----

breaks() { # fault, what is told
  write_config "fault: $1, timeout: 200ms"
  reset
  start_daemon "$scratch/dynomatic.yml"
  ok "$1: the other pool is scaled" until_true 20 quantity_is well 3
  ok "$1: it is told, with the plugin's name" until_true 20 logged "level=warn subject=faulty msg=\"$2"
  is "$1: its own pool stays" "$(quantity sick)" 0
  stop_daemon
  is "$1: the host ends as always" $? 0
}
breaks crash 'faulty.so (isolated) was killed by signal 11 (Segmentation fault)'
breaks exit 'faulty.so (isolated) exited with status 7'
breaks hang 'faulty.so (isolated) was not back in time, and was killed'
breaks garbage 'faulty.so (isolated) sent what is no answer, and was killed'
breaks greedy 'faulty.so (isolated) '
is 'what is told is no hang of the host' "$(grep -c 'not back 1 s after' "$scratch/daemon.log")" 0

write_config "fault: crash, once: \"$scratch/once\""
reset
start_daemon "$scratch/dynomatic.yml" 9>"$scratch/open" # which it inherits, and must not pass on
ok 'one that crashed once is started again' until_true 20 quantity_is sick 2
ok 'and told to be well' until_true 20 logged 'subject=faulty msg="well again'
seconds() { date -ud "$(sed -n "s/^ts=\([^ ]*\) .*$1.*/\1/p" "$scratch/daemon.log" | head -n 1)" +%s%3N; }
ok 'not at once, but after a pause' test $(($(seconds 'well again') - $(seconds 'killed by'))) -ge 700

# ---- What its process is ----

child=$(child_of faulty)
is 'it has a process' "$(wc -w <<<"$child")" 1
environment=$(tr '\0' '\n' <"/proc/$child/environ")
has 'its own option is in its environment' "$environment" FAULTY_SECRET=s3same-secret
has_not 'another secret is not' "$environment" s3other-secret
scaler=$(child_of heroku-formation)
has_not 'nor is its own in that of others' "$(tr '\0' '\n' <"/proc/$scaler/environ")" s3same-secret
has_not 'a secret is on no command line' "$(ps -o args= -p "$child" -p "$scaler")" s3
has_not 'nor the token' "$(ps -o args= -p "$child" -p "$scaler")" "$token"
limits=$(cat "/proc/$scaler/limits")
has 'its descriptors are limited' "$limits" 'Max open files            256                  256'
has 'it leaves no core dump' "$limits" 'Max core file size        1                    1'
ok 'its memory is' grep -q '^Max data size  *[0-9][0-9]*  *[0-9][0-9]* ' <<<"$limits"
is 'it has no descriptor of the host' \
  "$(find "/proc/$child/fd" -mindepth 1 -printf '%f\n' | sort -n | tr '\n' ' ')" '0 1 2 3 4 '

# ---- It goes when the host goes ----

stop_daemon
is 'SIGTERM ends it' "$(is_gone "$child" || echo "$child")" ''
write_config 'fault: hang, timeout: 10m'
start_daemon "$scratch/dynomatic.yml"
ok 'a call that hangs runs' until_true 20 child_of faulty
child=$(child_of faulty)
ok 'beside others' until_true 20 child_of heroku-formation
scaler=$(child_of heroku-formation)
ok 'which go on' until_true 20 quantity_is well 3
kill -9 "$daemon_pid"
wait "$daemon_pid" 2>/dev/null
ok 'it dies with a host that is killed' until_true 20 is_gone "$child"
ok 'and so do all' until_true 20 is_gone "$scaler"

write_config 'fault: none'
start_daemon "$scratch/dynomatic.yml"
ok 'it runs' until_true 20 child_of faulty
ok 'all run' until_true 20 quantity_is sick 2
before=$(children)
# HUP, INT, QUIT, PIPE, TERM: bits 0, 1, 2, 12, 14
is 'signals that are meant for the host are ignored' \
  "$(sed -n 's/^SigIgn:.*\(....\)$/\1/p' "/proc/$(child_of faulty)/status")" 5007
kill -HUP "$daemon_pid"
ok 'a reload starts others' until_true 20 eval '[ "$(children)" != "$before" ] && [ "$(children | wc -l)" = 2 ]'
last=$(children)
stop_daemon
is 'SIGTERM ends all' "$(for pid in $last; do is_gone "$pid" || echo "$pid"; done)" ''

# ---- Commands that look ----

write_config 'fault: print'
has 'count asks it' "$(dynomatic -c "$scratch/dynomatic.yml" count 2>/dev/null)" '40+'
ok 'what it prints is not in what a command prints' \
  eval 'dynomatic -c "$scratch/dynomatic.yml" count --json | jq -e .'
has 'check --connect asks it' "$(dynomatic -c "$scratch/dynomatic.yml" check --connect 2>/dev/null)" 'faulty: answers'
write_config 'fault: open'
out=$(dynomatic -c "$scratch/dynomatic.yml" check 2>&1)
is 'a refused open() is a mistake in the file' $? 2
has 'and told' "$out" 'faulty: it does not like this'
write_config 'fault: crash'
out=$(dynomatic -c "$scratch/dynomatic.yml" count)
has 'a crash is told in its row' "$out" 'was killed by signal 11'
has 'and the other one is counted' "$out" 12
out=$(dynomatic isolated faulty 2>&1 3>&-)
is 'nobody starts such a process by hand' $? 2
has 'and is told why' "$out" 'is for dynomatic itself'

# ---- Which are isolated ----

write_config 'fault: none, isolate: maybe'
has 'it is yes or no' "$(dynomatic -c "$scratch/dynomatic.yml" check 2>&1)" 'isolate must be yes or no'
write_config 'fault: none, isolate: no'
start_daemon "$scratch/dynomatic.yml"
ok 'with no it runs in the host' until_true 20 quantity_is sick 2
is 'and has no process' "$(child_of faulty)" ''
stop_daemon
tap_end
