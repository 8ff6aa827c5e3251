#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a file promises. A folder of cases/ has dynomatic.yml and `expected`, which is what "dynomatic explain" prints of it;
# to add one, make its folder, let `expected` be written by
#   UPDATE=1 make check TESTS=tests/explain/explain_test.sh
# and read what was written with care. The token of the cases is "t0ken", and no output may hold it.
. "${top_srcdir:?make check sets it}/tests/support/tap.sh"
needs jq 'it reads JSON'
cases=$top_srcdir/tests/explain/cases
prices=$top_srcdir/core/prices.yml

for plugin in delayedjob heroku-formation heroku-hobby; do
  [ -f "$top_builddir/.libs/$plugin.so" ] && continue
  printf '1..0 # SKIP the plugin %s was not built\n' "$plugin"
  exit 77
done
export DYNOMATIC_PLUGIN_PATH=$top_builddir/.libs:$top_builddir/tests/plugin/.libs

explain() { # folder of the case, further arguments: sets out, err, status
  local folder=$1
  shift
  cd "$folder" || return
  out=$("$top_builddir/dynomatic" -c dynomatic.yml explain --prices "$prices" "$@" 2>"$scratch/err")
  status=$?
  err=$(cat "$scratch/err")
}

# ---- what is printed ----

for folder in "$cases"/*/; do
  folder=${folder%/}
  explain "$folder"
  got=$out$err
  [ -z "${UPDATE:-}" ] || printf '%s\n' "$got" >"$folder/expected"
  is "${folder##*/}" "$got" "$(cat "$folder/expected")"
  is "${folder##*/} has status 0" $status 0
  has_not "${folder##*/} shows no token" "$got" t0ken
done

# ---- for programs ----

json() { # name, filter, wanted: of the case that was explained with --json
  is "$1" "$(jq -c "$2" <<<"$out")" "$3"
}

explain "$cases/ramps" --json
json 'sizes by jobs' '.pools[0].by_waiting' \
  '[{"from":0,"to":0,"rising":[0,0],"falling":[0,0]},{"from":1,"to":5,"rising":[1,1],"falling":[1,1]},{"from":6,"to":9,"rising":[1,1],"falling":[5,5]},{"from":10,"to":99,"rising":[5,5],"falling":[5,5]},{"from":100,"to":null,"rising":[40,40],"falling":[40,40]}]'
json 'the time to react' '.pools[0].reacts | [.waiting, .decided_ms, .ordered_ms, .first_job_ms]' '[1,12000,40000,60000]'
json 'the way up' '[.pools[0].rises[] | [.after_ms, .dynos]]' '[[12000,10],[72000,20],[132000,30],[192000,40]]'
json 'the size while the store is away' '.pools[0].blind' '[{"after_ms":132000,"dynos":3}]'
json 'the cost' '.pools[0].dollars_a_month' '{"least":0,"most":1000}'
json 'a price has its source and date' '.price | [.size, (.source | length > 0), .date]' '["Standard-1X",true,"2026-11-24"]'
explain "$cases/limits" --json
json 'what pools share' '[.limits[] | [.limit, .total, .least, .most, .is_enough]]' \
  '[["postgres",100,34,110,false],["redis",100,3,22,true]]'
json 'and the budget' .dyno_hours_a_month '{"budget":5000,"least":2160,"most":15840}'
explain "$cases/shadow" --json
json 'a shadow promises the same, beside its pool' '[.pools[] | [.pool, .most, .shadow.most]]' '[["mail",5,null],["worker",20,8]]'
json 'and costs nothing' .dyno_hours_a_month '{"budget":null,"least":0,"most":18000}'
explain "$cases/no_max" --json
json 'what has no bound is null' '[.pools[0].most, .pools[0].dollars_a_month.most, .limits[0].most]' '[null,null,null]'
explain "$cases/schedule" --json
json 'a week is whole' '[.pools[0].week[].minutes] | add' 10080
json 'and names its entries' '[.pools[0].week[].entry] | unique' '[null,1,2,3]'

# ---- prices ----

explain "$cases/smallest" --size performance-m
has 'a size in any case' "$out" 'with every dyno a Performance-M at $250'
explain "$cases/smallest" --size Standard-3X
is 'a size that is not known has status 2' $status 2
has 'and the nearest one is told' "$err" 'has no price for the size "Standard-3X"; did you mean "Standard-'
explain "$cases/smallest" --size Eco
has 'there is no price for Eco dynos, which is one for all' "$err" 'has no price for the size "Eco"'
cat >"$scratch/prices.yml" <<END
- { source: our contract, date: 2026-01-01, sizes: { Own: 7.50 } }
END
prices=$scratch/prices.yml explain "$cases/smallest" --size Own
has 'prices of another file' "$out" 'That is $0 a month at the least, $37.50 at the most, with every dyno a Own at $7.50'
cat >"$scratch/prices.yml" <<END
- { source: our contract, sizes: { Own: cheap } }
END
prices=$scratch/prices.yml explain "$cases/smallest" --size Own
is 'a mistake in the prices has status 2' $status 2
has 'and is told with its place' "$err" 'prices.yml:1:41: a price is a number of dollars a month'
has 'and so is the next' "$err" 'prices.yml:1:3: date'
prices=/nowhere explain "$cases/smallest"
is 'no prices have status 2' $status 2

# ---- mistakes ----

mkdir "$scratch/wrong"
sed 's/dynos: 5/dynoes: 5/' "$cases/smallest/dynomatic.yml" >"$scratch/wrong/dynomatic.yml"
explain "$scratch/wrong"
is 'a file with a mistake has status 2' $status 2
is 'and is told as check tells it' "$err" "$("$top_builddir/dynomatic" check 2>&1)"
sed 's/token: t0ken/token: "t0ken "/' "$cases/smallest/dynomatic.yml" >"$scratch/wrong/dynomatic.yml"
explain "$scratch/wrong"
is 'so has an option that its plugin refuses' $status 2
is 'and is told likewise' "$err" "$("$top_builddir/dynomatic" check 2>&1)"
tap_end
