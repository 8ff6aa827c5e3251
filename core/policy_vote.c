/* SPDX-License-Identifier: MIT */
#include "core/policy_vote.h"

#include "core/number.h"
#include "core/reading.h"

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

bool policy_wants_busy(const struct policy *policy, bool names_busy)
{
    return policy->counts_busy || policy->protect == PROTECT_ALL ||
           (policy->protect == PROTECT_IDLE && !names_busy);
}

bool policy_wants_next_due(const struct policy *policy, int32_t present)
{
    return policy->min == 0 && present <= 1 && policy->boot_ms != 0;
}

/* Past the cap all voters are settled: the top rule is in force, per_dyno asks for max or more, and
 * a pool of none wakes. A cap of 0 means another thing, so the least is 1. */
int64_t policy_cap(const struct policy *policy)
{
    int64_t cap = top_of(policy, RULE_JOBS);
    if (policy->per_dyno > 0) {
        if (policy->max == INT32_MAX || policy->max > INT64_MAX / policy->per_dyno)
            return 0;
        int64_t fills_max = policy->per_dyno * policy->max;
        cap = fills_max > cap ? fills_max : cap;
    }
    cap = policy->wake > cap ? policy->wake : cap;
    return cap > 0 ? cap : 1;
}

int64_t policy_wakes_at(const struct policy *policy)
{
    int64_t least = policy->per_dyno > 0 ? 1 : INT64_MAX;
    if (policy->wake > 0)
        least = earlier(least, policy->wake);
    for (size_t i = 0; i < policy->n_rules; i++)
        if (policy->rules[i].kind == RULE_JOBS && policy->rules[i].dynos > 0)
            least = earlier(least, policy->rules[i].at_least);
    return later(least, 1);
}

/* Nothing of a reading is known once it is stale. A number under 0 is none. */
struct value policy_known(const struct policy *policy, const struct inputs *inputs,
                          struct value value)
{
    int64_t at_ms = inputs->reading.at_ms;
    bool is_stale = at_ms <= 0 || inputs->now_ms - at_ms > policy->stale_ms;
    return is_stale || value.number < 0 ? VALUE_UNKNOWN : value;
}

/* ---- Votes ---- */

void policy_add_step(struct decision *decision, struct step step)
{
    decision->steps[decision->n_steps++] = step;
}

static void vote(struct tally *tally, enum step_kind kind, int32_t dynos, int32_t rule,
                 struct value seen)
{
    policy_add_step(tally->decision, (struct step){kind, tally->present, dynos, rule, seen});
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

/* A rule that was in force and has release_below is released by a number that is certainly less. */
static bool is_in_force(const struct rule *rule, bool was, struct value seen)
{
    bool is_released = seen.number < rule->release_below && seen.doubt == KNOWN_EXACT;
    return rule->at_least <= seen.number || (was && !is_released);
}

static void note_in_force(const struct policy *policy, struct history *history, enum rule_kind kind,
                          struct value seen)
{
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct rule *rule = &policy->rules[i];
        uint64_t bit = (uint64_t)1 << i;
        if (rule->kind != kind || rule->release_below <= 0)
            continue;
        if (is_in_force(rule, (history->in_force & bit) != 0, seen))
            history->in_force |= bit;
        else
            history->in_force &= ~bit;
    }
}

/* The rule of a kind with the greatest at_least that is in force, -1 if none is. Of two with one
 * at_least the one with more dynos, so that their order does not matter. */
static int32_t rule_in_force(const struct policy *policy, const struct history *history,
                             enum rule_kind kind, int64_t number)
{
    const struct rule *best = NULL;
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct rule *rule = &policy->rules[i];
        bool stays = (history->in_force >> i & 1) != 0;
        if (rule->kind != kind || (rule->at_least > number && !stays))
            continue;
        if (best == NULL || rule->at_least > best->at_least ||
            (rule->at_least == best->at_least && rule->dynos > best->dynos))
            best = rule;
    }
    return best != NULL ? (int32_t)(best - policy->rules) : -1;
}

/* Jobs grow old while nobody is there to take them: while dynos boot, their age asks for no more of
 * them. */
static void vote_by_latency(struct tally *tally, int32_t dynos, int32_t rule, struct value seen)
{
    bool is_held = tally->is_booting && dynos > tally->present;
    vote(tally, is_held ? STEP_BOOTING : STEP_LATENCY, is_held ? tally->present : dynos, rule,
         seen);
}

static void vote_by_rules(struct tally *tally, const struct policy *policy, struct history *history,
                          enum rule_kind kind, struct value seen)
{
    int64_t top = top_of(policy, kind);
    if (top < 0 || !take(tally, seen))
        return;
    note_in_force(policy, history, kind, seen);
    int32_t rule = rule_in_force(policy, history, kind, seen.number);
    if (rule >= 0 && kind == RULE_JOBS)
        vote(tally, STEP_JOBS, policy->rules[rule].dynos, rule, seen);
    else if (rule >= 0)
        vote_by_latency(tally, policy->rules[rule].dynos, rule, seen);
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

void policy_vote(const struct policy *policy, struct history *history, const struct inputs *inputs,
                 struct tally *tally)
{
    struct value jobs = policy_known(policy, inputs, inputs->reading.waiting);
    if (policy->counts_busy && jobs.doubt != KNOWN_NOT)
        jobs = value_sum(jobs, policy_known(policy, inputs, inputs->reading.busy));
    struct value latency = policy_known(policy, inputs, inputs->reading.latency);
    vote_by_rules(tally, policy, history, RULE_JOBS, jobs);
    vote_per_dyno(tally, policy, jobs);
    vote_by_rules(tally, policy, history, RULE_LATENCY, latency);
    if (tally->decision->n_steps == 0 && (tally->has_voted || !tally->is_in_doubt))
        vote(tally, STEP_BELOW, policy->min, -1, VALUE_UNKNOWN);
}
