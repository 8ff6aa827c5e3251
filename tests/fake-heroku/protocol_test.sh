#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What every request and reply has: version, caller, scope, headers, entity tags, and the log.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/fake-heroku/fake.sh"

fake_start --token "$token" --read-only-token read-only-token --write-token write-token-1 \
  --expired-token expired-token --foreign-token foreign-token \
  --app other --formation web=1 --app second --formation clock=1:Basic --app myapp \
  --formation worker=2 --formation web=1:performance-m

# ---- The version (F11) ----

raw GET /apps/myapp
is 'no version: the text is in error, not message' "$status $(field '.id, .message')" \
  "406 missing_version
null"
has 'and says what to send' "$(field .error)" 'Please specify a version along with Heroku'
raw GET /apps/myapp -H 'Accept: application/json' -H 'Authorization: Bearer nonsense'
is 'the version comes before the caller' "$status $(field .id)" '406 missing_version'
raw GET /apps/myapp -H 'Accept: application/vnd.heroku+json; version=2'
is 'another version is not acceptable' "$status $(field .id)" '406 not_acceptable'
for variant in 3 3.sdk 3.account-quotas; do
  raw GET /apps/myapp -H "Accept: application/vnd.heroku+json; version=$variant" -u ":$token"
  is "version=$variant is accepted" "$status" 200
done

# ---- The caller (F12) ----

raw GET /apps/myapp -H "$version"
refused 'no credentials' 401 unauthorized 'There were no credentials in your `Authorization` header'
raw GET /apps/myapp -H "$version" -H 'Authorization: Bearer wrong'
refused 'a wrong token' 401 unauthorized 'Invalid credentials provided.'
raw GET /apps/myapp -H "$version" -H 'Authorization: Bearer expired-token'
refused 'an expired one' 401 unauthorized 'Invalid credentials provided.'
raw GET /apps/myapp -H "$version" -H "Authorization: $token"
refused 'a token without a scheme' 401 unauthorized 'Invalid credentials provided.'
raw GET /apps/myapp -H "$version" -u "someone@example.com:$token"
is 'Basic with the token as password' "$status $(field .name)" '200 myapp'
raw GET /apps/myapp -H "$version" -u ":$token"
is 'Basic without a name' "$status" 200
raw GET /apps/myapp -H "$version" -H 'Authorization: Bearer foreign-token'
refused 'a good token of another account' 403 forbidden 'You do not have access to the app myapp.'
raw GET /apps -H "$version" -H 'Authorization: Bearer foreign-token'
is 'which has no apps' "$status $body" '200 []'
raw PATCH /apps/myapp/formation/worker -H "$version" -H 'Authorization: Bearer read-only-token' \
  -d '{"quantity":9}'
refused 'a read-only token cannot scale' 403 forbidden 'does not allow access to this resource'
is 'and nothing is changed' "$(quantity worker)" 2
is 'its scope is told' "$(header Oauth-Scope)" read
is 'and what would do' "$(header Oauth-Scope-Accepted)" 'global write write-protected'
raw GET /apps/myapp/formation -H "$version" -H 'Authorization: Bearer read-only-token'
is 'but can read' "$status $(header Oauth-Scope-Accepted)" \
  '200 global read read-protected write write-protected'
raw PATCH /apps/myapp/formation/worker -H "$version" -H 'Authorization: Bearer write-token-1' \
  -d '{"quantity":2}'
is 'a write token can scale' "$status" 200
raw GET /account -H "$version" -H 'Authorization: Bearer write-token-1'
is 'and cannot read the account' "$status $(field .id)" '403 forbidden'

# ---- Apps by name and by id (F1), formations by type and by id ----

call GET /apps/myapp
app_id=$(field .id)
call GET "/apps/$app_id"
is 'an app by its id' "$status $(field .name)" '200 myapp'
call GET /apps/nosuch
is 'no such app' "$status $(field '[.resource, .id, .message] | join("|")')" \
  "404 app|not_found|Couldn't find that app."
call GET /apps
is 'all apps' "$(field '[.[].name] | join(" ")')" 'other second myapp'
call GET "/apps/$app_id/formation/worker"
id=$(field .id)
call GET "/apps/myapp/formation/$id"
is 'a formation by its id' "$status $(field .type)" '200 worker'
call PATCH "/apps/myapp/formation/$id" '{"quantity":2}'
is 'changed by its id too' "$status $(field .type)" '200 worker'
call PATCH /apps/myapp/formation "{\"updates\":[{\"type\":\"$id\",\"quantity\":2}]}"
is 'and in a batch' "$status $(field '.[0].type')" '200 worker'
call GET /apps/second/formation
is 'each app has its own' "$(field '[.[].type] | join(" ")')" clock

# ---- The formation's members (F3), single and batch (F4) ----

call GET /apps/myapp/formation/worker
is 'a formation has these members' "$(field 'keys | join(" ")')" \
  'app command created_at dyno_size id quantity size type updated_at'
is 'size and dyno_size agree' "$(field '.size + " " + .dyno_size.name')" 'Standard-1X Standard-1X'
is 'times end in Z' "$(field '.updated_at | test("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ$")')" true
is 'ids are uuids' "$(field '[.id, .app.id, .dyno_size.id] | map(test("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")) | all')" true
call GET /apps/myapp/formation
is 'the list is sorted by id' "$(field '[.[].id] == ([.[].id] | sort)')" true
call PATCH /apps/myapp/formation/worker '{"quantity":2}'
is 'a single PATCH replies with an object' "$(field type)" object
call PATCH /apps/myapp/formation '{"updates":[{"type":"worker","quantity":2}]}'
is 'a batch with an array of what it named' "$(field 'type + " " + ([.[].type] | join(" "))')" \
  'array worker'
raw POST /apps/myapp/formation/worker -H "$version" -u ":$token" -d '{"quantity":2}' \
  -H 'X-Http-Method-Override: PATCH'
is 'PATCH as POST, for those who cannot send it' "$status" 200
call POST /apps/myapp/formation/worker '{"quantity":2}'
is 'there is no POST' "$status $(field .id)" '404 not_found'
call DELETE /apps/myapp/formation/worker
is 'and no DELETE' "$status $(field .id)" '404 not_found'

# ---- Headers (F13), entity tags (F14) ----

call GET /apps/myapp/formation '' -H 'Request-Id: mine-1,mine-0'
is 'Request-Id is a list with the client'"'"'s in it' \
  "$(header Request-Id | grep -c '^[0-9a-f-]\{36\},mine-1,mine-0$')" 1
etag=$(header ETag)
for path in /apps/myapp/formation /apps/nosuch /nosuch; do
  call GET $path
  present=
  for name in Request-Id ETag Last-Modified Date Vary RateLimit-Remaining; do
    [ -n "$(header $name)" ] || present="$present no $name"
  done
  is "every reply has its headers ($status)" "$present" ''
  is "and no cache may keep it ($status)" "$(header Cache-Control)" 'private, no-cache'
  is "its type ($status)" "$(header Content-Type)" application/json
done
call GET /apps/myapp/formation '' -H "If-None-Match: $etag"
is 'unchanged: 304, and empty' "$status $(header ETag) [$body]" "304 $etag []"
call GET /apps/myapp/formation '' -H 'If-None-Match: "other"'
is 'changed: 200' "$status" 200
call PATCH /apps/myapp/formation '{"updates":[{"type":"worker","quantity":3}]}' -H 'If-Match: "other"'
is 'If-Match of another version: 412' "$status" 412
call PATCH /apps/myapp/formation '{"updates":[{"type":"worker","quantity":3}]}' -H "If-Match: $etag"
is 'If-Match of this version: changed' "$status $(field '.[0].quantity')" '200 3'
call GET /apps/myapp/formation '' -H "If-None-Match: $etag"
is 'then the tag is another' "$status" 200

# ---- Connections ----

curl -s -o /dev/null -o /dev/null -H "$version" -u ":$token" "$api_url/apps/myapp" "$api_url/apps/myapp"
is 'a connection is kept' "$(tail -n 2 "$scratch/fake.log" | jq -s '.[0].connection == .[1].connection')" \
  true
raw PATCH /apps/myapp/formation/worker -H "$version" -u ":$token" -H 'Transfer-Encoding: chunked' \
  -d '{"quantity":2}'
is 'chunked bodies are read' "$status $(field .quantity)" '200 2'
raw GET /apps/myapp -H 'accept: application/vnd.heroku+json;version=3' -H "authorization: bearer $token"
is 'names and schemes in any case' "$status" 200

# ---- What clients read besides (F17, F9) ----

call GET /account
account=$(field .id)
call GET /apps/myapp
is 'the owner of the app is the account' "$(field .owner.id)" "$account"
is 'tier and maintenance' "$(field '[.process_tier, .maintenance] | map(tostring) | join(" ")')" \
  'production false'
call GET "/accounts/$account/actions/get-quota" '' \
  -H 'Accept: application/vnd.heroku+json; version=3.account-quotas'
is 'the quota' "$status $(field '.account_quota > 0 and (.apps | type) == "array"')" '200 true'
call GET /dyno-sizes
is 'sizes, with their prices' "$(field '.[] | select(.name == "Standard-2X").cost.cents')" 5000
call GET /apps/myapp/available-dyno-sizes
is 'sizes of the app' "$status" 200
call GET /apps/myapp/dynos
is 'dynos have what clients read' "$(field '[.[] | .name and .type and .state and .command and
  .size and .updated_at] | "\(length) \(all)"')" '3 true'
call GET /apps/myapp/dynos/worker.1
is 'one dyno' "$status $(field .name)" '200 worker.1'
call GET /apps/myapp/dynos/worker.99
is 'no such dyno' "$status" 404
call GET /apps/myapp/formation/nosuch
refused 'no such type' 404 not_found "Couldn't find that process type (nosuch)."

# ---- The log (F25) ----

call PATCH /apps/myapp/formation?x=1 '{"updates":[{"type":"worker","quantity":"+1"}]}'
is 'a line has these members' "$(logged 'keys_unsorted | join(" ")')" \
  'time connection method path query headers body status tokens_left before after'
is 'what was asked' "$(logged '[.method, .path, .query, .body] | join(" ")')" \
  'PATCH /apps/myapp/formation x=1 {"updates":[{"type":"worker","quantity":"+1"}]}'
is 'and what came of it' "$(logged '"\(.status) \(.before.myapp.worker) \(.after.myapp.worker)"')" \
  '200 2 3'
is 'tokens left' "$(logged .tokens_left)" "$(header RateLimit-Remaining)"
bearer=$(logged .headers.authorization)
is 'the token is a hash' "$(grep -c '^Bearer sha256:[0-9a-f]\{16\}$' <<<"$bearer")" 1
raw GET /apps/myapp -H "$version" -u "me:$token" -H "X-Copy: it is $token"
is 'the same for Basic' "$(logged .headers.authorization)" "Basic ${bearer#Bearer }"
raw GET "/apps/$token" -H "$version" -H 'Authorization: Bearer another-secret-token' -d "$token"
raw GET /apps/myapp -H "$version" -H 'Authorization: another-secret-token' -H 'Cookie: another-secret-token'
is 'an unknown scheme too' "$(logged '[.headers.authorization, .headers.cookie] | map(startswith("sha256:")) | all')" true
has_not 'no token is in the log' "$(cat "$scratch/fake.log")" "$token"
has_not 'nor a wrong one' "$(cat "$scratch/fake.log")" another-secret-token
has_not 'nor in what it says' "$(cat "$scratch/fake.err" "$scratch/fake.out")" "$token"
raw GET /apps/myapp -H "$version" -H $'X-Odd: \xff"\\'
ok 'odd bytes make no odd line' jq -e -s 'length > 0' "$scratch/fake.log"
is 'requests are counted, the control path is not' "$(control GET /summary | jq .requests)" \
  "$(wc -l <"$scratch/fake.log")"
is 'and of each method' "$(control GET /summary | jq '[.by_method[]] | add')" \
  "$(wc -l <"$scratch/fake.log")"
fake_stop
is 'SIGTERM ends it with status 0' $? 0
ok 'and removes its port file' test ! -e "$scratch/fake.port"
tap_end
