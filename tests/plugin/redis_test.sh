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
  'retry: cannot connect to 127.0.0.1:1/0: Connection refused; check host and port in the URL'
has 'a host that there is not is told' "$(measure "{url: 'redis://no-such-host.invalid'}" measure 0:w)" \
  'Could not resolve host: no-such-host.invalid; check the host in the URL'
has 'a socket that there is not is told' "$(measure "{url: 'unix:///no/such.socket'}" measure 0:w)" \
  'cannot connect to /no/such.socket: No such file or directory; check the path in the URL'
has 'a wrong scheme does not open' "$(measure '{url: "http://x"}' measure 0:w)" 'does not open'

# ---- Time: each phase ends at the deadline, and when cancelled ----

many=() # more than fits into the buffers of two sockets
for n in {1..18}; do many+=("0:wl:$(printf "$n%0900d," {1..100})"); done
ends() { # name, URL, [groups]
  has "$1 ends at the deadline" "$(measure "{url: '$2'}" -t 300 measure "${@:3}")" 'late: 127.0.0.1:'
  has "$1 ends when cancelled" "$(measure "{url: '$2'}" -t 60000 -c 100 measure "${@:3}")" 'the call was cancelled'
}
silent_start full
ends connecting "redis://127.0.0.1:$silent_port" 0:w
silent_start
ends TLS "rediss://127.0.0.1:$silent_port" 0:w
ends 'waiting for the greeting' "redis://127.0.0.1:$silent_port" 0:w
redis_script 'SMEMBERS paused' hang
ends 'waiting for an answer' "redis://127.0.0.1:$script_port" 0:w
redis_script 'SMEMBERS paused' stop
ends sending "redis://127.0.0.1:$script_port" "${many[@]}"
redis_script 'LLEN queue:mail' '$100'$'\r\n'half
ends 'half an answer' "redis://127.0.0.1:$script_port" 0:w:mail

# ---- Answers that concern the whole ----

answer() { # code, reply, part of the sentence
  redis_script 'LLEN queue:mail' "-$2"
  has "$2" "$(measure "{url: 'redis://127.0.0.1:$script_port'}" measure 0:w:mail)" "$1: 127.0.0.1:$script_port/0: ${2%.}${3:-}"
}
answer retry 'LOADING Redis is loading the dataset in memory'
answer retry "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'."
answer retry "READONLY You can't write against a read only replica."
answer retry 'BUSY Redis is busy running a script.'
answer retry 'CLUSTERDOWN The cluster is down'
answer broken 'MOVED 3999 127.0.0.1:6381' '; it is part of a cluster'
answer broken 'NOAUTH Authentication required.' '; the server wants a password'
answer broken 'NOPERM this user has no permissions' '; the user in the URL lacks the right to read'
redis_script TIME '-NOPERM no time' CLIENT '-NOPERM no name' 'LLEN queue:mail' :3
is 'what only helps may be forbidden' "$(measure "{url: 'redis://127.0.0.1:$script_port'}" measure 0:w:mail)" waiting=3
redis_script 'LLEN queue:mail' close
has 'a server that hangs up' "$(measure "{url: 'redis://127.0.0.1:$script_port'}" measure 0:w:mail)" \
  "retry: 127.0.0.1:$script_port/0: the connection is lost"

ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); $stdout.puts s.addr[1]; $stdout.flush; loop { c = s.accept; c.write "SSH-2.0\r\n"; (@c ||= []) << c }' \
  >"$scratch/other.port" &
started $!
until_true 20 test -s "$scratch/other.port"
has 'a server of another kind is broken' \
  "$(measure "{url: 'redis://127.0.0.1:$(cat "$scratch/other.port")'}" -t 5000 measure 0:w)" 'does not answer as Redis does'

redis CONFIG SET requirepass swordfish >/dev/null
has 'a password is wanted' "$(measure "$options" measure 0:w)" 'required; the server wants a password'
has 'also where no queue is asked for' "$(measure "$options" measure)" 'the server wants a password'
is 'and taken' "$(measure "{url: 'redis://:swordfish@127.0.0.1:$redis_port'}" measure 0:w)" waiting=1
is 'with its user' "$(measure "{url: 'redis://default:sword%66ish@127.0.0.1:$redis_port/0'}" measure 0:w)" waiting=1
wrong=$(measure "{url: 'redis://:herring@127.0.0.1:$redis_port'}" measure 0:w)
has 'a wrong one is broken' "$wrong" 'broken: '
has 'with what to do, after no full stop' "$wrong" 'is disabled; check user and password in the URL'
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
  "$(measure "{url: 'rediss://127.0.0.1:$redis_port'}" -t 500 measure 0:w)" \
  'allowed; check host and port in the URL: without TLS it begins with redis://'
has 'a server that has TLS hangs up without' "$(measure "{url: 'redis://127.0.0.1:$tls_port'}" measure 0:w)" \
  '; check host and port in the URL: with TLS it begins with rediss://'
tap_end
