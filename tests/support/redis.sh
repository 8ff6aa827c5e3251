# SPDX-License-Identifier: MIT
# A Redis server of a test's own: a free port of 127.0.0.1 and a socket, nothing kept, stopped by its pid.
# Source it after tap.sh. More settings: redis_start --requirepass secret ...
#
# look_often PLUGIN OPTIONS GROUP... asks one adapter 20 times and more: sets answer, bytes (that the last look was
# sent) and peak (kB of memory).
#
# redis_start sets redis_port, redis_url, redis_socket; it fails if Redis is not installed. redis_script plays
# a server by a script (see redis_script.rb) and sets script_port.

free_port() { ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); puts s.addr[1]'; }

redis_start() {
  command -v redis-server >/dev/null || return 1
  redis_port=$(free_port)
  redis_socket=$scratch/redis.socket
  redis_url=redis://127.0.0.1:$redis_port/0
  redis_settings=("$@")
  redis_restart
}

redis_restart() {
  redis-server --port "$redis_port" --bind 127.0.0.1 --unixsocket "$redis_socket" --save '' --appendonly no \
    --dir "$scratch" --enable-debug-command yes ${redis_settings[@]+"${redis_settings[@]}"} >"$scratch/redis.log" 2>&1 &
  redis_pid=$!
  started $redis_pid
  until_true 20 redis_answers || { cat "$scratch/redis.log" >&2; return 1; }
}

redis_answers() { redis PING | grep -qE 'PONG|NOAUTH'; }

redis() { redis-cli -s "$redis_socket" "$@" 2>&1; }

redis_script() { # [command, reply]...
  local to=$scratch/script.port
  rm -f "$to"
  ruby "$top_srcdir/tests/support/redis_script.rb" "$@" >"$to" &
  started $!
  until_true 20 test -s "$to" && script_port=$(cat "$to")
}

# A server that never reads or says a word: sets silent_port. "full": nor does it take a connection.
silent_start() { # [full]
  local to=$scratch/silent.port
  rm -f "$to"
  ruby -rsocket -e 's = Socket.new(:INET, :STREAM); s.setsockopt(:SOCKET, :RCVBUF, 4096)
    s.bind(Addrinfo.tcp("127.0.0.1", 0)); s.listen(ARGV[0] ? 0 : 9); port = s.local_address.ip_port
    fill = Array.new(2) { Socket.new(:INET, :STREAM) } if ARGV[0]
    fill&.each { |c| c.connect_nonblock(Addrinfo.tcp("127.0.0.1", port), exception: false) }
    $stdout.puts port; $stdout.flush; loop { ARGV[0] ? sleep : (@c ||= []) << s.accept }' "$@" >"$to" &
  started $!
  until_true 20 test -s "$to" && silent_port=$(cat "$to")
}

redis_sent() { redis INFO stats | tr -d '\r' | sed -n 's/^total_net_output_bytes://p'; }

look_often() { # plugin, options, groups
  coproc looker { exec "$top_builddir/tests/plugin/measure" "$1" "$2" -i measure "${@:3}"; }
  local pid=$! before n
  read -r -u "${looker[0]}" answer
  for ((n = 0; n < 20; n++)); do
    before=$(redis_sent)
    echo >&"${looker[1]}"
    read -r -u "${looker[0]}" answer
  done
  bytes=$(($(redis_sent) - before))
  peak=$(awk '/^VmHWM/ { print $2 }' "/proc/$pid/status")
  exec {looker[1]}>&-
  wait "$pid"
}

is_old() { # answer: of some 35 seconds, on whatever slow machine
  local latency=${1##*latency=}
  [ "$latency" -ge 34000 ] && [ "$latency" -lt 300000 ]
}

# ---- Watching ----

watch_start() { # plugin, options, what else measure takes: has it watch, and take the first event, which stands for all before
  coproc watcher { exec "$top_builddir/tests/plugin/measure" "$1" "$2" -i "${@:3}" 2>&1; }
  watcher_pid=$!
  watch_read
  [[ $how != watching:* ]] || read -r -u "${watcher[0]}" told
}

watch_read() { # sets answer, and how it watches, or fails
  answer=
  while read -r -u "${watcher[0]}" how && [[ ! $how =~ ^(not )?watching:|^(late|retry|broken): ]]; do
    answer+=${answer:+$'\n'}$how
  done
}

# Looks, and says whether that is told which a command does then: sets answer (of the look), how, told.
watch_look() { # ms to wait, command
  echo "$1" >&"${watcher[1]}"
  watch_read
  shift
  "$@" >/dev/null
  told='not watching'
  [[ $how != watching:* ]] || read -r -u "${watcher[0]}" told
}

watch_stop() {
  exec {watcher[1]}>&-
  wait "$watcher_pid"
}
