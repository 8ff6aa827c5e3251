#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sidekiq.so judged by the real Sidekiq, with its own worker processes, in each version.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
. "$top_srcdir/tests/support/gems.sh"
needs sidekiq 'the real library is the judge'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }
sets=$(gem_sets sidekiq) || { echo '1..0 # SKIP a version of Sidekiq is missing: bin/setup --test installs it'; exit 77; }

for set in $sets; do
  judge sidekiq "$set" "$set" "$redis_url"
  redis FLUSHALL >/dev/null
done
tap_end
