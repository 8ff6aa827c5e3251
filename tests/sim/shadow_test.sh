#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each script of tests/sim/cases with a shadow that would do other things and asks for more to be measured:
# actions, log, calls and all lines of the journal are as without it, but for the shadow's own; and those
# come out the same when they are decided again.
. "$top_srcdir/tests/support/tap.sh"

simulate=$top_builddir/tests/sim/simulate
replay=$top_builddir/tests/sim/replay
shadow='shadow: { rules: [{ at_least: 7, dynos: 3, release_below: 4 }, { at_least: 5000, dynos: 9 }, { latency: 20s, dynos: 4 }],
  per_dyno: 90, min: 0, max: 9, wake: 6, linger: 30s, count_busy: yes, boot: 45s, on_unknown: { hold: 1m, then: 2 },
  scale_up: { after: 2s, step: 2, every: 5s }, scale_down: { after: 40s, step: 1, every: 10s, protect: all },
  schedule: [{ from: "09:00", to: "09:30", min: 2 }] }'

lines() { # journal: those of the live policy; older files first
  local file
  for file in "$1".{9..1} "$1"; do [ ! -f "$file" ] || cat "$file"; done | grep -v '"kind":"\(shadow\|start\)"'
}

is_as_without() { # script, name
  cd "$scratch" || return
  "$simulate" --journal "$2.plain" "$1" >/dev/null 2>&1
  "$simulate" --journal "$2.journal" "$2.sim" >"$2.out" 2>&1
  diff -u "${1%.sim}.expected" "$2.out" && cmp <(lines "$2.plain") <(lines "$2.journal")
}

comes_out_the_same() { # name
  sed '/^---$/,$d' "$1.sim" >"$1.yml"
  "$replay" "$1.yml" "$1.journal" >"$1.replay" 2>&1
  grep -q '^  shadow: .*, which all came out the same$' "$1.replay" || { cat "$1.replay"; return 1; }
}

for script in "$top_srcdir"/tests/sim/cases/*.sim; do
  name=$(basename "$script" .sim)
  awk -v shadow="$shadow" '/^---$/ { print shadow } { print }' "$script" >"$scratch/$name.sim"
  ok "$name is as without" is_as_without "$script" "$name"
  cd "$scratch" || exit 1
  ok "$name: its shadow comes out the same" comes_out_the_same "$name"
done
tap_end
