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
    grep -q 'made again: all came out the same' "$out" && ! grep -q 'of another policy' "$out" &&
    ! grep -q 'passed over' "$out" || { cat "$out"; return 1; }
}

for script in "$top_srcdir"/tests/sim/cases/*.sim; do
  name=$(basename "$script" .sim)
  ok "$name" comes_out_the_same "$script" "$name"
done
tap_end
