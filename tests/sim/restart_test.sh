#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each script of tests/sim/cases with a journal, and with the host killed and started anew at moments that
# a seed draws: the same sizes are asked for, in the same order, and each within a few seconds of when it
# would have been. What is measured anew after a start falls on other seconds; nothing else may differ.
. "$top_srcdir/tests/support/tap.sh"

moments=4
latest() { # name; s
  case $1 in
    *outage | two_libraries) echo 300 ;; # the pauses after a call that failed begin anew
    two_stores) echo 61 ;; # a call that hung is gone with the process that waited for it
    *) echo 31 ;;        # sizes are read each 30 s, from the start on
  esac
}
RANDOM=6

simulate=$top_builddir/tests/sim/simulate

# What cannot be as before, and why.
why_not() { # name
  case $1 in
    busy_named | busy_after_hold | schedule_spares_busy) echo 'a shrink that busy workers hold back is tried at once, and then each 5 s' ;;
    events_after_names) echo 'a shrink that busy workers hold back is tried at once, and then each minute' ;;
    probe* | events_not_waited_for) echo 'what is found between two looks depends on when the first one was' ;;
    refused*) echo 'what the platform refused is asked for once more at once' ;;
    slow_platform | schedule_begins_meanwhile) echo 'a request on its way is lost, and so is a measure that takes seconds' ;;
  esac
}

# The end of a script in ms.
end_of() { # script
  awk '$2 == "end" { n = $1 + 0; unit = $1; sub(/^[0-9]+/, "", unit)
    print n * (unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60000 : unit == "h" ? 3600000 : 86400000) }' "$1"
}

# Each change asked for: seconds, and what.
actions() { # arguments of the simulation
  "$simulate" "$@" 2>&1 |
    awk '/ <- / { split($1, t, ":"); $1 = t[1] * 3600 + t[2] * 60 + t[3]; print }'
}

alike() { # two files of actions
  paste -d '|' "$1" "$2" | awk -F '|' -v most="$(latest "$scene")" '{
    split($1, a, " "); split($2, b, " "); ta = a[1]; tb = b[1]
    sub(/^[0-9]+ /, "", $1); sub(/^[0-9]+ /, "", $2)
    if ($1 != $2 || ta - tb > most || tb - ta > most) { print ta, $1, "/", tb, $2; bad = 1 }
  } END { exit bad }'
}

goes_on() { # script, ms
  rm -f "$scratch/journal"*
  actions --journal "$scratch/journal" --restart-at "$2ms" "$1" >"$scratch/again"
  alike "$scratch/once" "$scratch/again"
}

for script in "$top_srcdir"/tests/sim/cases/*.sim; do
  scene=$(basename "$script" .sim)
  [ -z "$(why_not "$scene")" ] || continue
  actions "$script" >"$scratch/once"
  end=$(end_of "$script")
  for ((i = 0; i < moments; i++)); do
    at=$(((RANDOM * 32768 + RANDOM) % end))
    ok "$scene goes on after a kill at $at ms" goes_on "$script" "$at"
  done
done
tap_end
