#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Load up and down over real workers of the real libraries, as dynos that the platform kills when they do not end in
# time: no job that runs is stopped by a shrink. Beside it, how many are without protection.
#
#   make torture        the same for minutes, with jobs of 1 to 90 s and 30 s to end, as on Heroku
#
# TORTURE_LIBRARIES (delayedjob, sidekiq), TORTURE_WAVES, TORTURE_FROM, TORTURE_TO (seconds of a job), TORTURE_GRACE: otherwise as here.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
. "$top_srcdir/tests/support/redis.sh"
needs sqlite3 'it counts the jobs of Delayed Job'
needs sidekiq 'its workers are killed'
needs jq 'it reads the platform'

waves=${TORTURE_WAVES:-2} from=${TORTURE_FROM:-0.2} to=${TORTURE_TO:-4} grace=${TORTURE_GRACE:-500ms}
patience=$((60 + waves * (10 + ${to%.*} * 6)))
export RUNS=$scratch/runs TORTURE DATABASE_URL=sqlite3:$scratch/jobs.sqlite3 REDIS_URL

torture() { ruby "$top_srcdir/tests/e2e/torture.rb" "$@" 2>"$scratch/torture.err"; }

waiting() {
  if [ "$TORTURE" = delayedjob ]; then
    sqlite3 -cmd '.timeout 5000' "$scratch/jobs.sqlite3" 'SELECT count(*) FROM delayed_jobs WHERE locked_at IS NULL'
  else
    redis LLEN queue:default
  fi
}
nothing_waits() { [ "$(waiting)" = 0 ]; }
are_gone() { [ "$(curl -s "$api_url/_fake/state" | jq '[.apps[].dynos[]] | length')" = 0 ]; }

configure() { # protect
  cat <<END
interval: 100ms
queue: { adapter: $TORTURE, url: "$([ "$TORTURE" = delayedjob ] && echo "$DATABASE_URL" || echo "$REDIS_URL")" }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url", read_every: 1s }
per_dyno: 2
max: 5
scale_down: { after: 0s, protect: $1 }
END
}

# Waves of ten jobs, each when the one before has been taken up; then the end of all. Sets started, killed,
# raced.
run_waves() { # library, protect
  local wave
  TORTURE=$1
  : >"$RUNS"
  rm -f "$scratch"/jobs.sqlite3*
  redis FLUSHALL >/dev/null
  torture make
  start_fake --procfile "$scratch/Procfile" --formation worker=0 --grace "$grace" \
    --env "RUNS=$RUNS" --env "TORTURE=$TORTURE" --env "DATABASE_URL=$DATABASE_URL" --env "REDIS_URL=$REDIS_URL"
  configure "$2" >"$scratch/torture.yml"
  start_daemon "$scratch/torture.yml"
  for ((wave = 1; wave <= waves; wave++)); do
    torture enqueue 10 "$from" "$to" "$wave"
    until_true "$patience" nothing_waits || return
  done
  until_true "$patience" are_gone || return
  stop_daemon
  kill "$fake_pid" && wait "$fake_pid"
  read -r started killed raced < <(torture killed "$scratch/fake.err")
}

redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
REDIS_URL=$redis_url
echo "worker: exec ruby $top_srcdir/tests/e2e/torture.rb work" >"$scratch/Procfile"
for library in ${TORTURE_LIBRARIES:-delayedjob sidekiq}; do
  run_waves $library idle && protected="$killed of $started" by_chance=$raced ||
    protected='it did not come to its end' by_chance='?'
  is "$library: no job is killed by a shrink" "$protected" "0 of $((10 * waves))"
  run_waves $library none && unprotected=$((killed + raced)) || unprotected=0 started=0
  ok "$library: without protection some are" [ "$unprotected" -gt 0 ]
  echo "# $library: jobs killed at work: $protected with protect: idle (and $by_chance that had just begun)," \
    "$unprotected of $started with protect: none"
done
tap_end
