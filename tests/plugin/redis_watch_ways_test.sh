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
tells() { # what, options
  watch_start sidekiq "$2" watch 0:w:mail
  is "$1: it watches" "$how" "$works"
  watch_look $moment true
  is "$1: silent while nothing happens" "$told" 'not told'
  watch_look 20000 redis LPUSH queue:mail $((number++))
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
commands() { redis INFO commandstats | tr -d '\r' | sed -n "s/^cmdstat_$1:calls=\([0-9]*\).*/\1/p"; }
client() { redis CLIENT LIST TYPE "$1" | sed -n 's/^id=\([0-9]*\) .*name=dynomatic .*/\1/p'; }

# ---- Ways ----

tells 'a host' "{url: '$redis_url'}"
tells 'a name' "{url: 'redis://localhost:$redis_port'}"
tells 'a socket' "{url: 'unix://$redis_socket'}"
tells 'a namespace' "{url: '$redis_url', namespace: app}" # and not its queue: see below
tells 'another database' "{url: '${redis_url%0}3'}"
