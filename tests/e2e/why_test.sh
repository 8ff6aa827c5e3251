#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dynomatic why over the journal of a simulation: what it prints is compared with tests/e2e/why/*.expected,
# with "how long ago" left out.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs jq 'it reads JSON'

cases=$top_srcdir/tests/e2e/why
export TZ=UTC
cd "$scratch" || exit 1

record() { # name of a script, journal
  "$top_builddir/tests/sim/simulate" --journal "$2" "$cases/$1.sim" >sim.out 2>&1 || cat sim.out
}
configuration() { # name of a script
  printf 'queue: { adapter: delayedjob, url: "sqlite3:%s/app.sqlite3" }\n' "$scratch"
  printf 'scaler: { backend: heroku-formation, app: myapp, token: "%s" }\n' "$token"
  sed '/^---/,$d; /^#/d; /^queue/d; /^scaler/d' "$cases/$1.sim"
}
record day journal
configuration day >plain.yml
{ cat plain.yml; echo 'journal: journal'; } >dynomatic.yml

answers() { # name, arguments of dynomatic
  local name=$1
  shift
  dynomatic "$@" 2>&1 | sed -E 's/, ([0-9]+ (ms|s|min|h|d) ?)+ago//' >"$name.out"
  diff -u "$cases/$name.expected" "$name.out"
}
status() {
  dynomatic "$@" >out 2>err
  echo $?
}

ok 'the last decision of each pool' answers last why
ok 'the one in force at a time' answers at why worker --at 2026-11-24T10:01:20Z
ok 'what the platform refused' answers refused why worker --at 2026-11-24T10:04:00Z
ok 'a step stopped more' answers not_step why worker --at 2026-11-24T10:01:20Z --not 8
ok 'no vote asked for more, and what it takes' answers not_vote why --at 2026-11-24T10:00:30Z --not 9
ok 'a vote stopped less' answers not_less why worker --at 2026-11-24T10:05:30Z --not 2
ok 'a step stopped less' answers not_less_step why worker --at 2026-11-24T10:05:30Z --not 5
ok 'it is that size' answers not_it why worker --at 2026-11-24T10:05:30Z --not 7
ok 'without a configuration' answers no_configuration why mail --journal journal --at 2026-11-24T10:00:30Z --not 9
ok 'for programs' answers json why worker --json --at 2026-11-24T10:04:00Z --not 9
is 'which is JSON' "$(dynomatic why --json | jq -r '.[].pool' | tr '\n' ' ')" 'mail worker '
is 'a time by the clock here' "$(TZ=Europe/Brussels dynomatic why mail --at '2026-11-24 11:00:30' | sed -n 2p | cut -d, -f1)" \
  '  decided  2026-11-24 11:00:21 CET'

# ---- shadows ----

record shadow shadow.journal
configuration shadow >shadow.yml
shadow() { # name, arguments
  answers "$1" -c shadow.yml why --journal shadow.journal "${@:2}"
}
ok 'the last decision of each shadow, and whether it differs' shadow shadow_last --shadow
ok 'the one in force at a time' shadow shadow_at worker --shadow --at 2026-11-24T10:02:20Z
ok 'what stopped another size, by the policy of the shadow' shadow shadow_not mail --shadow --at 2026-11-24T10:04:30Z --not 2
ok 'for programs' shadow shadow_json worker --shadow --json --at 2026-11-24T10:02:20Z
is 'without it pools are told of' "$(dynomatic why --journal shadow.journal | grep -c '^[a-z]*: ')" 3
is 'no shadow has status 1' "$(status -c shadow.yml why alone --shadow --journal shadow.journal)" 1
is 'and those that are there are named' "$(cat err)" \
  'dynomatic: the journal has no decision of a shadow "alone" at that time; it has mail, worker'
is 'nor has a journal without any' "$(status why --shadow)" 1
is 'which is told' "$(cat err)" 'dynomatic: the journal has no decision of a shadow at that time'
out=$(dynomatic -c shadow.yml check)
has 'check counts them' "$out" 'shadow.yml: 3 pools, 2 shadows, 1 queue instance'
has 'and tells who sees none without a journal' "$out" 'mail: nobody sees what its shadow decides without a journal'
has_not 'of those that have one' "$out" 'alone: '
{ cat shadow.yml; echo 'journal: shadow.journal'; } >with.yml
has_not 'with one it is silent' "$(dynomatic -c with.yml check)" 'nobody sees'
is '--shadow is of why alone' "$(status check --shadow)" 2

# ---- files before it ----

head -n 60 journal >journal.2
tail -n +61 journal | head -n 10 >journal.1
tail -n +71 journal >journal.new && mv journal.new journal
ok 'files that were rotated away are read too' answers at why worker --at 2026-11-24T10:01:20Z
ok 'and the last one goes on from those' answers last why

# ---- what cannot be told ----

is 'no journal has status 1' "$(status -c plain.yml why)" 1
has 'and tells how to keep one' "$(cat err)" 'journal: /var/lib/dynomatic/journal.jsonl'
is 'a pool that is not there has status 1' "$(status why web)" 1
has 'and names those that are' "$(cat err)" 'it has mail, worker'
is 'a time before the journal has status 1' "$(status why --at 2020-01-01T00:00Z)" 1
is 'what is no time has status 2' "$(status why --at noon)" 2
has 'and says what is one' "$(cat err)" '"5m ago"'
is 'what is no size has status 2' "$(status why --not few)" 2
is 'a journal that is not there has status 1' "$(status why --journal nowhere)" 1
printf 'garbage\n{"kind":"decision"}\n{"at":' >>journal
ok 'lines that are none are passed over' answers last why
tap_end
