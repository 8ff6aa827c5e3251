#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a client may ask of a formation, what is refused, and who else changes it.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/fake-heroku/fake.sh"

formation=/apps/myapp/formation
fake_start --token "$token" --formation worker=2 --formation web=1 --formation big=0:Performance-L

# ---- Types are fixed (F2) ----

call PATCH $formation/nosuch '{"quantity":1}'
refused 'no type is made by PATCH' 404 not_found "Couldn't find that process type (nosuch)."
call PATCH $formation '{"updates":[{"type":"worker","quantity":5},{"type":"nosuch","quantity":1}]}'
refused 'nor by a batch' 404 not_found "Couldn't find that process type (nosuch)."
is 'of which nothing is applied' "$(quantity worker)" 2

# ---- Forms of a quantity (F5) ----

asks() { # the quantity as JSON: "status quantity-after"
  control PATCH $formation '{"updates":[{"type":"worker","quantity":2}]}' >/dev/null
  call PATCH $formation "{\"updates\":[{\"type\":\"worker\",\"quantity\":$1}]}"
  echo "$status $(quantity worker)"
}
is 'an integer' "$(asks 5)" '200 5'
is 'zero' "$(asks 0)" '200 0'
is 'digits' "$(asks '"4"')" '200 4'
is 'relative, up' "$(asks '"+1"')" '200 3'
is 'relative, down' "$(asks '"-1"')" '200 1'
is 'relative, by nothing' "$(asks '"+0"')" '200 2'
is 'a whole number written with a point' "$(asks 3.0)" '200 3'
for wrong in 1.5 -1 '"-3"' '"two"' '""' '"2.0"' '" 2"' '"++1"' true null '[2]' '{}' 1e9 1e999 '"99999999999"'; do
  is "refused: $wrong" "$(asks "$wrong")" '422 2'
done
call PATCH $formation/worker '{"quantity":"two"}'
refused 'the refusal names the value' 422 invalid_params 'Invalid quantity for worker: "two"'
call PATCH $formation/worker '{"quantity":"+3"}'
is 'a single one, relative' "$status $(field .quantity)" '200 5'
call PATCH $formation '{"updates":[{"type":"worker","quantity":2},{"type":"worker","quantity":"+1"},{"type":"web","quantity":0}]}'
is 'a batch goes from first to last' "$status $(quantity worker) $(quantity web)" '200 3 0'
is 'and replies with each type once' "$(field length)" 2

# ---- Shapes ----

call PATCH $formation '{"updates":[{"quantity":5}]}'
refused 'an update without a type' 422 invalid_params 'needs a type'
call PATCH $formation '{"updates":[{"process":"worker","quantity":5}]}'
refused 'the old name of the key' 422 invalid_params 'needs a type'
call PATCH $formation '{"updates":[{"type":"worker","quantity":5,"colour":"red"}]}'
refused 'another key' 422 invalid_params 'colour is not a parameter'
call PATCH $formation '{"updates":[{"type":"worker","quantity":5}],"colour":"red"}'
refused 'another key beside updates' 422 invalid_params 'colour is not a parameter'
call PATCH $formation/worker '{"type":"web","quantity":5}'
refused 'a type, where the path has it' 422 invalid_params 'type is not a parameter'
call PATCH $formation '{"updates":{"type":"worker","quantity":5}}'
refused 'updates that are no array' 422 invalid_params 'must be an array'
call PATCH $formation '[]'
refused 'a body that is no object' 422 invalid_params 'must be an object'
call PATCH $formation '{"updates":['
refused 'a body that is no JSON' 400 bad_request 'Unable to parse'
call PATCH $formation
refused 'no body' 400 bad_request 'Unable to parse'
call PATCH $formation '{"updates":[{"type":"worker"}]}'
is 'nothing asked: nothing changed' "$status $(field '.[0].quantity')" '200 3'
call PATCH $formation '{"updates":[]}'
is 'no updates at all' "$status $body" '200 []'
is 'nothing of that changed anything' "$(quantity worker)" 3

# ---- Sizes ----

call PATCH $formation/worker '{"size":"standard-2x"}'
is 'a size as a string, in any case' "$(field '[.size, .dyno_size.name] | join(" ")')" \
  'Standard-2X Standard-2X'
call PATCH $formation '{"updates":[{"type":"worker","dyno_size":{"name":"Standard-1X"}}]}'
is 'as an object' "$(field '.[0].size')" Standard-1X
call PATCH $formation/worker '{"quantity":4}'
is 'which stays if only the quantity is asked for' "$(field '"\(.quantity) \(.size)"')" '4 Standard-1X'
call PATCH $formation/worker '{"quantity":1,"size":"1X"}'
refused 'an unknown one' 422 invalid_params 'No such size as 1X. Available dyno sizes are Eco, Basic'
call PATCH $formation/web '{"quantity":1}'
call PATCH $formation/worker '{"size":"Basic"}'
refused 'tiers do not mix (F8)' 422 invalid_params \
  'Cannot use the following dyno types in the same app: Basic and Standard-1X'
is 'of which nothing is applied' "$(quantity worker)" 4
call PATCH $formation/web '{"quantity":0}'
call PATCH $formation/worker '{"size":"Basic","quantity":1}'
is 'but where nothing else runs, a size is free' "$status $(field .size)" '200 Basic'
call PATCH $formation/worker '{"size":"Standard-1X","quantity":4}'

# ---- Caps (F7) ----

call PATCH $formation '{"updates":[{"type":"web","quantity":0},{"type":"big","quantity":11}]}'
refused 'more than 10 of a Performance type' 422 cannot_run_above_limit \
  'Cannot update to more than 10 Performance-L size dynos per process type.'
is 'with the limit and what was wanted' "$(field '"\(.limit) \(.size)"')" '10 11'
call PATCH $formation/worker '{"quantity":101}'
refused 'more than 100 of an app' 422 cannot_run_above_limit 'Cannot run more than 100 dynos.'
call PATCH $formation/worker '{"quantity":100}'
is '100 are allowed' "$status" 200
call PATCH $formation/big '{"quantity":1}'
is 'of all types together' "$status $(field .limit)" '422 100'
call PATCH $formation/worker '{"quantity":"-1"}'
is 'going down is always allowed' "$status $(quantity worker)" '200 99'

fake_start --token "$token" --tier eco --formation web=1 --formation worker=0 --formation other=0
call GET /apps/myapp
is 'the tier is told' "$(field .process_tier)" eco
call PATCH $formation/worker '{"quantity":2}'
is 'one of an Eco type' "$status $(field '[.id, .limit] | map(tostring) | join(" ")')" \
  '422 cannot_run_above_limit 1'
call PATCH $formation/worker '{"quantity":1}'
is 'two of an Eco app' "$status" 200
call PATCH $formation/other '{"quantity":1}'
refused 'and no more' 422 cannot_run_above_limit 'Cannot run more than 2 Eco size dynos.'
is 'nothing is applied' "$(quantity other)" 0

fake_start --token "$token" --limit app=5 --limit type=2 --limit single=3 --formation worker=0 \
  --formation big=0:Performance-M --formation small=0:basic
call PATCH $formation/worker '{"quantity":6}'
is 'each limit can be set: of the app' "$status $(field .limit)" '422 5'
call PATCH $formation/big '{"quantity":3}'
is 'of a Performance type' "$status $(field .limit)" '422 2'
call PATCH $formation/small '{"quantity":3}'
is 'of a Basic type' "$status $(quantity small)" '200 3'

# ---- Others change it too (F9, F10) ----

fake_start --token "$token" --maintenance --formation worker=2 --batch-reply all --formation web=1
call GET /apps/myapp
is 'maintenance is told' "$(field .maintenance)" true
call PATCH $formation '{"updates":[{"type":"worker","quantity":3}]}'
is 'and holds nothing up' "$status $(quantity worker)" '200 3'
is 'a batch can reply with all types' "$(field '[.[].type] | sort | join(" ")')" 'web worker'
control PATCH /apps/myapp '{"maintenance":false}' >/dev/null
call GET /apps/myapp
is 'it can be changed' "$(field .maintenance)" false
control PATCH $formation '{"updates":[{"type":"worker","quantity":200}]}' >/dev/null
call GET $formation/worker
is 'somebody else scales, past any limit' "$(field .quantity)" 200
control PATCH $formation/worker '{"quantity":0}' >/dev/null
call GET $formation/worker
is 'a single type too' "$(field .quantity)" 0
control PUT $formation/mailer '{"command":"bin/mail"}' >/dev/null
call PATCH $formation/mailer '{"quantity":1}'
is 'a deploy brings a type' "$status $(field .command)" '200 bin/mail'
control DELETE $formation/mailer >/dev/null
call PATCH $formation/mailer '{"quantity":2}'
is 'another takes it away' "$status" 404
ok 'with its dynos' until_true 20 dynos_are mailer ''
is 'what is no control path is told so' "$(control GET /nosuch | jq -r .id)" not_found
is 'so is what is no app' "$(control PATCH /apps/nosuch/formation '{"updates":[]}' | jq -r .id)" not_found
is 'a mistake there is refused as well' \
  "$(control PATCH $formation '{"updates":[{"type":"worker","quantity":1.5}]}' | jq -r .id)" invalid_params

fake_start --token "$token"
call PATCH $formation '{"updates":[{"type":"worker","quantity":1}]}'
refused 'an app that was never deployed' 422 invalid_params \
  'App must be deployed before dynos can be scaled.'
tap_end
