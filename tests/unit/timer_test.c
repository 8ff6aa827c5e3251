/* SPDX-License-Identifier: MIT */
#include "core/timer.h"
#include "tests/support/suite.h"

#include <stdlib.h>

enum { MANY = 500, TURNS = 20000 };

static void earliest_comes_first(void)
{
    struct timers timers = {0};
    struct timer all[3] = {0};
    timers_set(&timers, &all[0], 30);
    timers_set(&timers, &all[1], 10);
    timers_set(&timers, &all[2], 20);
    CHECK_INT(timers_next(&timers), 10);
    CHECK(timers_take(&timers, 9) == NULL);
    CHECK(timers_take(&timers, 100) == &all[1]);
    CHECK(timers_take(&timers, 100) == &all[2]);
    CHECK(timers_take(&timers, 100) == &all[0]);
    CHECK(timers_take(&timers, 100) == NULL);
    CHECK_INT(timers_next(&timers), INT64_MAX);
    timers_fini(&timers);
}

static void moved_and_stopped(void)
{
    struct timers timers = {0};
    struct timer all[3] = {0};
    for (size_t i = 0; i < 3; i++)
        timers_set(&timers, &all[i], 10 * (int64_t)(i + 1));
    timers_set(&timers, &all[0], 25);
    timers_set(&timers, &all[1], INT64_MAX);
    timers_set(&timers, &all[1], INT64_MAX);
    CHECK_INT(timers_next(&timers), 25);
    CHECK(timers_take(&timers, 30) == &all[0]);
    CHECK(timers_take(&timers, 30) == &all[2]);
    CHECK(timers_take(&timers, 30) == NULL);
    timers_fini(&timers);
}

static void equal_times_keep_their_order(void)
{
    struct timers timers = {0};
    struct timer all[MANY] = {0};
    for (size_t i = MANY; i-- > 0;)
        timers_set(&timers, &all[i], 7);
    for (size_t i = 0; i < MANY; i++)
        CHECK(timers_take(&timers, 7) == &all[i]);
    timers_fini(&timers);
}

/* The one that is to come next, found by looking at all. */
static struct timer *find_next(struct timer *all)
{
    struct timer *next = NULL;
    for (size_t i = 0; i < MANY; i++)
        if (all[i].place != 0 && (next == NULL || all[i].at_ms < next->at_ms))
            next = &all[i];
    return next;
}

static void whatever_is_done_to_many(void)
{
    struct timers timers = {0};
    struct timer all[MANY] = {0};
    srand(7);
    for (int turn = 0; turn < TURNS; turn++) {
        struct timer *next = find_next(all);
        CHECK_INT(timers_next(&timers), next != NULL ? next->at_ms : INT64_MAX);
        if (rand() % 3 == 0)
            CHECK(timers_take(&timers, INT64_MAX - 1) == next);
        struct timer *timer = &all[rand() % MANY];
        timers_set(&timers, timer, rand() % 10 == 0 ? INT64_MAX : rand() % 1000);
    }
    timers_fini(&timers);
}

static const struct test tests[] = {
    {"the earliest comes first", earliest_comes_first},
    {"a timer is moved and stopped", moved_and_stopped},
    {"equal times keep their order", equal_times_keep_their_order},
    {"whatever is done to many", whatever_is_done_to_many},
};

SUITE_MAIN("timer", tests)
