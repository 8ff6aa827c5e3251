/* SPDX-License-Identifier: MIT
 * What holds for every policy and every reading, shown on random ones. The seed is fixed, so that a
 * failure comes back; the first counterexample of each property is printed. */
#include "core/policy.h"
#include "tests/support/suite.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 100000, MOST_RULES = 6, COMPLETIONS = 8 };

/* ---- Dice ---- */

static uint64_t dice_state;

static uint64_t dice(void)
{
    dice_state ^= dice_state << 13;
    dice_state ^= dice_state >> 7;
    dice_state ^= dice_state << 17;
    return dice_state;
}

/* 0 to most, both included. */
static int64_t upto(int64_t most)
{
    return (int64_t)(dice() % ((uint64_t)most + 1));
}

static bool one_in(int64_t n)
{
    return upto(n - 1) == 0;
}

/* Mostly small, so that cases meet; at times of any magnitude, or the greatest there is. */
static int64_t number(void)
{
    if (one_in(20))
        return INT64_MAX - upto(1);
    if (one_in(10))
        return (int64_t)(dice() >> (1 + upto(62)));
    return upto(60);
}

/* ---- A case ---- */

struct world {
    struct rule rules[MOST_RULES];
    struct policy policy;
    struct history history;
    struct reading reading;
    int32_t present;
    int32_t crashed;
    bool names_busy;
    int64_t now_ms;
};

static struct inputs inputs_of(const struct world *world)
{
    return (struct inputs){
        .reading = world->reading,
        .now_ms = world->now_ms,
        .present = world->present,
        .crashed = world->crashed,
        .names_busy = world->names_busy,
    };
}

/* One die a statement: the order within an expression is the compiler's. */
static struct rule random_rule(void)
{
    struct rule rule = {0};
    rule.kind = one_in(3) ? RULE_LATENCY : RULE_JOBS;
    rule.at_least = number();
    rule.dynos = one_in(30) ? INT32_MAX : (int32_t)upto(30);
    return rule;
}

static struct value random_value(void)
{
    struct value value = {0, KNOWN_NOT};
    if (one_in(4))
        return value;
    value.number = number();
    value.doubt = one_in(3) ? KNOWN_AT_LEAST : KNOWN_EXACT;
    return value;
}

static void fill_policy(struct policy *policy, struct rule *rules)
{
    policy->rules = rules;
    policy->n_rules = (size_t)upto(MOST_RULES);
    policy->per_dyno = one_in(3) ? 1 + number() % INT64_MAX : 0;
    policy->min = (int32_t)upto(5);
    policy->max = one_in(4) ? INT32_MAX : policy->min + (int32_t)upto(30);
    policy->stale_ms = upto(20);
    policy->hold_ms = upto(20);
    policy->then = (int32_t)upto(15) - 1;
    policy->wake = upto(2);
    policy->boot_ms = upto(20);
    policy->protect = PROTECT_NONE;
    for (size_t i = 0; i < policy->n_rules; i++)
        rules[i] = random_rule();
}

/* A policy of rules alone, and no past. */
static void fill(struct world *world)
{
    memset(world, 0, sizeof *world);
    fill_policy(&world->policy, world->rules);
    world->now_ms = 1000 + upto(1000);
    world->reading.at_ms = world->now_ms - upto(30);
    world->reading.waiting = random_value();
    world->reading.latency = random_value();
    world->history = (struct history)HISTORY_NONE;
    world->history.blind_since_ms = one_in(2) ? 0 : world->now_ms - upto(30);
    world->present = one_in(30) ? INT32_MAX : (int32_t)upto(41) - 1;
}

static struct ramp random_ramp(void)
{
    struct ramp ramp = {.after_ms = one_in(2) ? 0 : upto(40)};
    if (one_in(2))
        return ramp;
    ramp.step = 1 + (int32_t)upto(8);
    ramp.is_percent = one_in(3);
    ramp.every_ms = 1 + upto(20);
    return ramp;
}

static void pass_time(struct world *world)
{
    world->now_ms += 1 + upto(15);
    world->reading.at_ms = world->now_ms - upto(25);
    world->reading.waiting = random_value();
    world->reading.latency = random_value();
    world->reading.busy = random_value();
    world->reading.next_due = random_value();
    world->crashed = one_in(5) ? (int32_t)upto(5) : 0;
}

/* The whole policy, and a past that some decisions left. */
static void fill_whole(struct world *world)
{
    fill(world);
    struct policy *policy = &world->policy;
    policy->up = random_ramp();
    policy->down = random_ramp();
    policy->protect = (enum protect)upto(2);
    policy->protect_ms = one_in(2) ? 0 : upto(40);
    policy->linger_ms = one_in(2) ? 0 : upto(40);
    policy->boot_ms = upto(21) - 1;
    policy->counts_busy = one_in(3);
    for (size_t i = 0; i < policy->n_rules; i++)
        if (one_in(2) && world->rules[i].at_least > 0)
            world->rules[i].release_below = 1 + upto(world->rules[i].at_least - 1);
    world->names_busy = one_in(2);
    memset(&world->history, 0, sizeof world->history);
    for (int64_t past = upto(6); past > 0; past--) {
        struct inputs inputs = inputs_of(world);
        int32_t size = policy_decide(policy, &world->history, &inputs).size;
        world->present = one_in(3) ? (int32_t)upto(41) - 1 : size;
        pass_time(world);
    }
}

static int64_t n_decided;

static struct decision decide(const struct world *world)
{
    struct history history = world->history;
    n_decided++;
    struct inputs inputs = inputs_of(world);
    return policy_decide(&world->policy, &history, &inputs);
}

static int32_t size(const struct world *world)
{
    return decide(world).size;
}

/* ---- Finding a counterexample ---- */

static void print_value(const char *name, struct value value)
{
    static const char *const doubts[] = {"", "at least ", "unknown, not "};
    printf(" %s %s%" PRId64, name, doubts[value.doubt], value.number);
}

static void print_world(const struct world *world)
{
    const struct policy *policy = &world->policy;
    printf("\n    min %d max %d per_dyno %" PRId64 " stale %" PRId64 " hold %" PRId64 " then %d;",
           policy->min, policy->max, policy->per_dyno, policy->stale_ms, policy->hold_ms,
           policy->then);
    for (size_t i = 0; i < policy->n_rules; i++)
        printf(" %s %" PRId64 ": %d,", policy->rules[i].kind == RULE_JOBS ? "at_least" : "latency",
               policy->rules[i].at_least, policy->rules[i].dynos);
    print_value("\n    waiting", world->reading.waiting);
    print_value("latency", world->reading.latency);
    printf(" %" PRId64 " ms old, present %d, blind since %" PRId64 " at %" PRId64 ", decided %d\n",
           world->now_ms - world->reading.at_ms, world->present, world->history.blind_since_ms,
           world->now_ms, size(world));
}

/* Whether the property holds for a case; false: it does not. */
typedef bool property(struct world *world);

static void holds_for(void (*make)(struct world *world), property *holds)
{
    int64_t broken = 0;
    int64_t decided_before = n_decided;
    dice_state = 88172645463325252u;
    for (int i = 0; i < ROUNDS; i++) {
        struct world world;
        make(&world);
        if (holds(&world))
            continue;
        if (broken++ == 0)
            print_world(&world);
    }
    CHECK_INT(broken, 0);
    CHECK(n_decided - decided_before >= ROUNDS);
}

static void holds_for_all(property *holds)
{
    holds_for(fill, holds);
}

/* ---- Properties ---- */

/* What no doubt may go under: the present size, where a person's max does not cut it. */
static int32_t floor_of(const struct world *world)
{
    return world->present < world->policy.max ? world->present : world->policy.max;
}

static bool is_within_bounds(struct world *world)
{
    struct decision decision = decide(world);
    bool is_spared = decision.size == world->present && decision.n_steps > 0 &&
                     decision.steps[decision.n_steps - 1].kind == STEP_BUSY;
    return decision.size >= world->policy.min && (decision.size <= world->policy.max || is_spared);
}

static void bounds_always_hold(void)
{
    holds_for_all(is_within_bounds);
    holds_for(fill_whole, is_within_bounds);
}

/* A value that the one seen may stand for. */
static struct value completion(struct value seen)
{
    int64_t more = number();
    if (seen.doubt == KNOWN_NOT)
        return (struct value){more, KNOWN_EXACT};
    if (seen.doubt == KNOWN_AT_LEAST)
        seen.number = more > INT64_MAX - seen.number ? INT64_MAX : seen.number + more;
    return (struct value){seen.number, KNOWN_EXACT};
}

/* If it lowers, then whatever the unknown turns out to be, it would decide the same. */
static bool lowers_only_what_is_certain(struct world *world)
{
    int32_t decided = size(world);
    if (decided >= floor_of(world))
        return true;
    if (world->now_ms - world->reading.at_ms > world->policy.stale_ms)
        return world->policy.n_rules == 0 && world->policy.per_dyno == 0;
    struct world truth = *world;
    for (int i = 0; i < COMPLETIONS; i++) {
        truth.reading.waiting = completion(world->reading.waiting);
        truth.reading.latency = completion(world->reading.latency);
        if (size(&truth) != decided)
            return false;
    }
    return true;
}

static void only_certainty_lowers(void)
{
    holds_for_all(lowers_only_what_is_certain);
}

/* The same world after something failed: a metric is lost, or all of them, or the reading is old.
 */
static bool survives_failure(struct world *world)
{
    bool wants_waiting = policy_wants_waiting(&world->policy);
    bool wants_latency = policy_wants_latency(&world->policy);
    struct world lost_waiting = *world;
    struct world lost_latency = *world;
    struct world late = *world;
    lost_waiting.reading.waiting = VALUE_UNKNOWN;
    lost_latency.reading.latency = VALUE_UNKNOWN;
    late.reading.at_ms = world->now_ms - world->policy.stale_ms - 1;
    int32_t least = floor_of(world);
    return (!wants_waiting || size(&lost_waiting) >= least) &&
           (!wants_latency || size(&lost_latency) >= least) &&
           (!(wants_waiting || wants_latency) || size(&late) >= least);
}

static void no_failure_lowers(void)
{
    holds_for_all(survives_failure);
    holds_for(fill_whole, survives_failure);
}

static void swap_bits(uint64_t *bits, size_t i, size_t j)
{
    uint64_t differ = (*bits >> i ^ *bits >> j) & 1;
    *bits ^= differ << i | differ << j;
}

static bool ignores_order(struct world *world)
{
    struct world shuffled = *world;
    shuffled.policy.rules = shuffled.rules;
    for (size_t i = world->policy.n_rules; i > 1; i--) {
        size_t j = (size_t)upto((int64_t)i - 1);
        struct rule swapped = shuffled.rules[i - 1];
        shuffled.rules[i - 1] = shuffled.rules[j];
        shuffled.rules[j] = swapped;
        swap_bits(&shuffled.history.in_force, i - 1, j);
    }
    return size(&shuffled) == size(world) &&
           policy_cap(&shuffled.policy) == policy_cap(&world->policy);
}

static void the_order_of_rules_does_not_matter(void)
{
    holds_for_all(ignores_order);
    holds_for(fill_whole, ignores_order);
}

static bool is_same_step(const struct step *a, const struct step *b)
{
    return a->kind == b->kind && a->before == b->before && a->after == b->after &&
           a->rule == b->rule && a->seen.number == b->seen.number && a->seen.doubt == b->seen.doubt;
}

static bool repeats_itself(struct world *world)
{
    struct decision first = decide(world);
    struct decision second = decide(world);
    if (first.size != second.size || first.n_steps != second.n_steps)
        return false;
    for (size_t i = 0; i < first.n_steps; i++)
        if (!is_same_step(&first.steps[i], &second.steps[i]))
            return false;
    return first.n_steps >= 1 && first.n_steps <= DECISION_STEPS;
}

static void the_same_comes_out_again(void)
{
    holds_for_all(repeats_itself);
    holds_for(fill_whole, repeats_itself);
}

/* As many dynos as jobs: a rule that asks for more never has fewer. */
static void make_monotone(struct world *world)
{
    for (size_t i = 0; i < world->policy.n_rules; i++) {
        int64_t at_least = world->rules[i].at_least;
        world->rules[i].dynos = at_least > INT32_MAX ? INT32_MAX : (int32_t)at_least;
    }
}

static bool grows_with_the_jobs(struct world *world)
{
    struct value jobs = {number(), KNOWN_AT_LEAST};
    make_monotone(world);
    struct world more = *world;
    world->reading.waiting = (struct value){jobs.number, KNOWN_EXACT};
    more.reading.waiting = completion(jobs);
    return size(&more) >= size(world);
}

static void more_jobs_never_want_fewer_dynos(void)
{
    holds_for_all(grows_with_the_jobs);
}

static bool counts_no_further_than_the_cap(struct world *world)
{
    struct value counted = {policy_cap(&world->policy), KNOWN_AT_LEAST};
    if (counted.number == 0)
        return world->policy.per_dyno > 0;
    struct world truth = *world;
    truth.reading.waiting = completion(counted);
    world->reading.waiting = counted;
    return size(world) == size(&truth);
}

static void at_least_the_cap_decides_like_the_exact_number(void)
{
    holds_for_all(counts_no_further_than_the_cap);
}

static bool blindness_is_remembered(struct world *world)
{
    bool wants = policy_wants_waiting(&world->policy) || policy_wants_latency(&world->policy);
    struct history history = HISTORY_NONE;
    world->reading.waiting = VALUE_UNKNOWN;
    world->reading.latency = VALUE_UNKNOWN;
    struct inputs inputs = inputs_of(world);
    policy_decide(&world->policy, &history, &inputs);
    int64_t since_ms = history.blind_since_ms;
    n_decided++;
    inputs.now_ms += world->policy.hold_ms;
    struct decision later = policy_decide(&world->policy, &history, &inputs);
    return since_ms == (wants ? world->now_ms : 0) && history.blind_since_ms == since_ms &&
           (!wants || later.size >= world->policy.then || later.size == world->policy.max);
}

static void blindness_counts_from_where_it_began(void)
{
    holds_for_all(blindness_is_remembered);
}

/* A shrink that may stop a busy worker says whom to keep, or there is nobody. */
static bool spares_the_busy(struct world *world)
{
    struct decision decision = decide(world);
    const struct policy *policy = &world->policy;
    struct value busy = world->reading.busy;
    bool is_stale = world->now_ms - world->reading.at_ms > policy->stale_ms;
    bool is_idle = busy.doubt == KNOWN_EXACT && busy.number == 0 && !is_stale;
    if (decision.size >= world->present || policy->protect == PROTECT_NONE)
        return !decision.spares_busy;
    if (policy->protect == PROTECT_IDLE && world->names_busy && decision.spares_busy)
        return true;
    int64_t since_ms = world->history.busy_since_ms;
    bool is_over =
        policy->protect_ms > 0 && since_ms != 0 && world->now_ms - since_ms >= policy->protect_ms;
    return is_idle || is_over;
}

static void no_busy_worker_is_stopped(void)
{
    holds_for(fill_whole, spares_the_busy);
}

/* What was wanted without a break for `after` and a cycle more is there, whatever holds up a fall;
 * no sooner than it was wanted. */
static bool grows_in_time(struct world *world)
{
    enum { CYCLE_MS = 3, CYCLES = 40 };
    struct policy *policy = &world->policy;
    int64_t lasting_ms = 0;
    int32_t least = INT32_MAX;
    make_monotone(world);
    policy->up.step = 0;
    policy->stale_ms = CYCLE_MS;
    world->crashed = 0;
    world->present = world->present < 0 ? 0 : world->present;
    int64_t bar = upto(60);
    for (int i = 0; i < CYCLES; i++) {
        world->now_ms += CYCLE_MS;
        int64_t waiting = one_in(4) ? upto(60) : bar + upto(9);
        world->reading = (struct reading){
            world->now_ms, {waiting, KNOWN_EXACT}, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN};
        struct policy plain = *policy;
        plain.up = plain.down = (struct ramp){0};
        plain.linger_ms = 0;
        plain.protect = PROTECT_NONE;
        struct history none = world->history;
        struct inputs inputs = inputs_of(world);
        int32_t wanted = policy_decide(&plain, &none, &inputs).size;
        least = wanted > world->present ? (wanted < least ? wanted : least) : INT32_MAX;
        lasting_ms = wanted > world->present ? lasting_ms + CYCLE_MS : 0;
        int32_t size = policy_decide(policy, &world->history, &inputs).size;
        n_decided += 2;
        if (size > world->present && size > wanted)
            return false;
        if (lasting_ms > policy->up.after_ms + CYCLE_MS && size < least)
            return false;
        if (size > world->present) {
            lasting_ms = 0;
            least = INT32_MAX;
        }
        world->present = size;
    }
    return true;
}

static void growth_is_in_time(void)
{
    holds_for(fill_whole, grows_in_time);
}

/* Whoever goes on with a copy of the history decides the same for ever after. */
static bool survives_restart(struct world *world)
{
    struct world again = *world;
    again.policy.rules = again.rules;
    for (int i = 0; i < 5; i++) {
        struct inputs inputs = inputs_of(world);
        int32_t size = policy_decide(&world->policy, &world->history, &inputs).size;
        n_decided += 2;
        if (policy_decide(&again.policy, &again.history, &inputs).size != size)
            return false;
        world->present = size;
        pass_time(world);
    }
    return true;
}

static void a_restart_changes_nothing(void)
{
    holds_for(fill_whole, survives_restart);
}

static const struct test tests[] = {
    {"no busy worker is stopped", no_busy_worker_is_stopped},
    {"growth is in time", growth_is_in_time},
    {"a restart changes nothing", a_restart_changes_nothing},
    {"bounds always hold", bounds_always_hold},
    {"only certainty lowers", only_certainty_lowers},
    {"no failure lowers", no_failure_lowers},
    {"the order of rules does not matter", the_order_of_rules_does_not_matter},
    {"the same comes out again", the_same_comes_out_again},
    {"more jobs never want fewer dynos", more_jobs_never_want_fewer_dynos},
    {"at least the cap decides like the exact number",
     at_least_the_cap_decides_like_the_exact_number},
    {"blindness counts from where it began", blindness_counts_from_where_it_began},
};
SUITE_MAIN("policy: properties", tests)
