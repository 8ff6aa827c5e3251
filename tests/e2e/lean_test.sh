#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What the daemon takes of the machine: libraries only where a plugin needs them, and for many stores no
# more threads than for a few.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"

plugins=$top_builddir/tests/plugin/.libs
rules='rules: [{ at_least: 1, dynos: 1 }]'
sample_queue="adapter: $plugins/sample_queue.so, isolate: no"
sample_scaler="scaler: { backend: $plugins/sample_scaler.so, app: shop, token: t, isolate: no }"

# The client libraries that are mapped, by name.
libraries() {
  grep -oE '/lib(pq|sqlite3|mariadb|mysqlclient|hiredis|curl|ssl|crypto|gnutls)[.-][^/]*$' "/proc/$daemon_pid/maps" |
    sed -E 's,/lib([a-z0-9]*)[.-].*,\1,' | sort -u | xargs
}

# ---- Libraries ----

printf '%s\n' "queue: { $sample_queue, url: 'sample:x', waiting: 3 }" "$sample_scaler" "$rules" >"$scratch/none.yml"
start_daemon "$scratch/none.yml"
ok 'it runs' until_true 20 logged '0 -> 1'
is 'plugins that need no library bring none' "$(libraries)" ''
stop_daemon

printf '%s\n' "queue: { adapter: delayedjob, url: 'sqlite3:$scratch/none.sqlite3' }" "$sample_scaler" "$rules" \
  >"$scratch/sql.yml"
start_daemon "$scratch/sql.yml"
ok 'it has tried the database' until_true 20 logged 'none.sqlite3'
has 'an adapter brings its own' "$(libraries)" sqlite3
has_not 'and none of another: no Redis' "$(libraries)" hiredis
has_not 'and no HTTP' "$(libraries)" curl
stop_daemon

# ---- Many stores ----

n=300
{
  printf '%s\n' "queue: { $sample_queue, waiting: 3 }" "$sample_scaler" "$rules" 'pools:'
  for i in $(seq $n); do echo "  pool$i: { queue: { url: 'sample:$i' } }"; done
} >"$scratch/many.yml"
descriptors=$(ulimit -S -n)
ulimit -S -n 64
start_daemon "$scratch/many.yml"
ulimit -S -n "$descriptors"
all_run() { [ "$(grep -c '0 -> 1' "$scratch/daemon.log")" = $n ]; }
ok 'each of 300 stores is measured, whatever the soft limit of descriptors is' until_true 30 all_run
threads=$(find "/proc/$daemon_pid/task" -mindepth 1 -maxdepth 1 | wc -l)
ok "by few threads: $threads" test "$threads" -le 17
stop_daemon
is 'and it ends well' $? 0
tap_end
