#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The rate limit, and what goes wrong by order.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/fake-heroku/fake.sh"

formation=/apps/myapp/formation

# ---- The rate limit (F18, F19); without refill, so that no clock decides ----

fake_start --token "$token" --write-token write-token-1 --foreign-token foreign-token \
  --formation worker=0 --rate-limit 5:0
call GET /apps/myapp
is 'a call costs a token' "$(header RateLimit-Remaining) $(header RateLimit-Multiplier)" '4 1'
raw GET /apps/myapp -H "$version" -H 'Authorization: Bearer write-token-1'
is 'whatever the token of the account' "$(header RateLimit-Remaining)" 3
call GET /account/rate-limits
is 'asking how many are left is free' "$body $(header RateLimit-Remaining)" '{"remaining":3} 3'
call GET $formation
etag=$(header ETag)
call GET $formation '' -H "If-None-Match: $etag"
is 'an unchanged reply is not' "$status $(header RateLimit-Remaining)" '304 1'
call PATCH $formation/nosuch '{"quantity":1}'
is 'nor a refusal' "$status $(header RateLimit-Remaining)" '404 0'
call PATCH $formation/worker '{"quantity":1}'
refused 'then no call is answered' 429 rate_limit 'Your account reached the API rate limit'
is 'with the address of the rules' "$(field .url)" \
  'https://devcenter.heroku.com/articles/platform-api-reference#rate-limits'
is 'and no Retry-After' "[$(header Retry-After)]" '[]'
is 'nothing is applied' "$(quantity worker)" 0
is 'the log knows' "$(logged '"\(.status) \(.tokens_left)"')" '429 0'
call GET /account/rate-limits
is 'this one is still free' "$status $body" '200 {"remaining":0}'
raw GET /account -H "$version" -H 'Authorization: Bearer foreign-token'
is 'another account has its own' "$status $(header RateLimit-Remaining)" '200 4'
control PATCH /rate-limit '{"remaining":2}' >/dev/null
call PATCH $formation/worker '{"quantity":1}'
is 'tokens can be given' "$status $(header RateLimit-Remaining)" '200 1'
control PATCH /rate-limit '{"size":10,"per_second":1000000}' >/dev/null
call GET /apps/myapp
is 'they come back' "$status" 200
control PATCH /rate-limit '{"drain_per_second":2000000}' >/dev/null
drained() { [ "$(control GET /state | jq .rate_limit.remaining)" = 0 ]; }
ok 'unless others of the account take them (F20)' until_true 20 drained

for form in seconds date epoch; do
  fake_start --token "$token" --formation worker=0 --rate-limit 1:0:0 --retry-after $form
  call GET /apps/myapp
  is "Retry-After as $form" "$status $(header Retry-After | sed 's/[0-9]/9/g; s/[A-Z][a-z][a-z]/Www/g')" \
    "429 $(case $form in
      seconds) echo 9999 ;;
      date) echo 'Www, 99 Www 9999 99:99:99 GMT' ;;
      epoch) echo 9999999999 ;;
    esac)"
done

# ---- Rules for faults ----

fake_start --token "$token" --formation worker=0 --formation web=1 \
  --fault 'status=503 method=PATCH call=2-3 path=/apps/*/formation*' \
  --fault "status=403 path=/account id=two_factor message='A second factor, please'"
call GET $formation
is 'only what matches is struck' "$status" 200
patches() { # n: the statuses of n PATCHes
  local i statuses=
  for ((i = 0; i < $1; i++)); do
    call PATCH $formation/worker "{\"quantity\":$((i + 1))}"
    statuses="$statuses $status"
  done
  echo "${statuses# }"
}
is 'by the number of the call' "$(patches 4)" '200 503 503 200'
is 'which is then not applied' "$(quantity worker)" 4
is 'the log says which' "$(jq -s '[.[] | select(.fault == "status").status] | map(tostring) | join(" ")' \
  "$scratch/fake.log")" '"503 503"'
call GET /account
refused 'with its own id and message' 403 two_factor 'A second factor, please'
is 'it has the headers of all replies' "$(header RateLimit-Remaining | grep -c .)" 1
is 'rules can be read, with their hits' \
  "$(control GET /faults | jq -c '[.[] | [.status, .call, .calls, .hits]]')" '[[503,"2-3",4,2],[403,"1-",1,1]]'
is 'and removed' "$(control DELETE /faults)" '[]'
call GET /account
is 'then nothing is struck' "$status" 200

control POST /faults '{"status":502,"body":"<html>Bad gateway</html>","type":"text/html","call":1}' >/dev/null
call GET /account
is 'a raw body of any type' "$status $(header Content-Type) $body" \
  '502 text/html <html>Bad gateway</html>'

control DELETE /faults >/dev/null
control POST /faults '{"reset":"before","method":"PATCH","call":"1"}' >/dev/null
control POST /faults '{"reset":"after","method":"PATCH","call":"2"}' >/dev/null
control PATCH $formation/worker '{"quantity":0}' >/dev/null
call PATCH $formation/worker '{"quantity":3}'
is 'a reset before: no reply, and nothing is applied' "$status $(quantity worker)" '000 0'
is 'recorded without a status' "$(logged '"\(.status) \(.fault) \(.after.myapp.worker)"')" \
  'null reset before 0'
call PATCH $formation/worker '{"quantity":4}'
is 'a reset after: no reply, but it is applied' "$status $(quantity worker)" '000 4'
is 'recorded likewise' "$(logged '"\(.status) \(.fault) \(.after.myapp.worker)"')" 'null reset after 4'
call PATCH $formation/worker '{"quantity":5}'
is 'and then it is over' "$status $(quantity worker)" '200 5'

control DELETE /faults >/dev/null
control POST /faults '{"hang":true,"path":"/account"}' >/dev/null
call GET /account '' --max-time 0.3
is 'no answer: the client gives up' "$status" 000
hung() { [ "$(logged '"\(.path) \(.status) \(.fault)"')" = '/account null hang' ]; }
ok 'which is seen and recorded' until_true 20 hung
call GET /apps/myapp
is 'others are served meanwhile' "$status" 200

control DELETE /faults >/dev/null
control POST /faults '{"delay":"300ms","path":"/account"}' >/dev/null
call GET /account '' --max-time 0.05
is 'a late answer: too late for one' "$status" 000
call GET /account '' --max-time 60
is 'in time for another' "$status $(field .email)" '200 owner@example.com'
control POST /faults '{"delay":"1h","path":"/apps/*"}' >/dev/null
curl -s -o /dev/null -H "$version" -H "Authorization: Bearer $token" "$api_url/apps/myapp" &
waiting=$!
struck() { [ "$(control GET /faults | jq '.[1].hits')" = 1 ]; }
ok 'a request waits' until_true 20 struck
fake_stop
is 'the end of the fake does not' $? 0
wait $waiting
ok 'who waits is told by a reset' test $? != 0

fake_start --token "$token" --formation worker=0 --fault 'status=500 probability=0.5 seed=7'
first=$(patches 12)
has 'by chance: some' "$first" 500
has 'and some not' "$first" 200
fake_start --token "$token" --formation worker=0 --fault 'status=500 probability=0.5 seed=7'
is 'the same for the same seed' "$(patches 12)" "$first"
fake_start --token "$token" --formation worker=0 --fault 'status=500 after=1h' --fault 'status=501 until=1h'
is 'by time' "$(patches 1)" 501

for rule in 'nonsense' '{"status":99}' '{"stauts":500}' '{"call":"0","status":500}' \
  '{"call":"5-3","status":500}' '{"probability":2,"status":500}' '{"method":"PATCH"}' '[]' \
  '{"reset":"maybe"}' '{"delay":"soon"}'; do
  has "refused: $rule" "$(control POST /faults "$rule" | jq -r .id)" \
    "$([ "$rule" = nonsense ] && echo bad_request || echo invalid_params)"
done
is 'of which none is kept' "$(control GET /faults | jq length)" 2
has 'with what was meant' "$(control POST /faults '{"stauts":500}')" 'did you mean \"status\"?'
# ---- Answers that are spoilt on their way (F21, F22, F23) ----

fake_start --token "$token" --formation worker=2 --formation web=1
spoil() { # rule
  control DELETE /faults >/dev/null
  control POST /faults "$1" >/dev/null
  call GET $formation '' --max-time 60
}
spoil '{"cut":20}'
is 'a body that breaks off: curl has a part of it' "$status $(printf '%s' "$body" | wc -c)" '200 20'
spoil '{"pad":1048576}'
is 'a large body is whole' "$(field length) $(wc -c <"$scratch/body")" "2 $(($(field . | jq -c . | wc -c) + 1048575))"
spoil '{"shape":"other"}'
is 'an object for an array' "$(field type)" object
call GET /apps/myapp
is 'an array for an object' "$(field '.[0].name')" myapp
spoil '{"chunked":true}'
is 'a body in chunks' "$status $(field length) $(header Transfer-Encoding) $(header Content-Length)" '200 2 chunked '
spoil '{"headers":"lower"}'
ok 'names in lower case' grep -q '^ratelimit-remaining: ' <<<"$head"
is 'and in none other' "$(grep -c '^RateLimit' <<<"$head")" 0
spoil '{"slow":"200ms"}'
is 'a slow body is whole' "$status $(field length)" '200 2'
control DELETE /faults >/dev/null
control POST /faults '{"slow":"1h"}' >/dev/null
call GET $formation '' --max-time 0.3
is 'a body that never ends: the client gives up' "$(printf '%s' "$body" | wc -c | sed 's/^[1-9][0-9]*$/some/')" some
is 'the fault is shown as it was given' "$(control GET /faults | jq -r '.[0].slow')" 3600000ms
control DELETE /faults >/dev/null
call GET $formation
is 'and others are served meanwhile' "$status" 200

# ---- Lists in parts (F15) ----

fake_start --token "$token" --formation worker=2 --formation web=1 --formation mailer=0 --page 2
call GET $formation
is 'a part says so' "$status $(field length)" '206 2'
first=$(field '.[].type')
next=$(header Next-Range)
call GET $formation '' -H "Range: $next"
is 'the last part' "$status $(field length) $(header Next-Range)" '200 1 '
is 'together they are all' "$(printf '%s\n%s\n' "$first" "$(field '.[].type')" | sort | tr '\n' ' ')" 'mailer web worker '

# ---- TLS (F16) ----

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
fake_start --token "$token" --formation worker=2 --tls-certificate "$scratch/cert.pem" --tls-key "$scratch/key.pem"
api_url=https${api_url#http}
call GET $formation '' --cacert "$scratch/cert.pem"
is 'over TLS' "$status" 200
call GET $formation
is 'whose certificate is checked' "$status" 000
tap_end
