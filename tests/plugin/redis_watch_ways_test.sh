#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The second connection, by which a server tells of jobs: each way to a server, each way to be refused.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs ruby 'it finds a free port, and plays servers'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
moment=200
works='watching: CLIENT TRACKING, by a connection of its own'
number=0
tells() { # what, options, key
  watch_start sidekiq "$2" watch 0:w:mail
  is "$1: it watches" "$how" "$works"
  watch_look $moment true
  is "$1: silent while nothing happens" "$told" 'not told'
  watch_look 20000 redis LPUSH "${3:-queue:mail}" $((number++))
  is "$1: a job is told" "$told" told
  watch_stop
}
refuses() { # what, options, words
  watch_start sidekiq "$2" -j 11000 watch 0:w:mail
  is "$1: the look is had" "$answer" waiting=3
  has "$1: it says why it does not watch" "$how" "not watching: $3"
  watch_look $moment true
  has "$1: and goes on saying so" "$how" "not watching: $3"
}
client() { redis CLIENT LIST TYPE "$1" | sed -n "s/^id=\([0-9]*\) .*name=dynomatic .*/\1/p"; }

# ---- Ways ----

tells 'a host' "{url: '$redis_url'}"
tells 'a name' "{url: 'redis://localhost:$redis_port'}"
tells 'a socket' "{url: 'unix://$redis_socket'}"
tells 'a namespace' "{url: '$redis_url', namespace: app}" app:queue:mail
tells 'another database' "{url: '${redis_url%0}3'}"

# ---- Who may not ----

redis DEL queue:mail >/dev/null
redis LPUSH queue:mail 1 2 3 >/dev/null
as() { echo "{url: 'redis://app:cod@127.0.0.1:$redis_port'}"; }
may() { redis ACL SETUSER app reset on '>cod' '~*' '+@all' "$@" >/dev/null; }
may '&*' '-client|tracking'
refuses 'no right to CLIENT TRACKING' "$(as)" "127.0.0.1:$redis_port/0: it refuses CLIENT TRACKING: NOPERM"
is 'who is refused asks once for each connection' "$(redis CLIENT LIST TYPE pubsub)" ''
watch_stop
may '&*' '-client|caching'
refuses 'no right to CLIENT CACHING' "$(as)" "127.0.0.1:$redis_port/0: it refuses CLIENT CACHING: NOPERM"
watch_stop
may '&*' -subscribe
redis CONFIG RESETSTAT >/dev/null
refuses 'no right to SUBSCRIBE' "$(as)" "127.0.0.1:$redis_port/0: it refuses SUBSCRIBE: NOPERM"
is 'it was asked once' "$(redis INFO commandstats | tr -d '\r' | sed -n 's/^cmdstat_subscribe:.*rejected_calls=\([0-9]*\),.*/\1/p')" 1
may '&*'
watch_look $moment true
has 'what was refused is not asked for again' "$how" 'not watching: '
redis CLIENT KILL ID "$(client normal)" >/dev/null
watch_look $moment true
is 'but by another connection' "$how" "$works"
watch_stop
may '&other'
refuses 'no right to the channel' "$(as)" "127.0.0.1:$redis_port/0: it refuses SUBSCRIBE: NOPERM"
watch_stop
redis ACL SETUSER app reset on '>cod' '~*' '&__redis__:invalidate' +@read +role +auth '+client|id' '+client|tracking' \
  '+client|caching' +subscribe >/dev/null
tells 'a user with no more rights than it takes' "$(as)"
redis DEL queue:mail >/dev/null
redis LPUSH queue:mail 1 2 3 >/dev/null

redis_script 'LLEN queue:mail' :3 'CLIENT ID' :7 SUBSCRIBE $'*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1' \
  'CLIENT TRACKING' "-ERR Unknown subcommand or wrong number of arguments for 'TRACKING'. Try CLIENT HELP"
refuses 'a server before Redis 6' "{url: 'redis://127.0.0.1:$script_port'}" \
  "127.0.0.1:$script_port/0: it does not know CLIENT TRACKING, which Redis has from 6.0 on: ERR Unknown subcommand"
watch_stop
redis_script 'LLEN queue:mail' :3 'CLIENT ID' "-ERR unknown command 'CLIENT'" SUBSCRIBE "-ERR unknown command 'SUBSCRIBE'"
refuses 'something between that lets little pass' "{url: 'redis://127.0.0.1:$script_port'}" \
  "127.0.0.1:$script_port/0: it does not know CLIENT ID, "
watch_stop
redis_script 'LLEN queue:mail' :3 # says OK to all
refuses 'one that says yes to everything' "{url: 'redis://127.0.0.1:$script_port'}" \
  "127.0.0.1:$script_port/0: it refuses CLIENT ID: the reply is of another kind"
watch_stop
redis_script 'LLEN queue:mail' :3 'CLIENT ID' close
refuses 'one that hangs up on the second connection' "{url: 'redis://127.0.0.1:$script_port'}" \
  "127.0.0.1:$script_port/0: the connection is lost"
watch_stop

listener=('CLIENT ID' :7 SUBSCRIBE $'*3\r\n$9\r\nsubscribe\r\n$20\r\n__redis__:invalidate\r\n:1' 'LLEN queue:mail' :3)
once() { "$top_builddir/tests/plugin/measure" sidekiq "{url: 'redis://127.0.0.1:$script_port'}" "$@" watch 0:w:mail 2>&1; }
redis_script "${listener[@]}" 'CLIENT TRACKING' hang
has 'one that does not answer is not waited for past the deadline' "$(once -t 300)" 'late: 127.0.0.1:'
has 'nor once the call is cancelled' "$(once -t 60000 -c 100)" 'late: 127.0.0.1:'
redis_script "${listener[@]}" 'CLIENT TRACKING' close
has 'one that hangs up on the first connection' "$(once)" "retry: 127.0.0.1:$script_port/0: the connection is lost"
redis_script "${listener[@]}" PING close
watch_start sidekiq "{url: 'redis://127.0.0.1:$script_port'}" watch 0:w:mail
is 'one that hangs up on it as soon as it is heard makes a look' "$told" told
watch_look $moment true
has 'but is not called again at once' "$how" "not watching: 127.0.0.1:$script_port/0: the connection is lost"
watch_stop

# ---- Connections that are few ----

mkfifo "$scratch/commands"
redis-cli -s "$redis_socket" <"$scratch/commands" >"$scratch/said" 2>&1 &
started $!
exec 9>"$scratch/commands"
said() { [ "$(wc -l <"$scratch/said")" -ge "$1" ]; }
echo CONFIG SET maxclients 2 >&9
until_true 20 said 1
refuses 'no connection left' "{url: '$redis_url'}" "127.0.0.1:$redis_port/0: "
echo CONFIG SET maxclients 1000 >&9
until_true 20 said 2
exec 9>&-
watch_look $moment true
is 'once there is one it is taken' "$how" "$works"
watch_stop

# ---- Passwords, TLS ----

redis CONFIG SET requirepass swordfish >/dev/null
redis() { redis-cli -s "$redis_socket" -a swordfish --no-auth-warning "$@" 2>&1; }
tells 'a password' "{url: 'redis://:swordfish@127.0.0.1:$redis_port'}"
tells 'a user that the server does not know' "{url: 'redis://h:swordfish@127.0.0.1:$redis_port'}"
watch_start sidekiq "{url: 'redis://:swordfish@127.0.0.1:$redis_port'}" -j 11000 watch 0:w:mail
redis CONFIG SET requirepass herring >/dev/null
redis-cli -s "$redis_socket" -a herring --no-auth-warning CLIENT KILL TYPE pubsub >/dev/null
watch_look $moment true
has 'a password that was changed meanwhile is told' "$how" 'not watching: '
has_not 'but not shown' "$how" swordfish
watch_stop
redis() { redis-cli -s "$redis_socket" "$@" 2>&1; }

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
kill "$redis_pid" && wait "$redis_pid"
tls_port=$(free_port)
redis_start --tls-port "$tls_port" --tls-cert-file "$scratch/cert.pem" --tls-key-file "$scratch/key.pem" --tls-auth-clients no
tls="{url: 'rediss://localhost:$tls_port', ca_file: $scratch/cert.pem}"
tells 'TLS, with the name that the certificate has' "$tls"

# Many records of TLS at once: what stays in them would be seen by nobody, since the socket is empty then.
names=$(seq -f 'queue%g' 3000)
fill() { xargs printf 'LPUSH queue:%s 1\n' <<<"$names" | redis-cli -s "$redis_socket" --pipe; }
xargs printf 'SADD queues %s\n' <<<"$names" | redis-cli -s "$redis_socket" --pipe >/dev/null
watch_start sidekiq "$tls" watch 0:w
watch_look $moment true
for ((n = 1; n <= 5; n++)); do
  watch_look 20000 fill
  is "TLS: jobs in three thousand queues, time $n" "$told" told
  watch_look $moment true
  is "TLS: are taken in one look, time $n" "$told $answer" "not told waiting=$((3000 * n))"
done
watch_stop
tap_end
