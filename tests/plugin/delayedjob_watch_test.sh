#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# How delayedjob.so is told of new jobs: LISTEN and the trigger on a real PostgreSQL, inotify for SQLite.
# What must not tell is waited for a moment only: too little time can hide a fault, and never makes one.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
needs sqlite3 'it makes a database'
needs psql 'it fills PostgreSQL'
. "$top_srcdir/tests/support/mariadb.sh"
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

measure() { "$top_builddir/tests/plugin/measure" delayedjob "$@" 2>/dev/null; }
words() { measure "$@" | sed 's/: .*//' | tr '\n' ' '; }
sql_command() { # statement: for -x and -b
  printf "psql -X -q '%s' -c \"%s\" >'%s' 2>&1" "$postgres_url" "$1" "$scratch/said"
}
make_table() { # name
  echo "CREATE TABLE $1 (id bigserial PRIMARY KEY, priority integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0, handler text NOT NULL DEFAULT 'x', last_error text, run_at timestamp,
    locked_at timestamp, failed_at timestamp, locked_by varchar, queue varchar);
    CREATE INDEX ON $1 (priority, run_at);"
}
add="INSERT INTO delayed_jobs (run_at, queue) VALUES (now() AT TIME ZONE 'utc', 'mail')"
add_later="INSERT INTO delayed_jobs (run_at) VALUES (now() AT TIME ZONE 'utc' + interval '1 hour')"
add_job=$(sql_command "$add")
clear() { postgres_sql 'DELETE FROM delayed_jobs'; }
# Who holds the gate: a session that waits for nothing to do so.
gate="SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ExclusiveLock'"

postgres_sql "$(make_table delayed_jobs)"
options="{url: '$postgres_url'}"
how='LISTEN on dynomatic:public.delayed_jobs'

# ---- The trigger ----

is 'without the trigger nothing is told, and why' "$(measure "$options" -s watch 9:w)" \
  'waiting=0
not watching: no trigger on delayed_jobs: `dynomatic sql notify` prints it'
measure "$options" notify >"$scratch/notify.sql"
is 'before the migration there is no table to advise on' \
  "$(measure "{url: '$postgres_url', table: nope}" notify | sed 's/^broken: .* has/has/')" \
  "has no table nope: run the application's migrations, or name its table with the option table"
install() { psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f "$scratch/notify.sql"; }
install_command="psql -X -q '$postgres_url' -f '$scratch/notify.sql'"
is 'a trigger that is made later is found without a restart' \
  "$(words "$options" -t 300 -n 2 -x "$install_command" -j 300000 -s watch 9:w)" \
  'waiting=0 not watching waiting=0 waiting=0 watching not told '
ok 'what it advises can be run again' install
has 'and then it says that it is there' "$(measure "$options" notify)" '-- The trigger is there already'
postgres_sql 'ALTER TABLE delayed_jobs RENAME TO renamed_jobs'
measure "{url: '$postgres_url', table: renamed_jobs}" notify >"$scratch/renamed.sql"
has 'but not if it tells of another name' "$(cat "$scratch/renamed.sql")" 'A trigger is there already, but with another channel'
ok 'which it mends' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f "$scratch/renamed.sql"
has 'so that it is there then' "$(measure "{url: '$postgres_url', table: renamed_jobs}" notify)" 'The trigger is there already'
postgres_sql 'ALTER TABLE renamed_jobs RENAME TO delayed_jobs'
install
has_not 'two-phase commits are told of where there are any' "$(cat "$scratch/notify.sql")" 'PREPARE TRANSACTION'
postgres_sql "BEGIN; $add; SELECT pg_sleep(60)" >"$scratch/blocked" 2>&1 &
blocker=$!
blocks() { [ "$(postgres_sql "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")" = 1 ]; }
ok 'a transaction has written' until_true 20 blocks
has 'what it advises gives up soon where it would hold inserts up' "$(install 2>&1)" 'canceling statement due to lock timeout'
postgres_sql "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" >"$scratch/ended"
wait "$blocker"
is 'it names the server'"'"'s own functions by their schema' \
  "$(grep -c 'pg_catalog.pg_notify(\|pg_catalog.pg_try_advisory_xact_lock_shared(' "$scratch/notify.sql")" 2
is 'to advise makes nothing: one trigger is there' \
  "$(postgres_sql "SELECT count(*) FROM pg_trigger WHERE tgrelid = 'delayed_jobs'::regclass")" 1

# ---- Told ----

is 'a job is told' "$(measure "$options" -x "$add_job" -s watch 9:w)" "waiting=0
waiting=0
watching: $how
told"
clear
is 'nothing is told where nothing is written' "$(measure "$options" -t 300 -s watch 9:w | tail -1)" 'not told'
is 'nor is what is measured before' "$(words "$options" -t 300 -n 2 -s watch 9:w)" \
  'waiting=0 waiting=0 watching not told waiting=0 watching not told '
is 'what comes between measure and watch is told' "$(measure "$options" -b "$add_job" -s watch 9:w | tail -1)" told
clear
is 'a job of one queue wakes all' "$(measure "$options" -x "$add_job" -s watch 9:w:other | tail -1)" told
clear
is 'a killed session is an event, and the next listens again' \
  "$(words "$options" -n 2 -x "$(sql_command "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'dynomatic'")" -s watch 9:w)" \
  'waiting=0 waiting=0 watching told waiting=0 waiting=0 watching told '
is 'a job is told by the second one' \
  "$(words "$options" -n 2 -x "$(sql_command "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'dynomatic'"); $add_job" -s watch 9:w | sed 's/waiting=. //g')" 'watching told watching told '
clear

# ---- A session that falls silent ----

# Its settings are nobody else's to see: so they are the queue of what it reads.
postgres_sql "CREATE VIEW limits AS SELECT 1 AS id, 0 AS priority, 0 AS attempts, 'x'::text AS handler,
  '2026-01-01'::timestamp AS run_at, NULL::timestamp AS locked_at, NULL::timestamp AS failed_at, NULL::text AS locked_by,
  concat_ws(' ', current_setting('idle_session_timeout'), current_setting('tcp_user_timeout'),
    current_setting('tcp_keepalives_idle'), current_setting('tcp_keepalives_interval'),
    current_setting('tcp_keepalives_count')) AS queue"
limits="{url: '$postgres_url', table: limits}"
measure "$limits" notify | psql -X -q "$postgres_url"
limits_are() { # what, settings
  has "$1" "$(measure "$limits" -n 2 watch "9:w:$2" | grep '^waiting' | tr '\n' ' ')" 'waiting=0 waiting=1 '
}
limits_are 'the server ends a session that is silent for a minute' '1min 60000 30 10 3'
postgres_sql 'ALTER ROLE app SET tcp_keepalives_count = 2'
limits_are 'unless less is set already' '1min 60000 30 10 2'
postgres_sql 'ALTER ROLE app RESET tcp_keepalives_count; DROP VIEW limits'
postgres_sql 'ALTER ROLE app SET idle_session_timeout = 200'
is 'that is an event, and quiet: the next listens again' "$(measure "$options" -n 2 -s watch 9:w | uniq)" "waiting=0
watching: $how
told
waiting=0
watching: $how
told"
postgres_sql 'ALTER ROLE app RESET idle_session_timeout'

# ---- What is not for us ----

postgres_sql "$(make_table other_jobs)"
postgres_bare_sql postgres "$(make_table delayed_jobs)"
measure "{url: '$postgres_url', table: other_jobs}" notify | psql -X -q "$postgres_url"
measure "{url: '${postgres_url%/app}/postgres'}" notify | psql -X -q "${postgres_url%/app}/postgres"
quiet() { # what, command
  is "$1" "$(measure "$options" -t 300 -x "$2" -s watch 9:w | tail -1)" 'not told'
}
quiet 'another table is not told' "$(sql_command "INSERT INTO other_jobs (run_at) VALUES (now())")"
quiet 'nor another channel' "$(sql_command "NOTIFY other; NOTIFY dynomatic")"
quiet 'nor another database' "psql -X -q '${postgres_url%/app}/postgres' -c \"$add\""
quiet 'nor an insert that is rolled back' "$(sql_command "BEGIN; $add; ROLLBACK")"
quiet 'nor that a job is locked' "$(sql_command "UPDATE delayed_jobs SET locked_at = now()")"
postgres_sql 'DELETE FROM other_jobs'
is 'a table of its own is' "$(measure "{url: '$postgres_url', table: other_jobs}" \
  -x "$(sql_command "INSERT INTO other_jobs (run_at) VALUES (now())")" -s watch 9:w | tail -1)" told
long=$(printf 'jobs_%055d' 7)
postgres_sql "$(make_table "$long")"
measure "{url: '$postgres_url', table: $long}" notify | psql -X -q "$postgres_url"
has 'a name that is too long for a channel' "$(measure "{url: '$postgres_url', table: $long}" \
  -x "$(sql_command "INSERT INTO $long (run_at) VALUES (now())")" -s watch 9:w | tail -2 | tr '\n' ' ')" ' told '
postgres_sql "CREATE SCHEMA \"it's\"; $(make_table "\"it's\".\"My Jobs\"")"
odd="{url: '$postgres_url', table: \"it's.My Jobs\"}"
measure "$odd" notify >"$scratch/odd.sql"
ok 'the advice quotes names' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f "$scratch/odd.sql"
measure "$odd" indexes >"$scratch/odd.sql"
ok 'also of indexes' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f "$scratch/odd.sql"
has 'and such a table is listened to' "$(measure "$odd" -t 300 -s watch 9:w)" "watching: LISTEN on dynomatic:it's.My Jobs"

postgres_sql "$(make_table whole_jobs); CREATE TABLE parted_jobs (LIKE whole_jobs) PARTITION BY RANGE (run_at);
  CREATE TABLE parted_jobs_all PARTITION OF parted_jobs DEFAULT"
parted="{url: '$postgres_url', table: parted_jobs}"
measure "$parted" indexes | grep -v '^warn: ' >"$scratch/parted.sql"
ok 'the indexes of a partitioned table can be made' psql -X -q -v ON_ERROR_STOP=1 "$postgres_url" -f "$scratch/parted.sql"
has 'and are found' "$(measure "$parted" indexes)" 'it is there already'
measure "$parted" notify | psql -X -q "$postgres_url"
is 'such a table is listened to' "$(measure "$parted" \
  -x "$(sql_command "INSERT INTO parted_jobs VALUES (1, 0, 0, 'x', NULL, now())")" \
  -s watch 9:w | tail -1)" told

# ---- The gate: open only while nothing waits ----

held() { # what is said of the gate while a look has come to rest; groups
  measure "$options" -t 400 -x "psql -X -q -At '$postgres_url' -c \"$gate\" >'$scratch/gate'" -s watch "$@" >"$scratch/look"
  cat "$scratch/gate"
}
is 'the gate is open while nothing waits' "$(held 9:w)" 1
postgres_sql "$add"
is 'it is shut while a job waits' "$(held 9:w)" 0
is 'and while its age alone is asked for' "$(held 9:l)" 0
is 'but open for pools of other queues' "$(held 9:w:other 9:l:more)" 1
is 'one of which is enough to shut it' "$(held 9:w:other 9:wl:mail)" 0
quiet 'while it is shut nobody notifies' "$add_job"
clear
measure "$options" -t 2000 -n 2 -x "psql -X -q -At '$postgres_url' -c \"$gate\" >>'$scratch/gates'; $add_job" -s watch 9:w \
  >"$scratch/look"
is 'what is open is shut when a job comes' "$(tr '\n' ' ' <"$scratch/gates")" '1 0 '
clear; postgres_sql "$add_later"
is 'a job for later does not shut it' "$(held 9:w)" 1
clear
is 'when the program has ended, nobody holds it' "$(postgres_sql "$gate")" 0

# An insert that did not notify, as the gate was shut, and that nobody sees before it is committed.
coproc writer { psql -X -q -At "$postgres_url" 2>&1; }
writer_pid=$writer_PID # which bash forgets with its end
echo "BEGIN; $add; SELECT 1;" >&"${writer[1]}"
read -r _ <&"${writer[0]}"
is 'while such an insert is on its way, the gate stays shut' "$(held 9:w)" 0
held_by="another session holds the trigger's lock: a transaction that inserts has not ended, or another dynomatic is told"
exec 6<"/dev/fd/${writer[0]}" 7>"/dev/fd/${writer[1]}" # for children, to whom those of a coprocess are closed
is 'which is said, and opens as soon as it has ended' "$(measure "$options" -n 2 -t 300 \
  -x "echo 'ROLLBACK; SELECT 1;' >&7; read answer <&6" -s watch 9:w | grep -v '^waiting')" "not watching: $held_by
watching: $how
not told"
exec 6<&- 7>&-
echo '\q' >&"${writer[1]}"
wait "$writer_pid" 2>/dev/null

# One that was committed while the gate was shut, after the measure that then opens it.
postgres_sql "$add"
is 'an insert just before the gate opens is not missed' \
  "$(words "$options" -n 2 -b "if [ -e '$scratch/deleted' ]; then $add_job; else touch '$scratch/deleted'; $(
    sql_command 'DELETE FROM delayed_jobs'); fi" -t 2000 watch 9:w)" 'waiting=1 watching told waiting=0 watching told '
clear

# Jobs that nobody here reads.
later_job=$(sql_command "$add_later")
measure "$options" -t 200 -n 30 -x "$later_job" -s watch 9:w >"$scratch/idle"
has 'when telling comes to nothing again and again, the gate is shut for a while' "$(cat "$scratch/idle")" \
  'not watching: 20 of its events in 10 s came to nothing, so it pauses for up to 60 s'
has 'though at first each is told' "$(grep told "$scratch/idle" | head -3 | tr '\n' ' ')" 'told told told '
clear

# ---- Several processes ----

mkfifo "$scratch/first.in"
measure "$options" -t 60000 -w -s watch 9:w <"$scratch/first.in" >"$scratch/first" &
first=$!
exec 8>"$scratch/first.in"
ok 'a first process watches' until_true 20 grep -q '^watching' "$scratch/first"
is 'a second does not wait for the gate, and is not told' "$(measure "$options" -x "$add_job" -s watch 9:w | tail -1)" \
  "not watching: $held_by"
ok 'but the first is' until_true 20 grep -q '^told' "$scratch/first"
exec 8>&-
wait "$first"
clear

# ---- A storm ----

storm="INSERT INTO delayed_jobs (run_at) SELECT now() AT TIME ZONE 'utc' + interval '1 hour'"
for _ in 1 2 3 4 5 6 7 8 9 10 11; do storm="$storm; $storm"; done
printf '%s\n' "$storm" >"$scratch/storm.sql"
sed -i 's/; /;\n/g' "$scratch/storm.sql"
is 'two thousand notifications at once are one event' "$(measure "$options" \
  -x "psql -X -q '$postgres_url' -f '$scratch/storm.sql'; true" -n 2 -s watch 9:w | grep -c '^watching')" 2
clear

# ---- Sessions that cannot ----

postgres_sql 'ALTER ROLE app SET statement_timeout = 50'
is 'a statement_timeout of the role is no hindrance' "$(measure "$options" -x "$add_job" -s watch 9:w | tail -1)" told
postgres_sql 'ALTER ROLE app RESET statement_timeout'
clear
drop='DROP TRIGGER dynomatic_notify ON delayed_jobs'
has 'a trigger that is dropped is noticed' \
  "$(measure "$options" -n 2 -x "$(sql_command "$drop"); true" -j 300000 -t 300 -s watch 9:w | tail -1)" 'not watching: no trigger'
install
postgres_sql 'ALTER TABLE delayed_jobs DISABLE TRIGGER dynomatic_notify'
has 'one that is disabled is none' "$(measure "$options" -s watch 9:w | tail -1)" 'not watching: no trigger'
postgres_sql 'ALTER TABLE delayed_jobs ENABLE TRIGGER dynomatic_notify'
(cd / && as_postgres "$postgres_bin/pg_basebackup" -R -c fast -D "$postgres_data/standby" -U app -h 127.0.0.1 -p "$postgres_port") \
  >"$scratch/backup.log" 2>&1
standby_port=$(free_port)
(cd / && as_postgres "$postgres_bin/pg_ctl" -D "$postgres_data/standby" -w -t 60 -l "$postgres_data/standby.log" -o \
  "-c listen_addresses=127.0.0.1 -c port=$standby_port -c unix_socket_directories=$postgres_data" start) >/dev/null 2>&1
started "$(head -1 "$postgres_data/standby/postmaster.pid")"
is 'a standby can be asked, and cannot tell' "$(measure "{url: 'postgres://app@127.0.0.1:$standby_port/app'}" -s watch 9:w)" \
  'waiting=0
not watching: a standby server cannot LISTEN'

# ---- SQLite ----

file=$scratch/app.sqlite3
options="{url: 'sqlite3:$file'}"
make_file() { # file, mode
  sqlite3 "$1" "PRAGMA journal_mode=$2; CREATE TABLE delayed_jobs (id integer PRIMARY KEY, priority integer DEFAULT 0,
    attempts integer DEFAULT 0, handler text, run_at datetime, locked_at datetime, failed_at datetime,
    locked_by varchar, queue varchar); CREATE INDEX i ON delayed_jobs (priority, run_at)" >/dev/null
}
add_job="sqlite3 -cmd '.timeout 5000' '$file' \"INSERT INTO delayed_jobs (run_at) VALUES (datetime('now'))\""
for mode in delete wal; do
  rm -f "$file"*
  make_file "$file" $mode
  is "SQLite, $mode: a job is told" "$(measure "$options" -x "$add_job" -s watch 9:w)" "waiting=0
waiting=0
watching: changes of the file (inotify)
told"
  is "SQLite, $mode: a look of our own wakes nobody" "$(words "$options" -t 300 -n 3 -s watch 9:w)" \
    'waiting=1 waiting=1 watching not told waiting=1 watching not told waiting=1 watching not told '
  is "SQLite, $mode: what comes between measure and watch is told" "$(measure "$options" -b "$add_job" -s watch 9:w | tail -1)" told
  is "SQLite, $mode: another file of the folder is not told" \
    "$(measure "$options" -t 300 -x "touch '$scratch/other' && rm '$scratch/other'" -s watch 9:w | tail -1)" 'not told'
  make_file "$scratch/new" $mode
  is "SQLite, $mode: another file in its place is told, and watched" "$(words "$options" -n 2 \
    -x "if [ -e '$scratch/new' ]; then mv '$scratch/new' '$file'; else $add_job; fi" -s watch 9:w | sed 's/waiting=. //g')" \
    'watching told watching told '
  is "SQLite, $mode: so is that it is gone" "$(measure "$options" -x "rm '$file'" -s watch 9:w | tail -1)" told
done

# The log is written, which is told, before the commit can be seen: what was told and is not there is looked for again.
rm -f "$file"*
make_file "$file" delete
is 'SQLite: what was told and is not seen is looked for ten times more' \
  "$(measure "$options" -t 300 -n 2 -x "touch '$file'" -s watch 9:w | grep -c waiting=0)" 13
has 'SQLite needs nothing to be run' "$(make_file "$file" wal; measure "$options" notify)" '-- Nothing is to be run'

# ---- MariaDB ----

mariadb_start || { echo '1..0 # SKIP MariaDB is missing'; exit 77; }
mariadb_sql "CREATE TABLE delayed_jobs (id bigint AUTO_INCREMENT PRIMARY KEY, priority integer, attempts integer,
  handler text, run_at datetime(6), locked_at datetime(6), failed_at datetime(6), locked_by varchar(255), queue varchar(255))"
options="{url: '$mariadb_url'}"
has 'MariaDB cannot tell' "$(measure "$options" -s watch 9:w)" 'not watching: MySQL cannot tell of new rows'
has 'nor is there anything to be run' "$(measure "$options" notify)" '-- MySQL cannot tell of new rows: it is asked at each interval'
measure "$options" indexes | grep -v '^warn: ' >"$scratch/indexes.sql"
has 'its advice has the index that looks need, too' "$(cat "$scratch/indexes.sql")" 'CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);'
mariadb --no-defaults --socket="$mariadb_data/socket" -u root app <"$scratch/indexes.sql"
is 'it can be run' $? 0
has 'and then it says that it is there' "$(measure "$options" indexes)" 'it is there already'
tap_end
