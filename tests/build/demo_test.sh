#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# bin/demo does what the README says, from the sources on, and leaves nothing behind.
. "$top_srcdir/tests/support/tap.sh"
needs ruby 'the demo is played by it'
export DYNOMATIC_BUILD=$scratch/build TMPDIR=$scratch/tmp
unset MAKEFLAGS MFLAGS MAKELEVEL DYNOMATIC_PLUGIN_PATH
mkdir "$TMPDIR"
demo=$top_srcdir/bin/demo

summary() { sed -n "s/^  $1 *//p" "$scratch/shown"; } # a line of the summary
left() { # processes that know of its folder, and files in it
  grep -lsFf <(echo "$TMPDIR/") /proc/[0-9]*/cmdline /proc/[0-9]*/environ
  find "$TMPDIR" -mindepth 1
}

# As if by somebody with an account and a database: neither is touched.
HEROKU_API_KEY=never HEROKU_API_URL=http://127.0.0.1:1 DATABASE_URL=postgres://127.0.0.1:1/never \
  "$demo" >"$scratch/shown" 2>"$scratch/told" </dev/null
is 'it ends well' $? 0
jobs=$(summary 'jobs done')
ok 'jobs were done' test "${jobs%% *}" -gt 50
is 'all of them' "${jobs%% *}" "${jobs##* }"
ok 'many waited' test "$(summary 'most waiting')" -gt 14
is 'no worker was killed' "$(summary 'dynos killed')" 0
for size in 1 2 5; do
  has "it came to $size" "$(cat "$scratch/shown")" "-> $size ("
done
has 'and down to none' "$(cat "$scratch/shown")" '-> 0 (0 waiting'
has 'sizes cost calls, looking does not' "$(summary 'API calls')" PATCH
is 'without colours where no terminal is' "$(grep -c $'\e' "$scratch/shown")" 0
is 'nothing is left' "$(left)" ''

# Ctrl-C, in the middle: to all of the terminal's processes.
setsid "$demo" >"$scratch/shown" 2>&1 </dev/null &
pid=$!
started $pid
ok 'it starts again, at once' until_true 60 grep -q '■' "$scratch/shown"
kill -INT -- -$pid
wait $pid
ok 'Ctrl-C ends it, and that is told' test $? -ne 0
is 'nothing is left then either' "$(left)" ''

is 'a typo is told' "$("$demo" --fast 2>&1)" 'demo: --fast is not an option; see bin/demo --help'
tap_end
