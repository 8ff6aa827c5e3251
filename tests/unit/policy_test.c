/* SPDX-License-Identifier: MIT
 * What the policy decides, case by case. */
#include "core/policy.h"
#include "tests/support/suite.h"

#include <stdio.h>

#define JOBS(n, d)                                       \
    {                                                    \
        .kind = RULE_JOBS, .at_least = (n), .dynos = (d) \
    }
#define LATENCY(n, d)                                       \
    {                                                       \
        .kind = RULE_LATENCY, .at_least = (n), .dynos = (d) \
    }
#define EXACT(n)    ((struct value){(n), KNOWN_EXACT})
#define AT_LEAST(n) ((struct value){(n), KNOWN_AT_LEAST})
#define N(array)    (sizeof(array) / sizeof((array)[0]))

enum { NOW_MS = 10000000, STALE_MS = 10000, HOLD_MS = 600000 };

/* The policies of the cases. Rules stand in no order on purpose. */
static struct rule jobs_rules[] = {JOBS(30, 15), JOBS(10, 5), JOBS(20, 10)};
static struct rule hobby_rules[] = {JOBS(1, 1), JOBS(50, 2), JOBS(100, 3)};
static struct rule latency_rules[] = {LATENCY(60000, 9), LATENCY(30000, 8)};
static struct rule both_rules[] = {JOBS(10, 5), LATENCY(30000, 8), JOBS(30, 15)};
static struct rule falling_rules[] = {JOBS(0, 6), JOBS(10, 2)};
static struct rule twin_rules[] = {JOBS(10, 3), JOBS(10, 7), JOBS(10, 5)};
static struct rule zero_rule[] = {JOBS(0, 4)};
static struct rule extreme_rules[] = {JOBS(INT64_MAX, INT32_MAX), JOBS(0, 0)};

#define POLICY(rules_, per_dyno_, min_, max_) \
    THEN(rules_, N(rules_), per_dyno_, min_, max_, HOLD_MS, -1)
#define THEN(rules_, n, per_dyno_, min_, max_, hold, then_)                             \
    {                                                                                   \
        .rules = rules_, .n_rules = n, .per_dyno = per_dyno_, .min = min_, .max = max_, \
        .stale_ms = STALE_MS, .hold_ms = hold, .then = then_, .protect = PROTECT_NONE   \
    }

static const struct policy jobs = POLICY(jobs_rules, 0, 1, INT32_MAX);
static const struct policy capped = POLICY(jobs_rules, 0, 2, 8);
static const struct policy hobby = POLICY(hobby_rules, 0, 0, 4);
static const struct policy latency = POLICY(latency_rules, 0, 1, INT32_MAX);
static const struct policy both = POLICY(both_rules, 0, 1, INT32_MAX);
static const struct policy falling = POLICY(falling_rules, 0, 0, INT32_MAX);
static const struct policy twins = POLICY(twin_rules, 0, 0, INT32_MAX);
static const struct policy zero = POLICY(zero_rule, 0, 0, INT32_MAX);
static const struct policy extreme = POLICY(extreme_rules, 0, 0, INT32_MAX);
static const struct policy per_25 = THEN(NULL, 0, 25, 1, 20, HOLD_MS, -1);
static const struct policy per_1 = THEN(NULL, 0, 1, 0, INT32_MAX, HOLD_MS, -1);
static const struct policy per_most = THEN(NULL, 0, INT64_MAX, 0, 9, HOLD_MS, -1);
static const struct policy mixed = POLICY(jobs_rules, 2, 1, 20);
static const struct policy no_rules = THEN(NULL, 0, 0, 3, 20, HOLD_MS, -1);
static const struct policy with_then = THEN(jobs_rules, N(jobs_rules), 0, 1, 8, HOLD_MS, 6);
static const struct policy then_past_max = THEN(jobs_rules, N(jobs_rules), 0, 1, 8, HOLD_MS, 12);
static const struct policy at_once = THEN(jobs_rules, N(jobs_rules), 0, 1, 8, 0, 6);

static struct decision decide_at(const struct policy *policy, struct history *history,
                                 struct reading reading, int32_t present, int64_t now_ms)
{
    struct inputs inputs = {.reading = reading, .now_ms = now_ms, .present = present};
    return policy_decide(policy, history, &inputs);
}

static struct decision decide(const struct policy *policy, struct reading reading, int32_t present)
{
    struct history history = HISTORY_NONE;
    return decide_at(policy, &history, reading, present, NOW_MS);
}

struct a_case {
    const char *name;
    const struct policy *policy;
    struct value waiting;
    struct value latency;
    int32_t present;
    int32_t size;
};

static void check_cases(const struct a_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct reading reading = {NOW_MS - 1000, cases[i].waiting, cases[i].latency, VALUE_UNKNOWN,
                                  VALUE_UNKNOWN};
        struct decision decision = decide(cases[i].policy, reading, cases[i].present);
        if (!CHECK_INT(decision.size, cases[i].size))
            printf("    in the case: %s\n", cases[i].name);
    }
}

/* ---- Votes ---- */

static void the_greatest_rule_not_above_the_value_votes(void)
{
    const struct a_case cases[] = {
        {"25 jobs", &jobs, EXACT(25), VALUE_UNKNOWN, 1, 10},
        {"31 jobs", &jobs, EXACT(31), VALUE_UNKNOWN, 1, 15},
        {"30 jobs, the edge", &jobs, EXACT(30), VALUE_UNKNOWN, 1, 15},
        {"29 jobs, under it", &jobs, EXACT(29), VALUE_UNKNOWN, 1, 10},
        {"and down again", &jobs, EXACT(10), VALUE_UNKNOWN, 15, 5},
        {"below every rule: min", &jobs, EXACT(9), VALUE_UNKNOWN, 15, 1},
        {"none waits: min", &jobs, EXACT(0), VALUE_UNKNOWN, 15, 1},
        {"hobby, 55 jobs", &hobby, EXACT(55), VALUE_UNKNOWN, 0, 2},
        {"hobby, 20 jobs", &hobby, EXACT(20), VALUE_UNKNOWN, 2, 1},
        {"hobby, none", &hobby, EXACT(0), VALUE_UNKNOWN, 1, 0},
        {"a rule at 0", &zero, EXACT(0), VALUE_UNKNOWN, 0, 4},
        {"fewer dynos for more jobs, as written", &falling, EXACT(10), VALUE_UNKNOWN, 6, 2},
        {"of twins the most dynos", &twins, EXACT(10), VALUE_UNKNOWN, 0, 7},
    };
    check_cases(cases, N(cases));
}

static void latency_votes_likewise(void)
{
    const struct a_case cases[] = {
        {"30 s, the edge", &latency, VALUE_UNKNOWN, EXACT(30000), 1, 8},
        {"59.999 s", &latency, VALUE_UNKNOWN, EXACT(59999), 1, 8},
        {"60 s", &latency, VALUE_UNKNOWN, EXACT(60000), 1, 9},
        {"under every rule: min", &latency, VALUE_UNKNOWN, EXACT(29999), 9, 1},
        {"waiting is not looked at", &latency, EXACT(1000), EXACT(0), 9, 1},
    };
    check_cases(cases, N(cases));
}

static void per_dyno_votes_for_a_part_as_for_a_whole(void)
{
    const struct a_case cases[] = {
        {"none: min", &per_25, EXACT(0), VALUE_UNKNOWN, 9, 1},
        {"one job: one dyno", &per_25, EXACT(1), VALUE_UNKNOWN, 9, 1},
        {"25", &per_25, EXACT(25), VALUE_UNKNOWN, 9, 1},
        {"26", &per_25, EXACT(26), VALUE_UNKNOWN, 1, 2},
        {"500: max", &per_25, EXACT(500), VALUE_UNKNOWN, 1, 20},
        {"501: still max", &per_25, EXACT(501), VALUE_UNKNOWN, 1, 20},
    };
    check_cases(cases, N(cases));
}

static void the_largest_vote_wins(void)
{
    const struct a_case cases[] = {
        {"jobs over latency", &both, EXACT(31), EXACT(40000), 1, 15},
        {"latency over jobs", &both, EXACT(11), EXACT(40000), 1, 8},
        {"latency alone", &both, EXACT(3), EXACT(40000), 1, 8},
        {"jobs alone", &both, EXACT(11), EXACT(2000), 9, 5},
        {"neither: min", &both, EXACT(3), EXACT(2000), 9, 1},
        {"per_dyno over a rule", &mixed, EXACT(24), VALUE_UNKNOWN, 1, 12},
        {"a rule over per_dyno", &mixed, EXACT(12), VALUE_UNKNOWN, 1, 6},
        {"no rules: min", &no_rules, EXACT(500), VALUE_UNKNOWN, 9, 3},
    };
    check_cases(cases, N(cases));
}

static void the_greatest_numbers_do_not_overflow(void)
{
    const struct a_case cases[] = {
        {"one dyno a job", &per_1, EXACT(INT64_MAX), VALUE_UNKNOWN, 0, INT32_MAX},
        {"just past 32 bits", &per_1, EXACT((int64_t)INT32_MAX + 1), VALUE_UNKNOWN, 0, INT32_MAX},
        {"just within", &per_1, EXACT(INT32_MAX), VALUE_UNKNOWN, 0, INT32_MAX},
        {"all jobs on one dyno", &per_most, EXACT(INT64_MAX), VALUE_UNKNOWN, 0, 1},
        {"one fewer", &per_most, EXACT(INT64_MAX - 1), VALUE_UNKNOWN, 0, 1},
        {"the greatest rule", &extreme, EXACT(INT64_MAX), VALUE_UNKNOWN, 0, INT32_MAX},
        {"one job fewer", &extreme, EXACT(INT64_MAX - 1), VALUE_UNKNOWN, INT32_MAX, 0},
        {"the oldest job", &latency, VALUE_UNKNOWN, EXACT(INT64_MAX), 0, 9},
        {"the greatest size", &capped, VALUE_UNKNOWN, VALUE_UNKNOWN, INT32_MAX, 8},
        {"a number under 0 is none", &jobs, EXACT(INT64_MIN), VALUE_UNKNOWN, 7, 7},
    };
    check_cases(cases, N(cases));
    struct reading ancient = {1, EXACT(0), VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
    struct history history = {.blind_since_ms = 1};
    CHECK_INT(decide_at(&jobs, &history, ancient, 7, INT64_MAX).size, 7);
}

/* ---- Doubt ---- */

static void doubt_raises_and_never_lowers(void)
{
    const struct a_case cases[] = {
        {"unknown: stays", &jobs, VALUE_UNKNOWN, VALUE_UNKNOWN, 7, 7},
        {"at least, under the top rule: not lowered", &jobs, AT_LEAST(12), VALUE_UNKNOWN, 7, 7},
        {"at least, under the top rule: raised", &jobs, AT_LEAST(22), VALUE_UNKNOWN, 7, 10},
        {"at least, under every rule: not lowered", &jobs, AT_LEAST(2), VALUE_UNKNOWN, 7, 7},
        {"at least, under every rule: raised to min", &jobs, AT_LEAST(2), VALUE_UNKNOWN, 0, 1},
        {"at least, at the top rule: no doubt", &jobs, AT_LEAST(30), VALUE_UNKNOWN, 20, 15},
        {"at least, a rule at 0: no doubt", &zero, AT_LEAST(0), VALUE_UNKNOWN, 9, 4},
        {"at least, more jobs would lower", &falling, AT_LEAST(3), VALUE_UNKNOWN, 8, 8},
        {"per_dyno at least, under max", &per_25, AT_LEAST(30), VALUE_UNKNOWN, 9, 9},
        {"per_dyno at least, under max: raised", &per_25, AT_LEAST(300), VALUE_UNKNOWN, 9, 12},
        {"per_dyno at least, at max", &per_25, AT_LEAST(500), VALUE_UNKNOWN, 30, 20},
        {"top rule, but per_dyno could want more", &mixed, AT_LEAST(31), VALUE_UNKNOWN, 18, 18},
        {"top rule, and per_dyno fills max", &mixed, AT_LEAST(40), VALUE_UNKNOWN, 30, 20},
        {"waiting known, latency unknown", &both, EXACT(11), VALUE_UNKNOWN, 7, 7},
        {"waiting known, latency unknown: raised", &both, EXACT(31), VALUE_UNKNOWN, 7, 15},
        {"waiting below, latency unknown", &both, EXACT(1), VALUE_UNKNOWN, 7, 7},
        {"waiting unknown, latency known", &both, VALUE_UNKNOWN, EXACT(1000), 7, 7},
        {"waiting unknown, latency known: raised", &both, VALUE_UNKNOWN, EXACT(40000), 7, 8},
        {"waiting at least, latency exact", &both, AT_LEAST(11), EXACT(0), 7, 7},
        {"waiting exact, latency at least, at its top", &both, EXACT(11), AT_LEAST(30000), 20, 8},
        {"waiting exact, latency at least, under it", &both, EXACT(11), AT_LEAST(3000), 7, 7},
        {"both at least, both at the top", &both, AT_LEAST(30), AT_LEAST(30000), 20, 15},
        {"both at least, one under the top", &both, AT_LEAST(30), AT_LEAST(3000), 20, 20},
        {"latency at least, between its rules", &latency, VALUE_UNKNOWN, AT_LEAST(31000), 9, 9},
        {"a metric that no rule looks at is no doubt", &jobs, EXACT(11), VALUE_UNKNOWN, 9, 5},
    };
    check_cases(cases, N(cases));
}

static void a_stale_reading_is_unknown(void)
{
    struct reading reading = {NOW_MS - STALE_MS, EXACT(0), EXACT(0), EXACT(0), VALUE_UNKNOWN};
    CHECK_INT(decide(&both, reading, 7).size, 1); /* just young enough */
    reading.at_ms--;
    CHECK_INT(decide(&both, reading, 7).size, 7);
    reading.waiting = EXACT(31);
    CHECK_INT(decide(&both, reading, 7).size, 7); /* what was is no reason to grow either */
    reading.at_ms = 0;
    CHECK_INT(decide(&both, reading, 7).size, 7); /* never measured */
}

static void an_unknown_size_is_not_taken_for_zero(void)
{
    struct reading reading = {NOW_MS, EXACT(25), VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
    CHECK_INT(decide(&jobs, reading, -1).size, 10); /* decided; the caller does not apply it */
    reading.waiting = VALUE_UNKNOWN;
    struct decision decision = decide(&jobs, reading, -1);
    CHECK_INT(decision.size, 1);
    CHECK_INT(decision.steps[0].kind, STEP_HOLD);
}

/* ---- Hold, then ---- */

/* Decides at a time with nothing known. */
static int32_t blind(const struct policy *policy, struct history *history, int32_t present,
                     int64_t now_ms)
{
    struct reading reading = {now_ms, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
    return decide_at(policy, history, reading, present, now_ms).size;
}

static void blindness_holds_the_size_and_then_raises_it(void)
{
    struct history history = {0};
    CHECK_INT(blind(&with_then, &history, 3, NOW_MS), 3);
    CHECK_INT(history.blind_since_ms, NOW_MS);
    CHECK_INT(blind(&with_then, &history, 3, NOW_MS + HOLD_MS - 1), 3);
    CHECK_INT(history.blind_since_ms, NOW_MS);
    CHECK_INT(blind(&with_then, &history, 3, NOW_MS + HOLD_MS), 6);
    CHECK_INT(blind(&with_then, &history, 7, NOW_MS + HOLD_MS), 7);  /* raising only */
    CHECK_INT(blind(&jobs, &history, 3, NOW_MS + 100 * HOLD_MS), 3); /* no `then` */
    CHECK_INT(blind(&then_past_max, &history, 3, NOW_MS + HOLD_MS), 8);
}

static void hold_may_be_nothing(void)
{
    struct history history = {0};
    CHECK_INT(blind(&at_once, &history, 3, NOW_MS), 6);
}

static void one_vote_ends_blindness(void)
{
    struct history history = {0};
    struct reading half = {NOW_MS + 5000, VALUE_UNKNOWN, EXACT(0), VALUE_UNKNOWN, VALUE_UNKNOWN};
    blind(&both, &history, 3, NOW_MS);
    CHECK_INT(decide_at(&both, &history, half, 3, NOW_MS + 5000).size, 3);
    CHECK_INT(history.blind_since_ms, 0);
    blind(&both, &history, 3, NOW_MS + 6000);
    CHECK_INT(history.blind_since_ms, NOW_MS + 6000); /* and it counts from the beginning */
}

static void without_rules_nothing_is_missed(void)
{
    struct history history = {0};
    CHECK_INT(blind(&no_rules, &history, 9, NOW_MS), 3);
    CHECK_INT(history.blind_since_ms, 0);
}

/* ---- Bounds ---- */

static void bounds_come_last_and_hold_in_doubt_too(void)
{
    const struct a_case cases[] = {
        {"cut to max", &capped, EXACT(25), VALUE_UNKNOWN, 1, 8},
        {"raised to min", &capped, EXACT(0), VALUE_UNKNOWN, 8, 2},
        {"unknown, above max: a person's max holds", &capped, VALUE_UNKNOWN, VALUE_UNKNOWN, 12, 8},
        {"unknown, under min", &capped, VALUE_UNKNOWN, VALUE_UNKNOWN, 1, 2},
        {"unknown, within", &capped, VALUE_UNKNOWN, VALUE_UNKNOWN, 5, 5},
        {"at least, above max", &capped, AT_LEAST(12), VALUE_UNKNOWN, 12, 8},
        {"at least, within", &capped, AT_LEAST(12), VALUE_UNKNOWN, 7, 7},
    };
    check_cases(cases, N(cases));
}

static void min_above_max_gives_max(void)
{
    struct policy crossed = capped;
    crossed.min = 9;
    struct reading reading = {NOW_MS, EXACT(0), VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
    CHECK_INT(decide(&crossed, reading, 1).size, 8);
}

/* ---- Steps ---- */

static void check_step(const struct decision *decision, size_t i, enum step_kind kind,
                       int32_t before, int32_t after, int32_t rule)
{
    CHECK(i < decision->n_steps);
    CHECK_INT(decision->steps[i].kind, kind);
    CHECK_INT(decision->steps[i].before, before);
    CHECK_INT(decision->steps[i].after, after);
    CHECK_INT(decision->steps[i].rule, rule);
}

static void a_decision_carries_its_steps(void)
{
    struct policy policy = both;
    policy.per_dyno = 10;
    policy.max = 10;
    struct reading reading = {NOW_MS, AT_LEAST(12), EXACT(40000), VALUE_UNKNOWN, VALUE_UNKNOWN};
    struct decision decision = decide(&policy, reading, 12);
    CHECK_INT(decision.n_steps, 5);
    check_step(&decision, 0, STEP_JOBS, 12, 5, 0);
    check_step(&decision, 1, STEP_PER_DYNO, 12, 2, -1);
    check_step(&decision, 2, STEP_LATENCY, 12, 8, 1);
    check_step(&decision, 3, STEP_DOUBT, 8, 12, -1);
    check_step(&decision, 4, STEP_MAX, 12, 10, -1);
    CHECK_INT(decision.steps[0].seen.number, 12);
    CHECK_INT(decision.steps[0].seen.doubt, KNOWN_AT_LEAST);
    CHECK_INT(decision.steps[2].seen.number, 40000);
}

static void a_step_that_changes_nothing_is_left_out(void)
{
    struct reading reading = {NOW_MS, AT_LEAST(22), VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
    struct decision decision = decide(&jobs, reading, 3); /* in doubt, but it grows */
    CHECK_INT(decision.n_steps, 1);
    check_step(&decision, 0, STEP_JOBS, 3, 10, 2);
    reading.waiting = EXACT(3);
    decision = decide(&capped, reading, 3);
    CHECK_INT(decision.n_steps, 1);
    check_step(&decision, 0, STEP_BELOW, 3, 2, -1);
}

/* ---- What an adapter is asked for ---- */

static void only_what_a_rule_looks_at_is_wanted(void)
{
    CHECK(policy_wants_waiting(&jobs));
    CHECK(!policy_wants_latency(&jobs));
    CHECK(!policy_wants_waiting(&latency));
    CHECK(policy_wants_latency(&latency));
    CHECK(policy_wants_waiting(&both));
    CHECK(policy_wants_latency(&both));
    CHECK(policy_wants_waiting(&per_25));
    CHECK(policy_wants_waiting(&zero));
    CHECK(!policy_wants_waiting(&no_rules));
}

static void the_cap_is_where_no_count_matters_any_more(void)
{
    CHECK_INT(policy_cap(&jobs), 30);
    CHECK_INT(policy_cap(&hobby), 100);
    CHECK_INT(policy_cap(&zero), 1); /* 0 would ask for all */
    CHECK_INT(policy_cap(&latency), 1);
    CHECK_INT(policy_cap(&both), 30);
    CHECK_INT(policy_cap(&per_25), 500);
    CHECK_INT(policy_cap(&mixed), 40); /* past both */
    CHECK_INT(policy_cap(&per_1), 0);  /* without max every job matters */
    CHECK_INT(policy_cap(&per_most), 0);
    CHECK_INT(policy_cap(&extreme), INT64_MAX);
    struct policy few = mixed;
    few.max = 3;
    CHECK_INT(policy_cap(&few), 30);
    few.max = 0;
    few.n_rules = 0;
    CHECK_INT(policy_cap(&few), 1);
}

static int32_t decide_crashed(const struct policy *policy, int64_t waiting, int32_t present,
                              int32_t crashed)
{
    struct history history = HISTORY_NONE;
    struct inputs inputs = {
        .reading = {NOW_MS, EXACT(waiting), VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN},
        .now_ms = NOW_MS,
        .present = present,
        .crashed = crashed,
    };
    return policy_decide(policy, &history, &inputs).size;
}

static void crashing_dynos_are_not_fed(void)
{
    static const struct {
        int32_t crashed;
        int32_t present;
        int32_t jobs;
        int32_t expected;
    } cases[] = {
        {0, 2, 40, 15},                                             /* none crashed */
        {1, 3, 40, 15},                                             /* fewer than half */
        {1, 2, 40, 2},  {2, 3, 40, 3}, {3, 3, 40, 3}, {3, 3, 0, 0}, /* shrinking goes on */
        {0, 0, 40, 15},                                             /* none runs that could crash */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct rule rules[] = {JOBS(30, 15)};
        struct policy policy = POLICY(rules, 0, 0, INT32_MAX);
        CHECK_INT(decide_crashed(&policy, cases[i].jobs, cases[i].present, cases[i].crashed),
                  cases[i].expected);
    }
}

static void min_holds_when_dynos_crash(void)
{
    struct rule rules[] = {JOBS(30, 15)};
    struct policy policy = POLICY(rules, 0, 4, INT32_MAX);
    CHECK_INT(decide_crashed(&policy, 40, 2, 2), 4);
}

static void a_wait_for_the_busy_lasts_while_the_size_is_unknown(void)
{
    struct policy policy = POLICY(jobs_rules, 0, 1, INT32_MAX);
    struct history history = HISTORY_NONE;
    policy.protect = PROTECT_IDLE;
    policy.protect_ms = 600000;
    static const struct {
        int64_t after_ms;
        int32_t present;
        int32_t size;
    } moments[] = {{0, 5, 5}, {1000, -1, 1}, {599999, 5, 5}, {600000, 5, 1}};
    for (size_t i = 0; i < N(moments); i++) {
        int64_t now_ms = NOW_MS + moments[i].after_ms;
        struct reading reading = {now_ms, EXACT(0), VALUE_UNKNOWN, EXACT(1), VALUE_UNKNOWN};
        struct decision decision =
            decide_at(&policy, &history, reading, moments[i].present, now_ms);
        CHECK_INT(decision.size, moments[i].size);
    }
}

static const struct test tests[] = {
    {"crashing dynos are not fed", crashing_dynos_are_not_fed},
    {"min holds when dynos crash", min_holds_when_dynos_crash},
    {"the greatest rule not above the value votes", the_greatest_rule_not_above_the_value_votes},
    {"latency votes likewise", latency_votes_likewise},
    {"per_dyno votes for a part as for a whole", per_dyno_votes_for_a_part_as_for_a_whole},
    {"the largest vote wins", the_largest_vote_wins},
    {"the greatest numbers do not overflow", the_greatest_numbers_do_not_overflow},
    {"doubt raises and never lowers", doubt_raises_and_never_lowers},
    {"a stale reading is unknown", a_stale_reading_is_unknown},
    {"an unknown size is not taken for zero", an_unknown_size_is_not_taken_for_zero},
    {"blindness holds the size and then raises it", blindness_holds_the_size_and_then_raises_it},
    {"hold may be nothing", hold_may_be_nothing},
    {"one vote ends blindness", one_vote_ends_blindness},
    {"without rules nothing is missed", without_rules_nothing_is_missed},
    {"bounds come last and hold in doubt too", bounds_come_last_and_hold_in_doubt_too},
    {"min above max gives max", min_above_max_gives_max},
    {"a decision carries its steps", a_decision_carries_its_steps},
    {"a step that changes nothing is left out", a_step_that_changes_nothing_is_left_out},
    {"only what a rule looks at is wanted", only_what_a_rule_looks_at_is_wanted},
    {"a wait for the busy lasts while the size is unknown",
     a_wait_for_the_busy_lasts_while_the_size_is_unknown},
    {"the cap is where no count matters any more", the_cap_is_where_no_count_matters_any_more},
};
SUITE_MAIN("policy", tests)
