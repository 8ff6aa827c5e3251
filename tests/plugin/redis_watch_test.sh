#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Being told of jobs by CLIENT TRACKING, on real servers, and on a scripted one for what none says on purpose.
# What is not to be told is waited for no longer than a moment: where it were, this could pass, but never fail.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs ruby 'it finds a free port, and plays servers'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
options="{url: '$redis_url'}"
moment=200
works='watching: CLIENT TRACKING, by a connection of its own'
is_told() { # what, command
  watch_look 20000 "${@:2}"
  is "$1" "$told" told
}
is_not_told() { # what, command
  watch_look $moment "${@:2}"
  is "$1" "$told" 'not told'
}
commands() { redis INFO commandstats | tr -d '\r' | sed -n "s/^cmdstat_$1:calls=\([0-9]*\).*/\1/p"; }
client() { redis CLIENT LIST TYPE "$1" | sed -n 's/^id=\([0-9]*\) .*name=dynomatic .*/\1/p'; }

# ---- What is told of ----

watch_start sidekiq "$options" watch '0:*' 0:w:mail
is 'it says how it watches' "$how" "$works"
is 'what was read before is not watched, so another look is worth while at once' "$told" told
is_told 'a job in a queue that is not there yet' redis LPUSH queue:mail 1
is 'and the look has it' "${answer##*$'\n'}" waiting=0
is_not_told 'a look that found it is over' true
is 'with what is there' "${answer##*$'\n'}" waiting=1
is_told 'a new queue' redis SADD queues other
is_told 'its jobs' redis LPUSH queue:other 1
redis SADD paused mail >/dev/null
watch_look $moment true
is_told 'a queue that goes on' redis SREM paused mail
watch_look $moment true
is_not_told 'queues that are there already' redis SADD queues other
is_not_told 'a job for later' redis ZADD schedule 9999999999 1
is_not_told 'one that is tried again' redis ZADD retry 9999999999 1
is_not_told 'one that is given up' redis ZADD dead 1 1
is_not_told 'another process' redis SADD processes worker.1:4:ab
is_not_told 'its heartbeat' redis HSET worker.1:4:ab busy 1 info '{}'
is_not_told 'what it runs' redis HSET worker.1:4:ab:work t1 '{}'
is_not_told 'what is none of it' redis SET cache:1 x
is 'and the look is whole all the same' "${answer%%$'\n'*}" \
  "$("$top_builddir/tests/plugin/measure" sidekiq "$options" measure '0:*' 0:w:mail | head -1 | sed -E "s/next_due=[0-9]+/$(grep -oE 'next_due=[0-9]+' <<<"$answer" | head -1)/")"
is_told 'the same key in another database, which is a hint' redis -n 1 LPUSH queue:mail 1
is_not_told 'but once' true
is_told 'a store that is emptied' redis FLUSHALL
is_told 'and jobs that come then' redis LPUSH queue:mail 1
watch_look $moment true

# ---- What it costs ----

descriptors() { find "/proc/$watcher_pid/fd" | wc -l; }
before=$(descriptors)
redis-benchmark -s "$redis_socket" -n 100000 -P 100 -q LPUSH queue:mail 1 >/dev/null
watch_look $moment true
is 'a hundred thousand jobs are one event' "$told ${answer##*$'\n'}" 'not told waiting=100001'
for ((n = 0; n < 20; n++)); do watch_look 20000 redis LPUSH queue:mail 1; done
is 'no descriptor is left over' "$(descriptors)" "$before"
is 'it asks for its connection once' "$(commands 'client|tracking') $(commands subscribe)" '1 1'
watch_stop

redis FLUSHALL >/dev/null
names=$(seq -f 'queue%g' 10000)
xargs printf 'SADD queues %s\n' <<<"$names" | redis-cli -s "$redis_socket" --pipe >/dev/null
watch_start sidekiq "$options" watch 0:w
fill() { xargs printf 'LPUSH queue:%s 1\n' <<<"$names" | redis-cli -s "$redis_socket" --pipe; }
watch_look $moment true
is_told 'jobs in ten thousand queues' fill
is_not_told 'are one look' true
is 'which has them all' "$answer" waiting=10000
before=$(awk '/^VmHWM/ { print $2 }' "/proc/$watcher_pid/status")
for ((n = 0; n < 5; n++)); do watch_look 20000 fill; done
grown=$(($(awk '/^VmHWM/ { print $2 }' "/proc/$watcher_pid/status") - before))
if grep -q libasan "/proc/$watcher_pid/maps"; then
  echo "# a sanitizer keeps what was freed: $grown kB"
else
  ok "and take no memory: $grown kB" test $grown -lt 1000
fi
redis CONFIG SET tracking-table-max-keys 5000 >/dev/null
watch_look 20000 fill
is 'a server that forgets some of the keys tells so' "$told" told
watch_stop
redis CONFIG SET tracking-table-max-keys 1000000 >/dev/null
redis FLUSHALL >/dev/null

# ---- Some groups only ----

watch_start sidekiq "$options" -f 1 watch 0:w:mail 0:w:other
is_told 'the first event' true
watch_look 20000 redis LPUSH queue:other 1
watch_look 20000 true
is 'an event that a look at some groups took comes again for the others' "$told" told
watch_stop

# ---- Connections that are lost ----

watch_start sidekiq "$options" -j 11000 watch 0:w:mail
watch_look $moment true
redis CLIENT KILL ID "$(client normal)" >/dev/null
is_told 'where the first one is lost, the look that finds it out begins anew' true
watch_look $moment true
is_told 'and jobs are told' redis LPUSH queue:mail 1
watch_look $moment true
is_told 'the loss of the second is told' redis CLIENT KILL ID "$(client pubsub)"
is_told 'and mended by the next look' true
is_told 'which tells of jobs' redis LPUSH queue:mail 1
watch_look $moment true
kill "$redis_pid" && wait "$redis_pid"
watch_look $moment true
has 'while the server is down nothing is watched' "$how" 'retry: cannot connect'
watch_stop
tap_end
