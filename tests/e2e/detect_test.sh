#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# A configuration without an adapter, dynomatic detect, dynomatic init: on real stores.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/e2e.sh"
. "$top_srcdir/tests/support/postgres.sh"
. "$top_srcdir/tests/support/mariadb.sh"
. "$top_srcdir/tests/support/redis.sh"
needs sqlite3 'it makes the database'
needs jq 'it reads JSON'
needs ruby 'it finds a free port'
for plugin in sidekiq resque; do
  [ -e "$top_builddir/.libs/$plugin.so" ] || { echo "1..0 # SKIP $plugin.so was not built"; exit 77; }
done
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
postgres_start || { echo '1..0 # SKIP PostgreSQL is missing'; exit 77; }
mariadb_start || { echo '1..0 # SKIP MariaDB is missing'; exit 77; }
cd "$scratch"
all=$scratch/all.out
: >"$all"

run() { # sets status, out, err
  out=$(dynomatic "$@" 2>"$scratch/err")
  status=$?
  err=$(cat "$scratch/err")
  printf '%s\n' "$out" "$err" >>"$all"
}
counted() { # arguments of count: "ADAPTER WAITING", or what it says
  run count --json "$@"
  printf '%s' "$out" | jq -r '.[] | .adapter + " " + (.waiting | tostring) + " " + (.unknown // "")'
}
in_env() { ( # NAME=value ... -- command
  while [ "$1" != -- ]; do
    # shellcheck disable=SC2163 # the argument is NAME=value
    export "$1"
    shift
  done
  shift
  "$@"
); }
clear() { redis FLUSHALL >/dev/null; }
sidekiq_keys() {
  redis SADD queues default >/dev/null
  redis LPUSH queue:default "{\"class\":\"Job\",\"queue\":\"default\",\"jid\":\"b4a577edbccf1d805744efa9\",\"enqueued_at\":$(date +%s).5}" >/dev/null
}
resque_keys() {
  redis SADD resque:queues mail >/dev/null
  redis RPUSH resque:queue:mail '{"class":"Job","args":[]}' '{"class":"Job","args":[]}' >/dev/null
  redis SADD resque:workers worker.1:4:mail >/dev/null
}

start_fake --formation worker=0:Standard-1X --formation web=1:Standard-1X
cat >dynomatic.yml <<END
interval: 100ms
scale_down: { after: 0s }
scaler: { backend: heroku-formation, app: myapp, token: "$token", api_url: "$api_url" }
rules: [{ at_least: 1, dynos: 5 }]
END

# ---- Each store ----

db=$scratch/app.sqlite3
make_sqlite "$db"
set_jobs_sqlite "$db" 3
sqlite=sqlite3:$db
postgres_sql 'CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority int NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at timestamp, locked_at timestamp,
  failed_at timestamp, locked_by varchar, queue varchar, created_at timestamp, updated_at timestamp);
  CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);
  INSERT INTO delayed_jobs (handler, run_at) SELECT $$--- x$$, $$2020-01-01$$ FROM generate_series(1, 4);'
postgres=postgres://app:s3cret@127.0.0.1:$postgres_port/app
mariadb_sql 'CREATE TABLE delayed_jobs (id bigint PRIMARY KEY AUTO_INCREMENT, priority int NOT NULL DEFAULT 0,
  attempts int NOT NULL DEFAULT 0, handler text NOT NULL, last_error text, run_at datetime, locked_at datetime,
  failed_at datetime, locked_by varchar(255), queue varchar(255), created_at datetime(6), updated_at datetime(6));
  CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at);
  INSERT INTO delayed_jobs (handler, run_at) VALUES ("--- x", "2020-01-01"), ("--- x", "2020-01-01")'
is 'Delayed Job in SQLite' "$(in_env DATABASE_URL="$sqlite" -- counted)" 'delayedjob 3 '
is 'in PostgreSQL' "$(in_env DATABASE_URL="$postgres" -- counted)" 'delayedjob 4 '
is 'in MariaDB' "$(in_env DATABASE_URL="$mariadb_url" -- counted)" 'delayedjob 2 '
sidekiq_keys
is 'Sidekiq in Redis' "$(in_env REDIS_URL="$redis_url" -- counted)" 'sidekiq 1 '
clear
resque_keys
is 'Resque in Redis' "$(in_env REDIS_URL="$redis_url" -- counted)" 'resque 2 '
is 'behind another name of Heroku' "$(in_env HEROKU_REDIS_COBALT_URL="$redis_url" -- counted)" 'resque 2 '
cat >url.yml <<END
queue: { url: "$redis_url" }
$(grep scaler dynomatic.yml)
rules: [{ at_least: 1, dynos: 5 }]
END
is 'a url in the file goes before the environment' "$(in_env DATABASE_URL="$sqlite" -- counted -c url.yml)" 'resque 2 '
is 'one store under two names is one' \
  "$(in_env DATABASE_URL="$postgres" HEROKU_POSTGRESQL_TEAL_URL="$postgres" -- counted)" 'delayedjob 4 '
is 'an empty database beside it is no matter' \
  "$(in_env DATABASE_URL="$postgres" HEROKU_POSTGRESQL_TEAL_URL="${postgres%/app}/postgres" -- counted)" 'delayedjob 4 '

# ---- More than one, none, and what cannot be asked ----

said=$(in_env DATABASE_URL="$sqlite" REDIS_URL="$redis_url" -- counted)
has 'two that are sure: the file must choose' "$said" 'queue null several adapters know a store, so the file must choose'
has 'with the lines to write' "$said" \
  'write queue: { adapter: delayedjob, url: "${DATABASE_URL}" } or queue: { adapter: resque, url: "${REDIS_URL}" }'
sidekiq_keys
has 'Sidekiq and Resque in one Redis' "$(in_env REDIS_URL="$redis_url" -- counted)" 'several adapters'
clear
has 'an empty Redis is nothing' "$(in_env REDIS_URL="$redis_url" -- counted)" 'no installed adapter knows its store'
nowhere=redis://:s3cret@127.0.0.1:1/0
said=$(in_env DATABASE_URL="$sqlite" REDIS_URL=$nowhere -- counted)
has 'a store that is down is no "no"' "$said" 'not every store could be asked: '
has 'with its reason' "$said" 'sidekiq at REDIS_URL: cannot connect to 127.0.0.1:1/0'
redis CONFIG SET requirepass swordfish >/dev/null
has 'nor is one that refuses' "$(in_env REDIS_URL="$redis_url" -- counted)" \
  'not every store could be asked: resque, sidekiq at REDIS_URL: '
redis -a swordfish CONFIG SET requirepass '' >/dev/null
ruby -rsocket -e 's = TCPServer.new("127.0.0.1", 0); $stdout.puts s.addr[1]; $stdout.flush; loop { (@c ||= []) << s.accept }' \
  >silent.port &
started $!
until_true 20 test -s silent.port
sed 's/^scaler/queue: { timeout: 800ms }\nscaler/' dynomatic.yml >timeout.yml
said=$(in_env DATABASE_URL="$sqlite" REDIS_URL="redis://127.0.0.1:$(cat silent.port)" -- counted -c timeout.yml)
has 'nor one that never answers' "$said" 'at REDIS_URL: 127.0.0.1:'
has 'and the others were asked' "$said" 'found so far: delayedjob at DATABASE_URL (95 % sure)'
in_env REDIS_URL=$nowhere -- dynomatic once >"$scratch/once.out" 2>&1
is 'once fails then' $? 1
is 'and sets nothing' "$(quantity worker)" 0

# ---- check ----

sidekiq_keys
connections() { redis INFO stats | sed -n 's/^total_connections_received:\([0-9]*\).*/\1/p'; }
before=$(connections)
said=$(in_env REDIS_URL="$redis_url" -- dynomatic check)
is 'check has status 0' $? 0
is 'and does not connect' "$(connections)" $((before + 1))
has 'it tells what is not known yet' "$said" \
  'queue: no adapter is named, so it is detected at the first call, from REDIS_URL (resque, sidekiq)'
said=$(in_env REDIS_URL="$redis_url" -- dynomatic check --connect)
is 'check --connect detects' $? 0
has 'and tells what and why' "$said" 'found sidekiq at REDIS_URL: '
said=$(dynomatic check 2>&1)
is 'without any URL the file is not good' $? 2
has 'and says so' "$said" 'there is no store to detect it from'
said=$(in_env DATABASE_URL=mongodb://app:s3cret@x/y -- dynomatic check)
is 'nor where no adapter opens' $? 2
has 'with what each says' "$said" 'delayedjob at DATABASE_URL: url: the scheme is not known'

# ---- detect ----

in_env_detect() { in_env REDIS_URL="$redis_url" REDIS_TLS_URL="$redis_url" DATABASE_URL="$1" -- dynomatic detect "${@:2}"; }
said=$(in_env_detect "${postgres%/app}/postgres")
is 'detect has status 0 if one is taken' $? 0
has 'a row for each adapter that opens' "$said" 'DATABASE_URL              delayedjob  no'
has 'and each name of a variable' "$said" 'REDIS_URL, REDIS_TLS_URL  sidekiq     9'
has 'and what is taken' "$said" 'taken where no adapter is named: queue: { adapter: sidekiq, url: "${REDIS_URL}" }'
said=$(in_env_detect "$sqlite")
is 'and 1 if the file must choose' $? 1
has 'with the reason, and each line to copy' "$(tail -3 <<<"$said")" 'several adapters know a store, so the file must choose; write one of
  queue: { adapter: delayedjob, url: "${DATABASE_URL}" }
  queue: { adapter: sidekiq, url: "${REDIS_URL}" }'
said=$(in_env DATABASE_URL="${postgres%/app}/postgres" -- dynomatic detect)
is 'where none is found, the table has the reasons alone' "$(tail -2 <<<"$said")" 'no installed adapter knows its store; write
  queue: { adapter: NAME, ... }'
is 'in JSON' "$(in_env_detect sqlite3:/nowhere --json | jq -c 'map([.variable, .also, .adapter, .sure, .taken])')" \
  '[["DATABASE_URL","","delayedjob",null,false],["REDIS_URL","REDIS_TLS_URL","resque",0,false],["REDIS_URL","REDIS_TLS_URL","sidekiq",95,false]]'
said=$(dynomatic detect)
is 'nothing to ask has status 1' $? 1
has 'and is told' "$said" 'there is no store to detect it from'

# ---- run: a store that is down at the start, and SIGHUP ----

kill "$redis_pid"
wait "$redis_pid"
export REDIS_URL=$redis_url
start_daemon dynomatic.yml
ok 'a store that is down is told' until_true 20 logged 'not every store could be asked'
redis_restart
sidekiq_keys
ok 'and found once it is up' until_true 40 logged 'found sidekiq at REDIS_URL'
ok 'its jobs count' until_true 20 quantity_is worker 5
clear
resque_keys
ok 'what was found stays' until_true 20 quantity_is worker 0
kill -HUP "$daemon_pid"
ok 'until the configuration is read again' until_true 20 logged 'found resque at REDIS_URL'
ok 'then those jobs count' until_true 20 quantity_is worker 5
stop_daemon
is 'it ends well' $? 0
cat daemon.log once.out >>"$all"
unset REDIS_URL

# ---- Plugins of strangers ----

mkdir plugins
cp "$top_builddir"/.libs/{sidekiq,heroku-formation}.so plugins
stranger() { # name, detect or nothing
  # shellcheck disable=SC2086 # CC may hold flags
  ${CC:-cc} -std=gnu11 -shared -fPIC -I "$top_srcdir/include" -DNAME="\"$1\"" -DDETECT="${2:-0}" -xc - -o "plugins/$1.so" <<'END'
#include <dynomatic/util.h>
#include <unistd.h>
struct config { const char *url; };
static const struct dyn_option options[] = {
    {"url", NULL, NULL, NULL, "any", DYN_URL, DYN_REQUIRED, offsetof(struct config, url), 0}};
static int32_t open_it(const struct dyn_host *host, const void *config, void **self)
{
    (void)config;
    *self = (void *)(uintptr_t)host;
    return DYN_OK;
}
static void close_it(void *self) { (void)self; }
static int32_t measure(void *self, const struct dyn_call *call, const struct dyn_group *groups, uint32_t n)
{
    (void)self, (void)call, (void)groups, (void)n;
    return DYN_OK;
}
static int32_t hang(void *self, const struct dyn_call *call)
{
    (void)self, (void)call;
    while (pause() < 0)
        ;
    return DYN_OK;
}
static const struct dyn_queue queue = {DETECT ? sizeof queue : offsetof(struct dyn_queue, detect),
                                       DYN_BIT(DYN_WAITING), measure, hang, NULL, NULL};
const struct dyn_plugin dynomatic_plugin = {
    sizeof dynomatic_plugin, DYN_ABI, NAME, "1", "a stranger", options, 1, sizeof options[0],
    sizeof(struct config), 0, NULL, open_it, close_it, &queue, NULL};
END
}
clear
sidekiq_keys
stranger stranger
strangers() { in_env DYNOMATIC_PLUGIN_PATH="$scratch/plugins" REDIS_URL="$redis_url" -- "$@"; }
is 'one that cannot detect is passed over' "$(strangers counted)" 'sidekiq 1 '
stranger hanging 1
said=$(strangers dynomatic detect)
is 'one that hangs is told' $? 1
has 'and is no "no"' "$said" 'hanging.so (isolated) was not back in time'
rm plugins/hanging.so

# ---- init ----

mkdir init
cd init
app_env() { in_env HEROKU_APP_NAME=myapp HEROKU_API_KEY="$token" HEROKU_API_URL="$api_url" REDIS_URL="$redis_url" -- "$@"; }
said=$(app_env dynomatic init)
is 'init has status 0' $? 0
is 'it says what it wrote' "$said" 'wrote dynomatic.yml: sidekiq at REDIS_URL'
has 'the adapter' "$(cat dynomatic.yml)" 'queue: { adapter: sidekiq, url: "${REDIS_URL}" }'
has 'why' "$(cat dynomatic.yml)" '#   sidekiq at REDIS_URL, 95 % sure: '
has 'the variable of the token' "$(cat dynomatic.yml)" 'token: "${HEROKU_API_KEY}"'
has 'the process types' "$(cat dynomatic.yml)" 'how many dynos each has: web (1), worker ('
is 'check passes on it' "$(app_env dynomatic check)" 'dynomatic.yml: 1 pool, 1 queue instance, 1 scaler instance: good'
app_env dynomatic once >once.out 2>&1
is 'and it works' "$? $(quantity worker)" '0 1'
cp dynomatic.yml before
said=$(app_env dynomatic init 2>&1)
is 'a file that is there is not written over' $? 1
has 'and that is said' "$said" 'cannot write dynomatic.yml: it is there already'
ok 'it is as it was' cmp dynomatic.yml before
ln -s elsewhere.yml link.yml
app_env dynomatic init -o link.yml >/dev/null 2>&1
is 'nor through a link' "$? $([ -e elsewhere.yml ] || echo none)" '1 none'
rm link.yml
resque_keys
app_env dynomatic init -o two.yml >/dev/null
has 'of several it writes all, to be chosen from' "$(cat two.yml)" '# queue: { adapter: resque, url: "${REDIS_URL}" }
# queue: { adapter: sidekiq, url: "${REDIS_URL}" }'
ok 'check passes on it, since they are detected' app_env dynomatic -c two.yml check
app_env env REDIS_URL=$nowhere "$top_builddir/dynomatic" init -o down.yml >/dev/null
has 'a store that is down is told' "$(cat down.yml)" 'cannot connect to 127.0.0.1:1/0'
ok 'check passes on it' app_env dynomatic -c down.yml check
dynomatic init -o none.yml >/dev/null
has 'with nothing found it says what to fill in' "$(cat none.yml)" 'FILL IN the adapter'
has 'and what to set' "$(cat none.yml)" '# SET HEROKU_APP_NAME'
ok 'check passes once that is set' \
  in_env DATABASE_URL="$sqlite" HEROKU_APP_NAME=myapp HEROKU_TOKEN="$token" -- dynomatic -c none.yml check
has '-o - prints it' "$(dynomatic init -o -)" 'queue: '
is 'and writes nothing' "$(ls -- * | tr '\n' ' ')" 'before down.yml dynomatic.yml none.yml once.out two.yml '
said=$(dynomatic init -o /nowhere/x.yml 2>&1)
is 'what cannot be written fails' $? 1
has 'with the reason' "$said" 'cannot write /nowhere/x.yml: No such file'
redis SADD queues $'evil\nrules: []' $'\xe2\x80\xa8b: c' >/dev/null
redis DEL resque:workers resque:queues >/dev/null
app_env dynomatic init -o evil.yml >/dev/null
ok 'names of queues cannot become keys' app_env dynomatic -c evil.yml check

app_of() { # process types, as the fake takes them: sets pools, what stands there from the pools on
  local types=() type
  for type in "$@"; do types+=(--formation "$type"); done
  rm -f "$scratch/fake.port" pools.yml
  start_fake "${types[@]}"
  app_env dynomatic init -o pools.yml >/dev/null
  pools=$(app_env dynomatic -c pools.yml check >/dev/null && sed '1,/^pools:/d; /^ \{4\}/d' pools.yml)
}
app_of web=1:Basic background=0:Basic rake=0:Basic
is 'the pool is named after the one process type that may work' "$pools" '  background:'
app_of urgent=0:Basic web=1:Basic worker=0:Basic
is 'of several, worker comes first, and the others are comments' "$pools" '  worker:
#   Those that work off jobs too, each with its queues and rules as above:
#  urgent:'
app_of web=1:Basic
is 'an app with none has worker' "$pools" '  worker:'

cat ./* >>"$all"
has_not 'no password is ever shown' "$(cat "$all")" s3cret
has_not 'nor the token' "$(cat "$all")" "$token"
tap_end
