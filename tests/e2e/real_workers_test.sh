#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The main job with nothing played: real jobs of each library, and its real worker processes as dynos, from
# none up and back to none, and every job done.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
. "$top_srcdir/tests/support/redis.sh"
. "$top_srcdir/tests/support/gems.sh"
needs jq 'it reads the platform'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
for library in delayed_job resque sidekiq; do
  gem_sets $library >/dev/null ||
    { echo "1..0 # SKIP a version of $library is missing: bin/setup --test installs it"; exit 77; }
done
export HEROKU_API_KEY=$token JOBS=40

# The app, in its newest version, and what it runs in a worker dyno.
start_app() { # library, adapter, store, command
  set=$(GEM_SETS=newest gem_sets "$1") app=$top_srcdir/tests/interop/$2_worker.rb
  folder=$scratch/$2
  mkdir "$folder"
  export JOB_FOLDER=$folder DATABASE_URL=$3 REDIS_URL=$3
  echo "worker: exec $4" >"$folder/Procfile"
  local words=("JOB_FOLDER=$folder" "DATABASE_URL=$3" "REDIS_URL=$3")
  mapfile -t -O 3 words < <(gem_environment "$set")
  start_fake --procfile "$folder/Procfile" --formation worker=0 --dyno-log "$folder/dynos.log" \
    $(printf -- '--env %s ' "${words[@]}")
  cat >"$folder/dynomatic.yml" <<END
interval: 100ms
queue: { adapter: $2, url: "$3" }
scaler: { backend: heroku-formation, app: myapp, token: "\${HEROKU_API_KEY}", api_url: "$api_url" }
scale_down: { after: 0s }
rules:
  - { at_least: 1, dynos: 1 }
  - { at_least: 10, dynos: 3 }
END
}
in_app() { with_gems "$set" ruby -e "require '$app'; $1" >>"$folder/app.log" 2>&1; }

done_jobs() { sort -u "$folder/done" 2>/dev/null | wc -l; }
all_done() { [ "$(done_jobs)" = "$1" ]; }
summary() { curl -s "$api_url/_fake/summary" | jq -r "$1"; }
dynos() { curl -s "$api_url/_fake/state" | jq '.apps[0].dynos | length'; }
no_dyno() { [ "$(dynos)" = 0 ]; }
left() { dynomatic -c "$folder/dynomatic.yml" count --all --json | jq -c '.[0] | [.waiting, .busy, .failed]'; }

main_job() { # name
  start_daemon "$folder/dynomatic.yml"
  in_app 'Integer(ENV.fetch("JOBS")).times { |n| Report.order(n) }'
  ok "$1: from none to as many as the rules say" until_true 30 quantity_is worker 3
  ok "$1: every job is done" until_true 60 all_done "$JOBS"
  ok "$1: and back to none" until_true 30 quantity_is worker 0
  ok "$1: no dyno is left" until_true 60 no_dyno
  is "$1: nor a job" "$(left)" '[0,0,0]'
  is "$1: never were there more" "$(summary .max_quantity.worker)" 3
  is "$1: no dyno had to be killed, and none crashed" "$(summary '[.kills, .crashes] | @csv')" 0,0
}

# With no worker nobody but us sees that its time has come.
job_for_later() { # name
  in_app 'Report.order_later("later")'
  ok "$1: a job for later wakes a worker when it is due" until_true 60 all_done $((JOBS + 1))
  ok "$1: which goes again" until_true 60 quantity_is worker 0
}

stop_all() {
  stop_daemon
  kill "$fake_pid"
  wait "$fake_pid"
  rm -f "$scratch/fake.port"
}

start_app delayed_job delayedjob "sqlite3:$scratch/app.sqlite3" "ruby $top_srcdir/tests/interop/delayedjob_worker.rb"
in_app 'require ENV.fetch("top_srcdir") + "/examples/demo/tables"; make_tables
  ActiveRecord::Base.connection.execute("PRAGMA journal_mode = WAL")'
main_job "$set"
job_for_later "$set"
stop_all

# A worker of Sidekiq has one thread here, so that there is work for three.
start_app sidekiq sidekiq "$redis_url" "sidekiq -r $top_srcdir/tests/interop/sidekiq_worker.rb -c 1"
main_job "$set"
job_for_later "$set"
stop_all

# So that SIGTERM lets a job end.
export GRACEFUL_TERM=1
start_app resque resque "redis://127.0.0.1:$redis_port/1" "ruby $top_srcdir/tests/interop/resque_worker.rb"
main_job "$set"
stop_all
tap_end
