/* SPDX-License-Identifier: MIT
 * One pool, told by hand what a cycle would tell it. */
#include "core/memory.h"
#include "core/pool.h"
#include "tests/support/suite.h"

#include <stdlib.h>

enum { NOW_MS = 1000000 };

static struct rule rules[] = {{RULE_JOBS, 10, 5, 0}};
static size_t sources[] = {0};
static char name[] = "worker";
static const struct pool_spec spec = {
    .name = name,
    .process = name,
    .sources = sources,
    .n_sources = 1,
    .policy = {.rules = rules,
               .n_rules = 1,
               .max = INT32_MAX,
               .then = -1,
               .stale_ms = 10000,
               .boot_ms = 45000,
               .protect = PROTECT_NONE},
};

static const struct answer idle = {
    .values = {[DYN_WAITING] = {0, KNOWN_EXACT},
               [DYN_LATENCY] = {0, KNOWN_NOT},
               [DYN_BUSY] = {0, KNOWN_NOT},
               [DYN_NEXT_DUE] = {60000, KNOWN_EXACT}},
};

static bool asks_due(struct pool *pool, int64_t now_ms)
{
    return (pool_start_measure(pool, 0, now_ms).metrics & DYN_BIT(DYN_NEXT_DUE)) != 0;
}

/* Some stores read all that they hold for it. */
static void when_the_next_is_due_is_asked_for_a_hundredth_of_the_time(void)
{
    struct pool pool;
    pool_init(&pool, &spec, INT32_MAX, false);
    CHECK(!asks_due(&pool, NOW_MS)); /* the size is not known yet */
    pool.size = 0;
    CHECK(asks_due(&pool, NOW_MS));
    pool_take_reading(&pool, 0, &idle, 600, NOW_MS + 600);
    CHECK_INT(pool.sources[0].reading.next_due.number, NOW_MS + 60600);
    CHECK(!asks_due(&pool, NOW_MS + 59999));
    pool_take_reading(&pool, 0, &idle, 1, NOW_MS + 59999);
    CHECK_INT(pool.sources[0].reading.next_due.number, NOW_MS + 60600); /* the last answer holds */
    CHECK(asks_due(&pool, NOW_MS + 60000));
    pool_take_reading(&pool, 0, &idle, 1, NOW_MS + 60001);
    CHECK(!asks_due(&pool, NOW_MS + 69999)); /* every 10 s where it costs nothing */
    CHECK(asks_due(&pool, NOW_MS + 70000));
    pool_fini(&pool);
}

static void who_is_busy_is_asked_without_asking_for_more(void)
{
    struct pool pool;
    pool_init(&pool, &spec, INT32_MAX, true);
    pool.size = 0;
    CHECK_INT(pool_group(&pool).metrics, 0);
    CHECK(asks_due(&pool, NOW_MS));
    pool_fini(&pool);
}

static const struct test tests[] = {
    {"when the next is due is asked for a hundredth of the time",
     when_the_next_is_due_is_asked_for_a_hundredth_of_the_time},
    {"who is busy is asked without asking for more", who_is_busy_is_asked_without_asking_for_more},
};
SUITE_MAIN("pool", tests)
