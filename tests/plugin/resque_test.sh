#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# resque.so on a real Redis: every state of a job, every trap that is known.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs ruby 'it finds a free port'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
options="{url: '$redis_url'}"
measure() { "$top_builddir/tests/plugin/measure" resque "${@}" 2>&1; }
rough() { sed -E 's/(latency|next_due)=([0-9]+)[0-9]{4}(\+?)( |$)/\1=\20s\3\4/g; s/(latency|next_due)=[0-9]{1,4}(\+?)( |$)/\1=0s\2\3/g'; }
all() { measure "$options" measure '0:*' | rough; }
clear() { redis FLUSHALL >/dev/null; now=$(date +%s); }
now=$(date +%s)
ago() { echo $((now - $1)); }
iso() { date -u -d "@$(ago "$1")" +%FT%T+00:00; }
push() { # queue, payload
  redis SADD resque:queues "$1" >/dev/null
  redis RPUSH "resque:queue:$1" "$2" >/dev/null
}

is 'an empty server' "$(all)" 'waiting=0 latency=0s busy=0 scheduled=0 retrying=? failed=0 next_due=?'
push default '{"class":"Job","args":[]}'; push default '{"class":"Job","args":[]}'; push mail '{"class":"Job","args":[]}'
is 'no job tells its time, so latency is not known' "$(all)" 'waiting=3 latency=? busy=0 scheduled=0 retrying=? failed=0 next_due=?'
is 'queues by name' "$(measure "$options" measure 0:w:mail 0:w:default 0:w:mail,default 0:w:none)" 'waiting=1
waiting=2
waiting=3
waiting=0'
clear; push default "{\"class\":\"Job\",\"args\":[],\"timestamp\":$(ago 105).5}"; push default "{\"class\":\"Job\",\"timestamp\":$(ago 25).5}"
is 'the oldest is at the head: by an extension' "$(measure "$options" measure 0:wl | rough)" 'waiting=2 latency=100s'
clear; push default "{\"class\":\"Wrapper\",\"args\":[{\"job_class\":\"Job\",\"enqueued_at\":\"$(iso 65)\"}]}"
is 'and by Active Job' "$(measure "$options" measure 0:wl | rough)" 'waiting=1 latency=60s'
push mail '{"class":"Job","args":[]}'
is 'one that does not tell makes it at least' "$(measure "$options" measure 0:wl | rough)" 'waiting=2 latency=60s+'
clear; push default 'no JSON'; push default ''
is 'broken payloads are jobs' "$(measure "$options" measure 0:w)" waiting=2

clear
for queue in a staging_x .h a/b; do push "$queue" x; done
is 'patterns as Resque has them' "$(measure "$options" measure '0:w:*' '0:w:*,!staging_*' '0:w:?' '0:w:[ab]' '0:w:!a' 0:w)" 'waiting=3
waiting=2
waiting=1
waiting=1
waiting=0
waiting=4'
redis SET resque:pause-all-workers ' TRUE ' >/dev/null
is 'all are paused' "$(measure "$options" measure 0:w)" waiting=0
redis SET resque:pause-all-workers false >/dev/null
is 'or not' "$(measure "$options" measure 0:w)" waiting=4

clear
worker() { # id, [queue, seconds, age of its heartbeat]
  redis SADD resque:workers "$1" >/dev/null
  [ -z "${2:-}" ] || redis SET "resque:worker:$1" "{\"queue\":\"$2\",\"run_at\":\"$(iso "$3")\",\"payload\":{}}" >/dev/null
  [ -z "${4:-}" ] || redis HSET resque:workers:heartbeat "$1" "$(iso "$4")" >/dev/null
}
worker 'worker.1:4:mail:eu,*' mail 40 10
worker worker.2:4:default default 20
worker worker.3:4:default
worker worker.4:4:default default 700 600
worker worker.5:4:default default 10 -50
is 'busy: not idle, not dead; without a heartbeat it lives' "$(measure "$options" measure 0:b 0:b:mail 0:b:none)" 'busy=3
busy=1
busy=0'
is 'who is busy, by host' "$(measure "$options" workers 0:w 0:w:mail | sort)" '0 worker.1 jobs=1 queue=mail
0 worker.2 jobs=1 queue=default
0 worker.5 jobs=1 queue=default
1 worker.1 jobs=1 queue=mail'

clear
later() { # seconds from now, queue
  redis ZADD resque:delayed_queue_schedule $((now + $1)) $((now + $1)) >/dev/null
  redis RPUSH "resque:delayed:$((now + $1))" "{\"class\":\"Job\",\"args\":[],\"queue\":\"$2\"}" >/dev/null
}
later -35 mail; later 3605 mail; later 3605 default; later 7200 default
redis HSET resque:delayed:last_enqueued_at Job x >/dev/null
redis ZADD resque:delayed_queue_schedule $((now + 9000)) $((now + 9000)) >/dev/null
is 'scheduled: jobs, not times' "$(all)" 'waiting=0 latency=0s busy=0 scheduled=3 retrying=? failed=0 next_due=3600s'
delayed="{url: '$redis_url', count_delayed: yes}"
is 'due ones wait where the scheduler runs in the dynos' "$(measure "$delayed" measure 0:wl 0:w:mail 0:w:default | rough)" \
  'waiting=1 latency=30s
waiting=1
waiting=0'
redis RPUSH resque:failed x y >/dev/null
is 'failures' "$(measure "$options" measure 0:f)" failed=2
redis SADD resque:failed_queues mail_failed >/dev/null; redis RPUSH resque:mail_failed x >/dev/null
is 'in queues of their own' "$(measure "$options" measure 0:f)" failed=1

clear; redis SET resque:queue:mail text >/dev/null; redis SADD resque:queues mail >/dev/null; push default x
is 'a key of a wrong type is its own trouble' "$(measure "$options" measure 0:w:mail 0:w:default | head -2)" \
  "waiting=? unknown: 127.0.0.1:$redis_port/0: the key resque:queue:mail: WRONGTYPE Operation against a key holding the wrong kind of value
waiting=1"
clear; push default x; redis SET resque:workers text >/dev/null
wrong_type="WRONGTYPE Operation against a key holding the wrong kind of value"
is 'workers that cannot be read are not idle' "$(measure "$options" measure 0:wb; measure "$options" workers 0:w)" \
  "waiting=1 busy=? unknown: 127.0.0.1:$redis_port/0: the key resque:workers: $wrong_type
retry: 127.0.0.1:$redis_port/0: the key resque:workers: $wrong_type"
redis DEL resque:queues resque:workers >/dev/null; redis SET resque:queues text >/dev/null
has 'names that cannot be read are not none' "$(measure "$options" measure 0:w)" \
  "waiting=? unknown: 127.0.0.1:$redis_port/0: the key resque:queues: $wrong_type"
clear; redis SADD resque:app1:queues mail >/dev/null; redis RPUSH resque:app1:queue:mail x >/dev/null
is 'namespaces are kept apart' "$(measure "{url: '$redis_url', namespace: 'resque:app1'}" measure 0:w; measure "$options" measure 0:w)" \
  'waiting=1
waiting=0'

# ---- Detection ----

detect() { measure "${1:-$options}" detect; echo "status $?"; }
bare="{url: '$redis_url', namespace: ''}"
place=127.0.0.1:$redis_port/0
is 'it detects itself by its queues' "$(detect "{url: '$redis_url', namespace: 'resque:app1'}")" \
  "found 90: a set of queues in Resque's namespace; queues: mail
status 0"
is 'another namespace is a hint' "$(detect)" \
  'found 20: a set of queues in a namespace that the file must name: namespace: "resque:app1"
status 0'
redis SADD resque:queues mail >/dev/null; redis SADD resque:workers worker.1:4:mail >/dev/null
is 'by its workers' "$(detect)" 'found 95: a set of workers, as Resque keeps it; queues: mail
status 0'
clear
is 'an empty server is not sure' "$(detect)" "no: $place is empty, which tells nothing of Resque
status 4"
redis SADD queues default >/dev/null; redis SADD processes x >/dev/null
is 'it does not take Sidekiq for itself' "$(detect "$bare")" "no: $place has no keys of Resque
status 4"
redis DEL processes >/dev/null; redis LPUSH queue:default '{"class":"Job","jid":"x"}' >/dev/null
is 'nor by jobs' "$(detect "$bare")" "no: $place has no keys of Resque
status 4"
redis DEL queue:default >/dev/null; redis RPUSH queue:default '{"class":"Job","args":[]}' >/dev/null
has 'its own jobs tell it without a namespace' "$(detect "$bare")" 'found 90: jobs without a jid'
redis SADD workers worker.1:4:default >/dev/null
has 'and so do workers' "$(detect "$bare")" 'found 95: a set of workers'
has 'which is a hint where the namespace is another' "$(detect)" 'found 20: a set of queues in a namespace that the file must name: namespace: ""'
clear; redis SADD resque:queues mail >/dev/null; redis SADD resque:processes x >/dev/null
is "Sidekiq in Resque's namespace is Sidekiq" "$(detect)" "no: $place has no keys of Resque
status 4"
clear
has 'a refused connection is to be tried again' "$(measure "{url: 'redis://127.0.0.1:1'}" measure 0:w)" \
  'retry: cannot connect to 127.0.0.1:1/0'

# ---- For how long the oldest job is seen to be the oldest ----

set_of_mail='*1'$'\r\n''$4'$'\r\n'mail
watch() { # head, next: sets watched
  redis_script TIME clock 'SMEMBERS resque:queues' "$set_of_mail" 'LLEN resque:queue:mail' :2 \
    'LINDEX resque:queue:mail 0' "\$${#1}"$'\r\n'"$1" 'LINDEX resque:queue:mail 1' "\$${#2}"$'\r\n'"$2"
  watched=$(measure "{url: 'redis://127.0.0.1:$script_port'}" -i measure 0:wl <<<$'\n' | rough)
}
# Two round trips for a look, so 60 seconds pass.
watch '{"args":[1]}' '{"args":[2]}'
is 'the same for a minute' "$watched" 'waiting=2 latency=?
waiting=2 latency=60s+
waiting=2 latency=120s+'
watch '{"args":[1]}' '{"args":[1]}'
is 'not if the next one is the same' "$(tail -n 1 <<<"$watched")" 'waiting=2 latency=?'

# ---- Many queues, and payloads of any size ----

clear; for n in $(seq 1 1000); do echo "SADD resque:queues q$n"; echo "RPUSH resque:queue:q$n x"; done | redis >/dev/null
is 'a thousand queues' "$(measure "$options" measure 0:w "0:w:$(seq -s, -f q%g 1 500),q7" '0:w:q1*,!q11*')" 'waiting=1000
waiting=500
waiting=101'
active_job() { # bytes
  printf '{"class":"Wrapper","args":[{"job_class":"Job","arguments":["%s"],"enqueued_at":"%s"}]}' \
    "$(head -c "$1" /dev/zero | tr '\0' x)" "$(iso 35)"
}
fill() { # bytes: a payload of so many at the head of each of 100 queues
  clear
  for n in {1..100}; do echo "SADD resque:queues q$n"; echo "RPUSH resque:queue:q$n '$(active_job "$1")'"; done |
    redis >/dev/null
}
fill 100; look_often resque "$options" 0:wl; small=$peak
fill 100000; look_often resque "$options" 0:wl
ok "payloads of 100 KB at the head of 100 queues: each age is found ($answer)" is_old "$answer"
ok "they are read a megabyte at a time ($bytes bytes)" test "$bytes" -lt 1200000
ok "they take no memory to speak of ($small kB, $peak kB)" test "$peak" -lt $((small + 8000))
clear; push mail "$(active_job 90000 | sed "s/}\$/,\"timestamp\":$(ago 35).5}/")"
look_often resque "$options" 0:wl:mail
ok "the time that an extension adds to a large one ($answer)" is_old "$answer"
clear; push mail "{\"args\":[{\"enqueued_at\":\"$(iso 35)\"},\"$(head -c 90000 /dev/zero | tr '\0' x)\"]}"
is 'what is cut out is not known' "$(measure "$options" measure 0:wl)" 'waiting=1 latency=?'
clear; worker worker.1:4:mail
echo "SET resque:worker:worker.1:4:mail '{\"queue\":\"mail\",\"run_at\":\"$(iso 35)\",\"payload\":$(active_job 90000)}'" | redis >/dev/null
is 'a worker with a large job' "$(measure "$options" workers 0:w:mail)" '0 worker.1 jobs=1 queue=mail'
clear; for n in $(seq 1 150); do echo "RPUSH resque:delayed:$(ago 35) '{\"queue\":\"mail\"}'"; done | redis >/dev/null
redis ZADD resque:delayed_queue_schedule "$(ago 35)" "$(ago 35)" >/dev/null
is 'many that are due at one time' "$(measure "$delayed" measure 0:w; measure "$delayed" measure 0:w:mail)" 'waiting=150
waiting=100+'

# ---- Events: the connection is that of redis_watch_test.sh ----

is_told() { # what, command
  watch_look 20000 "${@:2}"
  is "$1" "$told" told
}
is_not_told() { # what, command
  watch_look 200 "${@:2}"
  is "$1" "$told" 'not told'
}
clear
redis SADD resque:queues default mail_in >/dev/null
watch_start resque "{url: '$redis_url', count_delayed: true}" watch '0:*:mail_*' 0:w:pdf
is 'it watches' "$how" 'watching: CLIENT TRACKING, by a connection of its own'
is_not_told 'silent while nothing happens' true
is_told 'a job of a queue by its pattern' redis RPUSH resque:queue:mail_in 1
is_told 'a queue that is new' redis SADD resque:queues pdf
is_told 'and its jobs' redis RPUSH resque:queue:pdf 1
is_told 'a pause that ends' redis SET resque:pause-all-workers false
is_not_told 'a queue that no pool serves' redis RPUSH resque:queue:default 1
is_not_told 'another worker' redis SADD resque:workers worker.1:4:mail
is_not_told 'what it runs' redis SET resque:worker:worker.1:4:mail '{}'
is_not_told 'its heartbeat' redis HSET resque:workers:heartbeat worker.1:4:mail x
is_not_told 'a job for later' redis ZADD resque:delayed_queue_schedule 9999999999 9999999999
is_not_told 'more of them' redis RPUSH resque:delayed:9999999999 1
is_not_told 'a failure' redis RPUSH resque:failed 1
is_not_told 'a list of failures' redis SADD resque:failed_queues failed
watch_stop
tap_end
