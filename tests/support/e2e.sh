# SPDX-License-Identifier: MIT
# The pieces of the main job for end-to-end tests: a database with jobs, the fake platform, the daemon.
# Source it after tap.sh.

token=HRKU-AAe2e-token-that-must-never-be-seen
export HOME=$scratch

dynomatic() { "$top_builddir/dynomatic" "$@"; }

# Delayed Job's table as its migration makes it, in an SQLite file.
make_sqlite() { # file
  sqlite3 "$1" 'PRAGMA journal_mode=WAL;
    CREATE TABLE delayed_jobs (id integer PRIMARY KEY AUTOINCREMENT NOT NULL,
      priority integer DEFAULT 0 NOT NULL, attempts integer DEFAULT 0 NOT NULL, handler text NOT NULL,
      last_error text, run_at datetime, locked_at datetime, failed_at datetime, locked_by varchar,
      queue varchar, created_at datetime(6), updated_at datetime(6));
    CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);' >/dev/null
}

# Makes it so that exactly N jobs of a queue wait.
set_jobs_sqlite() { # file, n, [queue]
  sqlite3 -cmd '.timeout 5000' "$1" "BEGIN IMMEDIATE; DELETE FROM delayed_jobs WHERE queue = '${3:-default}';
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $2)
    INSERT INTO delayed_jobs (handler, run_at, queue)
      SELECT '--- job', strftime('%Y-%m-%d %H:%M:%f', 'now', '-10 seconds'), '${3:-default}'
      FROM n WHERE $2 > 0; COMMIT;"
}

# Starts the fake platform: sets fake_pid, api_url. Its log: $scratch/fake.log.
start_fake() { # arguments for the fake, e.g. --formation worker=0
  "$top_builddir/dynomatic-fake-heroku" --port 0 --port-file "$scratch/fake.port" \
    --log "$scratch/fake.log" --app myapp --token "$token" "$@" 2>"$scratch/fake.err" &
  fake_pid=$!
  started $fake_pid
  until_true 10 test -s "$scratch/fake.port" || { cat "$scratch/fake.err"; return 1; }
  api_url=http://127.0.0.1:$(cat "$scratch/fake.port")
}

# The quantity of a process type, as the platform has it; asked over the control path, so that the
# log of requests has only the program's own.
quantity() { # type
  curl -s "$api_url/_fake/state" | jq -r --arg t "$1" '.apps[] | select(.name == "myapp")
    | .formation[] | select(.type == $t) | .quantity'
}

quantity_is() { [ "$(quantity "$1")" = "$2" ]; }

# Requests of the program, e.g. requests PATCH.
requests() { # method
  jq -r --arg m "$1" 'select(.method == $m) | .path' "$scratch/fake.log" | grep -c -v '^/_fake'
}

# Starts the daemon on a configuration: sets daemon_pid. Its log: $scratch/daemon.log.
start_daemon() { # configuration, more arguments
  local file=$1
  shift
  "$top_builddir/dynomatic" -c "$file" "$@" run >"$scratch/daemon.out" 2>"$scratch/daemon.log" &
  daemon_pid=$!
  started $daemon_pid
}

logged() { grep -q -- "$1" "$scratch/daemon.log"; }

# Ends the daemon by SIGTERM; its exit status.
stop_daemon() {
  kill "$daemon_pid"
  wait "$daemon_pid"
}
