#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# docs/replay.md does what it says (see tests/support/page.sh) on the week that a simulation has recorded, and draws
# the pictures that it shows.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/page.sh"
for plugin in delayedjob heroku-formation; do
  [ -e "$DYNOMATIC_PLUGIN_PATH/$plugin.so" ] || { echo "1..0 # SKIP $plugin was not built"; exit 0; }
done
page=$top_srcdir/docs/replay.md
export HEROKU_API_KEY=none PATH=$top_builddir:$PATH NO_COLOR=1

mkdir "$scratch/home"
sed -n '/^```yaml$/,/^```$/{/^```/!p}' "$page" >"$scratch/home/dynomatic.yml"
"$top_builddir/tests/sim/simulate" --journal "$scratch/home/journal.jsonl" \
  "$top_srcdir/tests/sim/replay_cases/week.sim" >/dev/null
# The same week beside the shadow that the page adds.
shadow=$(grep '^shadow: ' "$page")
awk -v shadow="$shadow" '/^---$/ { print shadow } { print }' "$top_srcdir/tests/sim/replay_cases/week.sim" \
  >"$scratch/shadowed.sim"
"$top_builddir/tests/sim/simulate" --journal "$scratch/home/shadowed.jsonl" "$scratch/shadowed.sim" >/dev/null
page_runs "$page"
for picture in week wednesday; do
  ok "docs/replay-$picture.svg is what replay draws" \
    cmp "$scratch/home/$picture.svg" "$top_srcdir/docs/replay-$picture.svg"
done
tap_end
