#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The ways to a database that platforms have: TLS, as Heroku demands it, and PgBouncer between the two.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/postgres.sh"
. "$top_srcdir/tests/support/mariadb.sh"
needs openssl 'it makes certificates'
needs pgbouncer 'it stands between'
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }

answer() { # url: what waits, or why that is not known
  "$top_builddir/tests/plugin/measure" delayedjob "{url: '$1'}" -t 20000 measure 10:wl 0:w:mail 2>&1 | tr '\n' ' '
}
own() { [ "$(id -u)" != 0 ] || chown postgres "$@"; }

postgres_sql "CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority integer NOT NULL DEFAULT 0,
    attempts integer NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at timestamp, locked_at timestamp,
    failed_at timestamp, locked_by varchar, queue varchar, created_at timestamp, updated_at timestamp);
  INSERT INTO delayed_jobs (handler, run_at, queue)
    SELECT 'x', now() AT TIME ZONE 'utc', NULLIF('mail', repeat('mail', i % 3)) FROM generate_series(1, 3) i"
all='waiting=3 latency='

# ---- A server without TLS ----

has 'without TLS where none is asked for' "$(answer "$postgres_url")" "$all"
has 'a server that has none is refused where TLS is asked for' "$(answer "$postgres_url?sslmode=require")" \
  'server does not support SSL, but SSL was required; leave sslmode out of the URL'
has 'and a mode that there is not' "$(answer "$postgres_url?sslmode=on")" 'broken: '

# ---- A server with TLS only ----

(cd "$postgres_data" && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=elsewhere \
  -keyout server.key -out server.crt) 2>/dev/null
cp "$postgres_data/server.crt" "$scratch/own.crt"
own "$postgres_data/server.key" "$postgres_data/server.crt"
chmod 600 "$postgres_data/server.key"
echo 'hostssl all all 127.0.0.1/32 trust' >"$postgres_data/data/pg_hba.conf"
postgres_kill
postgres_settings="$postgres_settings -c ssl=on -c ssl_cert_file=$postgres_data/server.crt \
  -c ssl_key_file=$postgres_data/server.key"
ok 'the server starts again' postgres_restart
has 'with TLS, whoever signed: as Heroku Postgres needs it' "$(answer "$postgres_url?sslmode=require")" "$all"
has 'the connection tries TLS by itself' "$(answer "$postgres_url")" "$all"
has 'a server that wants TLS refuses without' "$(answer "$postgres_url?sslmode=disable")" 'no encryption; check the user in the URL; a server that wants TLS is asked with ?sslmode=require'
has 'the certificate is checked where that is asked for' \
  "$(answer "$postgres_url?sslmode=verify-ca&sslrootcert=$scratch/own.crt")" "$all"
has 'and the name in it' "$(answer "$postgres_url?sslmode=verify-full&sslrootcert=$scratch/own.crt")" \
  'does not match host name'
has 'a missing root certificate is told' "$(answer "$postgres_url?sslmode=verify-ca&sslrootcert=$scratch/none.crt")" \
  'none.crt'

# ---- PgBouncer, which gives each transaction another connection to the server ----

port=$(free_port)
mkdir "$scratch/pgbouncer"
own "$scratch/pgbouncer"
cat >"$scratch/pgbouncer/pgbouncer.ini" <<EOF
[databases]
app = host=127.0.0.1 port=$postgres_port user=app
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = $port
unix_socket_dir =
auth_type = any
pool_mode = transaction
server_tls_sslmode = require
ignore_startup_parameters = extra_float_digits
logfile = $scratch/pgbouncer/log
EOF
(cd / && exec setpriv ${UID:+$([ "$UID" != 0 ] || echo --reuid=postgres --regid=postgres --clear-groups)} \
  pgbouncer -q "$scratch/pgbouncer/pgbouncer.ini") >"$scratch/pgbouncer/said" 2>&1 &
started $!
listens() { (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; }
ok 'PgBouncer starts' until_true 20 listens
pooled=postgres://app@127.0.0.1:$port/app
has 'behind PgBouncer' "$(answer "$pooled")" "$all"
"$top_builddir/tests/plugin/measure" delayedjob "{url: '$pooled'}" -n 50 measure 10:w >"$scratch/answer" 2>&1
has 'again and again' "$(cat "$scratch/answer")" 'waiting=3'
is 'and nothing of ours stays in its connections' "$(PGOPTIONS='' psql -X -q -At "$pooled" -c \
  "SELECT current_setting('enable_seqscan'), current_setting('jit'), current_setting('statement_timeout')")" 'on|on|0'

# LISTEN and locks of a session would stay with a connection that is given to others.
"$top_builddir/tests/plugin/measure" delayedjob "{url: '$pooled'}" notify |
  grep -v '^warn: ' | PGOPTIONS='' psql -X -q "$pooled"
watched=$("$top_builddir/tests/plugin/measure" delayedjob "{url: '$pooled'}" -t 20000 -s watch 10:w:none)
has 'behind it nobody listens' "$watched" 'not watching: a pooler stands before the server'
has 'but it does past it' \
  "$("$top_builddir/tests/plugin/measure" delayedjob "{url: '$postgres_url'}" -t 2000 -s watch 10:w:none)" 'watching: LISTEN on '
is 'and nothing is locked in its connections' \
  "$(postgres_sql "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'")" 0

# ---- MariaDB with TLS ----

mkdir "$scratch/tls"
(cd "$scratch/tls" && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
  -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem &&
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other -keyout other-key.pem -out other.pem) 2>/dev/null
cp "$scratch/tls/cert.pem" "$scratch/own-mariadb.crt"
cp "$scratch/tls/other.pem" "$scratch/other-mariadb.crt"
[ "$(id -u)" != 0 ] || chown -R mysql "$scratch/tls"
mariadb_start --ssl-cert="$scratch/tls/cert.pem" --ssl-key="$scratch/tls/key.pem" ||
  { echo '1..0 # SKIP MariaDB is missing'; exit 77; }
mariadb_sql "CREATE TABLE delayed_jobs (id bigint AUTO_INCREMENT PRIMARY KEY, priority integer, attempts integer,
    handler text, run_at datetime(6), locked_at datetime(6), failed_at datetime(6), locked_by varchar(255),
    queue varchar(255)); INSERT INTO delayed_jobs (priority, attempts, run_at) SELECT 0, 0, utc_timestamp() FROM seq_1_to_3"
has 'MariaDB without TLS' "$(answer "$mariadb_url")" "$all"
has 'with TLS, whoever signed' "$(answer "$mariadb_url?ssl_mode=required")" "$all"
has 'its certificate is checked where that is asked for' \
  "$(answer "$mariadb_url?ssl_mode=verify_identity&sslca=$scratch/own-mariadb.crt")" "$all"
has 'and refused if another one signed it' \
  "$(answer "$mariadb_url?ssl_mode=verify_identity&sslca=$scratch/other-mariadb.crt")" 'broken: '
mariadb_sql 'ALTER USER app@127.0.0.1 REQUIRE SSL; ALTER USER app@localhost REQUIRE SSL; FLUSH PRIVILEGES' mysql
has 'a server that wants TLS refuses without' "$(answer "$mariadb_url")" 'broken: '
tap_end
