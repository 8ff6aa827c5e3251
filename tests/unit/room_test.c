/* SPDX-License-Identifier: MIT
 * What limits leave for a pool, as it is kept, against what a look at all pools makes of it. */
#include "core/number.h"
#include "core/room.h"
#include "tests/support/suite.h"

enum { POOLS = 7, LIMITS = 3, NOW_MS = 1000000 };

static char name[] = "shared";
static struct limit limits[LIMITS] = {{name, 20}, {name, 35}, {name, 1}};
static struct rule rules[] = {{RULE_JOBS, 1, 1, 0}, {RULE_JOBS, 10, 3, 0}, {RULE_JOBS, 20, 9, 0}};
static size_t sources[] = {0};

struct world {
    struct settings settings;
    struct pool_spec specs[POOLS];
    struct use uses[POOLS][LIMITS];
    struct pool pools[POOLS];
    struct room *room;
    uint32_t dice;
};

static uint32_t roll(struct world *world, uint32_t sides)
{
    world->dice ^= world->dice << 13;
    world->dice ^= world->dice >> 17;
    world->dice ^= world->dice << 5;
    return world->dice % sides;
}

static void set_up_pool(struct world *world, size_t i)
{
    struct pool_spec *spec = &world->specs[i];
    *spec = (struct pool_spec){
        .name = name,
        .process = name,
        .sources = sources,
        .n_sources = 1,
        .policy = {.rules = rules, .n_rules = 3, .max = INT32_MAX, .stale_ms = 10000, .then = -1},
        .uses = world->uses[i],
    };
    for (size_t limit = 0; limit < LIMITS; limit++)
        if (roll(world, 2) == 0)
            spec->uses[spec->n_uses++] = (struct use){limit, 1 + roll(world, 3)};
}

static void set_up(struct world *world, uint32_t seed)
{
    *world = (struct world){.dice = seed};
    for (size_t i = 0; i < POOLS; i++)
        set_up_pool(world, i);
    world->settings = (struct settings){
        .pools = world->specs, .n_pools = POOLS, .limits = limits, .n_limits = LIMITS};
    world->room = room_new(&world->settings);
    for (size_t i = 0; i < POOLS; i++) {
        pool_init(&world->pools[i], &world->specs[i], INT32_MAX, false);
        world->pools[i].shared = world->room;
    }
}

static void tear_down(struct world *world)
{
    for (size_t i = 0; i < POOLS; i++)
        pool_fini(&world->pools[i]);
    room_free(world->room);
}

/* ---- The look at all of them ---- */

static int64_t use_of(const struct pool_spec *spec, size_t limit)
{
    for (size_t i = 0; i < spec->n_uses; i++)
        if (spec->uses[i].limit == limit)
            return spec->uses[i].amount;
    return 0;
}

/* What all pools but one have of a limit, -1 if that is not known. */
static int64_t taken(const struct world *world, size_t but, size_t limit)
{
    int64_t sum = 0;
    for (size_t i = 0; i < POOLS; i++) {
        const struct pool *pool = &world->pools[i];
        int64_t amount = i != but ? use_of(pool->spec, limit) : 0;
        int32_t wanted = pool->is_stuck ? -1 : pool->wanted;
        int32_t dynos = greater(greater(pool->size, wanted), pool->applying);
        if (amount > 0 && dynos < 0)
            return -1;
        sum += amount * dynos;
    }
    return sum;
}

static int64_t left_for(const struct world *world, size_t i)
{
    int64_t least = INT32_MAX;
    const struct pool_spec *spec = &world->specs[i];
    for (size_t k = 0; k < spec->n_uses; k++) {
        int64_t total = limits[spec->uses[k].limit].total;
        int64_t others = taken(world, i, spec->uses[k].limit);
        int64_t left = others < 0 || others > total ? 0 : total - others;
        least = earlier(least, left / spec->uses[k].amount);
    }
    return least;
}

static void check_all(const struct world *world)
{
    for (size_t i = 0; i < POOLS; i++) {
        const char *of;
        CHECK_INT(room_of(world->room, &world->pools[i], &of), left_for(world, i));
        CHECK_INT(of == NULL, world->specs[i].n_uses == 0);
    }
}

/* ---- What may happen to a pool ---- */

static struct answer answer_of(struct world *world, int32_t metric, uint32_t most)
{
    struct answer answer = {0};
    for (size_t i = 0; i < ANSWER_VALUES; i++)
        answer.values[i] = VALUE_UNKNOWN;
    struct value value = {roll(world, most), KNOWN_EXACT};
    if (roll(world, 5) > 0)
        answer.values[metric] = value; /* size and waiting are each the first of their kind */
    return answer;
}

static void happen(struct world *world, struct pool *pool, int64_t now_ms)
{
    struct decided decided;
    struct answer size = answer_of(world, 0, 9);
    struct answer waiting = answer_of(world, 0, 30);
    switch (roll(world, 5)) {
    case 0:
        pool_take_size(pool, &size, now_ms);
        break;
    case 1:
        if (pool->wanted >= 0 && pool->applying < 0)
            pool_start_apply(pool);
        break;
    case 2:
        if (pool->applying >= 0)
            pool_take_applied(pool, roll(world, 3) > 0 ? &size : NULL, now_ms, 0);
        break;
    case 3:
        pool_set_stuck(pool, roll(world, 3) == 0);
        break;
    default:
        pool_take_reading(pool, 0, &waiting, 1, now_ms);
        pool->room = room_of(world->room, pool, &pool->room_of);
        pool_decide(pool, now_ms, &decided);
    }
}

static void what_is_kept_is_what_a_look_at_all_pools_finds(void)
{
    for (uint32_t seed = 1; seed <= 50; seed++) {
        struct world world;
        set_up(&world, 2463534242u * seed);
        check_all(&world);
        for (int64_t i = 0; i < 300; i++) {
            happen(&world, &world.pools[roll(&world, POOLS)], NOW_MS + 500 * i);
            check_all(&world);
        }
        tear_down(&world);
    }
}

static void none_is_freed(void)
{
    room_free(NULL);
}

static const struct test tests[] = {
    {"what is kept is what a look at all pools finds",
     what_is_kept_is_what_a_look_at_all_pools_finds},
    {"none is freed", none_is_freed},
};
SUITE_MAIN("room", tests)
