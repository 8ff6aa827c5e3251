#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a simulation has written into its journal comes out the same when it is decided again, for each script
# in tests/sim/cases: size and every step.
. "$top_srcdir/tests/support/tap.sh"

simulate=$top_builddir/tests/sim/simulate
replay=$top_builddir/tests/sim/replay

comes_out_the_same() { # script, name
  local out=$scratch/$2.out
  sed '/^---$/,$d' "$1" >"$scratch/$2.yml"
  "$simulate" --journal "$scratch/$2.jsonl" "$1" >/dev/null &&
    "$replay" "$scratch/$2.yml" "$scratch/$2.jsonl" >"$out" 2>&1 &&
    grep -q ', which all came out the same$' "$out" && ! grep -q 'of another policy' "$out" &&
    ! grep -q 'passed over' "$out" || { cat "$out"; return 1; }
}

# ---- With the same file ----

for script in "$top_srcdir"/tests/sim/cases/*.sim; do
  name=$(basename "$script" .sim)
  ok "$name" comes_out_the_same "$script" "$name"
done

# ---- With another ----

cases=$top_srcdir/tests/sim/replay_cases
cp "$cases/other.yml" "$scratch"
cd "$scratch" || exit 1
sed '/^---$/,$d' "$cases/busy_day.sim" >day.yml
{ cat other.yml; sed -n '/^---$/,$p' "$cases/busy_day.sim"; } >other.sim
"$simulate" --journal day.jsonl "$cases/busy_day.sim" >/dev/null
"$replay" other.yml day.jsonl >open.out
"$replay" other.yml day.jsonl --closed-loop >closed.out
ok 'open loop: both side by side' diff -u "$cases/open.expected" open.out
ok 'closed loop: both side by side' diff -u "$cases/closed.expected" closed.out

# How far the simulated queue is off from the recorded one, and how far what it foretells is from what then
# happens: the same day is simulated, job by job, with the other policy.
between() { awk -v x="$1" -v from="$2" -v to="$3" 'BEGIN { exit !(x >= from && x <= to) }'; }
error=$(sed -n 's/.*off by \([0-9.]*\) waiting jobs in the mean, \([0-9]*\) at worst/\1 \2/p' closed.out)
ok 'the queue is off by 2 jobs at most in the mean' between "${error% *}" 0 2
ok 'and by 15 at worst' between "${error#* }" 0 15
"$simulate" --journal other.jsonl other.sim >/dev/null
"$replay" day.yml other.jsonl >other.out
hours() { awk -v column="$2" '$1 == "dyno-hours" { print $column }' "$1"; } # file, column
foretold=$(hours closed.out 4)
true=$(hours other.out 2)
ok "dyno-hours are foretold within a tenth: $foretold, then $true" \
  between "$(awk "BEGIN { print $foretold / $true }")" 0.9 1.1
largest() { awk '$1 == "largest" { print $'"$2"' }' "$1"; }
is 'and the largest size as it is' "$(largest closed.out 5)" "$(largest other.out 3)"
tap_end
