#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a look into Sidekiq's queues costs, beside the library's own classes and beside the least that any client
# can take, in the same run, on a Redis of its own.
#
#   make bench BENCHES=tests/bench/sidekiq_bench.sh [QUEUES="1 10 100 1000"] [ROUNDS=7]
. "$top_srcdir/tests/support/tap.sh"
. "$top_srcdir/tests/support/redis.sh"
needs sidekiq 'the real library is what it is compared with'
redis_start || { echo 'Redis is missing'; exit 77; }
export DYNOMATIC_MEASURE=$top_builddir/tests/plugin/measure
# shellcheck disable=SC2086 -- the queues are words
ruby "$top_srcdir/tests/bench/sidekiq_bench.rb" "$redis_url" "${ROUNDS:-7}" ${QUEUES:-1 10 100 1000}
