/* SPDX-License-Identifier: MIT
 * A pool and its shadow, told by hand what a cycle would tell them. */
#include "core/shadow.h"

#include "tests/support/suite.h"

#include <stdlib.h>

enum { NOW_MS = 1000000 };

static struct rule rules[] = {{RULE_JOBS, 10, 5, 0}, {RULE_JOBS, 20, 9, 0}};
static struct rule old_rules[] = {{RULE_JOBS, 50, 3, 0}, {RULE_LATENCY, 60000, 4, 0}};
static size_t sources[] = {0};
static char name[] = "worker";
static struct pool_spec spec = {
    .name = name,
    .process = name,
    .sources = sources,
    .n_sources = 1,
    .policy = {.rules = rules,
               .n_rules = 2,
               .max = INT32_MAX,
               .then = -1,
               .stale_ms = 10000,
               .boot_ms = -1,
               .protect = PROTECT_NONE},
};
static struct pool_spec shadow_spec;

/* The spec with a shadow that differs by what `policy` says. */
static const struct pool_spec *with_shadow(struct policy policy)
{
    shadow_spec = spec;
    shadow_spec.shadow = NULL;
    shadow_spec.policy = policy;
    shadow_spec.is_shadow = true;
    spec.shadow = &shadow_spec;
    return &spec;
}

static struct policy cut_to(int32_t max)
{
    struct policy policy = spec.policy;
    policy.max = max;
    return policy;
}

static void measure(struct pool *pool, int64_t waiting, int64_t now_ms)
{
    struct dyn_group group = pool_start_measure(pool, 0, now_ms);
    struct answer answer = {.values = {[DYN_WAITING] = {waiting, KNOWN_EXACT},
                                       [DYN_LATENCY] = VALUE_UNKNOWN,
                                       [DYN_BUSY] = VALUE_UNKNOWN,
                                       [DYN_NEXT_DUE] = VALUE_UNKNOWN}};
    if (group.cap > 0 && waiting >= group.cap)
        answer.values[DYN_WAITING] = (struct value){group.cap, KNOWN_AT_LEAST};
    if ((group.metrics & DYN_BIT(DYN_LATENCY)) != 0)
        answer.values[DYN_LATENCY] = (struct value){waiting * 1000, KNOWN_EXACT};
    pool_take_reading(pool, 0, &answer, 1, now_ms);
}

/* What the pool decided last, and its shadow. */
static struct decided made;
static struct decided beside;

static struct history past_of(const struct pool *pool)
{
    return past_open(pool->past);
}

static void decide(struct pool *pool, int64_t waiting, int32_t size, int64_t now_ms)
{
    measure(pool, waiting, now_ms);
    pool->size = size;
    pool_decide(pool, now_ms, &made);
    if (pool->shadow != NULL)
        shadow_decide(pool->shadow, pool, now_ms, &beside);
}

static void what_it_wanted_is_its_next_size(void)
{
    struct pool pool;
    pool_init(&pool, with_shadow(cut_to(4)), INT32_MAX, false);
    CHECK_INT(pool.shadow->size, -1);
    decide(&pool, 12, 2, NOW_MS);
    CHECK_INT(made.decision.size, 5);
    CHECK_INT(beside.inputs.present, 2); /* the platform's */
    CHECK_INT(beside.decision.size, 4);
    decide(&pool, 12, 5, NOW_MS + 1000);
    CHECK_INT(beside.inputs.present, 4);
    CHECK_INT(beside.inputs.reading.waiting.number, 12);
    decide(&pool, 0, 5, NOW_MS + 2000);
    CHECK_INT(beside.decision.size, 0);
    CHECK_INT(pool.shadow->size, 0);
    CHECK_INT(beside.inputs.now_ms, NOW_MS + 2000);
    pool_fini(&pool);
}

static void what_else_is_known_is_the_same(void)
{
    struct pool pool;
    pool_init(&pool, with_shadow(cut_to(30)), 6, true);
    pool.crashed = 1;
    pool.room = 3;
    pool.room_of = "postgres";
    decide(&pool, 25, 2, NOW_MS);
    CHECK_INT(pool.shadow->policy->max, 6); /* what the back-end can run */
    CHECK_INT(beside.inputs.crashed, 1);
    CHECK_INT(beside.inputs.names_busy, 1);
    CHECK_INT(beside.inputs.room, 3);
    CHECK_TEXT(beside.inputs.room_of, "postgres");
    pool_fini(&pool);
}

static void a_size_that_is_not_known_is_unknown_to_both(void)
{
    struct pool pool;
    pool_init(&pool, with_shadow(cut_to(4)), INT32_MAX, false);
    decide(&pool, 12, -1, NOW_MS);
    CHECK_INT(beside.inputs.present, -1);
    CHECK_INT(pool.shadow->size, -1);
    decide(&pool, 12, 1, NOW_MS + 1000);
    CHECK_INT(pool.shadow->size, 4);
    decide(&pool, 0, -1, NOW_MS + 2000);
    CHECK_INT(beside.inputs.present, -1);
    CHECK_INT(pool.shadow->size, 4); /* goes on from there */
    decide(&pool, 12, 5, NOW_MS + 3000);
    CHECK_INT(beside.inputs.present, 4);
    pool_fini(&pool);
}

static bool is_same_step(const struct step *a, const struct step *b)
{
    bool is_same_seen = a->seen.doubt == b->seen.doubt &&
                        (a->seen.doubt == KNOWN_NOT || a->seen.number == b->seen.number);
    return a->kind == b->kind && a->before == b->before && a->after == b->after &&
           a->rule == b->rule && is_same_seen;
}

static bool is_same(const struct decided *a, const struct decided *b)
{
    bool is_same = a->decision.n_steps == b->decision.n_steps &&
                   a->decision.size == b->decision.size &&
                   a->before.learned_boot_ms == b->before.learned_boot_ms;
    for (size_t i = 0; i < a->decision.n_steps && is_same; i++)
        is_same = is_same_step(&a->decision.steps[i], &b->decision.steps[i]);
    return is_same;
}

/* What is measured for it alone, too: a count past the pool's cap, and ages. */
static void a_pool_decides_as_without_it(void)
{
    struct policy other = {.rules = old_rules,
                           .n_rules = 2,
                           .per_dyno = 7,
                           .max = 40,
                           .then = 6,
                           .stale_ms = 10000,
                           .protect = PROTECT_ALL,
                           .down = {.after_ms = 20000}};
    const struct pool_spec *shadowed = with_shadow(other);
    struct pool_spec plain = spec;
    plain.shadow = NULL;
    struct pool with;
    struct pool without;
    pool_init(&with, shadowed, INT32_MAX, false);
    pool_init(&without, &plain, INT32_MAX, false);
    CHECK_INT(pool_start_measure(&without, 0, NOW_MS).cap, 20);
    CHECK_INT(pool_start_measure(&with, 0, NOW_MS).cap, 280);
    srand(6);
    int32_t size = 0;
    for (int i = 1; i < 2000; i++) {
        int64_t waiting = rand() % 3 == 0 ? 0 : rand() % 60;
        decide(&with, waiting, size, NOW_MS + 1000L * i);
        struct decided with_it = made;
        decide(&without, waiting, size, NOW_MS + 1000L * i);
        if (!CHECK(is_same(&with_it, &made) && with.wanted == without.wanted))
            break;
        size = rand() % 50 == 0 ? -1 : made.decision.size;
    }
    CHECK_INT(beside.inputs.reading.latency.doubt, KNOWN_EXACT);
    CHECK_INT(made.inputs.reading.latency.doubt, KNOWN_NOT);
    pool_fini(&with);
    pool_fini(&without);
}

static void the_store_is_asked_for_what_either_needs(void)
{
    static const struct dyn_group pool = {.metrics = DYN_BIT(DYN_WAITING), .cap = 20};
    static const struct dyn_group more = {.metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY),
                                          .cap = 100};
    static const struct dyn_group all = {.metrics = DYN_BIT(DYN_BUSY), .cap = 0};
    struct dyn_group both = shadow_widen(pool, &more);
    CHECK_INT(both.metrics, more.metrics);
    CHECK_INT(both.cap, 100);
    CHECK_INT(shadow_widen(more, &pool).cap, 100);
    CHECK_INT(shadow_widen(pool, &all).cap, 0); /* which is none */
    CHECK_INT(shadow_widen(all, &pool).cap, 0);
    struct reading reading = {
        NOW_MS, {50, KNOWN_EXACT}, {9, KNOWN_EXACT}, {1, KNOWN_EXACT}, {2, KNOWN_EXACT}};
    struct reading narrow = shadow_narrow(reading, &pool, &both);
    CHECK_INT(narrow.waiting.number, 20);
    CHECK_INT(narrow.waiting.doubt, KNOWN_AT_LEAST);
    CHECK_INT(narrow.latency.doubt, KNOWN_NOT);
    CHECK_INT(narrow.next_due.doubt, KNOWN_EXACT);
    narrow = shadow_narrow(reading, &pool, &pool); /* nothing was asked for it */
    CHECK_INT(narrow.waiting.number, 50);
    CHECK_INT(narrow.latency.number, 9);
    CHECK_INT(narrow.busy.number, 1);
}

static void a_new_configuration_goes_on_with_it(void)
{
    struct pool old;
    struct pool pool;
    pool_init(&old, with_shadow(cut_to(4)), INT32_MAX, false);
    decide(&old, 12, 2, NOW_MS);
    decide(&old, 12, 5, NOW_MS + 1000);
    pool_init(&pool, &spec, INT32_MAX, false);
    pool_inherit(&pool, &old, NOW_MS);
    CHECK_INT(pool.shadow->size, 4);
    CHECK_INT(past_of(pool.shadow).present, 4);
    CHECK_INT(past_of(pool.shadow).grown_ms, NOW_MS + 1000);
    pool_fini(&pool);
    struct pool_spec plain = spec;
    plain.shadow = NULL;
    pool_init(&pool, &plain, INT32_MAX, false);
    CHECK(pool.shadow == NULL);
    pool_inherit(&pool, &old, NOW_MS);
    pool_inherit(&old, &pool, NOW_MS);
    pool_fini(&pool);
    pool_fini(&old);
    shadow_free(NULL);
}

static const struct test tests[] = {
    {"what it wanted is its next size", what_it_wanted_is_its_next_size},
    {"what else is known is the same", what_else_is_known_is_the_same},
    {"a size that is not known is unknown to both", a_size_that_is_not_known_is_unknown_to_both},
    {"a pool decides as without it", a_pool_decides_as_without_it},
    {"the store is asked for what either needs", the_store_is_asked_for_what_either_needs},
    {"a new configuration goes on with it", a_new_configuration_goes_on_with_it},
};

SUITE_MAIN("shadow", tests)
