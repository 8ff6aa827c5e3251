#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The official client judges the fake: its commands must do what they do on the platform, and send
# what they are known to send (reference: the recorded requests of this version).
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/fake-heroku/fake.sh"

# It comes from npm, with a newer Node.js where that is needed: bin/setup puts both there.
client=${DYNOMATIC_BUILD:-$top_srcdir/build}/heroku-client/node_modules/.bin
skip() {
  printf '1..0 # SKIP %s\n' "$1"
  exit 77
}
PATH=$client:$PATH # some of the client's hooks start a program named heroku
[ -x "$client/heroku" ] || skip 'the official Heroku client is missing: bin/setup --test installs it'
[ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || skip "it needs Node.js 20, not $(node -v)"

export PATH HOME=$scratch/home
export DISABLE_TELEMETRY=true HEROKU_API_KEY=$token HEROKU_SKIP_NEW_VERSION_CHECK=1 HEROKU_DISABLE_AUTOUPDATE=1
unset HTTP_PROXY HTTPS_PROXY http_proxy https_proxy HEROKU_ORGANIZATION HEROKU_APP HEROKU_HEADERS
mkdir "$HOME"

# Runs the client: sets status, out, err; sent: what the fake recorded meanwhile, one a line. What
# the client would send anywhere but to the fake is not seen there, and so fails the test.
heroku_run() {
  local before
  before=$(wc -l <"$scratch/fake.log")
  heroku "$@" --app myapp >"$scratch/out" 2>"$scratch/err" </dev/null
  status=$?
  out=$(cat "$scratch/out")
  err=$(cat "$scratch/err")
  tail -n +$((before + 1)) "$scratch/fake.log" >"$scratch/sent"
  sent=$(jq -r '[.method, .path, (.headers.accept | sub(".*version="; "")), .body // "-"] | join(" ")' \
    "$scratch/sent")
}

fake_start --token "$token" --formation worker=1 --formation web=1:Eco --limit single=5
export HEROKU_HOST=$api_url

heroku_run ps:scale worker=2
is 'ps:scale worker=2: status' "$status" 0
is 'it reads the app, then changes the formation' "$sent" 'GET /apps/myapp 3 -
PATCH /apps/myapp/formation 3 {"updates":[{"quantity":"2","type":"worker"}]}'
has 'and tells the reply' "$err" 'now running worker at 2:Standard-1X'
is 'the fake has it' "$(quantity worker)" 2
is 'the client says who it is' "$(jq -r '.headers["user-agent"]' "$scratch/sent" | sort -u)" \
  "heroku-cli/11.10.0 $(node -p process.platform)"
is 'and sends JSON with its length' "$(jq -r 'select(.method == "PATCH").headers
  | [."content-type", ."content-length"] | join(" ")' "$scratch/sent")" 'application/json 46'
is 'its second Request-Id holds the first reply'"'"'s and its own first' \
  "$(jq -r '.headers["request-id"]' "$scratch/sent" | awk -F, 'NR == 1 { first = $1; n = NF }
    NR == 2 { print n, NF, ($3 == first ? "own" : "other") }')" '1 3 own'
has_not 'the log has no token' "$(cat "$scratch/fake.log")" "$token"

heroku_run ps:scale worker+1 web-1:Eco
is 'relative quantities, and a size: status' "$status" 0
is 'go as strings' "$(tail -n 1 <<<"$sent")" 'PATCH /apps/myapp/formation 3 {"updates":[{"quantity":"+1","type":"worker"},{"quantity":"-1","size":"Eco","type":"web"}]}'
is 'the fake does the arithmetic' "$(quantity worker) $(quantity web)" '3 0'

heroku_run ps:scale
is 'ps:scale without arguments: status' "$status" 0
is 'reads the formation, then the app' "$sent" 'GET /apps/myapp/formation 3 -
GET /apps/myapp 3 -'
is 'and lists it' "$out" 'web=0:Eco worker=3:Standard-1X'

heroku_run ps
is 'ps: status' "$status" 0
is 'asks for all it shows' "$(sort <<<"$sent")" 'GET /account 3.sdk -
GET /apps/myapp 3.sdk -
GET /apps/myapp/dynos 3.sdk -'
has 'and shows each dyno' "$out" 'worker.3: up'

heroku_run ps:type
is 'ps:type: status' "$status" 0
is 'asks likewise' "$(sort <<<"$sent" | cut -d ' ' -f 1,2)" 'GET /apps/myapp
GET /apps/myapp/formation'
has 'and shows the sizes' "$out" Standard-1X

heroku_run ps:scale worker=two
is 'what it does not understand it drops: status' "$status" 0
has_not 'and changes nothing' "$sent" PATCH

heroku_run ps:scale nosuch=1
is 'an unknown type: status' "$status" 2
has 'its sentence' "$err" "Couldn't find that process type (nosuch)."
has 'its id' "$err" not_found

heroku_run ps:scale worker=101
is 'too many: status' "$status" 2
has 'its sentence' "$err" 'Cannot run more than 100 dynos.'
has 'its id' "$err" cannot_run_above_limit
is 'asked once' "$(grep -c PATCH <<<"$sent")" 1

HEROKU_API_KEY=wrong heroku_run ps:scale worker=2
is 'a wrong token: status' "$status" 1
has 'its sentence' "$err" 'HEROKU_API_KEY is invalid'
is 'asked once' "$(jq -r .status "$scratch/sent")" 401
is 'nothing was changed by all that' "$(quantity worker)" 3

control POST /faults '{"status":503,"path":"/apps/*","id":"unavailable","message":"Not now."}' >/dev/null
heroku_run ps:scale worker=2
is '503: status' "$status" 2
is 'it does not try again' "$(jq -r .status "$scratch/sent")" 503
has 'its sentence' "$err" 'Not now.'
control DELETE /faults >/dev/null

control POST /faults '{"reset":"after","method":"PATCH","call":"1-2"}' >/dev/null
heroku_run ps:scale worker+1
is 'after a lost reply it tries again' "$(grep -c PATCH <<<"$sent")" 3
is 'also what is relative: 3 more instead of 1' "$(quantity worker)" 6

fake_start --token "$token" --tier eco --formation web=1 --formation worker=0
export HEROKU_HOST=$api_url
heroku_run ps
is 'ps of an Eco app: status' "$status" 0
is 'asks for the quota too' "$(grep -c '^GET /accounts/[0-9a-f-]*/actions/get-quota 3.account-quotas -$' <<<"$sent")" 1
has 'and shows it' "$out" 'Eco dyno hours quota remaining this month: 1000h 0m (100%)'

fake_start --token "$token" --formation web=1 --formation worker=2 --formation mailer=3 --page 1
export HEROKU_HOST=$api_url
heroku_run ps:scale
is 'a list in parts: status' "$status" 0
has 'it asks for each part and joins them' "$(tr '\n' ' ' <<<"$out")" 'mailer=3:Standard-1X web=1:Standard-1X worker=2:Standard-1X'
is 'in as many requests' "$(grep -c '/formation' <<<"$sent")" 3

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
fake_start --token "$token" --formation worker=1 --tls-certificate "$scratch/cert.pem" --tls-key "$scratch/key.pem"
export HEROKU_HOST=https${api_url#http}
heroku_run ps:scale worker=2
is 'a certificate that nobody signed: status' "$status" 1
has 'and why' "$err" DEPTH_ZERO_SELF_SIGNED_CERT
NODE_EXTRA_CA_CERTS=$scratch/cert.pem heroku_run ps:scale worker=2
is 'over TLS: status' "$status" 0
has 'it scales' "$err" 'now running worker at 2:Standard-1X'
tap_end
