/* SPDX-License-Identifier: MIT
 * What is promised of random policies, against the same policies decided one interval at a time. */
#include "core/explain.h"
#include "tests/support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 2000, SWING_ROUNDS = 300, MOST_RULES = 6, INTERVAL_MS = 1000, INTERVALS = 1000 };

/* ---- Dice ---- */

static uint64_t dice_state;

/* 0 to most, both included. */
static int64_t upto(int64_t most)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return (int64_t)(dice_state % ((uint64_t)most + 1));
}

static bool one_in(int64_t n)
{
    return upto(n - 1) == 0;
}

/* ---- A policy ---- */

static struct rule rules[MOST_RULES];

static struct ramp random_ramp(void)
{
    struct ramp ramp = {.after_ms = upto(2) * upto(40000)};
    if (one_in(2))
        return ramp;
    ramp.is_percent = one_in(3);
    ramp.step = ramp.is_percent ? 10 + (int32_t)upto(140) : 1 + (int32_t)upto(4);
    ramp.every_ms = 1000 + upto(20000);
    return ramp;
}

/* More work never means fewer dynos, which is a mistake of the file. */
static void random_rules(enum rule_kind kind, struct policy *policy)
{
    int64_t at_least = 0;
    int32_t dynos = 0;
    for (int64_t n = upto(MOST_RULES / 2); n > 0; n--) {
        struct rule *rule = &policy->rules[policy->n_rules++];
        at_least += 1 + (kind == RULE_JOBS ? upto(20) : upto(20000));
        dynos += (int32_t)upto(5);
        *rule = (struct rule){kind, at_least, dynos, one_in(2) ? upto(at_least) : 0};
    }
}

static struct policy random_policy(void)
{
    struct policy policy = POLICY_PLAIN;
    policy.rules = rules;
    random_rules(RULE_JOBS, &policy);
    random_rules(RULE_LATENCY, &policy);
    policy.per_dyno = one_in(3) ? 1 + upto(9) : 0;
    policy.min = (int32_t)upto(2);
    policy.max = policy.min + 1 + (int32_t)upto(12);
    policy.wake = upto(3);
    policy.boot_ms = one_in(2) ? -1 : upto(40000);
    policy.linger_ms = one_in(2) ? 0 : upto(60000);
    policy.hold_ms = upto(60000);
    policy.then = (int32_t)upto(6) - 1;
    policy.up = random_ramp();
    policy.down = random_ramp();
    return policy;
}

/* ---- One interval at a time ---- */

struct slow {
    const struct policy *policy;
    struct history history;
    int64_t now_ms;
    int32_t size;
};

static void decide(struct slow *slow, struct value waiting, int64_t latency_ms)
{
    bool is_known = waiting.doubt != KNOWN_NOT;
    struct value latency = {waiting.number > 0 ? latency_ms : 0, KNOWN_EXACT};
    slow->now_ms += INTERVAL_MS;
    struct inputs inputs = {
        .reading = {slow->now_ms, waiting, is_known ? latency : VALUE_UNKNOWN,
                    is_known ? (struct value){0, KNOWN_EXACT} : VALUE_UNKNOWN, VALUE_UNKNOWN},
        .now_ms = slow->now_ms,
        .present = slow->size,
    };
    slow->size = policy_decide(slow->policy, &slow->history, &inputs).size;
}

static const struct value none = {0, KNOWN_EXACT};

static struct slow slow_of(const struct policy *policy, int32_t size)
{
    struct slow slow = {.policy = policy, .history = HISTORY_NONE, .size = size};
    decide(&slow, none, 0);
    return slow;
}

/* Whether each change of the course comes when it comes here, and no other does. */
static bool holds(struct slow *slow, struct value waiting, const struct course *course)
{
    int64_t begun_ms = slow->now_ms;
    size_t next = 0;
    for (int i = 0; i < INTERVALS; i++) {
        int32_t before = slow->size;
        decide(slow, waiting, (int64_t)INTERVAL_MS * (i + 1));
        bool is_here = next < course->n && course->all[next].at_ms == slow->now_ms - begun_ms;
        if (is_here != (slow->size != before) || (is_here && course->all[next].size != slow->size))
            return false;
        next += is_here;
    }
    return true;
}

static void courses_are_those_of_each_interval(void)
{
    dice_state = 20261124;
    for (int round = 0; round < ROUNDS; round++) {
        struct policy policy = random_policy();
        struct clockwork clockwork = {&policy, INTERVAL_MS, false};
        struct value most = {most_waiting(&policy), KNOWN_EXACT};
        int32_t least = settled_size(&policy, (struct load){0, 0}, NULL);
        struct course up = course_up(&clockwork, least, most.number);
        struct course down = course_down(&clockwork, least, most.number);
        struct course blind = course_blind(&clockwork, least);
        struct slow slow = slow_of(&policy, least);
        bool up_holds = holds(&slow, most, &up);
        bool down_holds = holds(&slow, none, &down);
        slow = slow_of(&policy, least);
        bool blind_holds = holds(&slow, VALUE_UNKNOWN, &blind);
        free(up.all);
        free(down.all);
        free(blind.all);
        if (!CHECK(up_holds) || !CHECK(down_holds) || !CHECK(blind_holds)) {
            printf("in round %d\n", round);
            return;
        }
    }
}

/* ---- Sizes ---- */

/* A load that lasts long enough has the size of its range, whether it rose to that or fell. */
static void ranges_are_where_a_load_ends(void)
{
    dice_state = 6;
    for (int round = 0; round < ROUNDS; round++) {
        struct policy policy = random_policy();
        struct ranges ranges = ranges_of(&policy, RULE_JOBS);
        for (size_t i = 0; i < ranges.n; i++) {
            struct value waiting = {ranges.all[i].from, KNOWN_EXACT};
            struct slow slow = slow_of(&policy, 0);
            for (int k = 0; k < INTERVALS; k++)
                decide(&slow, waiting, 0);
            int32_t rising = slow.size;
            for (int k = 0; k < INTERVALS; k++)
                decide(&slow, (struct value){1000000, KNOWN_EXACT}, INT64_MAX);
            for (int k = 0; k < INTERVALS; k++)
                decide(&slow, waiting, 0);
            if (!CHECK_INT(ranges.all[i].rising[0], rising) ||
                !CHECK_INT(ranges.all[i].falling[0], slow.size)) {
                printf("in round %d, at %" PRId64 "\n", round, ranges.all[i].from);
                free(ranges.all);
                return;
            }
        }
        free(ranges.all);
    }
}

/* ---- Changes ---- */

static void forget_latency(struct policy *policy)
{
    while (policy->n_rules > 0 && rules[policy->n_rules - 1].kind == RULE_LATENCY)
        policy->n_rules--;
}

/* Numbers of jobs at random, each for some time, do not change a size more often than is promised.
 */
static int32_t random_changes(const struct policy *policy)
{
    struct slow slow = slow_of(policy, settled_size(policy, (struct load){0, 0}, NULL));
    struct value waiting = none;
    int64_t lasts = 1 + upto(60);
    int32_t changes = 0;
    for (int i = 0; i < 3600; i++) {
        int32_t before = slow.size;
        if (one_in(lasts))
            waiting.number = one_in(4) ? 0 : upto(80);
        decide(&slow, waiting, 0);
        changes += slow.size != before;
    }
    return changes;
}

static void no_load_makes_more_changes(void)
{
    dice_state = 3600;
    for (int round = 0; round < SWING_ROUNDS; round++) {
        struct policy policy = random_policy();
        struct clockwork clockwork = {&policy, INTERVAL_MS, false};
        struct ranges no_latency = {0};
        forget_latency(&policy);
        struct ranges by_jobs = ranges_of(&policy, RULE_JOBS);
        int32_t most = most_changes_an_hour(&clockwork, &by_jobs, &no_latency);
        int32_t changes = random_changes(&policy);
        free(by_jobs.all);
        if (!CHECK(changes <= most)) {
            printf("in round %d: %" PRId32 ", promised %" PRId32 "\n", round, changes, most);
            return;
        }
    }
}

static int32_t most_by_jobs(const struct policy *policy)
{
    struct clockwork clockwork = {policy, INTERVAL_MS, false};
    struct ranges no_latency = {0};
    struct ranges by_jobs = ranges_of(policy, RULE_JOBS);
    int32_t most = most_changes_an_hour(&clockwork, &by_jobs, &no_latency);
    free(by_jobs.all);
    return most;
}

/* Where the way to none is long, the worst load does not go there. */
static void a_load_may_swing_over_a_few_sizes(void)
{
    struct rule two[] = {{RULE_JOBS, 1, 1, 0}, {RULE_JOBS, 10, 2, 0}};
    struct policy policy = POLICY_PLAIN;
    policy.rules = two;
    policy.n_rules = 2;
    policy.linger_ms = 600000;
    CHECK_INT(most_by_jobs(&policy), 3600);
}

/* Down by one of four, and up again at once: more often than down by all four. */
static void a_load_may_turn_early(void)
{
    struct rule one[] = {{RULE_JOBS, 10, 4, 0}};
    struct policy policy = POLICY_PLAIN;
    policy.rules = one;
    policy.n_rules = 1;
    policy.down = (struct ramp){.step = 1, .every_ms = 60000};
    policy.linger_ms = 600000;
    CHECK_INT(most_by_jobs(&policy), 3600);
}

static const struct test tests[] = {
    {"courses are those of each interval", courses_are_those_of_each_interval},
    {"ranges are where a load ends", ranges_are_where_a_load_ends},
    {"no load makes more changes", no_load_makes_more_changes},
    {"a load may swing over a few sizes", a_load_may_swing_over_a_few_sizes},
    {"a load may turn early", a_load_may_turn_early},
};

SUITE_MAIN("explain", tests)
