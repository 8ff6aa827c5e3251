/* SPDX-License-Identifier: MIT
 * What people say by hand, in a decision; what the log says of it is shown by tests/sim. */
#include "core/hand.h"

#include "core/memory.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static const int64_t noon_ms = 1795521600000; /* 2026-11-24 12:00 UTC */

static void put(struct override_list *list, enum override_kind kind, int32_t size, int64_t until_ms)
{
    override_list_put(list, (struct override){memory_copy("worker"), kind, size, noon_ms, until_ms,
                                              memory_copy("ann"), memory_copy("deploy")});
}

/* A pool that has been told of what is in the list, which is then freed. */
static struct hand hand_of(struct override_list *list, int32_t limit)
{
    struct hand hand;
    hand_init(&hand, "worker", limit);
    hand_take(&hand, list, noon_ms);
    override_list_fini(list);
    return hand;
}

/* What becomes of a decision for `wanted`. */
static struct decision decide(const struct hand *hand, int32_t wanted, int32_t present)
{
    struct decision decision = {.size = wanted};
    hand_decide(hand, present, &decision);
    return decision;
}

static void check_explained(const struct hand *hand, const struct decision *decision,
                            const char *expected)
{
    static const struct policy policy = {.per_dyno = 1, .max = INT32_MAX};
    struct reading reading = {
        noon_ms, {12, KNOWN_EXACT}, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
    struct text text = {0};
    policy_explain(&policy, decision, &reading, &text);
    hand_explain(hand, decision, &text);
    CHECK_TEXT(text_chars(&text), expected);
    text_fini(&text);
}

static void nobody_said_anything(void)
{
    struct override_list list = {0};
    struct hand hand = hand_of(&list, INT32_MAX);
    struct decision decision = decide(&hand, 5, 2);
    CHECK_INT(decision.size, 5);
    CHECK_INT(decision.n_steps, 0);
    check_explained(&hand, &decision, "12 waiting");
    CHECK_INT(hand_left_ms(&hand, noon_ms), INT64_MAX);
    hand_fini(&hand);
}

static void held_both_ways(void)
{
    struct override_list list = {0};
    put(&list, OVERRIDE_HOLD, 6, noon_ms + 1800000);
    struct hand hand = hand_of(&list, INT32_MAX);
    CHECK_INT(decide(&hand, 2, 8).size, 6);
    CHECK_INT(decide(&hand, 9, 1).size, 6);
    struct decision decision = decide(&hand, 9, 1);
    CHECK_INT(decision.steps[0].kind, STEP_BY_HAND);
    CHECK_INT(decision.steps[0].before, 9);
    CHECK_INT(decision.steps[0].after, 6);
    check_explained(&hand, &decision, "12 waiting; held at 6 by hand until 12:30:00 UTC (deploy)");
    CHECK_INT(hand_left_ms(&hand, noon_ms + 1000), 1799000);
    hand_fini(&hand);
}

static void no_more_than_can_run(void)
{
    struct override_list list = {0};
    put(&list, OVERRIDE_HOLD, 10, OVERRIDE_ENDLESS);
    struct hand hand = hand_of(&list, 4);
    struct decision decision = decide(&hand, 2, 2);
    CHECK_INT(decision.size, 4);
    check_explained(
        &hand, &decision,
        "12 waiting; held at 4 by hand (10 asked for, no more can run) until released (deploy)");
    CHECK_INT(hand_left_ms(&hand, noon_ms), INT64_MAX);
    hand_fini(&hand);
}

static void a_pause_goes_first(void)
{
    struct override_list list = {0};
    put(&list, OVERRIDE_HOLD, 6, noon_ms + 2000);
    put(&list, OVERRIDE_PAUSE, 0, noon_ms + 1000);
    struct hand hand = hand_of(&list, INT32_MAX);
    struct decision decision = decide(&hand, 9, 3);
    CHECK_INT(decision.size, 3);
    check_explained(&hand, &decision, "12 waiting; paused by hand until 12:00:01 UTC (deploy)");
    CHECK_INT(decide(&hand, 9, -1).size, 0);
    CHECK(!hand_tick(&hand, noon_ms + 999, 1));
    CHECK_INT(hand_left_ms(&hand, noon_ms + 999), 1);
    CHECK(hand_tick(&hand, noon_ms + 1000, 2));
    CHECK_INT(decide(&hand, 9, 3).size, 6);
    CHECK(hand_tick(&hand, noon_ms + 2000, 3));
    CHECK_INT(decide(&hand, 9, 3).size, 9);
    CHECK(!hand_tick(&hand, noon_ms + 3000, 4));
    hand_fini(&hand);
}

/* UTC decides, also where somebody sets it. */
static void the_clock_is_set(void)
{
    struct override_list list = {0};
    put(&list, OVERRIDE_HOLD, 6, noon_ms + 1000);
    struct hand hand = hand_of(&list, INT32_MAX);
    CHECK(!hand_tick(&hand, noon_ms - 3600000, 1));
    CHECK_INT(hand_left_ms(&hand, noon_ms - 3600000), 3601000);
    CHECK(hand_tick(&hand, noon_ms + 3600000, 2));
    hand_fini(&hand);
}

static void what_is_over_is_not_taken(void)
{
    struct override_list list = {0};
    put(&list, OVERRIDE_HOLD, 6, noon_ms);
    struct hand hand = hand_of(&list, INT32_MAX);
    CHECK(!hand_is(&hand, OVERRIDE_HOLD));
    hand_fini(&hand);
}

static void the_same_again_is_no_change(void)
{
    struct override_list list = {0};
    struct hand hand;
    hand_init(&hand, "worker", INT32_MAX);
    put(&list, OVERRIDE_HOLD, 6, OVERRIDE_ENDLESS);
    CHECK(hand_take(&hand, &list, noon_ms));
    CHECK(!hand_take(&hand, &list, noon_ms));
    put(&list, OVERRIDE_HOLD, 7, OVERRIDE_ENDLESS);
    CHECK(hand_take(&hand, &list, noon_ms));
    override_list_fini(&list);
    CHECK(hand_take(&hand, &list, noon_ms));
    CHECK(!hand_take(&hand, &list, noon_ms));
    hand_fini(&hand);
}

static void it_outlasts_a_new_configuration(void)
{
    struct override_list list = {0};
    put(&list, OVERRIDE_HOLD, 6, OVERRIDE_ENDLESS);
    struct hand old = hand_of(&list, INT32_MAX);
    struct hand hand;
    hand_init(&hand, "worker", INT32_MAX);
    hand_inherit(&hand, &old);
    hand_fini(&old);
    CHECK_INT(decide(&hand, 2, 2).size, 6);
    hand_fini(&hand);
}

/* While the file cannot be read there may be a hold in it. */
static void doubt_never_lowers(void)
{
    struct override_list list = {0};
    struct hand hand = hand_of(&list, INT32_MAX);
    hand.is_in_doubt = true;
    CHECK_INT(decide(&hand, 2, 5).size, 5);
    CHECK_INT(decide(&hand, 2, 5).steps[0].kind, STEP_DOUBT);
    CHECK_INT(decide(&hand, 7, 5).size, 7);
    CHECK_INT(decide(&hand, 2, -1).size, 2);
    hand_fini(&hand);
    put(&list, OVERRIDE_HOLD, 3, OVERRIDE_ENDLESS);
    hand = hand_of(&list, INT32_MAX);
    hand.is_in_doubt = true;
    CHECK_INT(decide(&hand, 7, 5).size, 3); /* what is known stays in force */
    hand_fini(&hand);
}

static const struct test tests[] = {
    {"nobody said anything: the policy decides", nobody_said_anything},
    {"a held pool neither grows nor shrinks", held_both_ways},
    {"a person cannot have more than can run", no_more_than_can_run},
    {"a pause goes before a hold, which outlasts it", a_pause_goes_first},
    {"the time of day ends it", the_clock_is_set},
    {"what is over is not taken", what_is_over_is_not_taken},
    {"the same again is no change", the_same_again_is_no_change},
    {"it outlasts a new configuration", it_outlasts_a_new_configuration},
    {"while the file cannot be read no size is lowered", doubt_never_lowers},
};

SUITE_MAIN("hand", tests)
