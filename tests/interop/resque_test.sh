#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# resque.so judged by the real Resque, with its own worker process.
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
# Debian has no package of it: bin/setup puts the gem there.
export GEM_PATH=${DYNOMATIC_BUILD:-$top_srcdir/build}/gems
ruby -e "require 'resque'" 2>/dev/null || { echo '1..0 # SKIP the gem resque is missing: bin/setup --test installs it'; exit 77; }
redis_start || { echo '1..0 # SKIP Redis is missing'; exit 77; }

n=0
while IFS='|' read -r name got wanted; do
  is "$name" "$got" "$wanted"
  n=$((n + 1))
done < <(ruby "$top_srcdir/tests/interop/resque.rb" "$redis_url" "$top_builddir/tests/plugin/measure" resque)
is 'it came to the end' $n 12
tap_end
