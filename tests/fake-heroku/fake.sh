# SPDX-License-Identifier: MIT
# Starting the fake and calling it, for its own tests. Source it after tap.sh.

needs curl 'it calls the fake'
needs jq 'it reads what the fake tells'
fake=$top_builddir/dynomatic-fake-heroku
token=HRKU-AAfake-token-that-must-never-be-seen
version='Accept: application/vnd.heroku+json; version=3'
fake_pid=

# Starts the fake: sets fake_pid and api_url. Its files: $scratch/fake.log, dynos.log, fake.err.
fake_start() { # arguments, --token too where one is needed
  [ -z "$fake_pid" ] || fake_stop
  rm -f "$scratch"/fake.{log,port,err} "$scratch/dynos.log"
  "$fake" --port 0 --port-file "$scratch/fake.port" --log "$scratch/fake.log" \
    --dyno-log "$scratch/dynos.log" "$@" >"$scratch/fake.out" 2>"$scratch/fake.err" &
  fake_pid=$!
  started $fake_pid
  until_true 20 test -s "$scratch/fake.port" || { cat "$scratch/fake.err"; exit 1; }
  api_url=http://127.0.0.1:$(cat "$scratch/fake.port")
}

# Ends it by SIGTERM; its exit status. Not within ok, which waits for no child.
fake_stop() {
  local pid=$fake_pid
  fake_pid=
  kill "$pid" && wait "$pid"
}

# A request without anything that curl would add: sets status, body, head.
raw() { # method, path, more arguments for curl
  local method=$1 path=$2
  shift 2
  : >"$scratch/body" >"$scratch/head"
  status=$(curl -s -o "$scratch/body" -D "$scratch/head" -w '%{http_code}' -X "$method" \
    -H 'User-Agent: test' "$@" "$api_url$path")
  body=$(cat "$scratch/body" 2>/dev/null)
  head=$(tr -d '\r' <"$scratch/head")
}

# A request as clients send it; with a body if the third argument is not empty.
call() { # method, path, [body, more arguments for curl]
  local method=$1 path=$2 sent=${3:-}
  shift "$(($# < 3 ? $# : 3))"
  raw "$method" "$path" -H "$version" -H "Authorization: Bearer $token" \
    ${sent:+-H 'Content-Type: application/json' -d "$sent"} "$@"
}

# The control path; prints the reply.
control() { # method, path, [body]
  curl -s -X "$1" ${3:+-d "$3"} "$api_url/_fake$2"
}

header() { # name
  sed -n "s/^$1: //Ip" <<<"$head"
}

field() { # jq filter over the last body
  jq -r "$1" <<<"$body"
}

# Refused with this status and id, and the message has this text.
refused() { # name, status, id, text
  is "$1" "$status $(field .id) $(field '.message // .error' | grep -c -F -- "$4")" "$2 $3 1"
}

quantity() { # type, of the app myapp
  control GET /state | jq -r --arg t "$1" '.apps[] | select(.name == "myapp").formation[]
    | select(.type == $t).quantity'
}

# The names and states of dynos, in their order.
dynos() { # [type]
  control GET /state |
    jq -r --arg t "${1:-}" '[.apps[] | select(.name == "myapp").dynos[] | select($t == "" or .type == $t)
      | "\(.name) \(.state)"] | join(", ")'
}
dynos_are() { [ "$(dynos "$1")" = "$2" ]; } # type, list

# The last line of the log of requests, through a jq filter.
logged() { tail -n 1 "$scratch/fake.log" | jq -r "$1"; }
