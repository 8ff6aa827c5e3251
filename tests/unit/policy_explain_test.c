/* SPDX-License-Identifier: MIT
 * A decision as people read it in the log. */
#include "core/policy.h"
#include "tests/support/suite.h"

#define EXACT(n)    ((struct value){(n), KNOWN_EXACT})
#define AT_LEAST(n) ((struct value){(n), KNOWN_AT_LEAST})

enum { NOW_MS = 10000000, STALE_MS = 10000, HOLD_MS = 600000 };

static struct rule rules[] = {
    {RULE_JOBS, 30, 15, 0}, {RULE_JOBS, 10, 1, 0}, {RULE_LATENCY, 90000, 8, 0}};

static struct policy jobs_policy(void)
{
    return (struct policy){.rules = rules,
                           .n_rules = 2,
                           .min = 1,
                           .max = INT32_MAX,
                           .stale_ms = STALE_MS,
                           .hold_ms = HOLD_MS,
                           .then = -1,
                           .protect = PROTECT_NONE};
}

static struct policy both_policy(void)
{
    return (struct policy){.rules = rules,
                           .n_rules = 3,
                           .min = 1,
                           .max = INT32_MAX,
                           .stale_ms = STALE_MS,
                           .hold_ms = HOLD_MS,
                           .then = -1,
                           .protect = PROTECT_NONE};
}

static struct reading measured(struct value waiting, struct value latency)
{
    return (struct reading){NOW_MS, waiting, latency, VALUE_UNKNOWN, VALUE_UNKNOWN};
}

/* Decides now, having been blind since `blind_since_ms`, and checks the line. */
static void check_blind(const struct policy *policy, struct reading reading, int32_t present,
                        int64_t blind_since_ms, const char *expected)
{
    struct history history = {.blind_since_ms = blind_since_ms};
    struct text line = {0};
    struct inputs inputs = {.reading = reading, .now_ms = NOW_MS, .present = present};
    struct decision decision = policy_decide(policy, &history, &inputs);
    policy_explain(policy, &decision, &reading, &line);
    CHECK_TEXT(text_chars(&line), expected);
    text_fini(&line);
}

static void check(const struct policy *policy, struct reading reading, int32_t present,
                  const char *expected)
{
    check_blind(policy, reading, present, 0, expected);
}

static void a_rule_and_a_bound(void)
{
    struct policy policy = jobs_policy();
    policy.max = 10;
    check(&policy, measured(EXACT(31), EXACT(40000)), 1,
          "31 waiting, oldest 40 s; rule at_least 30: 15 dynos; max 10: 10");
    policy.min = 3;
    check(&policy, measured(EXACT(11), VALUE_UNKNOWN), 1,
          "11 waiting; rule at_least 10: 1 dyno; min 3: 3");
    check(&policy, measured(EXACT(2), VALUE_UNKNOWN), 5, "2 waiting; below every rule: 3 dynos");
}

static void every_vote_is_told(void)
{
    struct policy policy = both_policy();
    policy.per_dyno = 25;
    check(&policy, measured(EXACT(31), EXACT(95000)), 1,
          "31 waiting, oldest 1 min 35 s; rule at_least 30: 15 dynos; per_dyno 25: 2 dynos; "
          "rule latency 1 min 30 s: 8 dynos");
}

static void an_empty_queue_has_no_oldest_job(void)
{
    struct policy policy = both_policy();
    check(&policy, measured(EXACT(0), EXACT(0)), 5, "0 waiting; below every rule: 1 dyno");
}

static void doubt_is_told_where_it_mattered(void)
{
    struct policy policy = both_policy();
    check(&policy, measured(AT_LEAST(12), EXACT(1500)), 7,
          "at least 12 waiting, oldest 1 s 500 ms; rule at_least 10: 1 dyno; "
          "not certain, so not lowered: 7");
    check(&policy, measured(EXACT(12), AT_LEAST(91000)), 1,
          "12 waiting, oldest at least 1 min 31 s; rule at_least 10: 1 dyno; "
          "rule latency 1 min 30 s: 8 dynos");
    check(&policy, measured(EXACT(12), VALUE_UNKNOWN), 7,
          "12 waiting, oldest unknown; rule at_least 10: 1 dyno; not certain, so not lowered: 7");
}

static void blindness_is_told_with_its_cause(void)
{
    struct policy policy = both_policy();
    struct reading reading = measured(VALUE_UNKNOWN, VALUE_UNKNOWN);
    check(&policy, reading, 7, "waiting unknown, oldest unknown; held: 7");
    reading.at_ms = 0;
    check(&policy, reading, 7, "not measured yet; held: 7");
    reading = measured(EXACT(31), EXACT(5000));
    reading.at_ms = NOW_MS - STALE_MS - 1;
    check(&policy, reading, 7, "last measured too long ago: 31 waiting, oldest 5 s; held: 7");
    policy.max = 5;
    check(&policy, reading, 7,
          "last measured too long ago: 31 waiting, oldest 5 s; held: 7; max 5: 5");
}

static void then_is_told(void)
{
    struct policy policy = jobs_policy();
    struct reading reading = measured(VALUE_UNKNOWN, VALUE_UNKNOWN);
    policy.then = 3;
    check_blind(&policy, reading, 1, NOW_MS - HOLD_MS,
                "waiting unknown; hold 10 min is over, then: 3");
    check_blind(&policy, reading, 4, NOW_MS - HOLD_MS, "waiting unknown; held: 4");
}

static void a_policy_without_rules_says_so(void)
{
    struct policy policy = {.rules = NULL,
                            .n_rules = 0,
                            .per_dyno = 0,
                            .min = 3,
                            .max = 9,
                            .stale_ms = STALE_MS,
                            .hold_ms = HOLD_MS,
                            .then = -1,
                            .protect = PROTECT_NONE};
    check(&policy, measured(VALUE_UNKNOWN, VALUE_UNKNOWN), 5,
          "nothing to look at; below every rule: 3 dynos");
}

static void durations_have_the_units_of_people(void)
{
    static const struct {
        int64_t ms;
        const char *line;
    } cases[] = {
        {0, "oldest 0 ms"},
        {999, "oldest 999 ms"},
        {1000, "oldest 1 s"},
        {9999, "oldest 9 s 999 ms"},
        {10999, "oldest 10 s"},
        {59999, "oldest 59 s"},
        {60000, "oldest 1 min"},
        {125000, "oldest 2 min 5 s"},
        {3600000, "oldest 1 h"},
        {12000000, "oldest 3 h 20 min"},
        {86399999, "oldest 23 h 59 min"},
        {187200000, "oldest 2 d 4 h"},
        {INT64_MAX, "oldest 106751991167 d 7 h"},
    };
    struct policy policy = {.rules = &rules[2], .n_rules = 1, .min = 1, .max = 9};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decision decision = {0};
        struct reading reading = measured(VALUE_UNKNOWN, EXACT(cases[i].ms));
        struct text line = {0};
        policy_explain(&policy, &decision, &reading, &line);
        CHECK_TEXT(text_chars(&line), cases[i].line);
        text_fini(&line);
    }
}

static void crashes_are_told(void)
{
    struct policy policy = jobs_policy();
    struct history history = HISTORY_NONE;
    struct reading reading = measured(EXACT(31), VALUE_UNKNOWN);
    struct text line = {0};
    struct inputs inputs = {.reading = reading, .now_ms = NOW_MS, .present = 3, .crashed = 2};
    struct decision decision = policy_decide(&policy, &history, &inputs);
    policy_explain(&policy, &decision, &reading, &line);
    CHECK_TEXT(text_chars(&line),
               "31 waiting; rule at_least 30: 15 dynos; 2 of 3 have crashed, so not raised: 3");
    text_fini(&line);
}

static const struct test tests[] = {
    {"crashes are told", crashes_are_told},
    {"a rule and a bound", a_rule_and_a_bound},
    {"every vote is told", every_vote_is_told},
    {"an empty queue has no oldest job", an_empty_queue_has_no_oldest_job},
    {"doubt is told where it mattered", doubt_is_told_where_it_mattered},
    {"blindness is told with its cause", blindness_is_told_with_its_cause},
    {"then is told", then_is_told},
    {"a policy without rules says so", a_policy_without_rules_says_so},
    {"durations have the units of people", durations_have_the_units_of_people},
};
SUITE_MAIN("policy: explain", tests)
