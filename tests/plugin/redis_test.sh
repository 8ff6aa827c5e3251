#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The way to a Redis server, by sidekiq.so, on real servers; and on a scripted one for what no server says on
# purpose.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs ruby 'it finds a free port, and plays servers'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
options="{url: '$redis_url'}"
measure() { "$top_builddir/tests/plugin/measure" sidekiq "${@}" 2>&1; }
push() { redis LPUSH queue:default '{}' >/dev/null; redis SADD queues default >/dev/null; }

push
is 'over a socket' "$(measure "{url: 'unix://$redis_socket'}" measure 0:w)" waiting=1
is 'another database is another store' "$(measure "{url: '${redis_url%0}3'}" measure 0:w)" waiting=0
is 'a host and a port' "$(measure "{url: '127.0.0.1:$redis_port'}" measure 0:w)" waiting=1
has 'no such database' "$(measure "{url: '${redis_url%0}999'}" measure 0:w)" 'broken: '
has 'a refused connection is to be tried again' "$(measure "{url: 'redis://127.0.0.1:1'}" measure 0:w)" \
  'retry: cannot connect to 127.0.0.1:1/0'
has 'a wrong scheme does not open' "$(measure '{url: "http://x"}' measure 0:w)" 'does not open'
ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); $stdout.puts s.addr[1]; $stdout.flush; loop { (@c ||= []) << s.accept }' \
  >"$scratch/silent.port" &
started $!
until_true 20 test -s "$scratch/silent.port"
has 'a server that never answers is late' \
  "$(measure "{url: 'redis://127.0.0.1:$(cat "$scratch/silent.port")'}" -t 500 measure 0:w)" 'late: '
ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); $stdout.puts s.addr[1]; $stdout.flush; loop { c = s.accept; c.write "SSH-2.0\r\n"; (@c ||= []) << c }' \
  >"$scratch/other.port" &
started $!
until_true 20 test -s "$scratch/other.port"
has 'a server of another kind is broken' \
  "$(measure "{url: 'redis://127.0.0.1:$(cat "$scratch/other.port")'}" -t 5000 measure 0:w)" 'does not answer as Redis does'

redis CONFIG SET requirepass swordfish >/dev/null
has 'a password is wanted' "$(measure "$options" measure 0:w)" 'the server wants a password'
is 'and taken' "$(measure "{url: 'redis://:swordfish@127.0.0.1:$redis_port'}" measure 0:w)" waiting=1
is 'with its user' "$(measure "{url: 'redis://default:sword%66ish@127.0.0.1:$redis_port/0'}" measure 0:w)" waiting=1
wrong=$(measure "{url: 'redis://:herring@127.0.0.1:$redis_port'}" measure 0:w)
has 'a wrong one is broken' "$wrong" 'broken: '
has_not 'and not shown' "$wrong" herring

# Heroku's older URLs have a user "h", whom no server knows.
is 'a user that the server does not know is left out' "$(measure "{url: 'redis://h:swordfish@127.0.0.1:$redis_port'}" measure 0:w)" \
  waiting=1
wrong=$(measure "{url: 'redis://h:herring@127.0.0.1:$redis_port'}" measure 0:w)
has 'but not with a wrong password' "$wrong" 'broken: '
has_not 'which is not shown either' "$wrong" herring
redis -a swordfish --no-auth-warning ACL SETUSER reader on '>cod' '~*' '&*' '+@all' >/dev/null
is 'one that it knows logs in' "$(measure "{url: 'redis://reader:cod@127.0.0.1:$redis_port'}" measure 0:w)" waiting=1
redis -a swordfish --no-auth-warning ACL SETUSER reader -smembers >/dev/null
has 'a missing right is broken' "$(measure "{url: 'redis://reader:cod@127.0.0.1:$redis_port'}" measure 0:w)" \
  'lacks the right to read'
redis_script 'AUTH h swordfish' "-ERR wrong number of arguments for 'auth' command" 'LLEN queue:mail' :3
is 'a server before Redis 6 has no users' "$(measure "{url: 'redis://h:swordfish@127.0.0.1:$script_port'}" measure 0:w:mail)" \
  waiting=3

openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
  -keyout "$scratch/key.pem" -out "$scratch/cert.pem" 2>/dev/null
kill "$redis_pid"
wait "$redis_pid"
tls_port=$(ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); puts s.addr[1]')
redis_start --tls-port "$tls_port" --tls-cert-file "$scratch/cert.pem" --tls-key-file "$scratch/key.pem" \
  --tls-auth-clients no
push
tls="url: 'rediss://127.0.0.1:$tls_port'"
is 'over TLS' "$(measure "{$tls, ca_file: $scratch/cert.pem}" measure 0:w)" waiting=1
has 'a certificate that nobody signed is refused, with what helps' "$(measure "{$tls}" measure 0:w)" 'tls_verify: no'
is 'and taken if told so' "$(measure "{$tls, tls_verify: no}" measure 0:w)" waiting=1
has 'TLS where there is none is not understood, nor answered' \
  "$(measure "{url: 'rediss://127.0.0.1:$redis_port'}" -t 500 measure 0:w)" 'late: '
tap_end
