#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each script in tests/sim/cases runs on a false clock; what comes out is compared with the file
# .expected beside it. A new case is two files. What a changed host does is written by
#   ./tests/sim/simulate FILE.sim >FILE.expected
# and read with care before it is kept.
. "$top_srcdir/tests/support/tap.sh"

simulate=$top_builddir/tests/sim/simulate
for script in "$top_srcdir"/tests/sim/cases/*.sim; do
  name=$(basename "$script" .sim)
  out=$scratch/$name
  "$simulate" "$script" >"$out" 2>&1 || echo "exit status $?" >>"$out"
  ok "$name" diff -u "${script%.sim}.expected" "$out"
done
tap_end
