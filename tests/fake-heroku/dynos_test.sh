#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Dynos: what runs follows what should run, simulated and as real processes.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/fake-heroku/fake.sh"

formation=/apps/myapp/formation
scale() { # type, quantity
  call PATCH "$formation/$1" "{\"quantity\":$2}"
}
said() { grep -q -F -- "$1" "$scratch/dynos.log"; }
is_gone() { ! kill -0 "$1" 2>/dev/null; }
all_gone() { # pids
  local pid
  for pid in "$@"; do is_gone "$pid" || return 1; done
}
pid_of() { # dyno
  control GET /state | jq -r --arg d "$1" '.apps[0].dynos[] | select(.name == $d).pid'
}
pids() { control GET /state | jq -r '.apps[0].dynos[].pid // empty'; }

# ---- Simulated (F6) ----

fake_start --token "$token" --formation worker=1 --boot-delay 1h --stop-delay 1h --grace 2h
is 'a dyno starts' "$(dynos)" 'worker.1 starting'
scale worker 0
ok 'one that has not started is gone at once' until_true 20 dynos_are worker ''

fake_start --token "$token" --formation worker=3 --stop-delay 1h --grace 2h
ok 'after the boot delay it is up' until_true 20 dynos_are worker \
  'worker.1 up, worker.2 up, worker.3 up'
scale worker 1
is 'the highest numbers stop first, and stay while they do' "$(dynos)" \
  'worker.1 up, worker.2 down, worker.3 down'
call GET /apps/myapp/dynos
is 'clients see them too' "$(field '[.[].state] | join(" ")')" 'up down down'
scale worker 2
ok 'a number that stops is given anew' until_true 20 dynos_are worker \
  'worker.1 up, worker.2 down, worker.3 down, worker.2 up'
control POST /apps/myapp/dynos/worker.1/crash >/dev/null
ok 'a crash' until_true 20 dynos_are worker \
  'worker.1 crashed, worker.2 down, worker.3 down, worker.2 up'
is 'is counted' "$(control GET /summary | jq .crashes)" 1
ok 'and followed by a restart' until_true 20 dynos_are worker \
  'worker.1 up, worker.2 down, worker.3 down, worker.2 up'
control POST /apps/myapp/dynos/worker.1/restart >/dev/null
ok 'when a dyno is cycled, both run for a while' until_true 20 dynos_are worker \
  'worker.1 down, worker.2 down, worker.3 down, worker.2 up, worker.1 up'
is 'most at once' "$(control GET /summary | jq -c '[.max_quantity, .max_dynos, .started]')" \
  '[{"worker":3},{"worker":5},{"worker":5}]'
kill "$fake_pid"
ok 'a stop waits for the dynos' until_true 20 said 'heroku[worker.1]: State changed from up to down'
ok 'and takes no calls meanwhile' until_true 20 bash -c "! curl -s $api_url/_fake/state"
kill "$fake_pid"
wait "$fake_pid"
is 'a second signal does not wait' $? 0
fake_pid=

fake_start --token "$token" --formation worker=1 --stop-delay 2h --grace 10ms
ok 'up' until_true 20 dynos_are worker 'worker.1 up'
scale worker 0
ok 'one that overstays its grace' until_true 20 dynos_are worker ''
is 'counts as killed' "$(control GET /summary | jq .kills)" 1
is 'in the history too' "$(control GET /history | jq -r '.[] | "\(.name) \(.end) \(.state)"')" \
  'worker.1 killed gone'
has 'in the words of the platform' "$(cat "$scratch/dynos.log")" 'Error R12 (Exit timeout)'
is 'dyno-seconds are kept' "$(control GET /summary | jq '.dyno_seconds.worker > 0')" true

fake_start --token "$token" --tier fir --formation worker=1
is 'Fir numbers no dynos' \
  "$(control GET /state | jq '.apps[0].dynos[0].name | test("^worker-[0-9a-z]{9}-[0-9a-z]{5}$")')" true
call GET $formation/worker
is 'and writes sizes small' "$(field .size)" dyno-1c-0.5gb

# ---- Real processes ----

mkdir "$scratch/app"
cat >"$scratch/app/Procfile" <<'END'
# What this app runs
web: echo "PORT=$PORT DYNO=$DYNO"; echo "ID=$HEROKU_DYNO_ID"; exec sleep 1000

worker: ./worker
stubborn: trap '' TERM; echo stubborn; sleep 1000 & echo $! >child; while :; do sleep 0.05; done
crash: echo alas >&2; exit 7
clean: exit 0
polyglot: (sleep 1001 & echo $! >left; setsid sleep 1002 & echo $! >>left); echo polyglot; exec sleep 1003
show: ls -l /proc/self/fd | sed -n 's/.* \([0-9]*\) -> .*/fd \1/p'; grep -E 'Sig(Blk|Ign)' /proc/self/status; echo "$A|$B|${PORT-none}|$PWD"; exec sleep 1004
long: head -c 25000 /dev/zero | tr '\0' x; echo; printf unfinished; exec sleep 1005
END
cat >"$scratch/app/worker" <<'END'
#!/bin/sh
# Does its work until SIGTERM, and then says so.
trap 'echo "$DYNO got TERM" >>terms; echo bye; exit 0' TERM
echo "ready DYNO=$DYNO PORT=${PORT-none}"
while :; do sleep 0.02; done
END
chmod +x "$scratch/app/worker"

exec 7</dev/null # which no dyno may get
A=outer B=outer PORT=1 DYNO=outer fake_start --token "$token" --procfile "$scratch/app/Procfile" \
  --formation worker=4 --formation web=2:Standard-2X --env A=inner --grace 30s --web-port 7000
ok 'the types are those of the Procfile' until_true 20 said 'app[worker.4]: ready'
call GET $formation
is 'all of them' "$(field '[.[].type] | sort | join(" ")')" \
  'clean crash long polyglot show stubborn web worker'
is 'none runs that was not asked for' "$(field 'map(select(.quantity > 0).type) | sort | join(" ")')" \
  'web worker'
is 'each with its command' "$(field '.[] | select(.type == "worker").command')" ./worker
ok 'a dyno is told its id' until_true 20 said 'app[web.1]: ID='
ok 'a web dyno gets a port' until_true 20 said 'app[web.1]: PORT=7000 DYNO=web.1'
ok 'of its own' until_true 20 said 'app[web.2]: PORT=7001 DYNO=web.2'
ok 'a worker gets none' until_true 20 said 'app[worker.4]: ready DYNO=worker.4 PORT=none'
has 'a line is as the platform writes it' \
  "$(grep -c '^20..-..-..T..:..:..\.......+00:00 app\[worker\.1\]: ready' "$scratch/dynos.log")" 1
stopped=$(pid_of worker.2; pid_of worker.3; pid_of worker.4)
kept=$(pid_of worker.1)
scale worker 1
# shellcheck disable=SC2086 # a list
ok 'a shrink ends processes' until_true 20 all_gone $stopped
ok 'of the highest numbers' kill -0 "$kept"
is 'by SIGTERM, the highest first' "$(sed -n 's/.*heroku\[\(worker\..\)\]: Stopping.*/\1/p' "$scratch/dynos.log" |
  tr '\n' ' ')" 'worker.4 worker.3 worker.2 '
is 'which each of them got' "$(sort "$scratch/app/terms" | tr '\n' ';')" \
  'worker.2 got TERM;worker.3 got TERM;worker.4 got TERM;'
ok 'their last words are in the log' until_true 20 said 'app[worker.2]: bye'
ok 'and their exit' until_true 20 said 'heroku[worker.4]: Process exited with status 0'
ok 'they are gone for clients' until_true 20 dynos_are worker 'worker.1 up'
is 'no one was killed' "$(control GET /summary | jq .kills)" 0

scale show 1
ok 'only its three streams are open' until_true 20 said 'app[show.1]: inner|outer|none|'
is 'no other descriptor' "$(sed -n 's/.*app\[show\.1\]: fd //p' "$scratch/dynos.log" | grep -v '^[0-3]$' | tr '\n' ' ')" ''
# Signals from 32 on are the C library's own, and no program can change them.
is 'no signal is blocked or ignored' "$(sed -n 's/.*app\[show\.1\]: Sig...:[^0-9a-f]*//p' "$scratch/dynos.log" |
  while read -r mask; do echo $((0x$mask & 0x7fffffff)); done)" '0
0'
ok 'it runs in the folder of the Procfile' said "|$(realpath "$scratch/app")"

scale long 1
ok 'a line without an end' until_true 20 said 'app[long.1]: xxxxx'
scale long 0
ok 'what was left of a line comes at the end' until_true 20 said 'app[long.1]: unfinished'
is 'long lines are split' "$(grep -F 'app[long.1]: x' "$scratch/dynos.log" | sed 's/.*: //' |
  awk '{ printf "%d ", length }')" '10000 10000 5000 '
is 'nothing of it is lost' "$(sed -n 's/.*app\[long\.1\]: \(x*\)$/\1/p' "$scratch/dynos.log" |
  tr -d '\n' | wc -c)" 25000

scale polyglot 1
ok 'a dyno with processes of its own' until_true 20 said 'app[polyglot.1]: polyglot'
read -r inside outside <<<"$(tr '\n' ' ' <"$scratch/app/left")"
ok 'they run' kill -0 "$inside" "$outside"
scale polyglot 0
ok 'all of its group end with it' until_true 20 all_gone "$inside"

control POST /apps/myapp/dynos/worker.1/crash >/dev/null
ok 'a process that is killed from outside is a crash' until_true 20 said \
  'heroku[worker.1]: Process exited with status 137'
said_times() { [ "$(grep -c -F -- "$2" "$scratch/dynos.log")" = "$1" ]; }
ok 'and started again' until_true 20 said_times 2 'app[worker.1]: ready'

last=$(pids)
fake_stop
is 'SIGTERM ends it with status 0' $? 0
# shellcheck disable=SC2086 # lists
ok 'and leaves no process, not even one that left its group' all_gone $last "$inside" "$outside"

# ---- Those that do not want to go ----

fake_start --token "$token" --procfile "$scratch/app/Procfile" --formation stubborn=1 --grace 100ms
ok 'a process that ignores SIGTERM' until_true 20 said 'app[stubborn.1]: stubborn'
ok 'with a child' until_true 20 test -s "$scratch/app/child"
child=$(cat "$scratch/app/child")
stubborn=$(pid_of stubborn.1)
scale stubborn 0
ok 'is killed after the grace, with its child' until_true 20 all_gone "$stubborn" "$child"
ok 'and that is told' until_true 20 said 'Stopping remaining processes with SIGKILL'
ok 'it is gone' until_true 20 dynos_are stubborn ''
is 'and counted' "$(control GET /summary | jq .kills)" 1

# ---- Crashes ----

fake_start --token "$token" --procfile "$scratch/app/Procfile" --formation crash=1 --formation clean=1 \
  --crash-delay 20ms --crash-delay-max 50ms
restarts() { [ "$(grep -c "heroku\[$1.1\]: State changed from up to crashed" "$scratch/dynos.log")" -ge 4 ]; }
ok 'a dyno that exits is started again, and again' until_true 30 restarts crash
ok 'whatever its status' until_true 30 restarts clean
has 'the status is told' "$(cat "$scratch/dynos.log")" 'heroku[crash.1]: Process exited with status 7'
has 'standard error is kept too' "$(cat "$scratch/dynos.log")" 'app[crash.1]: alas'
fake_start --token "$token" --procfile "$scratch/app/Procfile" --formation crash=1 --crash-delay 1h \
  --crash-delay-max 2h
ok 'until then it is crashed' until_true 20 dynos_are crash 'crash.1 crashed'
rm -r "$scratch/app/"
scale web 1
ok 'a process that cannot be started is told with its reason' until_true 20 said \
  'heroku[web.1]: The process did not start: cannot enter its folder: No such file or directory'
ok 'and is a crash too' until_true 20 dynos_are web 'web.1 crashed'

# ---- When the fake is killed ----

mkdir "$scratch/app"
printf 'worker: sleep 1000 & echo $! >child; sleep 1001; true\n' >"$scratch/app/Procfile"
fake_start --token "$token" --procfile "$scratch/app/Procfile" --formation worker=1
ok 'a dyno with a child' until_true 20 test -s "$scratch/app/child"
worker=$(pid_of worker.1)
child=$(cat "$scratch/app/child")
ok 'both run' kill -0 "$worker" "$child"
kill -KILL "$fake_pid"
wait "$fake_pid" 2>/dev/null
fake_pid=
ok 'SIGKILL of the fake takes them along' until_true 20 all_gone "$worker" "$child"
tap_end
