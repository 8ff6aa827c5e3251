#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# resque.so judged by the real Resque and resque-scheduler, with their own worker processes, in each version.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
. "$top_srcdir/tests/support/gems.sh"
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
sets=$(gem_sets resque) || { echo '1..0 # SKIP a version of Resque is missing: bin/setup --test installs it'; exit 77; }

for set in $sets; do
  judge resque "$set" "$set" "$redis_url"
  redis FLUSHALL >/dev/null
done
tap_end
