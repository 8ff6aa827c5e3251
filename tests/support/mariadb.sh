# SPDX-License-Identifier: MIT
# A MariaDB server of a test's own: a free port of 127.0.0.1, its data in $scratch, stopped by its pid.
# Source it after tap.sh. More settings of the server: mariadb_start --ssl-cert=...
#
# mariadb_start sets mariadb_port and mariadb_url; it fails if MariaDB is not installed.

mariadb_data=$scratch/mariadb

# MariaDB refuses to run as root: then it runs as the user that its package made.
as_mysql() {
  if [ "$(id -u)" = 0 ]; then
    setpriv --reuid=mysql --regid=mysql --clear-groups env HOME="$mariadb_data" "$@"
  else
    "$@"
  fi
}

mariadb_start() {
  mariadbd=$(PATH=$PATH:/usr/sbin command -v mariadbd) && command -v mariadb-install-db >/dev/null || return 1
  mkdir -p "$mariadb_data"
  [ "$(id -u)" != 0 ] || chown mysql "$mariadb_data"
  (cd / && as_mysql mariadb-install-db --no-defaults --datadir="$mariadb_data/data" --skip-test-db \
    --tmpdir="$mariadb_data" --auth-root-authentication-method=normal) >"$scratch/mariadb-install.log" 2>&1 ||
    { cat "$scratch/mariadb-install.log" >&2; return 1; }
  mariadb_port=$(ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); puts s.addr[1]')
  mariadb_settings=("$@")
  mariadb_restart || return 1
  mariadb_sql 'CREATE DATABASE app; CREATE USER app@localhost IDENTIFIED BY "pass%word";
    CREATE USER app@127.0.0.1 IDENTIFIED BY "pass%word"; GRANT ALL ON app.* TO app@localhost, app@127.0.0.1' mysql
  mariadb_url=mysql2://app:pass%25word@127.0.0.1:$mariadb_port/app
}

# Starts the server again with the data that it has.
mariadb_restart() {
  (cd / && exec setpriv ${UID:+$([ "$UID" != 0 ] || echo --reuid=mysql --regid=mysql --clear-groups)} \
    "$mariadbd" --no-defaults --datadir="$mariadb_data/data" --bind-address=127.0.0.1 --port="$mariadb_port" \
    --socket="$mariadb_data/socket" --pid-file="$mariadb_data/pid" --innodb-flush-log-at-trx-commit=0 \
    --skip-log-bin --performance-schema=off --innodb-buffer-pool-size=256M \
    ${mariadb_settings[@]+"${mariadb_settings[@]}"}) >"$scratch/mariadb.log" 2>&1 &
  mariadb_pid=$!
  started $mariadb_pid
  until_true 60 mariadb_answers || { cat "$scratch/mariadb.log" >&2; return 1; }
}

mariadb_answers() { mariadb_sql 'SELECT 1' mysql >/dev/null 2>&1; }

mariadb_sql() { # statements, [database]
  mariadb --no-defaults --socket="$mariadb_data/socket" -u root -N -B "${2:-app}" -e "$1"
}
