#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sidekiq.so on a real Redis: every state of a job in all of Sidekiq's versions, every trap that is known.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs ruby 'it finds a free port'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
options="{url: '$redis_url'}"
measure() { "$top_builddir/tests/plugin/measure" sidekiq "${@}" 2>&1; }
all() { measure "$options" measure '0:*' | rough; }
rough() { sed -E 's/(latency|next_due)=([0-9]+)[0-9]{4}(\+?)( |$)/\1=\20s\3\4/g; s/(latency|next_due)=[0-9]{1,4}(\+?)( |$)/\1=0s\2\3/g'; }
clear() { redis FLUSHALL >/dev/null; now=$(date +%s); }
now=$(date +%s)
ago() { echo $((now - $1)); }
job() { # queue, when it came
  echo "{\"class\":\"Job\",\"queue\":\"$1\",\"jid\":\"x\",\"created_at\":$2,\"enqueued_at\":$2}"
}
push() { # queue, payload
  redis SADD queues "$1" >/dev/null
  redis LPUSH "queue:$1" "$2" >/dev/null
}

is 'an empty server' "$(all)" 'waiting=0 latency=0s busy=0 scheduled=0 retrying=0 failed=0 next_due=?'
push default "$(job default "$(ago 95).5")"; push default "$(job default "$(ago 35).5")"; push mail "$(job mail "$(ago 12)")"
is 'the oldest is at the tail' "$(all)" 'waiting=3 latency=90s busy=0 scheduled=0 retrying=0 failed=0 next_due=?'
is 'queues by name' "$(measure "$options" measure 0:wl:mail 0:w:default 0:w:mail,default 0:w:none | rough)" \
  'waiting=1 latency=10s
waiting=2
waiting=3
waiting=0'
for stamp in "$(ago 105).25" "$(ago 105)123" "$(ago 105)" "\"$(ago 105).5\"" "\"$(date -u -d "@$(ago 105)" +%FT%TZ)\""; do
  clear; push default "{\"queue\":\"default\",\"args\":[{\"enqueued_at\":\"2020-01-01T00:00:00Z\"}],\"enqueued_at\":$stamp}"
  is "a time of any version: $stamp" "$(measure "$options" measure 0:wl | rough)" 'waiting=1 latency=100s'
done
clear; push default "$(job default "$(ago 105).5")"; push default "$(job default "$(ago 35)123")"
push mail "$(job mail "$(ago 65)123")"; push mail "$(job mail "$(ago 25).5")"
is 'seconds and milliseconds in one store, while an application is upgraded' "$(measure "$options" measure 0:wl 0:wl:mail | rough)" \
  'waiting=4 latency=100s
waiting=2 latency=60s'
for payload in '{"enqueued_at":1685610004.38-05-23T19:58:15Z' 'no JSON' '{"enqueued_at":null}' '[]' ''; do
  clear; push default "$payload"
  is "an age that is not told is not known: $payload" "$(measure "$options" measure 0:wl)" 'waiting=1 latency=0+'
done
clear; head -c 3000000 /dev/zero | redis -x LPUSH queue:default >/dev/null; redis SADD queues default >/dev/null
is 'a payload of 3 MB of NULs' "$(measure "$options" measure 0:wl)" 'waiting=1 latency=0+'

clear
redis ZADD schedule "$(ago 25)" "$(job default "$(ago 25)")" $((now + 3605)) "$(job default "$(ago 5)")" >/dev/null
is 'at zero dynos what is due waits' "$(all)" 'waiting=1 latency=20s busy=0 scheduled=1 retrying=0 failed=0 next_due=3600s'
redis ZADD retry "$(ago 65)" "$(job mail "$(ago 65)")" $((now + 605)) "$(job mail "$(ago 5)")" >/dev/null
redis ZADD dead "$(ago 5)" broken >/dev/null
is 'tries again likewise' "$(all)" 'waiting=2 latency=60s busy=0 scheduled=1 retrying=1 failed=1 next_due=600s'
is 'due entries by the queue in their payload' "$(measure "$options" measure 0:wl:mail 0:wl:default 0:wl:none | rough)" \
  'waiting=1 latency=60s
waiting=1 latency=20s
waiting=0 latency=0s'

clear
process() { # identity, busy
  redis SADD processes "$1" >/dev/null
  redis HSET "$1" busy "$2" beat "$now" quiet false info "{\"hostname\":\"worker.1\",\"queues\":[\"default\"]}" >/dev/null
}
process worker.1:4:ab 2
redis HSET worker.1:4:ab:work t1 "{\"queue\":\"mail\",\"payload\":\"{}\",\"run_at\":$(ago 40)}" >/dev/null
redis HSET worker.1:4:ab:workers t2 "{\"queue\":\"default\",\"payload\":{},\"run_at\":$(ago 10)}" >/dev/null
redis SADD processes worker.9:4:gone >/dev/null
is 'busy: of processes whose heartbeat is there' "$(measure "$options" measure 0:b 0:b:mail 0:b:none)" 'busy=2
busy=1
busy=0'
is 'who is busy, by host' "$(measure "$options" workers 0:w 0:w:mail 0:w:none)" \
  '0 worker.1 jobs=2 queue=mail
1 worker.1 jobs=1 queue=mail'

# A process tells what it runs each 5 to 10 s. What waited since, it may have taken.
clear
process worker.5:4:ab 0
redis PEXPIRE worker.5:4:ab 52000 >/dev/null
may_be_busy() { measure "$options" -m workers 0:w:default; }
is 'a process that told nothing is idle while nothing waits' "$(may_be_busy)" ''
redis LPUSH queue:default '{"jid":"1"}' >/dev/null
is 'it may have taken what waited since its heartbeat' "$(may_be_busy)" '0 worker.1 jobs=0 queue=-'
is 'but not what waits for others' "$(measure "$options" -m workers 0:w:mail)" ''

# ---- Detection ----

detect() { measure "$options" detect; echo "status $?"; }
place=127.0.0.1:$redis_port/0
is 'it detects itself by its processes' "$(detect)" 'found 95: a set of processes, as Sidekiq keeps it
status 0'
clear
is 'an empty server is not sure' "$(detect)" "no: $place is empty, which tells nothing of Sidekiq
status 4"
redis SADD something else >/dev/null
is 'nor is one of something else' "$(detect)" "no: $place has no keys of Sidekiq
status 4"
clear; redis SADD queues mail default >/dev/null; redis SET stat:processed 7 >/dev/null
is 'queues without a job are a hint' "$(detect)" 'found 60: queues and a count of jobs, but no process and no job; queues: default, mail
status 0'
redis SET "stat:processed:$(date -u -d '3 days ago' +%F)" 7 >/dev/null
is 'at zero dynos a count of the last days is a proof' "$(detect)" \
  "found 95: a count of the jobs of $(date -u -d '3 days ago' +%F), as Sidekiq keeps it; queues: default, mail
status 0"
clear; push mail "$(job mail "$now")"
is 'so are its jobs' "$(detect)" 'found 95: jobs with a jid, as Sidekiq writes them; queues: mail
status 0'
clear; redis ZADD schedule "$now" "$(job mail "$now")" >/dev/null
has 'and those for later' "$(detect)" 'found 95: jobs with a jid'
clear; redis SADD queues mail >/dev/null; redis ZADD dead "$now" broken >/dev/null
has 'and sets with what cannot be read' "$(detect)" 'found 90: jobs for later or given up'
clear; redis SADD queues mail >/dev/null; redis RPUSH queue:mail '{"class":"Job","args":[]}' >/dev/null
redis SET stat:processed 7 >/dev/null
is 'but not jobs of Resque' "$(detect)" "no: $place has no keys of Sidekiq
status 4"
redis SADD workers worker.1:4:mail >/dev/null; redis SADD processes worker.1:4:ab >/dev/null
has 'of both with the same keys it is not sure' "$(detect)" 'found 60: processes of Sidekiq and workers of Resque'
clear; redis SADD resque:queues mail >/dev/null; redis SADD rq:queues rq:queue:mail >/dev/null
is 'what is of others by name is not its own' "$(detect)" "no: $place has no keys of Sidekiq
status 4"
redis SADD myapp:queues mail >/dev/null
has 'another namespace is a hint' "$(detect)" 'found 20: a set of queues in a namespace that the file must name: namespace: "myapp"'
seq 5000 | sed 's/.*/SET cache:& x/' | redis-cli -s "$redis_socket" --pipe >/dev/null
has 'also among many keys' "$(detect)" 'namespace: "myapp"'
clear; redis SET processes text >/dev/null; redis SET queues text >/dev/null
has 'keys of other types do not confuse it' "$(detect)" 'status'
clear; for i in $(seq 100 120); do redis SADD queues "queue$i" >/dev/null; done; redis SADD processes x >/dev/null
has 'of many queues it names some' "$(detect)" ' and 11 more'
monitored() { # what the server was asked meanwhile
  redis CONFIG RESETSTAT >/dev/null
  "$@" >/dev/null
  redis INFO commandstats
}
said=$(monitored detect)
has_not 'it never asks for all keys' "$said" cmdstat_keys
has_not 'and never writes' "$said" cmdstat_set
clear

clear; push default "$(job default "$(ago 5)")"; push mail "$(job mail "$(ago 5)")"
redis SADD paused mail >/dev/null
is 'a paused queue does not wait' "$(measure "$options" measure 0:w 0:w:mail)" 'waiting=1
waiting=0'
redis ZADD retry "$(ago 95)" "$(job mail "$(ago 95)")" "$(ago 65)" "$(job other "$(ago 65)")" >/dev/null
is 'nor do its due tries' "$( (measure "$options" measure 0:wl; measure "$options" measure 0:wl:mail) | rough)" 'waiting=2 latency=60s
waiting=0 latency=0s'
clear; due=$(ago 31); for ((n = 1000; n < 2005; n++)); do echo "ZADD schedule $due.$n '{\"queue\":\"q$((n % 2))\",\"n\":$n}'"; done | redis >/dev/null
is 'of many due entries the first are looked at' "$(measure "$options" measure 0:wl 0:w:q0 0:w:q1 0:w:other | rough)" \
  'waiting=1005 latency=30s
waiting=500+
waiting=500+
waiting=0+'
clear; redis SET queue:mail text >/dev/null; redis SADD queues mail >/dev/null; push default "$(job default "$(ago 5)")"
is 'a key of a wrong type is its own trouble' "$(measure "$options" measure 0:w:mail 0:w:default | head -2)" \
  "waiting=? unknown: 127.0.0.1:$redis_port/0: the key queue:mail: WRONGTYPE Operation against a key holding the wrong kind of value
waiting=1"
clear; push default "$(job default "$(ago 5)")"; redis SET processes text >/dev/null
wrong_type="WRONGTYPE Operation against a key holding the wrong kind of value"
is 'processes that cannot be read are not idle' "$(measure "$options" measure 0:wb; measure "$options" workers 0:w)" \
  "waiting=1 busy=? unknown: 127.0.0.1:$redis_port/0: the key processes: $wrong_type
retry: 127.0.0.1:$redis_port/0: the key processes: $wrong_type"
redis DEL queues processes >/dev/null; redis SET queues text >/dev/null
is 'names that cannot be read are not none' "$(measure "$options" measure 0:w 0:w:default)" \
  "waiting=? unknown: 127.0.0.1:$redis_port/0: the key queues: $wrong_type
waiting=1"
clear; redis LPUSH 'queue:sq|worker.1:4:ab|mail' "$(job mail "$(ago 5)")" >/dev/null; push a:b "$(job a:b "$(ago 5)")"
is 'a private list is no queue, one with a colon is' "$(measure "$options" measure 0:w 0:w:a:b 0:w:mail)" 'waiting=1
waiting=1
waiting=0'
clear; redis SADD myapp:queues default >/dev/null; redis LPUSH myapp:queue:default "$(job default "$(ago 5)")" >/dev/null
is 'a namespace' "$(measure "{url: '$redis_url', namespace: myapp}" measure 0:w 0:w:default)" 'waiting=1
waiting=1'
is 'and nothing outside' "$(measure "$options" measure 0:w)" waiting=0
clear; for n in $(seq 1 300); do echo "SADD queues q$n"; echo "LPUSH queue:q$n x"; done | redis >/dev/null
is 'hundreds of queues' "$(measure "$options" measure 0:w)" waiting=300
is 'some of them, one twice' "$(measure "$options" measure "0:w:$(seq -s, -f q%g 1 250),q7")" waiting=250
clear; long=$(printf '%01500d' 1); push "$long" "$(job x "$(ago 5)")"; push "${long}2" "$(job x "$(ago 5)")"
is 'names of any length' "$(measure "$options" measure 0:w "0:w:$long")" 'waiting=2
waiting=1'
for name in 'a b' "it's" 'a%d_\"' 'é:*?[x]'; do
  clear; redis SADD queues "$name" >/dev/null; redis LPUSH "queue:$name" "$(job x "$(ago 5)")" >/dev/null
  is "a queue named $name" "$(measure "$options" measure 0:w "0:w:$name")" 'waiting=1
waiting=1'
done

# ---- Payloads of any size ----

payload() { # queue, bytes, when it came
  printf '{"queue":"%s","class":"Job","args":[{"enqueued_at":"2020-01-01T00:00:00Z"},"%s"],"enqueued_at":%s}' "$1" \
    "$(head -c "$2" /dev/zero | tr '\0' x)" "$3"
}
fill() { # bytes: a payload of so many at the head of each of 100 queues
  clear
  for n in {1..100}; do
    echo "SADD queues q$n"
    echo "LPUSH queue:q$n '$(payload "q$n" "$1" "$(ago 35).5")'"
  done | redis >/dev/null
}
fill 100; look_often sidekiq "$options" 0:wl; small=$peak
fill 100000; look_often sidekiq "$options" 0:wl
ok "payloads of 100 KB at the head of 100 queues: each age is found ($answer)" is_old "$answer"
ok "they are read a megabyte at a time ($bytes bytes)" test "$bytes" -lt 1200000
ok "they take no memory to speak of ($small kB, $peak kB)" test "$peak" -lt $((small + 8000))
clear; payload q1 50000000 "$(ago 35).5" | redis -x LPUSH queue:q1 >/dev/null; look_often sidekiq "$options" 0:wl:q1
ok "one of 50 MB ($answer)" is_old "$answer"
ok "takes none either ($peak kB)" test "$peak" -lt $((small + 8000))
clear; for n in {1..40}; do payload q1 100000 "\"$n\"" | redis -x ZADD schedule "$(ago $((30 + n)))" >/dev/null; done
is 'due entries by name, whatever follows it' "$(measure "$options" measure 0:w:q1)" waiting=40
look_often sidekiq "$options" 0:w:q1
has 'fewer of them are looked at' "$answer" +
ok "and read ($bytes bytes)" test "$bytes" -lt 1200000
process worker.1:4:ab 1
payload mail 100000 0 | sed "s/}\$/,\"run_at\":$(ago 40)}/" | redis -x HSET worker.1:4:ab:work t1 >/dev/null
is 'and what a worker runs' "$(measure "$options" workers 0:w:mail)" '0 worker.1 jobs=1 queue=mail'
tap_end
