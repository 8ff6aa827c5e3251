#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Redis Sentinel: two servers, a sentinel that knows which is the master, and a failover under an open connection.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs ruby 'it finds free ports, and plays servers'
redis_start --requirepass swordfish --masterauth swordfish || { echo '1..0 # SKIP Redis is missing'; exit 77; }
measure() { "$top_builddir/tests/plugin/measure" sidekiq "${@}" 2>&1; }

master_port=$redis_port
replica_port=$(free_port) sentinel_port=$(free_port)
redis-server --port "$replica_port" --bind 127.0.0.1 --save '' --dir "$scratch" --replicaof 127.0.0.1 "$master_port" \
  --requirepass swordfish --masterauth swordfish >"$scratch/replica.log" 2>&1 &
started $!
cat >"$scratch/sentinel.conf" <<EOF
port $sentinel_port
bind 127.0.0.1
dir $scratch
requirepass herring
sentinel monitor mymaster 127.0.0.1 $master_port 1
sentinel auth-pass mymaster swordfish
sentinel failover-timeout mymaster 5000
EOF
redis-server "$scratch/sentinel.conf" --sentinel >"$scratch/sentinel.log" 2>&1 &
started $!
at() { redis-cli --no-auth-warning -p "$1" -a "$2" "${@:3}" 2>&1; }
sentinel() { at "$sentinel_port" herring SENTINEL "$@"; }
replica_is_known() { sentinel replicas mymaster | grep -q "127.0.0.1:$replica_port" && replicates; }
replicates() { at "$replica_port" swordfish INFO replication | grep -q master_link_status:up; }
until_true 30 replica_is_known || { cat "$scratch/sentinel.log" >&2; exit 1; }
at "$master_port" swordfish SADD queues default >/dev/null
at "$master_port" swordfish LPUSH queue:default '{}' >/dev/null

redis_script # no sentinel
silent_start
login="url: 'redis://:swordfish@mymaster/0', sentinel_password: herring"
is 'a sentinel tells the master' "$(measure "{$login, sentinels: '127.0.0.1:$sentinel_port'}" measure 0:w)" waiting=1
is 'one that is dead, and one that never answers, are passed over' \
  "$(measure "{$login, sentinels: ['127.0.0.1:1', '127.0.0.1:$silent_port', '127.0.0.1:$sentinel_port']}" -t 3000 measure 0:w)" waiting=1
has 'none at all is to be tried again' "$(measure "{$login, sentinels: ['127.0.0.1:1', 'localhost:2']}" measure 0:w)" \
  'retry: cannot connect to the sentinel localhost:2'
has 'nor does the last one hold up the call' "$(measure "{$login, sentinels: '127.0.0.1:$silent_port'}" -t 500 measure 0:w)" \
  "retry: the sentinel 127.0.0.1:$silent_port: no answer within the time allowed"
has 'a call that asks sentinels is cancelled' "$(measure "{$login, sentinels: '127.0.0.1:$silent_port'}" -c 50 measure 0:w)" \
  'late: the sentinel'
wrong=$(measure "{url: 'redis://:swordfish@mymaster', sentinel_password: carp, sentinels: '127.0.0.1:$sentinel_port'}" measure 0:w)
has 'a wrong password at the sentinel' "$wrong" "broken: the sentinel 127.0.0.1:$sentinel_port: WRONGPASS"
has_not 'is not shown' "$wrong" carp
has 'a name that they do not know' "$(measure "{url: 'redis://other', sentinel_password: herring, sentinels: '127.0.0.1:$sentinel_port'}" measure 0:w)" \
  'knows no master of this name'
has 'a server that is no sentinel' "$(measure "{$login, sentinels: '127.0.0.1:$script_port'}" measure 0:w)" 'broken: the sentinel'
has 'a bad address does not open' "$(measure "{$login, sentinels: 'unix:///tmp/x'}" measure 0:w)" \
  'sentinels: not of the form HOST:26379'

# ---- A failover under an open connection ----

watch_start sidekiq "{$login, sentinels: '127.0.0.1:$sentinel_port'}" watch 0:w
watch_look 200 true
is 'before the failover' "$answer $told" 'waiting=1 not told'
master_is() { [ "$(sentinel get-master-addr-by-name mymaster | tail -n 1)" = "$1" ]; }
ok 'the sentinel changes the master' sentinel failover mymaster
is_replica() { at "$master_port" swordfish ROLE | grep -q slave; }
until_true 30 master_is "$replica_port" && until_true 30 is_replica || cat "$scratch/sentinel.log" >&2
at "$replica_port" swordfish LPUSH queue:default '{}' >/dev/null
watch_look 20000 true
is 'the next measurement is of the new one' "$answer" waiting=2
is 'which is watched' "$how $told" 'watching: CLIENT TRACKING, by a connection of its own told'
watch_look 200 true
watch_look 20000 at "$replica_port" swordfish LPUSH queue:default '{}'
is 'so that its jobs are told' "$told" told
watch_stop

redis_script ROLE "*1"$'\r\n$5\r\n'slave
slave_port=$script_port
redis_script SENTINEL "*2"$'\r\n$9\r\n127.0.0.1\r\n$'"${#slave_port}"$'\r\n'"$slave_port"
has 'a server that is a replica is not believed' "$(measure "{url: 'redis://mymaster', sentinels: '127.0.0.1:$script_port'}" measure 0:w)" \
  "retry: the master mymaster at 127.0.0.1:$slave_port: it is not the master any more"
tap_end
