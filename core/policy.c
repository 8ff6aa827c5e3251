/* SPDX-License-Identifier: MIT */
#include "core/policy.h"

/* ---- What a policy looks at ---- */

/* The greatest at_least among the rules of a kind; -1: it has none. From there on the top rule is
 * in force, whatever else there is to count. */
static int64_t top_of(const struct policy *policy, enum rule_kind kind)
{
    int64_t top = -1;
    for (size_t i = 0; i < policy->n_rules; i++)
        if (policy->rules[i].kind == kind && policy->rules[i].at_least > top)
            top = policy->rules[i].at_least;
    return top;
}

bool policy_wants_waiting(const struct policy *policy)
{
    return policy->per_dyno > 0 || top_of(policy, RULE_JOBS) >= 0;
}

bool policy_wants_latency(const struct policy *policy)
{
    return top_of(policy, RULE_LATENCY) >= 0;
}

/* Past the cap both voters are settled: the top rule is in force, and per_dyno asks for max or
 * more. A cap of 0 means another thing, so the least is 1. */
int64_t policy_cap(const struct policy *policy)
{
    int64_t cap = top_of(policy, RULE_JOBS);
    if (policy->per_dyno > 0) {
        if (policy->max == INT32_MAX || policy->max > INT64_MAX / policy->per_dyno)
            return 0;
        int64_t fills_max = policy->per_dyno * policy->max;
        cap = fills_max > cap ? fills_max : cap;
    }
    return cap > 0 ? cap : 1;
}

/* ---- Votes ---- */

struct tally {
    struct decision *decision;
    int32_t present;
    int32_t largest;  /* vote so far */
    bool has_voted;   /* a metric was known */
    bool is_in_doubt; /* a metric that should have voted was not, or only in part */
};

static void add_step(struct decision *decision, struct step step)
{
    decision->steps[decision->n_steps++] = step;
}

static void vote(struct tally *tally, enum step_kind kind, int32_t dynos, int32_t rule,
                 struct value seen)
{
    add_step(tally->decision, (struct step){kind, tally->present, dynos, rule, seen});
    if (dynos > tally->largest)
        tally->largest = dynos;
}

/* Whether there is a value to vote by; if not, that is a doubt. */
static bool take(struct tally *tally, struct value seen)
{
    bool is_known = seen.doubt != KNOWN_NOT;
    tally->has_voted |= is_known;
    tally->is_in_doubt |= !is_known;
    return is_known;
}

/* The rule of a kind with the greatest at_least not above the number, -1 below all of them. Of two
 * with one at_least the one with more dynos, so that their order does not matter. */
static int32_t rule_in_force(const struct policy *policy, enum rule_kind kind, int64_t number)
{
    const struct rule *best = NULL;
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->kind != kind || rule->at_least > number)
            continue;
        if (best == NULL || rule->at_least > best->at_least ||
            (rule->at_least == best->at_least && rule->dynos > best->dynos))
            best = rule;
    }
    return best != NULL ? (int32_t)(best - policy->rules) : -1;
}

static void vote_by_rules(struct tally *tally, const struct policy *policy, enum rule_kind kind,
                          struct value seen)
{
    int64_t top = top_of(policy, kind);
    if (top < 0 || !take(tally, seen))
        return;
    int32_t rule = rule_in_force(policy, kind, seen.number);
    if (rule >= 0)
        vote(tally, kind == RULE_JOBS ? STEP_JOBS : STEP_LATENCY, policy->rules[rule].dynos, rule,
             seen);
    if (seen.doubt == KNOWN_AT_LEAST && seen.number < top)
        tally->is_in_doubt = true;
}

static void vote_per_dyno(struct tally *tally, const struct policy *policy, struct value seen)
{
    if (policy->per_dyno <= 0 || !take(tally, seen))
        return;
    int64_t dynos = seen.number / policy->per_dyno + (seen.number % policy->per_dyno > 0);
    int32_t asked = dynos > INT32_MAX ? INT32_MAX : (int32_t)dynos;
    vote(tally, STEP_PER_DYNO, asked, -1, seen);
    if (seen.doubt == KNOWN_AT_LEAST && asked < policy->max)
        tally->is_in_doubt = true;
}

/* Nothing of a reading is known once it is stale. A number under 0 is none. */
static struct value known(const struct policy *policy, const struct reading *reading,
                          struct value value, int64_t now_ms)
{
    bool is_stale = reading->at_ms <= 0 || now_ms - reading->at_ms > policy->stale_ms;
    return is_stale || value.number < 0 ? VALUE_UNKNOWN : value;
}

static struct tally count_votes(const struct policy *policy, const struct reading *reading,
                                int32_t present, int64_t now_ms, struct decision *decision)
{
    struct tally tally = {.decision = decision, .present = present};
    struct value waiting = known(policy, reading, reading->waiting, now_ms);
    struct value latency = known(policy, reading, reading->latency, now_ms);
    vote_by_rules(&tally, policy, RULE_JOBS, waiting);
    vote_per_dyno(&tally, policy, waiting);
    vote_by_rules(&tally, policy, RULE_LATENCY, latency);
    if (decision->n_steps == 0 && (tally.has_voted || !tally.is_in_doubt))
        vote(&tally, STEP_BELOW, policy->min, -1, VALUE_UNKNOWN);
    return tally;
}

/* ---- Doubt ---- */

/* No failure lowers a size: what is not known for certain may raise it only. */
static int32_t after_doubt(const struct tally *tally)
{
    if (!tally->is_in_doubt || tally->largest >= tally->present)
        return tally->largest;
    add_step(tally->decision,
             (struct step){STEP_DOUBT, tally->largest, tally->present, -1, VALUE_UNKNOWN});
    return tally->present;
}

/* Nothing is known at all. */
static int32_t after_blindness(const struct policy *policy, const struct history *history,
                               const struct tally *tally, int64_t now_ms)
{
    int32_t size = tally->present > 0 ? tally->present : 0;
    bool is_held = now_ms - history->blind_since_ms < policy->hold_ms;
    if (is_held || policy->then <= size) {
        add_step(tally->decision, (struct step){STEP_HOLD, size, size, -1, VALUE_UNKNOWN});
        return size;
    }
    add_step(tally->decision, (struct step){STEP_THEN, size, policy->then, -1, VALUE_UNKNOWN});
    return policy->then;
}

static void note_blindness(struct history *history, bool is_blind, int64_t now_ms)
{
    if (!is_blind)
        history->blind_since_ms = 0;
    else if (history->blind_since_ms == 0)
        history->blind_since_ms = now_ms;
}

/* ---- Crashes ---- */

bool policy_is_crashing(int32_t crashed, int32_t present)
{
    return crashed > 0 && crashed >= present - crashed;
}

static int32_t after_crashes(const struct history *history, int32_t present, int32_t size,
                             struct decision *decision)
{
    if (size <= present || !policy_is_crashing(history->crashed, present))
        return size;
    struct value seen = {history->crashed, KNOWN_EXACT};
    add_step(decision, (struct step){STEP_CRASHED, size, present, -1, seen});
    return present;
}

/* ---- Bounds ---- */

/* They come last and hold in doubt too: a size above max is cut because a person says so, not
 * because something failed. */
static int32_t within_bounds(const struct policy *policy, int32_t size, struct decision *decision)
{
    if (size < policy->min) {
        add_step(decision, (struct step){STEP_MIN, size, policy->min, -1, VALUE_UNKNOWN});
        size = policy->min;
    }
    if (size > policy->max) {
        add_step(decision, (struct step){STEP_MAX, size, policy->max, -1, VALUE_UNKNOWN});
        size = policy->max;
    }
    return size;
}

struct decision policy_decide(const struct policy *policy, struct history *history,
                              const struct reading *reading, int32_t present, int64_t now_ms)
{
    struct decision decision = {0};
    struct tally tally = count_votes(policy, reading, present, now_ms, &decision);
    bool is_blind = tally.is_in_doubt && !tally.has_voted;
    note_blindness(history, is_blind, now_ms);
    int32_t size =
        is_blind ? after_blindness(policy, history, &tally, now_ms) : after_doubt(&tally);
    size = after_crashes(history, present, size, &decision);
    decision.size = within_bounds(policy, size, &decision);
    return decision;
}
