#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The one line at the end of bin/test: it counts single tests, and nothing makes it look better than it was.
. "$top_srcdir/tests/support/tap.sh"

program() { # name, verdict; the log on standard input
  mkdir -p "$(dirname "$run/$1")"
  cat >"$run/$1.log"
  printf ':test-result: %s\n:global-test-result: %s\n' "$2" "$2" >"$run/$1.trs"
}

cunit() { # tests that passed, and that failed
  cat <<LOG
Suite: text
  Test: a nearest key is found ...passed

Run Summary:    Type  Total    Ran Passed Failed Inactive
              suites      1      1    n/a      0        0
               tests    $(($1 + $2))    $(($1 + $2))    $1    $2        0
             asserts     40     40     39      1      n/a

Elapsed time =    0.001 seconds
LOG
}

new_run() {
  run=$scratch/run
  rm -rf "$run"
  mkdir "$run"
}

summary() { # sets out, status, line
  out=$(env CI="${ci:-}" "$top_srcdir/tests/support/summary" "$run" 2>&1)
  status=$?
  line=${out##*$'\n'}
}

counts() { # name, the line, status
  summary
  is "$1" "$line" "$2"
  is "$1: status $3" "$status" "$3"
}

new_run
cunit 3 0 | program unit/text_test PASS
program e2e/main PASS <<<'ok 1 - one
a line of chatter
ok 2 - two
1..2'
counts 'single tests of both kinds are counted' '5 passed, 0 failed, 0 skipped' 0
is 'nothing is said about what passed' "$out" '5 passed, 0 failed, 0 skipped'
mkdir "$run/asan"
cunit 3 0 | program asan/unit/text_test PASS
counts 'each run of a program counts' '8 passed, 0 failed, 0 skipped' 0

new_run
cunit 3 2 | program unit/text_test FAIL
program e2e/main FAIL <<<'ok 1 - one
not ok 2 - two
# got: 3
1..2'
counts 'failures are counted, and passes beside them' '4 passed, 3 failed, 0 skipped' 1
has 'the program is named' "$out" 'e2e/main: 1 passed, 1 failed'
has 'its log is shown' "$out" '| # got: 3'

new_run
program e2e/main SKIP <<<'1..0 # SKIP jq is missing: it reads JSON'
program e2e/other PASS <<<'ok 1 - one
ok 2 - two # SKIP no terminal
1..2'
counts 'skips are counted' '1 passed, 0 failed, 2 skipped' 0
has 'with the reason of a whole program' "$out" 'skipped: jq is missing: it reads JSON'
has 'and of a single test' "$out" 'skipped: ok 2 - two # SKIP no terminal'
ci=true counts 'on a CI machine a skip fails' '1 passed, 0 failed, 2 skipped' 1

new_run
program unit/died FAIL <<<'Suite: text
  Test: a nearest key is found ...Segmentation fault'
counts 'a program that died before its summary is a failure' '0 passed, 1 failed, 0 skipped' 1

new_run
cunit 3 0 | program unit/leaks FAIL
counts 'a program that failed after its summary is one too' '3 passed, 1 failed, 0 skipped' 1

new_run
program e2e/broke PASS <<<'ok 1 - one'
counts 'so is one that ended before its plan' '1 passed, 1 failed, 0 skipped' 1

new_run
program e2e/fewer PASS <<<'ok 1 - one
1..3'
counts 'or ran fewer tests than planned' '1 passed, 1 failed, 0 skipped' 1

new_run
program unit/silent PASS <<<'all is well'
counts 'or passed and tested nothing' '0 passed, 1 failed, 0 skipped' 1
cunit 0 0 | program unit/silent PASS
counts 'or has a summary of no test' '0 passed, 1 failed, 0 skipped' 1

new_run
program unit/odd ERROR <<<'ok 1 - one
1..1'
counts 'an error of the harness is a failure' '1 passed, 1 failed, 0 skipped' 1

new_run
cunit 3 0 | program unit/text_test PASS
rm "$run/unit/text_test.log"
counts 'a log that is gone is a failure' '0 passed, 1 failed, 0 skipped' 1

new_run
counts 'a run of no test at all fails' '0 passed, 1 failed, 0 skipped' 1

new_run
cunit 3 0 | program one/text_test PASS
mkdir "$run/two"
out=$("$top_srcdir/tests/support/summary" "$run/one" "$run/two" "$run/gone" 2>&1)
is 'and so does one of two that did not come to its tests' "$(tail -1 <<<"$out")" '3 passed, 2 failed, 0 skipped'
has 'which is named' "$out" '/two: no test was run'
tap_end
