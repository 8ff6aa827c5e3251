#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# delayedjob.so on a real PostgreSQL and on SQLite: every state of a row, every trap that is known.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
needs sqlite3 'it makes a database'
needs psql 'it fills PostgreSQL'
. "$top_srcdir/tests/support/mariadb.sh"
mariadb_start || { echo '1..0 # SKIP MariaDB is missing'; exit 77; }
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

measure() { "$top_builddir/tests/plugin/measure" delayedjob "$@"; }

# ---- What both databases must say: rows are made with run_at, locked_at, failed_at as seconds from now ----

columns='priority, attempts, handler, run_at, locked_at, failed_at, locked_by, queue'
table() { # type of times, type of the key
  echo "CREATE TABLE delayed_jobs (id $2, priority integer DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at $1, locked_at $1,
    failed_at $1, locked_by varchar(255), queue varchar(255), created_at $1, updated_at $1);
    CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);"
}
instant() { # seconds from now, or NULL
  case $1:$database in
    NULL:*) echo NULL ;;
    infinity:*) echo "'infinity'" ;;
    *:sqlite) echo "strftime('%Y-%m-%d %H:%M:%f', 'now', '$1 seconds')" ;;
    *:mariadb*) echo "utc_timestamp(6) + INTERVAL $1 SECOND" ;;
    *:timestamptz) echo "now() + interval '$1 seconds'" ;;
    *) echo "now() AT TIME ZONE 'utc' + interval '$1 seconds'" ;;
  esac
}
sql() {
  case $database in
    sqlite) sqlite3 -cmd '.timeout 5000' "$file" "$1" ;;
    mariadb*) mariadb_sql "$1" ;;
    *) postgres_sql "$1" ;;
  esac
}
clear() { sql 'DELETE FROM delayed_jobs'; }
row() { # run_at, locked_at, failed_at, attempts, queue, priority, times
  local queue=${5:-NULL} n
  [ "$queue" = NULL ] || queue="'${queue//\'/\'\'}'"
  for ((n = 0; n < ${7:-1}; n++)); do
    echo "INSERT INTO delayed_jobs ($columns) VALUES (${6:-0}, ${4:-0}, '--- x', $(instant "$1"),
      $(instant "${2:-NULL}"), $(instant "${3:-NULL}"),
      $([ "${2:-NULL}" = NULL ] && echo NULL || echo "'host:worker.1 pid:7'"), $queue);"
  done
}
put() { sql "$(row "$@")"; }
# The ages of an answer in whole tens of seconds, since time passes while a test runs.
rough() { sed -E 's/(latency|next_due)=([0-9]+)[0-9]{4}/\1=\20s/g; s/(latency|next_due)=[0-9]{1,4}( |$)/\1=0s\2/g'; }

all() { # what a measure of all jobs says, whole and bounded
  measure "$options" measure '0:*'
}
delayed_jobs='table delayed_jobs with priority, attempts, handler, run_at, locked_at, locked_by, failed_at'
check_states() {
  clear
  is "$database: an empty table" "$(all)" 'waiting=0 latency=0 busy=0 scheduled=0 retrying=0 failed=0 next_due=?'
  is "$database: and within bounds" "$(measure "$options" measure 10:wl)" 'waiting=0 latency=0'
  put -35; put -12; put 3605
  is "$database: two due, one in the future" "$(all | rough)" \
    'waiting=2 latency=30s busy=0 scheduled=1 retrying=0 failed=0 next_due=3600s'
  is "$database: and within bounds" "$(measure "$options" measure 10:wl | rough)" 'waiting=2 latency=30s'
  clear; put -100 -90 -80 3
  is "$database: a failed row keeps its lock" "$(all | rough)" \
    'waiting=0 latency=0s busy=0 scheduled=0 retrying=0 failed=1 next_due=?'
  clear; put -15000 -14340
  is "$database: a lock of 3 h 59 min is busy" "$(all | rough)" \
    'waiting=0 latency=0s busy=1 scheduled=0 retrying=0 failed=0 next_due=?'
  clear; put -15005 -14460
  is "$database: a lock of 4 h 1 min is stale" "$(all | rough)" \
    'waiting=1 latency=15000s busy=0 scheduled=0 retrying=0 failed=0 next_due=?'
  is "$database: and within bounds" "$(measure "$options" measure 10:w)" 'waiting=1'
  put -700 -650
  is "$database: max_run_time says from when on" \
    "$(measure "${options%\}}, max_run_time: 10m}" measure 0:wb)" 'waiting=2 busy=0'
  clear; put 3605; put 7205 NULL NULL 3
  is "$database: future only" "$(all | rough)" \
    'waiting=0 latency=0s busy=0 scheduled=1 retrying=1 failed=0 next_due=3600s'
  clear; put NULL
  is "$database: without run_at it never waits" "$(all)" \
    'waiting=0 latency=0 busy=0 scheduled=0 retrying=0 failed=0 next_due=?'
  clear; put -1 NULL NULL 0 NULL; put -1 NULL NULL 0 default; put -1 NULL NULL 0 mail
  is "$database: unnamed jobs are in no queue but all" \
    "$(measure "$options" measure 0:w 0:w:default 0:w:mail,default 0:w:none 9:w 9:w:mail,mail)" \
    'waiting=3
waiting=1
waiting=2
waiting=0
waiting=3
waiting=1'
  put -1 NULL NULL 0 'a "b" %_:é'
  put -1 NULL NULL 0 "it's"
  is "$database: queue names with all kinds of characters" \
    "$(measure "$options" measure '9:w:a "b" %_' "9:w:it's" | head -2)" 'waiting=0
waiting=1'
  clear; put -1 NULL NULL 0 x 1; put -1 NULL NULL 0 x 5; put -1 NULL NULL 0 x 9
  is "$database: bounds of priority" "$(measure "${options%\}}, min_priority: 2, max_priority: 8}" \
    measure 0:w 9:w 9:w:x)" 'waiting=1
waiting=1
waiting=1'
  clear; put -20 -10 NULL 0 mail
  is "$database: who is busy, by host" "$(measure "$options" workers 0:w 0:w:mail 0:w:other)" \
    '0 worker.1 jobs=1 queue=mail
1 worker.1 jobs=1 queue=mail'
  is "$database: it detects itself, and names queues" "$(measure "$options" detect)" \
    "found 95: $delayed_jobs; queues: mail"
  put -20; put -20 NULL NULL 0 default
  is "$database: unnamed jobs have none" "$(measure "$options" detect)" \
    "found 95: $delayed_jobs; queues: default, mail"
  clear
  is "$database: an empty table is told" "$(measure "$options" detect)" "found 95: $delayed_jobs; it has no rows"
}
# Counts stop at the cap, and where the fence ends they say so.
check_bounds() {
  clear; sql "BEGIN; $(row -50 NULL NULL 0 mail 0 60) $(row -90 NULL NULL 0 NULL 7 60) COMMIT"
  is "$database: a count reaches its cap" "$(measure "$options" measure 31:w)" 'waiting=31+'
  is "$database: below its cap it is exact" "$(measure "$options" measure 500:wl | rough)" \
    'waiting=120 latency=90s'
}
# A question that is asked often is answered exactly, or as at least so much; never as too little.
often() { # what, group, exact answer, what else it may be (extended pattern)
  local answer
  is "$database: $1" "$(measure "$options" measure "$2" | rough)" "$3"
  answer=$(measure "$options" -n 5 measure "$2" 2>/dev/null | grep -E '^(waiting|latency)=' | rough)
  if [[ $answer =~ ^($4)$ ]]; then answer=$3; fi
  is "$database: $1, asked again and again" "$answer" "$3"
}
# A table that changes while we look at it, as by a migration.
sql_command() { # what a shell makes of a statement
  case $database in
    sqlite) printf "sqlite3 -cmd '.timeout 5000' '%s' '%s'" "$file" "$1" ;;
    mariadb*) printf "mariadb --no-defaults --socket='%s' -u root app -e '%s'" "$mariadb_data/socket" "$1" ;;
    *) printf "psql -X -q '%s' -c '%s' >'%s'" "$postgres_url" "$1" "$scratch/said" ;;
  esac
}
check_migration() {
  clear; put -20 NULL NULL 0 mail
  local drop add
  drop=$(sql_command 'ALTER TABLE delayed_jobs DROP COLUMN queue')
  add=$(sql_command 'ALTER TABLE delayed_jobs ADD COLUMN queue varchar(255)')
  has "$database: a column that is gone is noticed at once" \
    "$(measure "$options" -n 2 -x "$drop" measure 9:w 9:w:mail 2>&1 | tr '\n' ' ')" 'waiting=1 waiting=? unknown: the table has no column'
  is "$database: one that comes after ten minutes" \
    "$(measure "$options" -n 2 -x "$add" -j 600000 measure 9:w:mail 2>&-)" 'waiting=0'
  sql "UPDATE delayed_jobs SET queue = 'mail'"
  has "$database: workers are found without the column, too" \
    "$(put -20 -10; measure "$options" -n 2 -x "$drop" workers 9:w 2>&-)" '0 worker.1 jobs=1'
  sql 'ALTER TABLE delayed_jobs ADD COLUMN queue varchar(255)'
}
# What is no instant is due for the library's own query, and so it waits; it has no age.
check_ageless() { # run_at
  clear; put -20
  sql "INSERT INTO delayed_jobs ($columns) VALUES (0, 0, 'x', $1, NULL, NULL, NULL, 'odd')"
  is "$database: a run_at of $1 waits, and its age is not known" \
    "$(measure "$options" measure 9:wl 9:l:odd 0:l 0:wl:mail | sed 's/ unknown: .*\(oldest has no age\).*/ \1/')" \
    'waiting=2 latency=? oldest has no age
latency=? oldest has no age
latency=? oldest has no age
waiting=0 latency=0'
}
check_priorities() {
  clear; put -50 NULL NULL 0 mail NULL 3; put -20 NULL NULL 0 mail 0 2
  often 'jobs without a priority' 50:wl 'waiting=5 latency=50s' 'waiting=[2-5]\+ latency=20s\+'
  often 'jobs without a priority of a queue' 50:wl:mail 'waiting=5 latency=50s' 'waiting=[2-5]\+ latency=20s\+'
  is "$database: nor are they within bounds" "$(measure "${options%\}}, min_priority: -5}" measure 50:w)" 'waiting=2'
  clear; many 2100 -20 NULL "$1"; put -10 NULL NULL 0 mail 1; put -1000 NULL NULL 0 mail 9999
  often 'more priorities than are looked at' 50:l 'latency=1000s' 'latency=20s\+'
}
many() { # statement that makes n rows of run_at in seconds, failed or not, of the priority 0 or another for each
  case $database in
    sqlite) sql "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1)
      INSERT INTO delayed_jobs ($columns) SELECT ${4:-0}, 0, 'x', $(instant "$2"), NULL, $(instant "$3"), NULL, NULL FROM n" ;;
    mariadb*) sql "INSERT INTO delayed_jobs ($columns) SELECT ${4:-0}, 0, 'x', $(instant "$2"), NULL, $(instant "$3"), NULL, NULL
      FROM seq_1_to_$1" ;;
    *) sql "INSERT INTO delayed_jobs ($columns) SELECT ${4:-0}, 0, 'x', $(instant "$2"), NULL, $(instant "$3"), NULL, NULL
      FROM generate_series(1, $1)" ;;
  esac
}
check_fence() {
  clear; many 12000 -20 -10; many 5 -1000 NULL
  is "$database: what the fence hides is counted exactly" "$(measure "$options" measure 50:wl | rough)" \
    'waiting=5 latency=1000s'
  answer=$(measure "$options" -n 5 measure 50:w 2>/dev/null | grep waiting)
  case $answer in
    waiting=[0-5]+ | waiting=5) is "$database: or is told as at least" some some ;;
    *) is "$database: or is told as at least" "$answer" 'waiting=5, or at least 0 to 5' ;;
  esac
  has "$database: if that goes on, it is logged what helps" "$(measure "$options" -n 20 measure 50:w)" \
    '`dynomatic sql indexes` prints what helps'
}

database=sqlite file=$scratch/app.sqlite3 options="{url: 'sqlite3:$scratch/app.sqlite3'}"
sql "$(table datetime 'integer PRIMARY KEY AUTOINCREMENT NOT NULL')"
check_states
check_bounds
check_priorities i
check_migration
check_ageless "''"
check_fence

# Rails makes datetime(6) since version 7, datetime of whole seconds before.
options="{url: '$mariadb_url'}"
for type in datetime 'datetime(6)'; do
  database="mariadb $type"
  mariadb_sql 'DROP TABLE IF EXISTS delayed_jobs'
  sql "$(table "$type" 'bigint AUTO_INCREMENT PRIMARY KEY')"
  check_states
  check_bounds
  for zone in SYSTEM +09:00 -05:00; do
    mariadb_sql "SET GLOBAL time_zone = '$zone'"
    clear; put -35; put -12; put 3605
    is "$database: a server in $zone sees the same" "$(measure "$options" measure 0:wls 9:wl | rough)" \
      'waiting=2 latency=30s scheduled=1
waiting=2 latency=30s'
  done
  mariadb_sql 'SET GLOBAL time_zone = SYSTEM'
done
check_priorities seq
check_migration
check_ageless "'0000-00-00 00:00:00'"
check_fence
clear
many 100000 -20 NULL
is 'a bounded count of many rows in MariaDB' "$(measure "$options" measure 1000:w)" 'waiting=1000+'
clear
many 100000 3600 NULL; put -20 NULL NULL 0 mail 0 2; put -30 NULL NULL 0 mail 1
entries_read() { mariadb_sql "SELECT sum(variable_value) FROM information_schema.global_status
  WHERE variable_name IN ('handler_read_next', 'handler_read_prev', 'handler_read_rnd_next')"; }
before=$(entries_read)
is 'few that are due among many for later' "$(measure "$options" measure 1000:wl 1000:w:mail | rough)" 'waiting=3 latency=30s
waiting=3'
read=$(($(entries_read) - before))
ok "are found without reading the others ($read entries)" test "$read" -lt 10000

for database in timestamp timestamptz; do
  options="{url: '$postgres_url'}"
  postgres_sql 'SET client_min_messages = error; DROP TABLE IF EXISTS delayed_jobs'
  sql "$(table $database 'bigserial PRIMARY KEY')"
  check_states
  check_bounds
  for zone in UTC America/New_York Asia/Tokyo; do
    postgres_sql "ALTER ROLE app SET TimeZone = '$zone'"
    clear; put -35; put -12; put 3605
    is "$database: a session in $zone sees the same" "$(measure "$options" measure 0:wls 9:wl | rough)" \
      'waiting=2 latency=30s scheduled=1
waiting=2 latency=30s'
  done
  postgres_sql 'ALTER ROLE app RESET TimeZone'
done
database=timestamptz
check_priorities generate_series
check_migration
check_ageless "'-infinity'"
put infinity
is 'nor has a run_at without end a next due time' "$(measure "$options" measure 0:sn)" 'scheduled=1 next_due=?'
check_fence
clear
many 100000 -20 NULL
sql 'ANALYZE delayed_jobs'
is 'a bounded count of many rows' "$(measure "$options" measure 1000:w)" 'waiting=1000+'

# ---- Tables that are otherwise ----

postgres_sql 'CREATE SCHEMA old; CREATE TABLE old.jobs (id serial, priority int, attempts int, handler text,
  run_at timestamp, locked_at timestamp, failed_at timestamp, locked_by text);
  INSERT INTO old.jobs (priority, attempts, handler, run_at) VALUES (0, 0, $$x$$, $$2020-01-01$$);'
old="{url: '$postgres_url', table: old.jobs}"
is 'a table of another name, without queues, in a schema' "$(measure "$old" measure 0:w | head -1)" waiting=1
has 'it is detected' "$(measure "$old" detect)" 'found 95: table old.jobs with '
has 'it has no queues to tell apart' "$(measure "$old" measure 9:w:mail)" 'waiting=? unknown: the table has no column queue'
has 'it lacks the index, which is told' "$(measure "$old" measure 9:w)" 'no index on (priority, run_at)'
has 'a missing table is broken, with advice' "$(measure "{url: '$postgres_url', table: nope}" measure 9:w)" \
  "broken: 127.0.0.1:$postgres_port/app has no table nope: run the application's migrations"
is 'and not detected' "$(measure "{url: '$postgres_url', table: nope}" detect; echo "status $?")" \
  "no: 127.0.0.1:$postgres_port/app has no table nope of Delayed Job
status 4"
has 'a table of something else is broken' "$(measure "{url: '$postgres_url', table: pg_class}" measure 9:w)" \
  'broken: table pg_class'
is 'no groups only try the connection' "$(measure "$options" measure; echo "status $?")" 'status 0'

again="SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dynomatic'"
is 'a new connection sees what was added' "$(measure "$old" -n 3 -x "psql -X -q '$postgres_url' -c \"$again;
  ALTER TABLE old.jobs ADD COLUMN IF NOT EXISTS queue text DEFAULT 'mail'\" >'$scratch/said' 2>&1" measure 9:w:mail 2>&- | head -1)" \
  'waiting=1'
is 'a missing index is told once' "$(measure "$old" -n 3 -j 600000 measure 9:w 2>&- | grep -c 'no index')" 1

# ---- Failing ----

has 'a wrong scheme does not open' "$(measure '{url: "mongodb://x/y"}' measure 9:w)" 'does not open'
has 'an unknown database is broken' "$(measure "{url: '${postgres_url%/app}/nope'}" measure 9:w)" 'broken: '
has 'a refused connection is to be tried again' "$(measure "{url: 'postgres://app@127.0.0.1:1/app'}" measure 9:w)" \
  'retry: cannot connect to 127.0.0.1:1/app: Connection refused; check host and port in the URL'
has 'a host that there is not is told' "$(measure "{url: 'postgres://app@no-such-host.invalid/app'}" measure 9:w)" \
  '; check the host in the URL'
has 'a missing SQLite file is no empty queue' "$(measure "{url: 'sqlite3:$scratch/none'}" measure 9:w)" "$scratch/none"
ok 'and is not made' test ! -e "$scratch/none"
echo 'no database at all, but long enough to look at' >"$scratch/text"
has 'a file that is no database is broken' "$(measure "{url: 'sqlite3:$scratch/text'}" measure 9:w)" 'broken: '

has 'a refused connection of MariaDB is to be tried again' "$(measure "{url: 'mysql2://app@127.0.0.1:1/app'}" measure 9:w)" \
  '(111); check host and port in the URL'
has 'an unknown database of MariaDB is broken' "$(measure "{url: '${mariadb_url%/app}/nope'}" measure 9:w)" 'broken: '
has 'a missing table of MariaDB is broken' "$(measure "{url: '$mariadb_url', table: nope}" measure 9:w)" \
  "broken: 127.0.0.1:$mariadb_port/app has no table nope"
wrong=$(measure "{url: 'mysql2://app:swordfish@127.0.0.1:$mariadb_port/app'}" measure 9:w)
has 'a wrong password of MariaDB is broken' "$wrong" 'broken: '
has_not 'and not shown' "$wrong" swordfish
has 'a port that is none does not open' "$(measure '{url: "mysql2://x@y:99999/z"}' measure 9:w)" 'does not open'
has 'a mode of TLS that is none does not open' "$(measure '{url: "mysql2://x@y/z?ssl_mode=maybe"}' measure 9:w)" \
  'ssl_mode is disabled, required'
is 'what only Rails knows in the URL of MariaDB is left out' \
  "$(measure "{url: '$mariadb_url?pool=5&encoding=utf8mb4&reconnect=true'}" measure 3:w)" 'waiting=3+'
has 'TLS where there is none is broken' "$(measure "{url: '$mariadb_url?ssl_mode=required'}" measure 9:w)" 'broken: '

leaky=$(measure "{url: 'postgres://app:pa/s?SWORDFISH@127.0.0.1:5432/prod'}" measure 9:w 2>&1)
has 'a password with raw characters does not open' "$leaky" '%40'
has_not 'and no part of it is shown' "$leaky" SWORDFISH

# MariaDB locked, silent, gone and back.
coproc locker { mariadb --no-defaults --socket="$mariadb_data/socket" -u root -N -B -n app; }
echo 'LOCK TABLES delayed_jobs WRITE; SELECT 1;' >&"${locker[1]}"
read -r _ <&"${locker[0]}"
has 'a locked table of MariaDB is late, and the server ends it before' \
  "$(measure "{url: '$mariadb_url'}" -t 3000 measure 9:w)" 'max_statement_time exceeded'
eval "exec ${locker[1]}>&-"
wait "$locker_PID" 2>/dev/null
maria_waits() { [ "$(mariadb_sql "SELECT count(*) FROM information_schema.processlist WHERE user = 'app'")" = 0 ]; }
ok 'and nothing is left waiting on the server' until_true 20 maria_waits

# A table that is locked: late, and the server does not go on.
waiting_here() { [ "$(postgres_bare_sql postgres "SELECT count(*) FROM pg_stat_activity
  WHERE application_name = 'dynomatic' AND wait_event_type = 'Lock'")" = "$1" ]; }
coproc locker { psql -X -q -At "$postgres_url"; }
echo 'BEGIN; LOCK TABLE delayed_jobs IN ACCESS EXCLUSIVE MODE; SELECT 1;' >&"${locker[1]}"
read -r _ <&"${locker[0]}"
has 'a locked table is late' "$(measure "$options" -t 700 measure 9:w)" 'late: '
ok 'and nothing is left waiting on the server' until_true 20 waiting_here 0
mkfifo "$scratch/stay"
measure "$options" -t 60000 -c 1000 -w measure 9:w >"$scratch/cancelled" <"$scratch/stay" &
cancelled=$!
exec 9>"$scratch/stay"
ok 'a call waits for the lock' until_true 20 waiting_here 1
ok 'cancelling ends it' until_true 20 grep -q '^late: ' "$scratch/cancelled"
ok 'on the server too' until_true 20 waiting_here 0
exec 9>&-
wait "$cancelled"
echo '\q' >&"${locker[1]}"
wait "$locker_PID"

# A server that accepts and never answers.
ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); $stdout.puts s.addr[1]; $stdout.flush; loop { (@c ||= []) << s.accept }' \
  >"$scratch/silent.port" &
started $!
until_true 20 test -s "$scratch/silent.port"
has 'a server that never answers is late' \
  "$(measure "{url: 'postgres://app@127.0.0.1:$(cat "$scratch/silent.port")/app'}" -t 500 measure 9:w)" 'late: '
has 'nor is one that should be MariaDB' \
  "$(measure "{url: 'mysql2://app@127.0.0.1:$(cat "$scratch/silent.port")/app'}" -t 500 measure 9:w)" 'late: '

# Several hosts, of which the first never answers.
hosts=127.0.0.1:$(cat "$scratch/silent.port"),127.0.0.1:$postgres_port
url=postgres://app@$hosts/app
silent_first() { measure "{url: '$url${1:-}'}" -t 3000 measure 3:w; }
is 'a host that never answers is passed over' "$(silent_first)" 'waiting=3+'
url=postgres://app@127.0.0.1:1,$hosts/app
is 'and so is one that is refused before it' "$(silent_first)" 'waiting=3+'
is 'the server must be what the URL asks for' "$(silent_first '?target_session_attrs=primary')" 'waiting=3+'
is 'or may be' "$(silent_first '?target_session_attrs=prefer-standby')" 'waiting=3+'
has 'one that is not is left' "$(silent_first '?target_session_attrs=standby')" 'server is not in hot standby mode'
url=postgres://app@$hosts,127.0.0.1:1/app
is 'a host after it is not needed' "$(silent_first)" 'waiting=3+'
url="postgres:///app?user=app&hostaddr=127.0.0.1,127.0.0.1&port=$(tr , '\n' <<<"$hosts" | sed 's/.*://' | paste -sd,)"
is 'addresses without names do as well' "$(silent_first)" 'waiting=3+'
url=${url/hostaddr=127.0.0.1,127.0.0.1/hostaddr=127.0.0.1}
has 'ports that are too many are told' "$(silent_first)" 'could not match 2 port numbers to 1 hosts'

# A password that is wrong is never shown.
postgres_sql "ALTER ROLE app PASSWORD 'right'"
sed -i 's/trust$/scram-sha-256/' "$postgres_data/data/pg_hba.conf"
PGPASSWORD=right as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data/data" reload >/dev/null
secret() { measure "{url: 'postgres://app:swordfish@127.0.0.1:$postgres_port/app'}" measure 9:w; }
refused() { secret | grep -q '^broken: '; }
ok 'a wrong password is broken' until_true 20 refused
has_not 'and not shown' "$(secret)" swordfish
is 'the right one is taken, with what only Rails knows in the URL' \
  "$(measure "{url: 'postgres://app:right@127.0.0.1:$postgres_port/app?pool=5&encoding=unicode'}" measure 3:w)" 'waiting=3+'
tap_end
