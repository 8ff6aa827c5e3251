#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# sidekiq.so judged by the real Sidekiq, with its own worker process.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs sidekiq 'the real library is the judge'
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }

n=0
while IFS='|' read -r name got wanted; do
  is "$name" "$got" "$wanted"
  n=$((n + 1))
done < <(ruby "$top_srcdir/tests/interop/sidekiq.rb" "$redis_url" "$top_builddir/tests/plugin/measure" sidekiq)
is 'it came to the end' $n 11
tap_end
