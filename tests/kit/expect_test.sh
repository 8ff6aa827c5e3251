#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# dynomatic check-plugin --expect: a table of states of a store, and what an adapter must measure in each.
. "${top_srcdir:?run it by make check}/tests/support/tap.sh" || exit
. "$top_srcdir/tests/support/redis.sh"
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
cd "$scratch" || exit
mkdir jobs
expect() { # more arguments; the table is read from standard input
  cat >table.yml
  "$top_builddir/dynomatic" check-plugin "$top_builddir/examples/.libs/spool.so" --only name -o path=jobs --expect table.yml "$@" 2>&1
}

said=$(expect <<'EOF'
states:
  - state: an empty folder
    make: rm -f "$OPTION_PATH"/*
    groups:
      - { waiting: 0, latency: 0s }
  - state: jobs of two queues
    make: |
      cd "$OPTION_PATH" && touch mail.1 mail.2 pdf.1
      touch -d '-1 hour' mail.3
    groups:
      - { waiting: 4, latency: 59m..61m }
      - { queues: [mail], waiting: 3 }
      - { queues: [mail, pdf], cap: 2, waiting: 2+ }
      - { queues: [none], waiting: 0..1, busy: unknown }
  - state: the folder is gone
    make: rm -r "$OPTION_PATH"
    fails: broken
EOF
)
is 'states that are as expected' "$said" "1..4
ok 1 - name: Its name is that of the file
ok 2 - an empty folder
ok 3 - jobs of two queues
ok 4 - the folder is gone
# $top_builddir/examples/.libs/spool.so: 4 passed, 0 failed, 0 skipped"

differs() { # what, why, what the group or state says
  has "$1" "$(expect <<<"states: [{ state: it differs, make: 'mkdir -p jobs; touch jobs/a.1 jobs/a.2', $3 }]")" \
    "not ok 2 - it differs
# $2"
}
differs 'a number that differs' 'group 1: waiting is 2, and must be 3' 'groups: [{ waiting: 3 }]'
differs 'of a later group' 'group 2: waiting is 2, and must be 5..9' 'groups: [{ waiting: 2 }, { waiting: 5..9 }]'
differs 'one that is exact' 'group 1: waiting is 2, and must be 2+' 'groups: [{ waiting: 2+ }]'
differs 'one that is at least' 'group 1: waiting is 2+, and must be 2' 'groups: [{ waiting: 2, cap: 2 }]'
differs 'a time that differs' 'group 1: latency is 0s, and must be 1m..2m' 'groups: [{ queues: [none], latency: 1m..2m }]'
differs 'one that is not told' 'group 1: busy is unknown, and must be 0' 'groups: [{ busy: 0 }]'
differs 'one that is told' 'group 1: waiting is 2, and must be unknown' 'groups: [{ waiting: unknown }]'
differs 'a success' 'measure() returned DYN_OK, and must return DYN_RETRY' 'fails: retry'
has 'a failure' "$(expect <<<'states: [{ state: gone, make: "rm -r jobs", groups: [{ waiting: 0 }] }]')" \
  '# measure() returned DYN_BROKEN, and must return DYN_OK: cannot open jobs: No such file or directory'
has 'a state that cannot be made' "$(expect <<<'states: [{ state: no, make: "echo sorry >&2; exit 3", groups: [{ waiting: 0 }] }]')" \
  '# what makes the state failed, with the exit status 3
# It printed:
# sorry'

has 'a back-end has nothing to measure' "$("$top_builddir/dynomatic" check-plugin "$top_builddir/examples/.libs/files.so" \
  --only name -o folder=. --expect table.yml 2>&1)" '# it is no queue adapter, so there is nothing to measure'

mistake() { # what, words, table
  has "a mistake: $1" "$(expect <<<"$3"; echo "status $?")" "$2"
}
mistake 'a key that is none' 'table.yml:1:47: unknown key "wating"; did you mean "waiting"?' \
  'states: [{ state: a, make: "true", groups: [{ wating: 0 }] }]'
mistake 'a number that is none' 'waiting must be a number such as 3, with a +' \
  'states: [{ state: a, groups: [{ waiting: many }] }]'
mistake 'a time without its unit' 'latency must be a duration such as 10s, with a +' \
  'states: [{ state: a, groups: [{ latency: 10 }] }]'
mistake 'no name' 'state is missing' 'states: [{ groups: [{ waiting: 1 }] }]'
mistake 'nothing to expect' 'a state needs a list of groups, or tells how it fails' 'states: [{ state: a }]'
mistake 'no states' 'states must be a list' 'state: a'
mistake 'a failure that is none' 'fails must be one of late, retry, broken' 'states: [{ state: a, fails: no }]'
mistake 'its exit status' 'status 2' 'state: a'
has 'a file that is not there' "$("$top_builddir/dynomatic" check-plugin -o path=jobs --expect none.yml \
  "$top_builddir/examples/.libs/spool.so" 2>&1)" 'none.yml'

# ---- A real store: --url ----

cat >redis.yml <<'EOF'
states:
  - state: an empty server
    make: redis-cli -u "$OPTION_URL" flushall
    groups: [{ queues: [default], waiting: 0 }]
  - state: two jobs
    make: |
      redis-cli -u "$OPTION_URL" lpush queue:default '{"enqueued_at":1700000000}' '{"enqueued_at":1700000000}'
      redis-cli -u "$OPTION_URL" sadd queues default
    groups: [{ queues: [default], waiting: 2, latency: 1d..9999d }]
EOF
if [ -e "$top_builddir/.libs/sidekiq.so" ]; then
  has 'a store by its URL' "$("$top_builddir/dynomatic" check-plugin sidekiq --url "$redis_url" --expect redis.yml --only name)" \
    '3 passed, 0 failed, 0 skipped'
fi
tap_end
