/* SPDX-License-Identifier: MIT
 * A pool beside its shadow, held against a model that looks at each millisecond. */
#include "core/replay.h"
#include "tests/support/suite.h"

#include <stdlib.h>

enum { BEGIN_MS = 1000000, MOST = 40 };

static struct replay_sample live_samples[MOST];
static struct replay_sample shadow_samples[MOST];

static struct replay_pool pool_of(struct replay_sample *samples, size_t n)
{
    return (struct replay_pool){.samples = samples, .n = n};
}

static void fill(struct replay_sample *samples, size_t n)
{
    int64_t at_ms = BEGIN_MS + rand() % 10;
    for (size_t i = 0; i < n; i++) {
        at_ms += rand() % 8;
        samples[i] = (struct replay_sample){.at_ms = at_ms, .present = rand() % 5 - 1};
    }
}

/* ---- The model ---- */

/* -1: not known. */
static int32_t size_at(const struct replay_pool *pool, int64_t now_ms)
{
    int32_t size = -1;
    for (size_t i = 0; i < pool->n && pool->samples[i].at_ms <= now_ms; i++)
        size = pool->samples[i].present >= 0 ? pool->samples[i].present : size;
    return size;
}

static int64_t n_up(const struct replay_pool *pool, int64_t from_ms, int64_t to_ms)
{
    int64_t n = 0;
    int32_t size = size_at(pool, from_ms);
    for (size_t i = 0; i < pool->n; i++) {
        const struct replay_sample *sample = &pool->samples[i];
        if (sample->at_ms <= from_ms || sample->at_ms > to_ms || sample->present < 0)
            continue;
        n += size >= 0 && sample->present > size;
        size = sample->present;
    }
    return n;
}

struct sums {
    int64_t run_ms;
    int64_t apart_ms;
    int64_t live_ms; /* of dynos */
    int64_t n_stretches;
    int32_t most;
};

static struct sums model(const struct replay_pool *live, const struct replay_pool *shadow,
                         int64_t from_ms, int64_t to_ms)
{
    struct sums sums = {0};
    bool was_apart = false;
    for (int64_t now_ms = from_ms; now_ms < to_ms; now_ms++) {
        int32_t a = size_at(live, now_ms);
        int32_t b = size_at(shadow, now_ms);
        bool are_known = a >= 0 && b >= 0;
        bool is_apart = are_known && a != b;
        sums.run_ms += are_known;
        sums.live_ms += are_known ? a : 0;
        sums.apart_ms += is_apart;
        sums.n_stretches += is_apart && !was_apart;
        sums.most = is_apart && abs(a - b) > sums.most ? abs(a - b) : sums.most;
        was_apart = is_apart;
    }
    return sums;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static void sums_are_those_of_the_model(void)
{
    srand(6);
    for (int round = 0; round < 2000; round++) {
        size_t n = 1 + (size_t)rand() % MOST;
        size_t m = 1 + (size_t)rand() % MOST;
        fill(live_samples, n);
        fill(shadow_samples, m);
        struct replay_pool live = pool_of(live_samples, n);
        struct replay_pool shadow = pool_of(shadow_samples, m);
        int64_t from_ms = later(live_samples[0].at_ms, shadow_samples[0].at_ms);
        int64_t to_ms = -later(-live_samples[n - 1].at_ms, -shadow_samples[m - 1].at_ms);
        struct replay_beside beside;
        replay_compare(&live, &shadow, &beside);
        struct sums sums = model(&live, &shadow, from_ms, to_ms);
        CHECK_INT(beside.live.run_ms, sums.run_ms);
        CHECK_INT(beside.shadow.run_ms, sums.run_ms);
        CHECK_INT(beside.live.dyno_ms, sums.live_ms);
        CHECK_INT(beside.apart_ms, sums.apart_ms);
        CHECK_INT(beside.n_stretches, sums.n_stretches);
        if (to_ms > from_ms)
            CHECK_INT(beside.live.n_up, n_up(&live, from_ms, to_ms));
        if (beside.n_greatest > 0)
            CHECK_INT(abs(beside.greatest[0].live - beside.greatest[0].shadow), sums.most);
        for (size_t i = 0; i < n; i++)
            if (live_samples[i].at_ms <= shadow_samples[m - 1].at_ms)
                CHECK_INT(beside.shadow.points[i].size, size_at(&shadow, live_samples[i].at_ms));
        replay_result_fini(&beside.shadow);
    }
}

/* Five stretches, of which the middle one is the greatest. */
static void the_greatest_come_first(void)
{
    static const int32_t sizes[] = {3, 5, 3, 4, 3, 9, 3, 1, 3, 2, 3};
    enum { N = sizeof sizes / sizeof sizes[0] };
    for (size_t i = 0; i < N; i++)
        live_samples[i] =
            (struct replay_sample){.at_ms = BEGIN_MS + 1000 * (int64_t)i, .present = sizes[i]};
    shadow_samples[0] = (struct replay_sample){.at_ms = BEGIN_MS, .present = 3};
    shadow_samples[1] = (struct replay_sample){.at_ms = BEGIN_MS + 60000, .present = 3};
    struct replay_pool live = pool_of(live_samples, N);
    struct replay_pool shadow = pool_of(shadow_samples, 2);
    struct replay_beside beside;
    replay_compare(&live, &shadow, &beside);
    CHECK_INT(beside.n_stretches, 5);
    CHECK_INT(beside.apart_ms, 5000);
    CHECK_INT(beside.n_greatest, REPLAY_STRETCHES);
    CHECK_INT(beside.greatest[0].live, 9);
    CHECK_INT(beside.greatest[0].from_ms, BEGIN_MS + 5000);
    CHECK_INT(beside.greatest[0].until_ms, BEGIN_MS + 6000);
    CHECK_INT(beside.greatest[1].live, 5); /* the earliest of two */
    CHECK_INT(beside.greatest[2].live, 1);
    replay_result_fini(&beside.shadow);
}

/* Nobody knows what was while the program did not run. */
static void what_was_not_recorded_does_not_count(void)
{
    static const int64_t starts_ms[] = {0, 1000, 600000, 601000};
    for (size_t i = 0; i < 4; i++) {
        live_samples[i] = (struct replay_sample){
            .at_ms = BEGIN_MS + starts_ms[i], .present = 5, .is_first = i % 2 == 0};
        shadow_samples[i] = live_samples[i];
        shadow_samples[i].present = 2;
    }
    struct replay_pool live = pool_of(live_samples, 4);
    struct replay_pool shadow = pool_of(shadow_samples, 4);
    struct replay_beside beside;
    replay_compare(&live, &shadow, &beside);
    CHECK_INT(beside.apart_ms, 62000); /* a minute past the last line, and 1 s on each side */
    CHECK_INT(beside.n_stretches, 2);
    CHECK_INT(beside.shadow.dyno_ms, 2 * 62000);
    replay_result_fini(&beside.shadow);
}

static const struct test tests[] = {
    {"sums are those of the model", sums_are_those_of_the_model},
    {"the greatest come first", the_greatest_come_first},
    {"what was not recorded does not count", what_was_not_recorded_does_not_count},
};

SUITE_MAIN("replay_shadow", tests)
