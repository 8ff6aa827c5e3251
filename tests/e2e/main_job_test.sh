#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The main job: jobs in a database, quantities at the platform. The examples are those of the table
# of rules that the project grew out of.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads the platform'

db=$scratch/app.sqlite3
make_sqlite "$db"
start_fake --formation web=2:Standard-1X --formation worker=0:Standard-1X \
  --formation mailer=0:Standard-1X --formation worker1=0:Basic --formation worker2=0:Basic \
  --formation worker3=0:Basic --formation worker4=0:Basic

# ---- heroku-formation ----

cat >"$scratch/formation.yml" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler: { backend: heroku-formation, app: myapp, token: "\${HEROKU_API_KEY}", api_url: "$api_url" }
scale_down: { after: 0s }
rules:
  - { at_least: 30, dynos: 15 }
  - { at_least: 1, dynos: 1 }
  - { at_least: 20, dynos: 10 }
  - { at_least: 10, dynos: 5 }
pools:
  worker: { queues: [default] }
  mailer: { queues: [mail], min: 1, rules: [{ at_least: 5, dynos: 2 }] }
END
export HEROKU_API_KEY=$token

set_jobs_sqlite "$db" 25
set_jobs_sqlite "$db" 7 mail
start_daemon "$scratch/formation.yml"
ok '25 jobs: 10 dynos' until_true 20 quantity_is worker 10
ok 'the other pool of the app has its own rules' until_true 20 quantity_is mailer 2
is 'both went in one request' "$(requests PATCH)" 1

set_jobs_sqlite "$db" 31
ok '31 jobs: 15 dynos' until_true 20 quantity_is worker 15
set_jobs_sqlite "$db" 9
ok '9 jobs: 1 dyno' until_true 20 quantity_is worker 1
set_jobs_sqlite "$db" 0
set_jobs_sqlite "$db" 0 mail
ok 'no jobs: none' until_true 20 quantity_is worker 0
ok 'or min, where there is one' until_true 20 quantity_is mailer 1
is 'no other process type is touched' "$(quantity web)" 2
patches=$(requests PATCH)
measured() { [ "$(requests GET)" -ge 1 ]; }
ok 'the size was read before it was set' measured
stop_daemon
is 'it ends at SIGTERM with status 0' $? 0
is 'no request was made while nothing changed' "$(requests PATCH)" "$patches"
ok 'quantities are absolute integers' jq -e -s '[.[] | select(.method == "PATCH") | .body
  | if type == "string" then fromjson else . end | .updates[].quantity | type == "number"] | all' \
  "$scratch/fake.log"
has 'a change is logged with its reason' "$(cat "$scratch/daemon.log")" 'msg="0 -> 10 (25 waiting'
has_not 'the token is not in the log' "$(cat "$scratch/daemon.log" "$scratch/daemon.out")" "$token"

# ---- heroku-hobby ----

cat >"$scratch/hobby.yml" <<END
interval: 100ms
queue: { adapter: delayedjob, url: "sqlite3:$db" }
scaler:
  backend: heroku-hobby
  app: myapp
  token: "\${HEROKU_API_KEY}"
  api_url: "$api_url"
  worker_names: [worker1, worker2, worker3, worker4]
scale_down: { after: 0s }
rules:
  - { at_least: 1, dynos: 1 }
  - { at_least: 50, dynos: 2 }
  - { at_least: 100, dynos: 3 }
END
hobby() { echo "$(quantity worker1) $(quantity worker2) $(quantity worker3) $(quantity worker4)"; }
hobby_is() { [ "$(hobby)" = "$1" ]; }

set_jobs_sqlite "$db" 55
start_daemon "$scratch/hobby.yml" -v
ok '55 jobs: worker1 and worker2 run, worker3 and worker4 do not' until_true 20 hobby_is '1 1 0 0'
set_jobs_sqlite "$db" 20
ok '20 jobs: only worker1' until_true 20 hobby_is '1 0 0 0'
set_jobs_sqlite "$db" 100000
ok '100,000 jobs: the greatest rule' until_true 20 hobby_is '1 1 1 0'
stop_daemon
is 'it ends at SIGTERM with status 0' $? 0
has_not 'the token is not in the verbose log' "$(cat "$scratch/daemon.log" "$scratch/daemon.out")" \
  "$token"
tap_end
