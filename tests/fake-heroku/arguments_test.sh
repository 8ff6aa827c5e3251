#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The command line: what is said, and what is wrong with it.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/fake-heroku/fake.sh"
cd "$scratch" || exit 1

said() { # name, exit status, text on standard error, arguments
  local name=$1 wanted=$2 text=$3 output got
  shift 3
  output=$("$fake" "$@" 2>&1 >/dev/null)
  got=$?
  is "$name: status" "$got" "$wanted"
  has "$name: text" "$output" "$text"
}

ok '--version' test "$("$fake" --version)" = "$("$fake" -V)"
has 'names the program' "$("$fake" --version)" 'dynomatic-fake-heroku '
has '--help lists the options' "$("$fake" --help)" '--formation TYPE=QTY[:SIZE]'
is 'all of them' "$("$fake" --help | grep -c '^  --')" \
  "$(grep -c '^    {"--' "$top_srcdir/tests/fake-heroku/arguments.c")"
"$fake" --help >/dev/null
is 'with status 0' $? 0

said 'no port' 2 '--port is missing'
said 'a port that is none' 2 '--port: "x" is no number from 0 to 65535' --port x
said 'a port that is too large' 2 '"65536"' --port=65536
said 'an option that is none' 2 'there is no option --formatoin; did you mean --formation?' --formatoin=x
said 'a value where none belongs' 2 '--maintenance takes nothing, not "yes"' --maintenance=yes
said 'no value where one belongs' 2 '--app needs NAME' --port 0 --app
said 'a stray word' 2 'there is no option stray' stray
said 'a duration that is none' 2 '--grace: "30" is no duration; write 500ms, 10s, 5m or 1h' --port 0 --grace 30
said 'a negative one' 2 'is no duration' --port 0 --boot-delay -1s
said 'a name that is none' 2 'is no name for an app' --port 0 --app a/b
said 'two apps of one name' 2 'there are two apps a' --port 0 --app a --app b --app a
said 'an empty token' 2 'a token cannot be empty' --port 0 --token ''
said 'a variable without a value' 2 '"X" is not of the form NAME=VALUE' --port 0 --env X
said 'a rate limit that is none' 2 '--rate-limit: "many"' --port 0 --rate-limit many
said 'a Retry-After that is none' 2 '--retry-after: "often" is none of' --port 0 --retry-after often
said 'a limit that is none' 2 '--limit: "dynos=3" is none of' --port 0 --limit dynos=3
said 'a tier that is none' 2 '--tier: "gold" is none of eco, basic' --port 0 --tier gold
said 'a batch reply that is none' 2 'is neither all nor updated' --port 0 --batch-reply some
said 'a fault that is none' 2 '--fault "status=5": status takes a status from 200 to 599, not "5"' \
  --port 0 --fault status=5
said 'a fault that does nothing' 2 'it does nothing' --port 0 --fault method=GET
for spec in worker worker= worker=x =1 'wor ker=1' worker=-1 worker=1:; do
  said "a formation that is none ($spec)" 2 "--formation $spec: " --port 0 --formation "$spec"
done
said 'a size that is none' 2 '"Huge" is no dyno size; there are Eco, Basic' --port 0 --formation worker=1:Huge
said 'a type that is there twice' 2 'the type worker is there twice' \
  --port 0 --formation worker=1 --formation worker=2

# ---- A Procfile ----

procfile() { printf '%b' "$1" >"$scratch/Procfile"; }
said 'a Procfile that is not there' 2 'cannot read the Procfile nosuch: No such file' --port 0 --procfile nosuch
procfile 'web: a\n\nworker bundle exec\n'
said 'a line that is none' 2 'Procfile:3: "worker bundle exec" is not of the form TYPE: COMMAND' \
  --port 0 --procfile Procfile
procfile 'web: a\n# web: b\nweb: c\n'
said 'a type twice' 2 'Procfile:3: the type web is there twice' --port 0 --procfile Procfile
procfile 'web:   \n'
said 'a type without a command' 2 'Procfile:1: the type web has no command' --port 0 --procfile Procfile
procfile 'w.b: a\n'
said 'a type of other letters' 2 'Procfile:1:' --port 0 --procfile Procfile
procfile '# nothing\n'
said 'no type at all' 2 'Procfile: no process type' --port 0 --procfile Procfile
procfile 'web: a\n'
said 'a formation that the Procfile lacks' 2 '--formation worker=1: the Procfile has no type worker' \
  --port 0 --procfile Procfile --formation worker=1
procfile '  web : echo a: b  \r\n'
fake_start --procfile Procfile
is 'blanks around, colons within, and DOS ends' \
  "$(control GET /state | jq -c '.apps[0].formation[] | [.type, .command, .quantity]')" \
  '["web","echo a: b",0]'

# ---- Where it cannot listen or write ----

said 'a port that is taken' 1 "cannot listen on 127.0.0.1:${api_url##*:}: Address already in use" \
  --port "${api_url##*:}"
said 'a host that is none' 1 'cannot listen on no.such.host.invalid' --port 0 --host no.such.host.invalid
said 'a log that cannot be written' 1 'cannot write the log /nosuch/log: No such file' --port 0 --log /nosuch/log
said 'a dyno log that cannot be written' 1 "cannot write the dynos' log /nosuch/log" --port 0 \
  --dyno-log /nosuch/log
said 'a port file that cannot be written' 1 'cannot write the port to /nosuch/port' --port 0 \
  --port-file /nosuch/port

# ---- Defaults ----

is 'one line tells where it listens' "$(cat fake.err)" \
  "dynomatic-fake-heroku: listening on $api_url, app myapp"
raw GET /apps/myapp -H "$version" -H 'Authorization: Bearer whatever'
is 'without a token given any will do' "$status" 200
raw GET /apps/myapp -H "$version"
is 'but none will not' "$status" 401
has_not 'and even that is not recorded' "$(cat fake.log)" whatever
fake_start --formation worker=1 --app one --app two --formation clock=2 --tier basic --host localhost
is 'options belong to the app before them, the first ones to the first' \
  "$(control GET /state | jq -c '.apps[] | [.name, .tier, (.formation[] | [.type, .quantity, .size])]' | tr '\n' ' ')" \
  '["one","production",["worker",1,"Standard-1X"]] ["two","basic",["clock",2,"Basic"]] '
fake_stop
is 'SIGTERM: status 0' $? 0
"$fake" --port 0 --port-file fake.port 2>/dev/null >fake.out <&- &
fake_pid=$!
started $fake_pid
ok 'it starts with standard input closed' until_true 20 test -s fake.port
api_url=http://127.0.0.1:$(cat fake.port)
raw GET /apps/myapp -H "$version" -u :x
is 'the log goes to standard output' "$(jq -r .path fake.out)" /apps/myapp
control POST /stop >/dev/null
wait "$fake_pid"
is '/_fake/stop ends it: status 0' $? 0
fake_pid=
tap_end
